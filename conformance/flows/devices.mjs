// One user in two tabs and on two devices.
import { equal, has, rejects } from '../lib/assert.mjs'
import { until } from '../lib/context.mjs'
import { ruledFlow } from '../lib/flow.mjs'
import { ming, password, signedIn } from './people.mjs'

const rotate = { policy: 'rotate', reuse: 'refuse' }

const statuses = async (t, operation) => (await t.control.requests(operation)).map((request) => request.status)

// The js-sdk has no lock between tabs: whoever comes second with the refresh token is refused, and removes from the storage
// what the first one has put there. The first one goes on until its page is loaded again.
ruledFlow('devices', 'two tabs that refresh at once lose the session', { refresh: rotate }, async (t) => {
  const { auth } = await signedIn(t)
  const other = await t.openInTab()
  has(await other.auth.getLoginState(), { user: { uid: ming.sub } })
  await t.advance(7200)
  await t.control.fault({ operation: 'token', times: 1, delay: '3s' }) // while the other tab is done
  const late = auth.getAccessToken()
  await until(async () => (await t.control.call('GET', 'faults')).faults[0].fired === 1, () => 'no tab refreshes')
  const { accessToken } = await other.auth.getAccessToken()
  equal(t.stored().access_token, accessToken, 'the stored token')
  await t.expectStatus(accessToken, 200)
  await rejects(late, { error: 'unauthenticated' })
  equal((await statuses(t, 'token')).sort(), [200, 400], 'the answers')
  t.expectNoSession()
  has(await other.auth.getAccessToken(), { accessToken }) // from its memory
  equal(await t.open().auth.getLoginState(), null, 'getLoginState of a page that is opened then')
})

ruledFlow('devices', 'two tabs that refresh at once keep the session with a grace period', {
  refresh: { policy: 'rotate', grace: '1h' },
}, async (t) => {
  const { auth } = await signedIn(t)
  const other = await t.openInTab()
  has(await other.auth.getLoginState(), { user: { uid: ming.sub } })
  await t.advance(7200)
  const tokens = await Promise.all([auth.getAccessToken(), other.auth.getAccessToken()])
  for (const { accessToken } of tokens) await t.expectStatus(accessToken, 200)
  await t.expectSession({ sub: ming.sub })
})

ruledFlow('devices', 'two devices stay signed in, and signing out on one leaves the other', { single_session: false }, async (t) => {
  const { auth } = await signedIn(t)
  const there = await t.elsewhere(ming.username, password)
  await t.advance(7200)
  has(await auth.getUserInfo(), { sub: ming.sub })
  const again = await t.raw('POST', 'token', { body: { grant_type: 'refresh_token', refresh_token: there.refresh_token } })
  equal(again.status, 200, 'the status of the refresh on the other device')
  await auth.signOut()
  t.expectNoSession()
  await t.expectStatus(again.body.access_token, 200)
})

ruledFlow('devices', 'the second device ends the session of the first', { single_session: true }, async (t) => {
  const { auth } = await signedIn(t)
  const there = await t.elsewhere(ming.username, password)
  has(await auth.getUserInfo(), { sub: ming.sub }) // as long as the access token is good
  await t.advance(7200)
  await rejects(auth.getAccessToken(), { error: 'unauthenticated' })
  t.expectNoSession()
  const again = await t.raw('POST', 'token', { body: { grant_type: 'refresh_token', refresh_token: there.refresh_token } })
  equal(again.status, 200, 'the status of the refresh on the other device')
})

ruledFlow('devices', 'a revoked refresh token ends the session, and signing in again begins another', {
  single_session: false,
}, async (t) => {
  const { auth } = await signedIn(t)
  const { refresh_token: token } = t.stored()
  equal((await t.raw('POST', 'revoke', { body: { token } })).status, 200, 'the status of revoking')
  await t.advance(7200)
  await rejects(auth.getAccessToken(), { error: 'unauthenticated' })
  t.expectNoSession()
  equal(await auth.getLoginState(), null, 'getLoginState')
  equal(await statuses(t, 'token'), [400], 'the answers')
  await auth.signIn({ username: ming.username, password })
  await t.expectSession({ sub: ming.sub })
})
