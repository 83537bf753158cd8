import { equal, has, ok, rejects } from '../lib/assert.mjs'
import { flow, nodeFlow, pageFlow } from '../lib/flow.mjs'
import { email, hong, ming, otherEmail, otherPhone, password, phone, signedIn } from './people.mjs'

const profile = {
  sub: ming.sub, user_id: ming.sub, username: ming.username, name: ming.name, picture: ming.picture, email,
  phone_number: phone,
  status: 'ACTIVE', type: 'external', has_password: true, groups: [{ id: 'editors' }], providers: [],
}

flow('user', 'the ways to ask who is signed in', async (t) => {
  const { auth, api } = await signedIn(t)
  has(await auth.getUserInfo(), { ...profile, uid: ming.sub })
  has(await auth.getCurrentUser(), { ...profile, uid: ming.sub })
  has(await api.getUserInfo(), { ...profile, uid: ming.sub })
  has(await api.getUserProfile({}), profile)
  const { data, error } = await auth.getUser()
  equal(error, null, 'the error')
  has(data.user, {
    id: ming.sub, aud: 'authenticated', role: ['editors'], email, phone, identities: [], is_anonymous: false,
    user_metadata: { name: ming.name, picture: ming.picture, username: ming.username, uid: ming.sub },
  })
  has(auth.currentUser, { uid: ming.sub, email, phone_number: phone })
  has(await auth.currentUser.refresh(), profile)
})

flow('user', 'refreshUser sees what changed elsewhere', async (t) => {
  const { auth } = await signedIn(t)
  await t.control.addUser({ ...ming, name: '大明' })
  equal(auth.currentUser.name, ming.name, 'the name before')
  const { data, error } = await auth.refreshUser()
  equal(error, null, 'the error')
  has(data, {
    user: { id: ming.sub, user_metadata: { name: '大明' } }, session: { access_token: t.stored().access_token },
  })
  equal(auth.currentUser.name, '大明', 'the name after')
})

flow('user', 'updateUser changes the profile', async (t) => {
  const { auth, events } = await signedIn(t)
  const { data, error } = await auth.updateUser({
    nickname: '大明', username: 'daming', description: 'a person', avatar_url: 'https://example.com/2.png', gender: 'MALE',
  })
  equal(error, null, 'the error')
  has(data.user, {
    id: ming.sub,
    user_metadata: { name: '大明', username: 'daming', picture: 'https://example.com/2.png', gender: 'MALE' },
  })
  await t.expectEvents(events, 'USER_UPDATED')
  has((await t.control.users())[0], { name: '大明', username: 'daming', picture: 'https://example.com/2.png' })
  has(await auth.getUserInfo(), { user_desc: 'a person' })
  has(await auth.updateUser({}), { data: { user: null }, error: { message: /At least one field/ } })
})

flow('user', 'updateUser changes phone and email after a code', async (t) => {
  const { auth, events } = await signedIn(t)
  for (const [change, to, field] of [
    [{ email: otherEmail }, otherEmail, 'email'], [{ phone: otherPhone }, otherPhone, 'phone'],
  ]) {
    const { data, error } = await auth.updateUser(change)
    equal(error, null, 'the error')
    ok(data.messageId, 'messageId')
    const code = await t.control.code(to)
    const wrong = await data.verifyOtp({ ...change, token: code === '000000' ? '000001' : '000000' })
    has(wrong, { error: { category: 'VERIFICATION_FAILED' } })
    const done = await data.verifyOtp({ ...change, token: code })
    equal(done.error, null, 'the error')
    equal(done.data.user[field], to, 'the new address')
    await t.expectEvents(events, 'USER_UPDATED')
  }
  has((await t.control.users())[0], { email: otherEmail, phone_number: otherPhone })
  await t.expectSession({ sub: ming.sub })
})

flow('user', 'updateUser changes a profile beside an address, and the address after the code', async (t) => {
  const { auth, events } = await signedIn(t)
  const { data, error } = await auth.updateUser({ email: otherEmail, nickname: '大明' })
  equal(error, null, 'the error')
  equal(data.user.user_metadata.name, '大明', 'the name')
  await t.expectEvents(events, 'USER_UPDATED')
  has((await t.control.users())[0], { email, name: '大明' })
  has(await data.verifyOtp({ token: await t.control.code(otherEmail) }), {
    error: null, data: { user: { email: otherEmail } },
  })
  await t.expectEvents(events, 'USER_UPDATED')
})

