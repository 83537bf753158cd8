import { equal, has, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { email, ming, password, phone } from './people.mjs'

flow('password', 'signIn by username, phone number and email address', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  for (const username of [ming.username, phone, email]) {
    const state = await auth.signIn({ username, password })
    has(state.user, {
      uid: ming.sub, username: ming.username, phone_number: phone, email, name: ming.name, picture: ming.picture,
    })
    await t.expectSession({ version: 'v1', sub: ming.sub, groups: ['editors'] })
    await t.expectEvents(events, 'SIGNED_IN')
    await auth.signOut()
    await t.expectEvents(events, 'SIGNED_OUT')
  }
})

flow('password', 'signInWithPassword by username, phone number and email address', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  for (const who of [{ username: ming.username }, { phone: '13800000000' }, { email }]) {
    const { data, error } = await auth.signInWithPassword({ ...who, password })
    equal(error, null, 'the error')
    has(data.user, {
      id: ming.sub, phone, email, role: ['editors'], is_anonymous: false,
      user_metadata: { name: ming.name, username: ming.username },
    })
    const stored = await t.expectSession({ version: 'v1', sub: ming.sub })
    has(data.session, {
      access_token: stored.access_token, refresh_token: stored.refresh_token, user: { id: ming.sub },
    })
    await t.expectEvents(events, 'SIGNED_IN')
  }
})

flow('password', 'the methods of v1', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  has(await auth.signInWithUsernameAndPassword(ming.username, password), { user: { uid: ming.sub } })
  has(await auth.signInWithEmailAndPassword(email, password), { user: { uid: ming.sub } })
  await t.expectEvents(events, 'SIGNED_IN', 'SIGNED_IN', 'SIGNED_IN', 'SIGNED_IN') // each makes the login state twice
  await rejects(auth.signInWithEmailAndPassword(1, password), { message: /email must be a string/ })
})

flow('password', 'a wrong password and an unknown user are refused alike', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  const want = {
    error: 'invalid_username_or_password', error_code: 4043, error_description: 'Username or password incorrect.',
    error_uri: '/auth/v1/signin',
  }
  await rejects(auth.signIn({ username: ming.username, password: 'wrong' }), want)
  await rejects(auth.signIn({ username: 'nobody', password }), want)
  const { data, error } = await auth.signInWithPassword({ username: ming.username, password: 'wrong' })
  equal(data, { user: null, session: null }, 'the data')
  has(error, {
    name: 'AuthError', code: 'invalid_username_or_password', status: 'invalid_username_or_password', errorCode: 4043,
    category: 'INVALID_CREDENTIALS', message: 'Username or password incorrect.', requestId: /^[0-9a-f]{32}$/,
  })
  t.expectNoSession()
  await t.expectEvents(events)
})

flow('password', 'what is missing is said before anything is sent', async (t) => {
  const { auth } = t.open()
  for (const params of [{ password }, { username: ming.username }, { username: ming.username, password: '' }]) {
    const { data, error } = await auth.signInWithPassword(params)
    equal(data, { user: null, session: null }, 'the data')
    has(error, { name: 'AuthError', message: /You must provide|Password is required/ })
  }
  equal(await t.control.requests(), [], 'the requests')
})

flow('password', 'five wrong passwords lock the account for ten minutes', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  for (let i = 0; i < 5; i++) {
    await rejects(auth.signIn({ username: ming.username, password: 'wrong' }), { error_code: 4043 })
  }
  const { error } = await auth.signInWithPassword({ username: ming.username, password })
  has(error, { code: 'invalid_status', category: 'INVALID_CREDENTIALS' })
  await t.advance(601)
  has(await auth.signInWithPassword({ username: ming.username, password }), {
    error: null, data: { user: { id: ming.sub } },
  })
})

flow('password', 'who has no password is told so', async (t) => {
  await t.control.addUser({ ...ming, password: undefined })
  const { auth } = t.open()
  await rejects(auth.signIn({ username: ming.username, password }), {
    error: 'password_not_set', error_code: 4029, error_description: 'user password not set',
  })
  has(await auth.signInWithPassword({ phone, password }), {
    error: { code: 'password_not_set', category: 'INVALID_CREDENTIALS' },
  })
})

flow('password', 'who is blocked or not activated cannot sign in', async (t) => {
  const { auth } = t.open()
  for (const [state, code] of [['blocked', 'user_blocked'], ['pending', 'user_pending']]) {
    await t.control.addUser({ ...ming, [state]: true })
    await rejects(auth.signIn({ username: ming.username, password }), { error: code })
    const { data, error } = await auth.signInWithPassword({ username: ming.username, password })
    equal(data.session, null, 'the session')
    has(error, { code, category: 'USER_STATUS_ABNORMAL' })
    t.expectNoSession()
  }
})

flow('password', 'encrypted sign-in, by the path of v2 and by that of v1', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { data, error } = await auth.signInWithPassword({ username: ming.username, password, is_encrypt: true })
  equal(error, null, 'the error')
  equal(data.user.id, ming.sub, 'who signed in')
  await t.expectSession({ version: 'v2', sub: ming.sub })
  const [sent] = await t.control.requests('v2/signin/username')
  equal(Object.keys(sent.body).sort(), ['params', 'public_key_thumbprint'], 'the fields that were sent')
  equal((await t.control.requests('v2/signin/publichkey')).length, 1, 'fetches of the key')

  has(await auth.signIn({ username: ming.username, password, isEncrypt: true }), { user: { uid: ming.sub } })
  await t.expectSession({ version: 'v1', sub: ming.sub })
  const [sentToV1] = await t.control.requests('signin')
  equal(Object.keys(sentToV1.body).sort(), ['params', 'public_key_thumbprint'], 'the fields that were sent')

  const refused = await auth.signInWithPassword({ username: ming.username, password: '密码', is_encrypt: true })
  has(refused.error, { errorCode: 4043 })
})

flow('password', 'a login method that is off', async (t) => {
  await t.control.addUser(ming)
  await t.control.fault({
    operation: 'signin', error: 'login_type_disabled', error_code: 4045, error_description: 'login is not enabled',
  })
  const { auth } = t.open()
  const { error } = await auth.signInWithPassword({ username: ming.username, password })
  has(error, {
    code: 'login_type_disabled', errorCode: 4045, category: 'PROVIDER_NOT_ENABLED', helpMessage: /signInWithPassword\(\)/,
  })
  t.expectNoSession()
})
