// Codes by mail: signing in and up, a code sent anew, a forgotten password, a new address.

import {
  captcha, done, ok, profile, refused, sent, session, signedIn, sudoGranted, tokens, user, verified,
} from './shared.mjs'

const address = 'a@b.cn'
const changed = 'new@b.cn'
const code = { token: '000000' }
const wrongCode = refused(400, 'invalid_argument', 3, 'verification code does not match')
const resent = ok({ verification_id: 'vid-2', expires_in: 600, is_user: true })
const english = { lang: 'en-US' }
const byPhone = ok({ ...user, email: undefined })

/** signInWithOtp with options, then the code. */
const otp = (options) => [['signInWithOtp', { email: address, options }], ['$0.data.verifyOtp', code]]
const info = (is_user) => ({ verification_id: 'vid-1', is_user })

export default [
  {
    name: 'getVerification/email',
    steps: [['getVerification', { email: address }]],
    responses: [sent(false)],
  },
  {
    name: 'getVerification/email-usage-in-capitals',
    steps: [['getVerification', { email: address, usage: 'EMAIL_ADDRESS_CHANGE', target: 'NOT_USER' }]],
    responses: [sent(false)],
  },
  {
    name: 'getVerification/email-usage-in-small-letters',
    init: english,
    steps: [['getVerification', { email: address, usage: 'recovery', target: 'ANY' }]],
    responses: [sent(true)],
  },
  {
    name: 'getVerification/email-logged-in',
    given: { credentials: session },
    steps: [['getVerification', { email: changed, target: 'NOT_USER' }]],
    responses: [sent(false)],
  },
  {
    name: 'signInWithOtp/email-new-user',
    steps: [['signInWithOtp', { email: address }], ['$0.data.verifyOtp', code]],
    responses: [sent(false), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-in-english',
    init: english,
    steps: [['signInWithOtp', { email: address }], ['$0.data.verifyOtp', code]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-wrong-code-then-right',
    steps: [
      ['signInWithOtp', { email: address }],
      ['$0.data.verifyOtp', { token: '999999' }],
      ['$0.data.verifyOtp', code],
    ],
    responses: [sent(true), wrongCode, verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-code-is-a-number',
    steps: [['signInWithOtp', { email: address }], ['$0.data.verifyOtp', { token: 123456 }]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-server-does-not-say-who-it-is',
    steps: [['signInWithOtp', { email: address }], ['$0.data.verifyOtp', code]],
    responses: [ok({ verification_id: 'vid-1', expires_in: 600 }), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-create',
    steps: otp({ shouldCreateUser: true }),
    responses: [sent(false), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-do-not-create',
    steps: otp({ shouldCreateUser: false }),
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-do-not-create-unknown-user',
    steps: [['signInWithOtp', { email: address, options: { shouldCreateUser: false } }]],
    responses: [refused(404, 'not_found', 5, 'User not exist')],
  },
  {
    name: 'signInWithOtp/email-link',
    steps: otp({ emailRedirectTo: 'https://x/in?a=1' }),
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-link-create',
    steps: otp({ emailRedirectTo: 'https://x/in', shouldCreateUser: true }),
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-link-do-not-create',
    steps: otp({ emailRedirectTo: 'https://x/in', shouldCreateUser: false }),
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/phone-link-create',
    steps: [
      ['signInWithOtp', {
        phone: '13800000000',
        options: { emailRedirectTo: 'https://x/in', shouldCreateUser: true },
      }],
    ],
    responses: [sent(true)],
  },
  {
    name: 'signInWithOtp/email-while-signed-in',
    given: { credentials: session },
    steps: [['signInWithOtp', { email: address }], ['$0.data.verifyOtp', code]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-rate-limited',
    steps: [['signInWithOtp', { email: address }]],
    responses: [refused(429, 'resource_exhausted', 8, 'send too frequently')],
  },
  {
    name: 'signInWithOtp/email-captcha-required',
    given: { credentials: null, captcha },
    steps: [['signInWithOtp', { email: address }]],
    responses: [refused(400, 'captcha_required', 4001, 'captcha required'), sent(true)],
  },
  {
    name: 'signUp/email-otp-new-user',
    steps: [
      ['signUp', { email: address, password: 'passw0rd', name: 'n', username: 'username', gender: 'MALE' }],
      ['$0.data.verifyOtp', code],
    ],
    responses: [sent(false), verified, signedIn, profile],
  },
  {
    name: 'signUp/email-otp-existing-user-signs-in',
    steps: [['signUp', { email: address, password: 'passw0rd' }], ['$0.data.verifyOtp', code]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signUp/email-otp-wrong-code',
    init: english,
    steps: [['signUp', { email: address }], ['$0.data.verifyOtp', { token: '999999' }]],
    responses: [sent(false), wrongCode],
  },
  {
    name: 'signUp/email-otp-registered-meanwhile',
    steps: [['signUp', { email: address }], ['$0.data.verifyOtp', code]],
    responses: [sent(false), verified, refused(400, 'already_exists', 6, 'user already exists')],
  },
  {
    name: 'signUp/email-with-verification-token',
    steps: [
      ['signUp', {
        email: address,
        verification_code: '000000',
        verification_token: 'vtok-1',
        name: 'n',
        password: 'passw0rd',
      }],
    ],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithEmail/wrong-code',
    steps: [['signInWithEmail', { verificationInfo: info(true), verificationCode: '999999', email: address }]],
    responses: [wrongCode],
  },
  {
    name: 'signInWithEmail/bind-provider',
    steps: [
      ['signInWithEmail', {
        verificationInfo: info(true),
        verificationCode: '000000',
        email: address,
        bindInfo: { providerToken: 'ptok-1' },
      }],
    ],
    responses: [verified, signedIn, done, profile],
  },
  {
    name: 'signInWithEmail/new-user-bind-provider',
    steps: [
      ['signInWithEmail', {
        verificationInfo: info(false),
        verificationCode: '000000',
        email: address,
        bindInfo: { providerToken: 'ptok-1' },
      }],
    ],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInWithEmail/user-cannot-be-read',
    steps: [['signInWithEmail', { verificationInfo: info(true), verificationCode: '000000', email: address }]],
    responses: [verified, signedIn, refused(500, 'internal', 13, 'try later')],
  },
  {
    name: 'signInWithEmail/two-steps',
    init: english,
    steps: [
      ['getVerification', { email: address, usage: 'SIGN_IN' }],
      ['signInWithEmail', { verificationInfo: info(true), verificationCode: '000000', email: address }],
    ],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'verifyOtp/email',
    steps: [['verifyOtp', { type: 'email', email: address, token: '000000', messageId: 'vid-1' }]],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'verifyOtp/email-change-only-checks',
    given: { credentials: session },
    steps: [['getUser'], ['verifyOtp', { type: 'email_change', email: changed, token: '000000', messageId: 'vid-1' }]],
    responses: [profile, verified],
  },
  {
    name: 'resend/email-signup',
    steps: [['resend', { type: 'signup', email: address }]],
    responses: [resent],
  },
  {
    name: 'resend/email-change',
    given: { credentials: session },
    steps: [['resend', { type: 'email_change', email: changed }]],
    responses: [resent],
  },
  {
    name: 'resend/email-in-english',
    init: english,
    steps: [['resend', { type: 'signup', email: address }]],
    responses: [resent],
  },
  {
    name: 'resend/email-rate-limited',
    steps: [['resend', { type: 'signup', email: address }]],
    responses: [refused(429, 'resource_exhausted', 8, 'send too frequently')],
  },
  {
    name: 'resend/phone-signup',
    steps: [['resend', { type: 'signup', phone: '13800000000' }]],
    responses: [resent],
  },
  {
    name: 'resend/phone-change',
    steps: [['resend', { type: 'phone_change', phone: '13800000000' }]],
    responses: [resent],
  },
  {
    name: 'resend/email-code-finishes-the-first-step',
    steps: [
      ['signInWithOtp', { email: address }],
      ['resend', { type: 'signup', email: address }],
      ['$0.data.verifyOtp', { ...code, messageId: 'vid-2' }],
    ],
    responses: [sent(true), resent, verified, signedIn, profile],
  },
  {
    name: 'resetPasswordForEmail/email',
    steps: [
      ['resetPasswordForEmail', address],
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), verified, done, signedIn, profile],
  },
  {
    name: 'resetPasswordForEmail/email-in-english',
    init: english,
    steps: [
      ['resetPasswordForEmail', address],
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), verified, done, signedIn, profile],
  },
  {
    name: 'resetPasswordForEmail/email-unknown-user',
    steps: [['resetPasswordForEmail', address]],
    responses: [refused(404, 'not_found', 5, 'User not exist')],
  },
  {
    name: 'resetPasswordForEmail/email-wrong-code-then-right',
    steps: [
      ['resetPasswordForEmail', address],
      ['$0.data.updateUser', { nonce: '999999', password: 'passw0rd2' }],
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), wrongCode, verified, done, signedIn, profile],
  },
  {
    name: 'resetPasswordForEmail/email-reset-is-refused',
    steps: [
      ['resetPasswordForEmail', address],
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), verified, refused(400, 'failed_precondition', 9, 'password is the old one')],
  },
  {
    name: 'resetPassword/email',
    steps: [['resetPassword', { email: address, new_password: 'passw0rd2', verification_token: 'vtok-1' }]],
    responses: [done],
  },
  {
    name: 'reauthenticate/email-sets-a-password',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['reauthenticate'],
      ['$1.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [profile, sent(true), verified, sudoGranted, done],
  },
  {
    name: 'reauthenticate/email-signs-in-anew',
    given: { credentials: session },
    steps: [['getUser'], ['reauthenticate'], ['$1.data.updateUser', { nonce: '000000' }]],
    responses: [profile, sent(true), verified, signedIn, profile],
  },
  {
    name: 'reauthenticate/phone-signs-in-anew',
    given: { credentials: session },
    steps: [['getUser'], ['reauthenticate'], ['$1.data.updateUser', { nonce: '000000' }]],
    responses: [byPhone, sent(true), verified, signedIn, profile],
  },
  {
    name: 'reauthenticate/email-wrong-code',
    init: english,
    given: { credentials: session },
    steps: [['getUser'], ['reauthenticate'], ['$1.data.updateUser', { nonce: '999999', password: 'passw0rd2' }]],
    responses: [profile, sent(true), wrongCode],
  },
  {
    name: 'reauthenticate/phone-of-somebody-without-an-address',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['reauthenticate'],
      ['$1.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [byPhone, sent(true), verified, sudoGranted, done],
  },
  {
    name: 'reauthenticate/user-was-not-read',
    given: { credentials: session },
    steps: [['reauthenticate']],
    responses: [],
  },
  {
    name: 'reauthenticate/nobody-is-signed-in',
    steps: [['reauthenticate']],
    responses: [],
  },
  {
    name: 'updateUser/email',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: changed }],
      ['$1.data.verifyOtp', { email: changed, ...code }],
    ],
    responses: [profile, sent(false), verified, done, ok({ ...user, email: changed })],
  },
  {
    name: 'updateUser/email-and-name',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: changed, nickname: 'n2' }],
      ['$1.data.verifyOtp', { email: changed, ...code }],
    ],
    responses: [
      profile, sent(false), done, ok({ ...user, name: 'n2' }),
      verified, done, ok({ ...user, name: 'n2', email: changed }),
    ],
  },
  {
    name: 'updateUser/email-and-name-then-the-code-alone',
    given: { credentials: session },
    steps: [['getUser'], ['updateUser', { email: changed, nickname: 'n2' }], ['$1.data.verifyOtp', code]],
    responses: [
      profile, sent(false), done, ok({ ...user, name: 'n2' }),
      verified, done, ok({ ...user, name: 'n2', email: changed }),
    ],
  },
  {
    name: 'updateUser/email-wrong-code',
    init: english,
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: changed }],
      ['$1.data.verifyOtp', { email: changed, token: '999999' }],
    ],
    responses: [profile, sent(false), wrongCode],
  },
  {
    name: 'updateUser/email-of-another-account',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: changed }],
      ['$1.data.verifyOtp', { email: changed, ...code }],
    ],
    responses: [profile, sent(true), verified, refused(400, 'failed_precondition', 9, 'email already bound')],
  },
  {
    name: 'updateUser/phone',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { phone: '13900000000' }],
      ['$1.data.verifyOtp', { phone: '13900000000', ...code }],
    ],
    responses: [profile, sent(false), verified, done, ok({ ...user, phone_number: '+86 13900000000' })],
  },
  {
    name: 'bindEmail',
    given: { credentials: session },
    steps: [['bindEmail', { email: changed, sudo_token: 'sudo-1', verification_token: 'vtok-1' }]],
    responses: [done],
  },
  {
    name: 'signInWithPassword/email-in-english',
    init: english,
    steps: [['signInWithPassword', { email: address, password: 'passw0rd' }]],
    responses: [ok({ ...tokens, expires_in: 3600 }), profile],
  },
]
