import { equal, has, match, ok, rejects } from '../lib/assert.mjs'
import { until } from '../lib/context.mjs'
import { flow } from '../lib/flow.mjs'
import { hong, ming, password, signedIn } from './people.mjs'

flow('session', 'an expired token is refreshed, once for all who ask', async (t) => {
  const { auth, events } = await signedIn(t)
  const first = await t.expectSession()
  await t.advance(7100)
  equal((await auth.getAccessToken()).accessToken, first.access_token, 'the token')
  equal((await t.control.requests('token')).length, 0, 'refreshes')
  await t.advance(80)
  const tokens = await Promise.all(Array.from({ length: 5 }, () => auth.getAccessToken()))
  const second = await t.expectSession({ version: 'v1', sub: ming.sub })
  equal(tokens, Array(5).fill({ accessToken: second.access_token, env: t.env }), 'the tokens')
  equal(second.access_token === first.access_token, false, 'that the token is the old one')
  equal(second.refresh_token === first.refresh_token, false, 'that the refresh token is the old one')
  equal((await t.control.requests('token')).length, 1, 'refreshes')
  await t.expectEvents(events, 'TOKEN_REFRESHED')
})

flow('session', 'a call with an expired token refreshes it first', async (t) => {
  const { auth, events } = await signedIn(t)
  await t.advance(7200)
  has(await auth.getUserInfo(), { uid: ming.sub })
  equal((await t.control.requests('user/me')).map((request) => request.status), [200, 200], 'the answers of user/me')
  await t.expectEvents(events, 'TOKEN_REFRESHED')
})

flow('session', 'refreshSession and refreshTokenForce get new tokens before the old ones expire', async (t) => {
  const { auth, events } = await signedIn(t)
  const first = await t.expectSession()
  const refreshed = await auth.refreshSession()
  equal(refreshed.error, null, 'the error')
  const second = await t.expectSession({ version: 'v1' })
  has(refreshed.data, {
    user: { id: ming.sub }, session: { access_token: second.access_token, refresh_token: second.refresh_token },
  })
  equal(second.refresh_token === first.refresh_token, false, 'that the refresh token is the old one')
  await t.expectEvents(events, 'TOKEN_REFRESHED')

  const forced = await auth.refreshTokenForce()
  const third = await t.expectSession({ version: 'v1' })
  equal(forced.access_token, third.access_token, 'the token')
  equal(third.access_token === second.access_token, false, 'that the token is the old one')
  await t.expectEvents(events, 'TOKEN_REFRESHED')

  const elsewhere = await t.elsewhere(ming.username, password)
  const taken = await auth.refreshSession(elsewhere.refresh_token)
  equal(taken.error, null, 'the error')
  equal((await t.expectSession()).access_token, taken.data.session.access_token, 'the token')
})

flow('session', 'setSession takes over tokens and refreshes them', async (t) => {
  await t.control.addUser(ming)
  const tokens = await t.elsewhere(ming.username, password)
  const { auth, events } = t.open()
  const { data, error } = await auth.setSession({
    access_token: tokens.access_token, refresh_token: tokens.refresh_token,
  })
  equal(error, null, 'the error')
  const stored = await t.expectSession({ version: 'v1', sub: ming.sub })
  has(data.session, { access_token: stored.access_token, refresh_token: stored.refresh_token })
  equal(stored.access_token === tokens.access_token, false, 'that the token is the old one')
  await t.expectEvents(events, 'TOKEN_REFRESHED', 'SIGNED_IN')
  has(await auth.getUser(), { data: { user: { id: ming.sub } }, error: null })
})

flow('session', 'setSession with a dead token leaves the stored session alone', async (t) => {
  const { auth } = await signedIn(t)
  const before = t.stored()
  const refused = await auth.setSession({ access_token: 'x', refresh_token: 'm.x' })
  has(refused, {
    data: { user: null, session: null }, error: { code: 'invalid_grant', errorCode: 4026, category: 'INVALID_CREDENTIALS' },
  })
  equal(t.stored(), before, 'the stored session')
  has(await auth.setSession({ access_token: 'x' }), { error: { message: 'Refresh token is required' } })
})

flow('session', 'a refresh token that somebody else used ends the session', async (t) => {
  const { auth, events } = await signedIn(t)
  const { refresh_token } = t.stored()
  const stolen = await t.raw('POST', 'token', { body: { grant_type: 'refresh_token', refresh_token } })
  equal(stolen.status, 200, 'the status of the refresh elsewhere')
  const { data, error } = await auth.refreshSession()
  equal(data, { user: null, session: null }, 'the data')
  has(error, { code: 'unauthenticated', category: 'INVALID_CREDENTIALS', message: /invalid refresh token/ })
  t.expectNoSession()
  equal(await auth.getLoginState(), null, 'getLoginState')
  await rejects(auth.getAccessToken(), { error: 'unauthenticated' })
  await t.expectEvents(events)
})