flow('user', 'updateUserBasicInfo, and what it refuses', async (t) => {
  await t.control.addUser(hong)
  const { auth, api } = await signedIn(t)
  await auth.updateUserBasicInfo({ nickname: '大明' })
  equal(auth.currentUser.name, '大明', 'the name')
  await auth.currentUser.updateUserBasicInfo({ nickname: '老明', gender: 'UNKNOWN' })
  equal(auth.currentUser.name, '老明', 'the name')
  equal(await api.updateUserBasicInfo({ user_id: ming.sub, description: 'x' }), {}, 'updateUserBasicInfo')
  await auth.currentUser.updateEmail(otherEmail.toUpperCase().replace('HONG', 'LAO'))
  equal((await t.control.users()).find((user) => user.sub === ming.sub).email, 'LAO@EXAMPLE.COM', 'the address')
  await rejects(auth.updateUserBasicInfo({ username: hong.username }), {
    error: 'username_already_exists', error_code: 409,
  })
  await rejects(auth.updateUserBasicInfo({ email: hong.email }), { error: 'failed_precondition', error_code: 9 })
  await rejects(auth.updateUserBasicInfo({ nickname: 'x' }), { error: 'invalid_argument', error_code: 3 })
  await rejects(auth.updateUserBasicInfo({ gender: 'x' }), { error: 'invalid_argument', error_code: 3 })
  has(await auth.updateUser({ username: hong.username }), {
    data: { user: null }, error: { code: 'username_already_exists' },
  })
})

flow('user', 'currentUser.update, updateUsername and setUserProfile', async (t) => {
  const { auth, api } = await signedIn(t)
  await auth.currentUser.update({ name: '大明', gender: 'MALE', birthdate: '2000-01-01', locale: 'zh-CN' })
  has(auth.currentUser, { name: '大明', gender: 'MALE', birthdate: '2000-01-01', locale: 'zh-CN', sub: ming.sub })
  await auth.currentUser.updateUsername('daming')
  has(auth.currentUser, { username: 'daming' })
  has(await api.setUserProfile({ picture: '' }), { sub: ming.sub, name: '大明', picture: undefined })
  await rejects(auth.currentUser.updateUsername('No'), { error: 'invalid_argument', error_code: 3 })
  has(await auth.getUserInfo(), { name: '大明', username: 'daming', zoneinfo: undefined })
})

flow('user', 'queryUser by id, username, email and phone', async (t) => {
  await t.control.addUser(hong)
  const { auth, api } = await signedIn(t)
  const want = { total: 1, data: [{ sub: hong.sub, name: '', email: otherEmail, phone_number: otherPhone }] }
  for (const query of [{ id: hong.sub }, { username: hong.username }, { email: otherEmail }, { phone_number: otherPhone }]) {
    equal(await auth.queryUser(query), want, 'queryUser')
  }
  has(await api.queryUserProfile({ id: [ming.sub, hong.sub] }), { total: 2 })
  equal(await auth.queryUser({ username: 'nobody' }), { total: 0, data: [] }, 'queryUser')
  await auth.signOut()
  await auth.signInAnonymously()
  await rejects(auth.queryUser({ id: hong.sub }), {
    error: 'permission_denied', error_code: 7, error_uri: '/auth/v1/user/query',
  })
})

flow('user', 'isUsernameRegistered, without a session', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  equal(await auth.isUsernameRegistered(ming.username), true, 'isUsernameRegistered')
  equal(await auth.isUsernameRegistered('nobody'), false, 'isUsernameRegistered')
  equal(await api.checkIfUserExist({ username: phone }), { exist: true }, 'checkIfUserExist')
  await rejects(auth.isUsernameRegistered(1), { message: /username must be a string/ })
})

// The js-sdk gives a GET a body, which fetch refuses; what a mini program's adapter does with it, Node's does here.
nodeFlow('user', 'checkUsername', async (t) => {
  await t.control.addUser(hong)
  const { api } = await signedIn(t)
  equal(await api.checkUsername({ username: 'daming' }), {}, 'checkUsername')
  await rejects(api.checkUsername({ username: hong.username }), { error: 'already_exists', error_code: 6 })
})

pageFlow('user', 'checkUsername sends nothing', async (t) => {
  const { api } = await signedIn(t)
  await rejects(api.checkUsername({ username: 'daming' }), {
    error: 'unreachable', error_description: /GET\/HEAD method cannot have body/,
  })
  equal(await t.control.requests('checkUsername'), [], 'the requests')
})

flow('user', 'getUserBehaviorLog, page by page', async (t) => {
  const { auth, api } = await signedIn(t)
  await auth.resetPasswordForOld({ old_password: password, new_password: 'passw0rd2' })
  await t.elsewhere(ming.username, 'passw0rd2')
  const first = await auth.getUserBehaviorLog({ type: 'LOGIN', limit: 1 })
  has(first, { total: 2, page_token: /^\S+$/ })
  equal(first.data.length, 1, 'entries')
  const second = await auth.getUserBehaviorLog({ type: 'LOGIN', limit: 1, page_token: first.page_token })
  has(second, { total: 2, page_token: undefined })
  has(second.data[0], {
    id: /^\S+$/, action: 'USER_LOGIN', ip: '127.0.0.1', client_id: t.env,
    device_id: t.storage.getItem('device_id'), user_agent: /\S/, created_at: /^\d{4}-\d\d-\d\dT/, meta: { from: /\S/ },
  })
  const changes = await api.getUserBehaviorLog({ type: 'MODIFY', limit: 10 })
  equal(changes.data.map((entry) => entry.action), ['USER_PASSWORD_UPDATE'], 'changes')
})

