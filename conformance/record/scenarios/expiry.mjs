// Sessions whose access token ends between two steps.

import { done, ok, profile, refused, sent, session, signedIn, sudoGranted, tokens, user, verified } from './shared.mjs'

/** After it the access token of `session`, and any other that was given before, has ended. */
const later = ['clock.advance', { seconds: 7200 }]
const renewed = ok({ ...tokens, access_token: 'at-2', refresh_token: 'rt-2', sub: 'uid-0' })
const mine = ok({ ...user, sub: 'uid-0' })
const dead = refused(400, 'invalid_grant', 4026, 'invalid refresh token')

export default [
  {
    name: 'expiry/between-two-reads',
    given: { credentials: session },
    steps: [['getUser'], later, ['getUser'], ['getAccessToken']],
    responses: [mine, renewed, mine],
  },
  {
    name: 'expiry/of-a-session-just-granted',
    steps: [['signIn', { username: 'user_01', password: 'passw0rd' }], later, ['getAccessToken'], ['getUser']],
    responses: [signedIn, profile, ok({ ...tokens, access_token: 'at-2', refresh_token: 'rt-2' }), profile],
  },
  {
    name: 'expiry/twice',
    given: { credentials: session },
    steps: [later, ['getAccessToken'], later, ['getAccessToken']],
    responses: [renewed, ok({ ...tokens, access_token: 'at-3', refresh_token: 'rt-3', sub: 'uid-0' })],
  },
  {
    name: 'expiry/not-yet',
    given: { credentials: session },
    steps: [['getAccessToken'], ['clock.advance', { seconds: 3000 }], ['getAccessToken']],
    responses: [],
  },
  {
    name: 'expiry/before-a-code-is-asked-for',
    given: { credentials: session },
    steps: [['getUser'], later, ['getVerification', { email: 'new@b.cn', target: 'NOT_USER' }]],
    responses: [mine, renewed, sent(false)],
  },
  {
    name: 'expiry/between-a-code-and-sudo',
    given: { credentials: session },
    steps: [
      ['getVerification', { email: 'a@b.cn', target: 'CUR_USER' }],
      later,
      ['verify', { verification_id: 'vid-1', verification_code: '000000' }],
      ['sudo', { verification_token: 'vtok-1' }],
    ],
    responses: [sent(true), verified, renewed, sudoGranted],
  },
  {
    name: 'expiry/between-sudo-and-the-new-password',
    given: { credentials: session },
    steps: [
      ['sudo', { password: 'passw0rd' }],
      later,
      ['setPassword', { new_password: 'passw0rd2', sudo_token: 'sudo-1' }],
    ],
    responses: [sudoGranted, renewed, done],
  },
  {
    name: 'expiry/between-sudo-and-the-new-address',
    given: { credentials: session },
    steps: [
      ['sudo', { password: 'passw0rd' }],
      later,
      ['bindEmail', { email: 'new@b.cn', sudo_token: 'sudo-1', verification_token: 'vtok-1' }],
    ],
    responses: [sudoGranted, renewed, done],
  },
  {
    name: 'expiry/between-reauthenticate-and-its-code',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['reauthenticate'],
      later,
      ['$1.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [mine, sent(true), verified, renewed, sudoGranted, done],
  },
  {
    name: 'expiry/between-updateUser-and-its-code',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: 'new@b.cn' }],
      later,
      ['$1.data.verifyOtp', { email: 'new@b.cn', token: '000000' }],
    ],
    responses: [mine, sent(false), verified, renewed, done, mine],
  },
  {
    name: 'expiry/between-reauthenticate-and-signing-in-anew',
    given: { credentials: session },
    steps: [['getUser'], ['reauthenticate'], later, ['$1.data.updateUser', { nonce: '000000' }]],
    responses: [mine, sent(true), verified, ok({ ...tokens, sub: 'uid-0' }), mine],
  },
  {
    name: 'expiry/between-a-code-by-mail-and-signing-in',
    given: { credentials: session },
    steps: [['signInWithOtp', { email: 'a@b.cn' }], later, ['$0.data.verifyOtp', { token: '000000' }]],
    responses: [sent(true), verified, signedIn, profile],
  },
  {
    name: 'expiry/between-a-forgotten-password-and-its-code',
    given: { credentials: session },
    steps: [
      ['resetPasswordForEmail', 'a@b.cn'],
      later,
      ['$0.data.updateUser', { nonce: '000000', password: 'passw0rd2' }],
    ],
    responses: [sent(true), verified, done, signedIn, profile],
  },
  {
    name: 'expiry/before-updateUser',
    given: { credentials: session },
    steps: [
      ['getUser'],
      later,
      ['updateUser', { email: 'new@b.cn' }],
      ['$2.data.verifyOtp', { email: 'new@b.cn', token: '000000' }],
    ],
    responses: [mine, renewed, sent(false), verified, done, mine],
  },
  {
    name: 'expiry/before-getSession',
    given: { credentials: session },
    steps: [later, ['getSession']],
    responses: [renewed],
  },
  {
    name: 'expiry/refresh-token-died-before-the-code',
    given: { credentials: session },
    steps: [
      ['getUser'],
      ['updateUser', { email: 'new@b.cn' }],
      later,
      ['$1.data.verifyOtp', { email: 'new@b.cn', token: '000000' }],
    ],
    responses: [mine, sent(false), verified, dead],
  },
  {
    name: 'expiry/refresh-token-died-before-signing-in',
    given: { credentials: session },
    steps: [later, ['signInWithOtp', { email: 'a@b.cn' }], ['$1.data.verifyOtp', { token: '000000' }]],
    responses: [dead, sent(true), verified, signedIn, profile],
  },
  {
    name: 'expiry/refresh-token-died-in-between',
    given: { credentials: session },
    steps: [['getUser'], later, ['getUser'], ['getAccessToken']],
    responses: [mine, dead],
  },
  {
    name: 'expiry/refresh-is-unavailable-once',
    given: { credentials: session },
    steps: [later, ['getAccessToken'], ['getAccessToken']],
    responses: [refused(503, 'unavailable', 14, 'try later'), renewed],
  },
  {
    name: 'expiry/before-signing-out',
    given: { credentials: session },
    steps: [later, ['signOut']],
    responses: [renewed, done],
  },
]
