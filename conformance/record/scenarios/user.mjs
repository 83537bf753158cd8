// What a signed-in person reads and changes, and the sign-in by other providers and devices.

import { done, ok, profile, sent, session, signedIn, sudoGranted, user, verified } from './shared.mjs'

export default [
  {
    name: 'getUserInfo',
    given: { credentials: session },
    steps: [['api.getUserInfo', {}]],
    responses: [profile],
  },
  {
    name: 'getUser',
    given: { credentials: session },
    steps: [['getUser']],
    responses: [profile],
  },
  {
    name: 'updateUserBasicInfo',
    given: { credentials: session },
    steps: [['updateUserBasicInfo', { nickname: 'n2', gender: 'FEMALE' }]],
    responses: [done, ok({ ...user, name: 'n2' })],
  },
  {
    name: 'setUserProfile',
    given: { credentials: session },
    steps: [['api.setUserProfile', { name: 'n3', picture: 'https://p/3.png' }]],
    responses: [ok({ ...user, name: 'n3' })],
  },
  {
    name: 'queryUser',
    given: { credentials: session },
    steps: [['queryUser', { username: 'user_01' }]],
    responses: [ok({ total: 1, data: [{ sub: 'uid-2', name: 'x' }] })],
  },
  {
    name: 'isUsernameRegistered',
    steps: [['isUsernameRegistered', 'user_01']],
    responses: [ok({ exist: true })],
  },
  {
    name: 'sudo/password',
    given: { credentials: session },
    steps: [['sudo', { password: 'passw0rd' }]],
    responses: [sudoGranted],
  },
  {
    name: 'setPassword',
    given: { credentials: session },
    steps: [['setPassword', { new_password: 'passw0rd2', sudo_token: 'sudo-1' }]],
    responses: [done],
  },
  {
    name: 'resetPasswordForOld',
    given: { credentials: session },
    steps: [['resetPasswordForOld', { old_password: 'passw0rd', new_password: 'passw0rd2' }]],
    responses: [sudoGranted, done],
  },
  {
    name: 'resetPassword',
    steps: [
      ['resetPassword', { phone_number: '+86 13800000000', new_password: 'passw0rd2', verification_token: 'vtok-1' }],
    ],
    responses: [done],
  },
  {
    name: 'resetPasswordForEmail/phone',
    steps: [
      ['resetPasswordForEmail', '13800000000'],
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), verified, done, signedIn, profile],
  },
  {
    name: 'bindPhoneNumber',
    given: { credentials: session },
    steps: [
      ['bindPhoneNumber', {
        phone_number: '+86 13900000000',
        sudo_token: 'sudo-1',
        verification_token: 'vtok-1',
        conflict_resolution: 'DEFAULT',
      }],
    ],
    responses: [done],
  },
  {
    name: 'deleteMe',
    given: { credentials: session },
    steps: [['deleteMe', { sudo_token: 'sudo-1' }]],
    responses: [profile],
  },
  {
    name: 'deleteUser',
    given: { credentials: session },
    steps: [['deleteUser', { password: 'passw0rd' }]],
    responses: [sudoGranted, profile],
  },
  {
    name: 'genProviderRedirectUri',
    steps: [
      ['genProviderRedirectUri', {
        provider_id: 'wx_open',
        provider_redirect_uri: 'https://x/cb',
        state: 's 1',
        other_params: { sign_out_uri: '', k: 'v&w' },
      }],
    ],
    responses: [ok({ uri: 'https://open/?a=1' })],
  },
  {
    name: 'grantProviderToken',
    steps: [
      ['grantProviderToken', { provider_id: 'wx_open', provider_redirect_uri: 'https://x/cb', provider_code: 'c-1' }],
    ],
    responses: [ok({ provider_token: 'ptok-1', expires_in: 600 })],
  },
  {
    name: 'bindWithProvider',
    given: { credentials: session },
    steps: [['bindWithProvider', { provider_token: 'ptok-1' }]],
    responses: [done],
  },
  {
    name: 'unbindProvider',
    given: { credentials: session },
    steps: [['unbindProvider', { provider_id: 'wx_open' }]],
    responses: [done],
  },
  {
    name: 'getProviders',
    given: { credentials: session },
    steps: [['getProviders']],
    responses: [
      ok({ total: 2, data: [{ id: 'wx_open', name: 'WX', bind: true }, { id: 'gh', name: 'GH', bind: false }] }),
    ],
  },
  {
    name: 'deviceAuthorize',
    steps: [['deviceAuthorize', { scope: 'user' }]],
    responses: [
      ok({
        device_code: 'dc-1',
        user_code: 'UC-1',
        expires_in: 600,
        interval: 5,
        verification_uri: 'https://x/device',
      }),
    ],
  },
  {
    name: 'revokeAllDevices',
    given: { credentials: session },
    steps: [['api.revokeAllDevices']],
    responses: [done],
  },
  {
    name: 'revokeDevice',
    given: { credentials: session },
    steps: [['api.revokeDevice', { device_id: 'dev-2' }]],
    responses: [done],
  },
]
