import { equal, has, match, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { ming, otherPhone, password, phone } from './people.mjs'

flow('v2', 'signIn, and every refresh after it', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  const state = await auth.signIn({ username: ming.username, password, version: 'v2' })
  has(state.user, { uid: ming.sub, name: ming.name })
  await t.expectSession({ version: 'v2', sub: ming.sub })
  await t.expectEvents(events, 'SIGNED_IN')
  await t.advance(7200)
  await auth.getAccessToken()
  await t.expectSession({ version: 'v2', sub: ming.sub })
  await t.expectEvents(events, 'TOKEN_REFRESHED')
  has(await auth.currentUser.refresh({ version: 'v2' }), { sub: ming.sub })
  await auth.refreshTokenForce({ version: 'v2' })
  equal((await t.control.requests()).map((request) => request.path).filter((path) => path.startsWith('/auth/v2/')), [
    '/auth/v2/signin/username', '/auth/v2/user/me', '/auth/v2/token', '/auth/v2/user/me', '/auth/v2/token',
  ], 'the paths of v2')
  await auth.refreshTokenForce()
  await t.expectSession({ version: 'v1', sub: ming.sub })
})

flow('v2', 'verify signs in who is known', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { verification_id } = await auth.getVerification({ phone_number: phone })
  const answer = await auth.verify({ verification_id, verification_code: await t.control.code(phone), version: 'v2' })
  const session = await t.expectSession({ version: 'v2', sub: ming.sub })
  equal(answer.access_token, session.access_token, 'the token')

  await auth.signOut()
  const unknown = (await auth.getVerification({ phone_number: otherPhone })).verification_id
  const verification_code = await t.control.code(otherPhone)
  await rejects(auth.verify({ verification_id: unknown, verification_code, version: 'v2' }), {
    error: 'not_found', error_code: 5, error_uri: '/auth/v2/signin/verificationcode',
  })
  t.expectNoSession()
})

flow('v2', 'signInWithProvider, grantToken and deleteMe', async (t) => {
  const { auth, api } = t.open()
  const { provider_token } = await auth.grantProviderToken({
    provider_id: 'wx_open', provider_code: await t.control.providerCode({ provider_id: 'wx_open', sub: 'o-1', name: '明' }),
  })
  const state = await auth.signInWithProvider({ provider_token, version: 'v2' })
  match(state.user.uid, /^\d{19}$/, 'the id')
  const { refresh_token } = await t.expectSession({ version: 'v2' })
  const granted = await api.grantToken({ version: 'v2', grant_type: 'refresh_token', refresh_token })
  has(granted, { sub: state.user.uid, token_type: 'Bearer' })
  await auth.setCredentials({ ...granted, version: 'v2' })
  await t.expectSession({ version: 'v2' })
  await auth.setPassword({ new_password: password, sudo_token: '' })
  const { sudo_token } = await auth.sudo({ password })
  equal(await auth.deleteMe({ sudo_token, version: 'v2' }), {}, 'deleteMe')
  equal(await t.control.users(), [], 'the accounts')
  const methods = (await t.control.requests('v2/user/me')).map((request) => request.method)
  equal(methods, ['GET', 'DELETE'], 'the methods of v2/user/me')
})