flow('session', 'a refresh whose answer is lost ends the session, since the js-sdk repeats it', async (t) => {
  const { auth } = await signedIn(t)
  await t.control.fault({ operation: 'token', times: 1, body: 'cut_body' })
  has(await auth.refreshSession(), {
    data: { session: null }, error: { code: 'unauthenticated', message: /refreshed by other process/ },
  })
  equal((await t.control.requests('token')).map((request) => request.status), [200, 400], 'the answers')
  t.expectNoSession()
})

flow('session', 'a refresh that the server cannot do now leaves the session', async (t) => {
  const { auth } = await signedIn(t)
  const before = t.stored()
  await t.control.fault({
    operation: 'token', times: 1, error: 'unavailable', error_code: 14, error_description: 'later',
  })
  has(await auth.refreshSession(), {
    data: { session: null }, error: { code: 'unavailable', errorCode: 14, category: 'SERVICE_ERROR' },
  })
  equal(t.stored(), before, 'the stored session')
  has(await auth.refreshSession(), { error: null })
})

flow('session', 'an expired session whose refresh token is dead is signed out', async (t) => {
  const { auth } = await signedIn(t)
  const errors = []
  await auth.onLoginStateChanged((params) => errors.push(params?.data?.eventType))
  await t.advance(31 * 24 * 3600)
  await rejects(auth.getAccessToken(), { error: 'unauthenticated', error_description: /invalid refresh token/ })
  t.expectNoSession()
  await until(() => errors.includes('credentials_error'), () => `no credentials_error: ${errors}`)
  has(await auth.getSession(), { data: { session: null, user: null }, error: { code: 'unauthenticated' } })
})

flow('session', 'a session that was ended elsewhere is forgotten at the next call', async (t) => {
  const { auth, api } = await signedIn(t)
  const other = await t.elsewhere(ming.username, password)
  equal((await t.raw('DELETE', 'user/revoke/all', { token: other.access_token })).status, 200, 'the status of revoking')
  await rejects(auth.getProviders(), { error: 'unauthenticated', error_code: 16, error_uri: '/auth/v1/user/provider' })
  t.expectNoSession()
  equal(await api.hasLoginState(), false, 'hasLoginState')
})

flow('session', 'a blocked user keeps a session and cannot get another', async (t) => {
  const { auth } = await signedIn(t)
  await t.control.addUser({ ...ming, blocked: true })
  has(await auth.getUserInfo(), { uid: ming.sub, status: 'BLOCKED' })
  await auth.signOut()
  has(await auth.signInWithPassword({ username: ming.username, password }), { error: { code: 'user_blocked' } })
})

flow('session', 'starting again finds the session', async (t) => {
  await signedIn(t)
  const { auth, api, events } = t.open()
  await t.expectEvents(events, 'INITIAL_SESSION')
  const stored = await t.expectSession({ version: 'v1', sub: ming.sub })
  has(auth.hasLoginState(), { user: { uid: ming.sub, username: ming.username } })
  has(await auth.getLoginState(), { user: { uid: ming.sub } })
  has(await auth.getSession(), {
    error: null, data: { session: { access_token: stored.access_token, user: { id: ming.sub } }, user: { id: ming.sub } },
  })
  has(auth.currentUser, { uid: ming.sub, name: ming.name })
  equal(await auth.loginScope(), 'user sso', 'loginScope')
  equal(await auth.loginGroups(), ['editors'], 'loginGroups')
  has(await auth.getCredentials(), { access_token: stored.access_token, version: 'v1' })
  has(api.hasLoginStateSync(), { access_token: stored.access_token })
  has(await api.getLoginState(), { access_token: stored.access_token })
  has(await api.getCredentials(), { access_token: stored.access_token })
  equal(await api.loginScope(), 'user sso', 'loginScope')
  equal(await api.loginGroups(), ['editors'], 'loginGroups')
  has(await api.refreshTokenForce({}), { sub: ming.sub })
})