flow('contact', 'bindPhoneNumber and bindEmail need sudo and a code', async (t) => {
  const { auth, api } = await signedIn(t)
  const { sudo_token } = await auth.sudo({ password })
  const verification_token = await t.prove(auth, otherPhone)
  await rejects(auth.bindPhoneNumber({ phone_number: otherPhone, sudo_token: 'x', verification_token }), {
    error: 'permission_denied', error_code: 7, error_uri: '/auth/v1/user/contact',
  })
  await rejects(auth.bindPhoneNumber({ phone_number: phone, sudo_token, verification_token }), {
    error: 'invalid_argument', error_code: 3,
  })
  equal(await auth.bindPhoneNumber({ phone_number: otherPhone, sudo_token, verification_token }), {}, 'bindPhoneNumber')
  const emailToken = await t.prove(auth, otherEmail)
  equal(await auth.bindEmail({ email: otherEmail, sudo_token, verification_token: emailToken }), {}, 'bindEmail')
  has((await t.control.users())[0], { phone_number: otherPhone, email: otherEmail })
  await api.editContact({ email, sudo_token, verification_token: await t.prove(auth, email) })
  has(await auth.getUserInfo(), { email, phone_number: otherPhone })
})

flow('contact', 'an address of somebody else', async (t) => {
  await t.control.addUser({ ...hong, username: undefined })
  const { auth } = await signedIn(t)
  const { sudo_token } = await auth.sudo({ password })
  const bind = { phone_number: otherPhone, sudo_token, verification_token: await t.prove(auth, otherPhone) }
  await rejects(auth.bindPhoneNumber(bind), { error: 'failed_precondition', error_code: 9 })
  await rejects(auth.bindPhoneNumber({ ...bind, conflict_resolution: 'DEFAULT' }), {
    error: 'failed_precondition', error_code: 9,
  })
  await auth.bindPhoneNumber({ ...bind, conflict_resolution: 'TRANSFER' })
  const accounts = Object.fromEntries((await t.control.users()).map((user) => [user.sub, user]))
  equal([accounts[ming.sub].phone_number, accounts[hong.sub].phone_number], [otherPhone, undefined], 'the numbers')
  await auth.bindEmail({
    email: otherEmail, sudo_token, verification_token: await t.prove(auth, otherEmail),
    conflict_resolution: 'DELETE_ACCOUNT_TRANSFER',
  })
  equal((await t.control.users()).map((user) => [user.sub, user.email]), [[ming.sub, otherEmail]], 'the accounts')
})

flow('contact', 'sendVerificationCodeToCurrentUser gets a captcha first', async (t) => {
  const { auth, api } = await signedIn(t)
  const answered = t.answerCaptcha(auth)
  has(await api.sendVerificationCodeToCurrentUser({ phone_number: phone }), { is_user: true, expires_in: 300 })
  await answered
  const [sent] = await t.control.requests('verification')
  equal(Object.keys(sent.query).sort(), ['captcha_token'], 'the query')
  equal((await t.control.messages(phone)).length, 1, 'messages')
})

flow('delete', 'deleteMe with sudo and deleteUser with the password', async (t) => {
  await t.control.addUser(hong)
  const { auth, api } = await signedIn(t)
  await rejects(auth.deleteMe({ sudo_token: 'x' }), {
    error: 'permission_denied', error_code: 7, error_uri: '/auth/v1/user/me',
  })
  await rejects(api.deleteMe({}), { error: 'permission_denied' })
  const { sudo_token } = await auth.sudo({ password })
  equal(await auth.deleteMe({ sudo_token }), {}, 'deleteMe')
  equal((await t.control.users()).map((user) => user.sub), [hong.sub], 'the accounts')
  await rejects(auth.getProviders(), { error: 'unauthenticated' }) // the js-sdk keeps the session until then
  t.expectNoSession()

  await auth.signInWithPassword({ username: hong.username, password })
  has(await auth.deleteUser({ password: 'wrong' }), { data: {}, error: { code: 'invalid_password' } })
  has(await auth.deleteUser({}), { data: {}, error: { message: 'Password is required' } })
  equal(await auth.deleteUser({ password }), { data: {}, error: null }, 'deleteUser')
  equal(await t.control.users(), [], 'the accounts')
})
