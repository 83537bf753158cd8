import { equal, has, match, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { ming, password } from './people.mjs'

const grant = (device_code) => ({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code })

flow('device', 'a screen waits until a person has decided', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  const device = await auth.deviceAuthorize({ client_id: t.env, scope: 'user' })
  has(device, {
    device_code: /^\S{16,}$/, user_code: /^[A-Z]{4}-[A-Z]{4}$/, expires_in: 600, interval: 5,
    verification_uri: /^http/, verification_uri_complete: /user_code=/,
  })
  await rejects(api.grantToken(grant(device.device_code)), { error: 'authorization_pending' })
  await rejects(api.grantToken(grant(device.device_code)), { error: 'slow_down' })
  await t.control.approveDevice(device.user_code, ming.sub)
  const tokens = await api.grantToken(grant(device.device_code))
  has(tokens, { sub: ming.sub, token_type: 'Bearer', expires_in: 7200 })
  t.expectNoSession() // the js-sdk stores nothing here
  await auth.setCredentials(tokens)
  await t.expectSession({ sub: ming.sub })
  await rejects(api.grantToken(grant(device.device_code)), { error: 'invalid_grant' })
})

flow('device', 'the person decides in the js-sdk, and grantToken asks who is signed in', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  const { device_code, user_code } = await auth.deviceAuthorize({})
  await rejects(api.authorizeDevice({ user_code }), { error: 'unauthenticated' })
  await auth.signInWithPassword({ username: ming.username, password })
  await rejects(api.authorizeDevice({ user_code: 'XXXX-XXXX' }), {
    error: 'not_found', error_code: 5, error_uri: '/auth/v1/user/device/authorize',
  })
  equal(await api.authorizeDevice({ user_code: user_code.toLowerCase() }), {}, 'authorizeDevice')
  const before = t.stored()
  has(await auth.grantToken(grant(device_code)), { user: { uid: ming.sub } })
  equal(t.stored(), before, 'the stored session')
})

flow('device', 'grantToken of a screen that nobody is signed in on fails after the tokens were given', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { device_code, user_code } = await auth.deviceAuthorize({})
  await t.control.approveDevice(user_code, ming.sub)
  await rejects(auth.grantToken(grant(device_code)), { error: 'unauthenticated' })
  equal((await t.control.requests('token')).map((request) => request.status), [200], 'the answers')
})

flow('device', 'the person refuses, or the time is over', async (t) => {
  const { auth, api } = t.open()
  const refused = await auth.deviceAuthorize({})
  await t.control.denyDevice(refused.user_code)
  await rejects(api.grantToken(grant(refused.device_code)), { error: 'access_denied' })
  const late = await api.deviceAuthorize({})
  await t.advance(600)
  await rejects(api.grantToken(grant(late.device_code)), { error: 'expired_token' })
})

flow('authorize', 'an authorization code for another client', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  equal(await api.authorizeInfo({ client_id: t.env, scope: 'user sso', redirect_uri: 'https://example.com/' }), {
    client: { id: t.env, name: t.env }, scopes: [{ id: 'user', name: 'user' }, { id: 'sso', name: 'sso' }],
  }, 'authorizeInfo')
  await rejects(api.authorize({ client_id: t.env, response_type: 'code', redirect_uri: 'https://example.com/' }), {
    error: 'unauthenticated',
  })
  await auth.signInWithPassword({ username: ming.username, password })
  has(await api.authorizeInfo({ client_id: t.env, scope: 'user' }), { client: { id: t.env, name: t.env } })
  const asked = await t.control.requests('user/authorize/info')
  equal(asked.map((request) => request.header.Authorization), [['Basic ***'], ['Bearer ***']], 'the authorization')

  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  // the js-sdk takes the code in the answer for an error
  const { error: code } = await rejects(api.authorize({
    client_id: t.env, response_type: 'code', redirect_uri: 'https://example.com/', state: 's', scope: 'user',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  }), { error: /^\S{16,}$/ })
  match(code, /^\S{16,}$/, 'the code')
  const redeem = () => api.grantToken({
    grant_type: 'authorization_code', code, redirect_uri: 'https://example.com/', code_verifier: verifier,
  })
  has(await redeem(), { sub: ming.sub, token_type: 'Bearer' })
  await rejects(redeem(), { error: 'invalid_grant' })
})

flow('authorize', 'grantToken by password and by refresh token', async (t) => {
  await t.control.addUser(ming)
  const { api } = t.open()
  const first = await api.grantToken({ grant_type: 'password', username: ming.username, password })
  has(first, { sub: ming.sub, refresh_token: /^m\./ })
  const second = await api.grantToken({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
  has(second, { sub: ming.sub })
  await rejects(api.grantToken({ grant_type: 'refresh_token', refresh_token: first.refresh_token }), {
    error: 'invalid_grant', error_code: 4026,
    error_description: 'invalid refresh token.  for it may be has been refreshed by other process',
  })
})
