// Signing in and up.

import { done, ok, profile, refused, sent, session, signedIn, tokens, user, verified } from './shared.mjs'

const info = (is_user) => ({ verification_id: 'vid-1', is_user })
const sms = (is_user, more) =>
  ['signInWithSms', { verificationInfo: info(is_user), verificationCode: '000000', phoneNum: '13800000000', ...more }]
const email = (is_user) =>
  ['signInWithEmail', { verificationInfo: info(is_user), verificationCode: '000000', email: 'a@b.cn' }]

export default [
  {
    name: 'signIn/verification-token',
    steps: [['signIn', { username: '+86 13800000000', verification_token: 'vtok-1' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signIn/password',
    steps: [['signIn', { username: '+86 13800000000', password: 'passw0rd' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signIn/wrong-password',
    steps: [['signIn', { username: '+86 13800000000', password: 'passw0rd' }]],
    responses: [refused(400, 'invalid_password', 4006, 'wrong password')],
  },
  {
    name: 'signIn/v2',
    steps: [['signIn', { username: 'user_01', password: 'passw0rd', version: 'v2' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signIn/replaces-earlier-session',
    given: { credentials: session },
    steps: [['signIn', { username: 'user_01', password: 'passw0rd' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithSms/existing-user',
    steps: [sms(true)],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInWithSms/new-user',
    steps: [sms(false)],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInWithSms/wrong-code',
    steps: [sms(true, { verificationCode: '111111' })],
    responses: [refused(400, 'invalid_argument', 3, 'verification code does not match')],
  },
  {
    name: 'signInWithSms/bind-provider',
    steps: [sms(true, { bindInfo: { providerToken: 'ptok-1' } })],
    responses: [verified, signedIn, done, profile],
  },
  {
    name: 'signInWithEmail/new-user',
    steps: [email(false)],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInWithEmail/existing-user',
    steps: [email(true)],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInWithPassword/phone',
    steps: [['signInWithPassword', { phone: '13800000000', password: 'passw0rd' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithPassword/email',
    steps: [['signInWithPassword', { email: 'a@b.cn', password: 'passw0rd' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithPassword/nothing-to-name-the-user',
    steps: [['signInWithPassword', { password: 'passw0rd' }]],
    responses: [],
  },
  {
    name: 'signInWithOtp/phone-new-user',
    steps: [['signInWithOtp', { phone: '13800000000' }], ['$0.data.verifyOtp', { token: '000000' }]],
    responses: [sent(false), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/email-existing-user',
    steps: [['signInWithOtp', { email: 'a@b.cn' }], ['$0.data.verifyOtp', { token: '000000' }]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'signInWithOtp/do-not-create',
    steps: [
      ['signInWithOtp', { phone: '13800000000', options: { shouldCreateUser: false } }],
      ['$0.data.verifyOtp', { token: '000000' }],
    ],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'verifyOtp/sms',
    steps: [['verifyOtp', { type: 'sms', phone: '13800000000', token: '000000', messageId: 'vid-1' }]],
    responses: [verified, signedIn, profile],
  },
  {
    name: 'signInAnonymously',
    steps: [['signInAnonymously', {}]],
    responses: [ok({ ...tokens, scope: 'anonymous' }), ok({ ...user, name: 'anonymous' })],
  },
  {
    name: 'signInWithProvider',
    steps: [['signInWithProvider', { provider_token: 'ptok-1' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithIdToken',
    steps: [['signInWithIdToken', { token: 'ptok-1' }]],
    responses: [signedIn, profile],
  },
  {
    name: 'signInCustom/ticket',
    steps: [['api.signInCustom', { provider_id: 'custom', ticket: 'kid/@@/jwt' }]],
    responses: [signedIn],
  },
  {
    name: 'signUp/phone',
    steps: [
      ['signUp', {
        phone_number: '+86 13800000000',
        verification_code: '000000',
        verification_token: 'vtok-1',
        name: 'Mobile user',
        password: 'passw0rd',
        username: 'username',
      }],
    ],
    responses: [signedIn, profile],
  },
  {
    name: 'signUp/already-exists',
    steps: [
      ['signUp', { phone_number: '+86 13800000000', verification_code: '000000', verification_token: 'vtok-1' }],
    ],
    responses: [refused(400, 'already_exists', 6, 'user already exists')],
  },
  {
    name: 'signUp/otp-flow-new-user-with-password',
    steps: [
      ['signUp', { phone: '13800000000', password: 'passw0rd', name: 'n' }],
      ['$0.data.verifyOtp', { token: '000000' }],
    ],
    responses: [sent(false), verified, signedIn, profile],
  },
]
