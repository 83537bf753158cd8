import { equal, has, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { ming, password, signedIn } from './people.mjs'

flow('signout', 'plain: the server ends the session, and it is forgotten', async (t) => {
  const { auth, events } = await signedIn(t)
  const { access_token, refresh_token } = t.stored()
  equal(await auth.signOut(), { data: {}, error: null }, 'signOut')
  t.expectNoSession()
  equal(t.storage.getItem(`user_info_${t.env}`), null, 'the stored user')
  equal(auth.currentUser, null, 'currentUser')
  await t.expectEvents(events, 'SIGNED_OUT')
  await t.expectStatus(access_token, 401)
  const refresh = await t.raw('POST', 'token', { body: { grant_type: 'refresh_token', refresh_token } })
  equal([refresh.status, refresh.body.error], [400, 'invalid_grant'], 'the answer to a refresh')
  const [revoked] = await t.control.requests('revoke')
  equal([revoked.header.Authorization, Object.keys(revoked.body)], [undefined, ['token']], 'the request')
  has(await auth.signOut(), { data: {}, error: { code: 'unauthenticated' } })
})

flow('signout', 'with parameters', async (t) => {
  const { auth, events } = await signedIn(t)
  const { access_token } = t.stored()
  const result = await auth.signOut({ redirect_uri: 'https://example.com/bye', state: 's' })
  has(result, { redirect_uri: 'https://example.com/bye', data: {}, error: null })
  t.expectNoSession()
  await t.expectStatus(access_token, 401)
  await t.expectEvents(events, 'SIGNED_OUT')
  equal((await t.control.requests('user/signout')).length, 1, 'requests')
})

flow('signout', 'when the server fails, plain keeps the session and parameters forget it', async (t) => {
  const { auth, events } = await signedIn(t)
  for (const operation of ['revoke', 'user/signout']) {
    await t.control.fault({ operation, times: 1, error: 'internal', error_code: 13, error_description: 'out of order' })
  }
  has(await auth.signOut(), { data: {}, error: { code: 'internal', errorCode: 13, category: 'SERVICE_ERROR' } })
  await t.expectSession({ sub: ming.sub })
  await t.expectEvents(events)
  has(await auth.signOut({}), { data: {}, error: null })
  t.expectNoSession()
  await t.expectEvents(events, 'SIGNED_OUT')
})

flow('signout', 'revokeAllDevices and revokeDevice end sessions and leave the stored one', async (t) => {
  const { auth, api } = await signedIn(t)
  const device = t.storage.getItem('device_id')
  await rejects(api.revokeDevice({ device_id: 'another-device' }), { error: 'not_found', error_code: 5 })
  const { access_token } = t.stored()
  await api.revokeDevice({ device_id: device })
  await t.expectStatus(access_token, 401)
  has(t.stored(), { access_token })
  await auth.signIn({ username: ming.username, password })
  const here = t.stored()
  const other = await t.elsewhere(ming.username, password)
  await api.revokeAllDevices()
  for (const session of [here, other]) await t.expectStatus(session.access_token, 401)
  await rejects(auth.getProviders(), { error: 'unauthenticated' })
  t.expectNoSession()
})
