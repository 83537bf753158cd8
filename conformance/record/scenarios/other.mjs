// Captchas, options of init, the network, and what else was found to matter.

import {
  captcha, done, ok, profile, refused, sent, session, signedIn, tokens, unreachable, verified,
} from './shared.mjs'

const badGateway = { status: 502, raw: '<html>bad gateway</html>' }

export default [
  {
    name: 'captcha/create',
    steps: [['createCaptchaData', { state: 's-1' }]],
    responses: [ok({ token: 'ctok-1', data: 'data:image/png;base64,AA==' })],
  },
  {
    name: 'captcha/verify',
    steps: [['verifyCaptchaData', { token: 'ctok-1', key: 'abcd' }]],
    responses: [ok({ captcha_token: 'cap-1', expires_in: 600 })],
  },
  {
    name: 'captcha/stored-token-is-sent',
    given: { credentials: null, captcha },
    steps: [['getVerification', { phone_number: '+86 13800000000' }, { withCaptcha: true }]],
    responses: [sent(false)],
  },
  {
    name: 'captcha/required-with-stored-token-is-retried',
    given: { credentials: null, captcha },
    steps: [['getVerification', { phone_number: '+86 13800000000' }]],
    responses: [refused(400, 'captcha_required', 4001, 'captcha required'), sent(false)],
  },
  {
    name: 'init/language',
    init: { lang: 'en-US' },
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [verified],
  },
  {
    name: 'init/client-id',
    init: { clientId: 'client-1' },
    steps: [['signIn', { username: 'user_01', password: 'passw0rd' }], ['refreshTokenForce', {}]],
    responses: [signedIn, profile, ok({ ...tokens, access_token: 'at-2', refresh_token: 'rt-2', sub: 'uid-2' })],
  },
  {
    name: 'init/region',
    init: { region: 'ap-singapore' },
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [verified],
  },
  {
    name: 'init/access-key-serves-where-nobody-is-signed-in',
    init: { accessKey: 'KEY-1' },
    steps: [['getAccessToken'], ['getVerification', { phone_number: '+86 13800000000' }], ['getSession']],
    responses: [sent(true)],
  },
  {
    name: 'init/access-key-gives-way-to-a-session',
    init: { accessKey: 'KEY-1' },
    steps: [
      ['signIn', { username: 'user_01', password: 'passw0rd' }],
      ['getAccessToken'],
      ['signOut'],
      ['getAccessToken'],
    ],
    responses: [signedIn, profile, done],
  },
  {
    name: 'network/unreachable-is-retried-twice',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [unreachable, unreachable, verified],
  },
  {
    name: 'network/unreachable-gives-up',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [unreachable, unreachable, unreachable],
  },
  {
    name: 'network/connection-cut-after-sending',
    steps: [['getVerification', { phone_number: '+86 13800000000' }]],
    responses: [{ network: 'socket hang up' }, sent(false)],
  },
  {
    name: 'oauth/authorize-answers-a-code',
    given: { credentials: session },
    steps: [
      ['api.authorize', {
        response_type: 'code',
        client_id: 'c-1',
        redirect_uri: 'https://x/cb',
        state: 's',
        scope: 'user',
      }],
    ],
    responses: [ok({ code: 'code-1', state: 's' })],
  },
  {
    name: 'phone/country-code-of-one-digit',
    steps: [['getVerification', { phone_number: '+12025550123' }]],
    responses: [sent(false)],
  },
  {
    name: 'phone/country-code-of-three-digits',
    steps: [['getVerification', { phone_number: '+85298765432' }]],
    responses: [sent(false)],
  },
  {
    name: 'network/html-answer',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [badGateway, badGateway, badGateway],
  },
  {
    name: 'network/gateway-code-body',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [{ status: 400, body: { code: 'INVALID_ENV', message: 'env not found', requestId: 'r-1' } }],
  },
]
