// The session: ended, refreshed, granted by other means, refused.

import { done, expired, ok, refused, session, signedIn, tokens } from './shared.mjs'

export default [
  {
    name: 'signOut/revokes-and-forgets',
    given: { credentials: session },
    steps: [['signOut']],
    responses: [done],
  },
  {
    name: 'signOut/with-redirect',
    given: { credentials: session },
    steps: [['signOut', { redirect_uri: 'https://x/', state: 's' }]],
    responses: [ok({ redirect_uri: 'https://x/?state=s' })],
  },
  {
    name: 'signOut/not-signed-in',
    steps: [['signOut']],
    responses: [],
  },
  {
    name: 'getAccessToken/fresh',
    given: { credentials: session },
    steps: [['getAccessToken']],
    responses: [],
  },
  {
    name: 'getAccessToken/expired-refreshes',
    given: { credentials: expired },
    steps: [['getAccessToken']],
    responses: [signedIn],
  },
  {
    name: 'getAccessToken/expired-v2-session-refreshes-at-v2',
    given: { credentials: { ...expired, version: 'v2' } },
    steps: [['getAccessToken']],
    responses: [signedIn],
  },
  {
    name: 'getAccessToken/refresh-denied-forgets-session',
    given: { credentials: expired },
    steps: [['getAccessToken']],
    responses: [refused(400, 'invalid_grant', 4014, 'refresh token expired')],
  },
  {
    name: 'getAccessToken/refresh-unavailable-keeps-session',
    given: { credentials: expired },
    steps: [['getAccessToken']],
    responses: [refused(503, 'unavailable', 14, 'try later')],
  },
  {
    name: 'getAccessToken/none',
    steps: [['getAccessToken']],
    responses: [],
  },
  {
    name: 'getAccessToken/expired-anonymous-signs-in-anew',
    given: { credentials: { ...expired, refresh_token: null, scope: 'anonymous' } },
    steps: [['getAccessToken']],
    responses: [ok({ ...tokens, scope: 'anonymous' })],
  },
  {
    name: 'getSession/fresh',
    given: { credentials: session },
    steps: [['getSession']],
    responses: [],
  },
  {
    name: 'refreshSession',
    given: { credentials: session },
    steps: [['refreshSession']],
    responses: [signedIn],
  },
  {
    name: 'refreshTokenForce',
    given: { credentials: session },
    steps: [['refreshTokenForce', {}]],
    responses: [signedIn],
  },
  {
    name: 'refreshTokenForce/v2-session',
    given: { credentials: { ...session, version: 'v2' } },
    steps: [['refreshTokenForce', {}]],
    responses: [signedIn],
  },
  {
    name: 'refreshTokenForce/expired',
    given: { credentials: expired },
    steps: [['refreshTokenForce', {}]],
    responses: [signedIn, ok({ ...tokens, access_token: 'at-2', refresh_token: 'rt-2' })],
  },
  {
    name: 'setSession',
    steps: [['setSession', { access_token: 'at-9', refresh_token: 'rt-9' }]],
    responses: [signedIn],
  },
  {
    name: 'grantToken/password',
    steps: [['api.grantToken', { grant_type: 'password', username: 'user_01', password: 'passw0rd' }]],
    responses: [signedIn],
  },
  {
    name: 'grantToken/device-code',
    steps: [['api.grantToken', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'dc-1' }]],
    responses: [signedIn],
  },
  {
    name: 'unauthenticated-answer-forgets-session',
    given: { credentials: session },
    steps: [['api.getUserInfo', {}]],
    responses: [refused(401, 'unauthenticated', 16, 'token revoked')],
  },
]
