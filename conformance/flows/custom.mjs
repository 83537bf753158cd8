import { equal, has } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'

flow('custom', 'signInWithCustomTicket signs in who the ticket names', async (t) => {
  const { auth, api, events } = t.open()
  const first = await auth.signInWithCustomTicket(() => t.ticket('user-0001'))
  equal(first.error, null, 'the error')
  const session = await t.expectSession({ version: undefined })
  has(first.data, { user: { id: session.sub }, session: { access_token: session.access_token } })
  await t.expectEvents(events, 'SIGNED_IN')
  has(await auth.getUserInfo(), {
    uid: session.sub, providers: [{ id: 'custom', provider_user_id: 'user-0001', name: '' }],
  })
  await auth.signOut()
  await t.expectEvents(events, 'SIGNED_OUT')

  auth.setCustomSignFunc(() => t.ticket('user-0001'))
  has(await auth.signInWithCustomTicket(), { data: { user: { id: session.sub } }, error: null })
  await auth.customAuthProvider().signIn(await t.ticket('user-0002'))
  equal((await t.expectSession()).sub === session.sub, false, 'that another id is the same person')
  await api.signInCustom({ provider_id: 'custom', ticket: await t.ticket('user-0001') })
  equal((await t.expectSession()).sub, session.sub, 'who it is')
  await t.advance(7200)
  await auth.getAccessToken()
  equal((await t.expectSession()).sub, session.sub, 'who it is after the refresh')
})

flow('custom', 'tickets that are not good, and none', async (t) => {
  const { auth } = t.open()
  has((await auth.signInWithCustomTicket()).error, { code: 'failed_precondition', message: /setCustomSignFunc/ })
  for (const ticket of [
    'nonsense', await t.ticket('x'), await t.ticket('user-0001', { env: 'other' }),
    await t.ticket('user-0001', { exp: Math.floor(Date.now() / 1000) + 600 }), // seconds for milliseconds
  ]) {
    const { data, error } = await auth.signInWithCustomTicket(async () => ticket)
    equal(data, { user: null, session: null }, 'the data')
    has(error, { code: 'invalid_argument', errorCode: 3, message: 'invalid ticket' })
  }
  const old = await t.ticket('user-0001')
  await t.advance(601)
  has((await auth.signInWithCustomTicket(async () => old)).error, { code: 'invalid_argument' })
  t.expectNoSession()
})
