// The methods that no other scenario calls, and what was found to differ beside them.

import {
  captcha, done, expired, ok, profile, refused, sent, session, signedIn, sudoGranted, tokens, verified,
} from './shared.mjs'

const signedInAs = { credentials: session }
const anonymous = { ...expired, scope: 'anonymous' }
const signedInAnonymously = ok({ ...tokens, scope: 'anonymous' })
const refreshDenied = refused(400, 'invalid_grant', 4026, 'invalid refresh token')
const unavailable = refused(503, 'unavailable', 14, 'try later')
const captchaWanted = refused(400, 'captcha_required', 4001, 'captcha required')
const access_token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJpIiwic3ViIjoidSIsImF1ZCI6ImUifQ.c2ln'
const qrCode = ok({ qr_code: 'data:image/png;base64,AA==', qr_code_id: 'qr-1', expires_in: 60 })
const client = ok({ client: { id: 'c-1', name: 'app' }, scopes: [{ id: 'user', name: 'u' }] })
const state = [['getLoginState'], ['hasLoginState'], ['loginScope'], ['loginGroups']]

export default [
  {
    name: 'getCurrentUser',
    given: signedInAs,
    steps: [['getCurrentUser']],
    responses: [profile],
  },
  {
    name: 'getUserInfo/of-the-upper-layer',
    given: signedInAs,
    steps: [['getUserInfo']],
    responses: [profile],
  },
  {
    name: 'getUserInfo/v2-with-a-query',
    given: signedInAs,
    steps: [['api.getUserInfo', { version: 'v2', query: { with_department: true, with_role: true } }]],
    responses: [profile],
  },
  {
    name: 'getUserProfile/v2',
    given: signedInAs,
    steps: [['api.getUserProfile', { version: 'v2' }]],
    responses: [profile],
  },
  {
    name: 'refreshUser',
    given: signedInAs,
    steps: [['refreshUser']],
    responses: [profile],
  },
  {
    name: 'getWedaUserInfo',
    given: signedInAs,
    steps: [['getWedaUserInfo']],
    responses: [ok({ name: 'n' })],
  },
  {
    name: 'getUserIdentities',
    given: signedInAs,
    steps: [['getUserIdentities']],
    responses: [ok({ total: 2, data: [{ id: 'a', name: 'A', provider_user_name: 'n', bind: true }, { id: 'b', name: 'B', bind: false }] })],
  },
  {
    name: 'unlinkIdentity',
    given: signedInAs,
    steps: [['unlinkIdentity', { provider: 'wx' }]],
    responses: [done],
  },
  {
    name: 'getUserBehaviorLog/login',
    given: signedInAs,
    steps: [['getUserBehaviorLog', { type: 'LOGIN', limit: 5, page_token: 'p-1' }]],
    responses: [ok({ id: 'l-1', ip: '127.0.0.1' })],
  },
  {
    name: 'getUserBehaviorLog/modify',
    given: signedInAs,
    steps: [['getUserBehaviorLog', { type: 'MODIFY', limit: 5 }]],
    responses: [ok({ id: 'l-1', ip: '127.0.0.1' })],
  },
  {
    name: 'queryUserProfile/several-ids',
    given: signedInAs,
    steps: [['api.queryUserProfile', { id: ['uid-1', 'uid-2'] }]],
    responses: [ok({ total: 1, data: [{ sub: 'uid-2', name: 'x' }] })],
  },
  {
    name: 'checkIfUserExist',
    steps: [['api.checkIfUserExist', { username: 'a b+c&d@e' }]],
    responses: [ok({ exist: true })],
  },
  {
    name: 'checkUsername',
    given: signedInAs,
    steps: [['api.checkUsername', { username: 'user_01' }]],
    responses: [done],
  },
  {
    name: 'checkPassword',
    given: signedInAs,
    steps: [['api.checkPassword', { password: 'passw0rd' }]],
    responses: [done],
  },
  {
    name: 'updatePasswordByOld',
    given: signedInAs,
    steps: [['api.updatePasswordByOld', { old_password: 'passw0rd', new_password: 'passw0rd2' }]],
    responses: [sudoGranted, done],
  },
  {
    name: 'editContact/resolving-a-conflict',
    given: signedInAs,
    steps: [
      ['api.editContact', {
        phone_number: '+86 13800000000',
        sudo_token: 'sudo-1',
        verification_token: 'vtok-1',
        conflict_resolution: 'TRANSFER',
      }],
    ],
    responses: [done],
  },
  {
    name: 'sendVerificationCodeToCurrentUser',
    given: { credentials: session, captcha },
    steps: [['api.sendVerificationCodeToCurrentUser', { phone_number: '+86 13800000000' }]],
    responses: [sent(true)],
  },
  {
    name: 'setCredentials',
    steps: [['setCredentials', { ...tokens, version: 'v2' }], ['getCredentials']],
    responses: [],
  },
  {
    name: 'setCredentials/none',
    given: signedInAs,
    steps: [['setCredentials', null], ['getSession']],
    responses: [],
  },
  {
    name: 'getLoginState',
    given: signedInAs,
    steps: state,
    responses: [],
  },
  {
    name: 'getLoginState/expired',
    given: { credentials: expired },
    steps: state,
    responses: [signedIn],
  },
  {
    name: 'getLoginState/nobody-is-signed-in',
    steps: [...state, ['getUser'], ['getCredentials'], ['getClaims']],
    responses: [],
  },
  {
    name: 'getLoginState/access-key-alone',
    init: { accessKey: 'KEY-1' },
    steps: [...state, ['getUser'], ['getCredentials']],
    responses: [],
  },
  {
    name: 'getClaims',
    given: { credentials: { ...session, access_token } },
    steps: [['getClaims']],
    responses: [],
  },
  {
    name: 'signInWithCustomTicket',
    steps: [['signInWithCustomTicket', 'tick-1']],
    responses: [signedIn, profile],
  },
  {
    name: 'signInWithOAuth',
    steps: [['signInWithOAuth', { provider: 'wx', options: { redirectTo: 'https://x.cn/cb?a=1#h', state: 's-1' } }]],
    responses: [ok({ uri: 'https://wx/?a=1' })],
  },
  {
    name: 'patchProviderToken',
    steps: [
      ['patchProviderToken', {
        provider_token: 'ptok-1',
        provider_id: 'wx',
        provider_params: { encryptedData: 'e', iv: 'i', code: 'c', provider_code_type: 'phone' },
      }],
    ],
    responses: [ok({ provider_token: 'ptok-1', expires_in: 3600, provider_profile: { provider_id: 'wx' } })],
  },
  {
    name: 'changeBoundProvider',
    given: signedInAs,
    steps: [['api.changeBoundProvider', { provider_id: 'wx', trans_token: 'ttok-1' }]],
    responses: [ok({ client_id: 'c-1' })],
  },
  {
    name: 'transByProvider',
    given: signedInAs,
    steps: [['api.transByProvider', { provider_token: 'ptok-1' }]],
    responses: [signedIn],
  },
  {
    name: 'genProviderRedirectUri/other-params',
    steps: [
      ['genProviderRedirectUri', {
        provider_id: 'wx',
        provider_redirect_uri: 'https://old/',
        redirect_uri: 'https://x/',
        state: 's t',
        scope: 'a b',
        response_type: 'code',
        other_params: { a: 'b c&', sign_out_uri: '' },
      }],
    ],
    responses: [ok({ uri: 'https://wx/', signout_uri: 'https://wx/out' })],
  },
  {
    name: 'getProviderSubType',
    given: signedInAs,
    steps: [['getProviderSubType']],
    responses: [ok({ id: 'weda', provider_sub_type: 'NO_AUTH_LOGIN' })],
  },
  {
    name: 'getMiniProgramQrCode',
    steps: [
      ['getMiniProgramQrCode', { envId: 'env-1', wxAppId: 'wx-1' }],
      ['api.getMiniProgramCode', { envId: 'env-1', wxAppId: 'wx-1' }],
      ['getMiniProgramQrCodeStatus', { qrCodeId: 'qr-1', envId: 'env-1', wxAppId: 'wx-1' }],
    ],
    responses: [qrCode, qrCode, ok({ status: 's', provider_token: 'ptok-1', expires_in: 5 })],
  },
  {
    name: 'getPublicKey',
    steps: [['api.getPublicKey']],
    responses: [ok({ public_key: 'k', public_key_thumbprint: 't' })],
  },
  {
    name: 'authorizeDevice',
    given: signedInAs,
    steps: [['api.authorizeDevice', { user_code: 'ABCD', scope: 'user', state: 's' }]],
    responses: [done],
  },
  {
    name: 'authorizeInfo/signed-in',
    given: signedInAs,
    steps: [['api.authorizeInfo', { client_id: 'c-1', redirect_uri: 'https://x/cb?a=1&b=2', state: '', scope: 'user sso' }]],
    responses: [client],
  },
  {
    name: 'authorizeInfo/nobody-is-signed-in',
    steps: [['api.authorizeInfo', { scope: 'user sso' }], ['api.authorizeInfo', { client_id: 'c-1', locale: 'zh' }]],
    responses: [client, client],
  },
  {
    name: 'signIn/v2-with-a-query',
    steps: [['signIn', { username: 'user_01', password: 'passw0rd', version: 'v2', query: { with_role: true } }]],
    responses: [signedIn, profile],
  },
  {
    name: 'deleteMe/v2',
    given: signedInAs,
    steps: [['deleteMe', { sudo_token: 'a+b=', version: 'v2' }]],
    responses: [done],
  },
  {
    name: 'refreshSession/another-token',
    given: { credentials: { ...session, version: 'v2' } },
    steps: [['refreshSession', 'rt-9']],
    responses: [signedIn],
  },
  {
    name: 'refreshSession/another-token-is-refused',
    given: signedInAs,
    steps: [['refreshSession', 'rt-9']],
    responses: [refreshDenied],
  },
  {
    name: 'setSession/is-refused',
    given: signedInAs,
    steps: [['setSession', { access_token: 'at-9', refresh_token: 'rt-9' }]],
    responses: [refreshDenied],
  },
  {
    name: 'signOut/is-refused',
    given: signedInAs,
    steps: [['signOut']],
    responses: [refused(400, 'invalid_argument', 3, 'token')],
  },
  {
    name: 'signOut/access-key-alone',
    init: { accessKey: 'KEY-1' },
    steps: [['signOut']],
    responses: [done],
  },
  {
    name: 'signOut/with-redirect-expired',
    given: { credentials: expired },
    steps: [['signOut', { redirect_uri: 'https://x/' }]],
    responses: [signedIn, done],
  },
  {
    name: 'signOut/with-redirect-nobody-is-signed-in',
    steps: [['signOut', { redirect_uri: 'https://x/' }]],
    responses: [],
  },
  {
    name: 'anonymous/refreshes',
    given: { credentials: anonymous },
    steps: [['getAccessToken']],
    responses: [signedInAnonymously],
  },
  {
    name: 'anonymous/refresh-denied-signs-in-anew',
    given: { credentials: anonymous },
    steps: [['getAccessToken']],
    responses: [refreshDenied, signedInAnonymously],
  },
  {
    name: 'anonymous/refresh-is-unavailable',
    given: { credentials: anonymous },
    steps: [['getAccessToken']],
    responses: [unavailable, signedInAnonymously],
  },
  {
    name: 'anonymous/no-refresh-token-to-refresh-with',
    given: { credentials: { ...session, refresh_token: null, scope: 'anonymous' } },
    steps: [['refreshSession']],
    responses: [],
  },
  {
    name: 'captcha/of-a-query',
    given: { credentials: null, captcha },
    steps: [['isUsernameRegistered', 'user_01']],
    responses: [captchaWanted, ok({ exist: true })],
  },
  {
    name: 'captcha/of-a-refresh',
    given: { credentials: expired, captcha },
    steps: [['getAccessToken']],
    responses: [captchaWanted],
  },
  {
    name: 'verifyOtp/change-with-an-expired-session',
    given: { credentials: expired },
    steps: [['verifyOtp', { type: 'email_change', email: 'a@b.cn', token: '000000', messageId: 'vid-1' }]],
    responses: [verified, signedIn],
  },
]