flow('session', 'nobody is signed in at first', async (t) => {
  const { auth, api, events } = t.open()
  equal(auth.hasLoginState(), null, 'hasLoginState')
  equal(await auth.getLoginState(), null, 'getLoginState')
  equal(auth.currentUser, null, 'currentUser')
  equal(await auth.getCurrentUser(), null, 'getCurrentUser')
  equal(api.hasLoginStateSync(), null, 'hasLoginStateSync')
  has(await auth.getSession(), { data: { session: null, user: null }, error: { code: 'unauthenticated' } })
  has(await auth.getUser(), { data: { user: null }, error: { code: 'unauthenticated' } })
  has(await auth.getClaims(), {
    data: { claims: null, header: null, signature: null }, error: { code: 'unauthenticated' },
  })
  for (const call of ['getAccessToken', 'getCredentials', 'loginScope', 'loginGroups', 'getProviders']) {
    await rejects(auth[call](), { error: 'unauthenticated' }, call)
  }
  equal(await t.control.requests(), [], 'the requests')
  await t.expectEvents(events)
})

flow('session', 'setCredentials stores a session and, with nothing, forgets it', async (t) => {
  await t.control.addUser(ming)
  const tokens = await t.elsewhere(ming.username, password)
  const { auth } = t.open()
  await auth.setCredentials(tokens)
  await t.expectSession({ access_token: tokens.access_token, sub: ming.sub })
  has(await auth.getUserInfo(), { uid: ming.sub })
  await auth.setCredentials(null)
  t.expectNoSession()
})

flow('session', 'getClaims reads the access token', async (t) => {
  const { auth } = await signedIn(t)
  const { data, error } = await auth.getClaims()
  equal(error, null, 'the error')
  has(data, {
    header: { alg: 'RS256', kid: /^\S+$/ },
    claims: {
      iss: t.url, sub: ming.sub, aud: t.env, project_id: t.env, scope: 'user sso', provider_type: 'username',
      user_id: ming.sub, user_type: 'external', meta: { wxOpenId: '', wxUnionId: '' },
    },
  })
  equal(data.claims.exp - data.claims.iat, 7200, 'the life of the token')
  match(data.signature, /^[\w-]{342}$/, 'the signature')
})

flow('session', 'the listeners of v1 and v2', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const heard = []
  const hear = (name) => () => heard.push(name)
  await auth.onLoginStateChanged((state) => heard.push(`state ${state?.data?.eventType ?? 'now'}`))
  auth.onAccessTokenRefreshed(hear('refreshed'))
  auth.onLoginTypeChanged(hear('type'))
  auth.onLoginStateExpired(hear('expired'))
  // expect waits for names. That nobody is signed in is told whenever somebody asks, listeners too.
  const expect = async (...names) => {
    const told = () => heard.filter((name) => name !== 'state credentials_error')
    await until(() => told().length >= names.length, () => `heard ${told()}, want ${names}`)
    equal(told().sort(), names.sort(), 'what was heard')
    heard.length = 0
  }
  await expect('state now')
  await auth.signInWithPassword({ username: ming.username, password })
  await expect('state sign_in', 'type')
  await auth.refreshSession()
  await expect('refreshed')
  await auth.signOut()
  await expect('state sign_out', 'type')
  await rejects(auth.getAccessToken(), { error: 'unauthenticated' })
  await until(() => heard.includes('state credentials_error'), () => `heard ${heard}`)
  await expect() // onLoginStateExpired looks for the word in the wrong place and stays silent
})

flow('session', 'a listener that has unsubscribed hears nothing', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  const heard = []
  const { data: { subscription } } = auth.onAuthStateChange((event) => heard.push(event))
  await auth.signInWithPassword({ username: ming.username, password })
  await t.expectEvents(events, 'SIGNED_IN')
  subscription.unsubscribe()
  await auth.refreshSession()
  await t.expectEvents(events, 'TOKEN_REFRESHED')
  equal(heard, ['SIGNED_IN'], 'what was heard')
})

flow('session', 'another person signs in over a session', async (t) => {
  const { auth, events } = await signedIn(t)
  const mings = t.stored()
  await t.control.addUser(hong)
  await auth.signIn({ username: hong.username, password })
  await t.expectSession({ sub: hong.sub })
  has(auth.currentUser, { uid: hong.sub })
  await t.expectEvents(events, 'SIGNED_IN')
  await t.expectStatus(mings.access_token, 200) // nobody ended it
})

flow('session', 'the key of access tokens changes, and both keys are published', async (t) => {
  const { auth } = await signedIn(t)
  const kid = async () => (await auth.getClaims()).data.header.kid
  const before = await kid()
  await t.control.rotateKeys()
  await t.expectSession({ sub: ming.sub })
  await auth.refreshSession()
  const after = await kid()
  equal(after === before, false, 'that the key is the old one')
  const { body } = await t.raw('GET', 'certs')
  for (const id of [before, after]) ok(body.keys.some((key) => key.kid === id), `the published key ${id}`)
})
