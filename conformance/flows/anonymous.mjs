import { equal, has } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { password, phone } from './people.mjs'

const anonymous = { scope: 'anonymous', sub: /^[\w-]{22}$/, refresh_token: undefined, version: undefined }

flow('anonymous', 'a device is one person, over signing out and starting again', async (t) => {
  const { auth, events } = t.open()
  const { data, error } = await auth.signInAnonymously()
  equal(error, null, 'the error')
  const session = await t.expectSession(anonymous)
  has(data, {
    user: { id: session.sub, is_anonymous: true }, session: { access_token: session.access_token, scope: 'anonymous' },
  })
  equal(await auth.loginScope(), 'anonymous', 'loginScope')
  await t.expectEvents(events, 'SIGNED_IN')
  await auth.signOut()
  t.expectNoSession()
  await t.expectEvents(events, 'SIGNED_OUT')

  const again = t.open()
  await again.auth.anonymousAuthProvider().signIn()
  equal((await t.expectSession(anonymous)).sub, session.sub, 'who it is')

  t.storage.removeItem('device_id')
  await t.open().auth.signInAnonymously()
  const other = await t.expectSession(anonymous)
  equal(other.sub === session.sub, false, 'that another device is the same person')
})

flow('anonymous', 'an expired session signs in again by itself', async (t) => {
  const { auth, events } = t.open()
  await auth.signInAnonymously()
  const first = await t.expectSession(anonymous)
  await t.expectEvents(events, 'SIGNED_IN')
  await t.advance(7200)
  const { accessToken } = await auth.getAccessToken()
  const second = await t.expectSession(anonymous)
  equal(second.access_token, accessToken, 'the token')
  equal(second.access_token === first.access_token, false, 'that the token is the old one')
  equal(second.sub, first.sub, 'who it is')
  await t.expectEvents(events)
  const [, renewal] = await t.control.requests('signin/anonymously')
  equal(renewal.header.Authorization, ['Basic ***'], 'the authorization')
})

flow('anonymous', 'registering with the anonymous token keeps the person', async (t) => {
  const { auth, events } = t.open()
  await auth.signInAnonymously()
  const { sub, access_token: anonymous_token } = await t.expectSession(anonymous)
  let converted = 0
  auth.onAnonymousConverted(() => converted++)
  const verification_token = await t.prove(auth, phone)
  const state = await auth.signUp({
    phone_number: phone, verification_token, anonymous_token, username: 'xiaoming', password,
  })
  has(state.user, { uid: sub, phone_number: phone, username: 'xiaoming' })
  await t.expectSession({ sub })
  await t.expectStatus(anonymous_token, 401)
  await t.expectEvents(events, 'SIGNED_IN', 'SIGNED_IN')
  equal(converted, 1, 'calls of onAnonymousConverted')
})

flow('anonymous', 'login that is off', async (t) => {
  await t.control.fault({
    operation: 'signin/anonymously', status: 403, error: 'permission_denied', error_code: 7,
    error_description: 'anonymous login is not enabled',
  })
  const { auth } = t.open()
  const { data, error } = await auth.signInAnonymously()
  equal(data, { user: null, session: null }, 'the data')
  has(error, { code: 'permission_denied', errorCode: 7, category: 'PROVIDER_NOT_ENABLED' })
  t.expectNoSession()
})
