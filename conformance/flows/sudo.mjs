import { equal, has, match, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { email, hong, ming, newPassword, password, phone, signedIn } from './people.mjs'

flow('sudo', 'by password and by a code, then setPassword, which ends the other sessions', async (t) => {
  const { auth } = await signedIn(t)
  const other = await t.elsewhere(ming.username, password)
  const byPassword = await auth.sudo({ password })
  has(byPassword, { sudo_token: /^\S{16,}$/, expires_in: 900 })
  equal(await auth.setPassword({ new_password: newPassword, sudo_token: byPassword.sudo_token }), {}, 'setPassword')
  await t.expectStatus(other.access_token, 401)
  await t.expectSession({ sub: ming.sub })
  await t.elsewhere(ming.username, newPassword)

  const byCode = await auth.sudo({ verification_token: await t.prove(auth, phone) })
  match(byCode.sudo_token, /^\S{16,}$/, 'the sudo_token')
  await auth.setPassword({ new_password: password, sudo_token: byCode.sudo_token })
  await t.elsewhere(ming.username, password)
})

flow('sudo', 'is refused for a wrong password and for somebody else, and ends after 900 seconds', async (t) => {
  const { auth, api } = await signedIn(t)
  await rejects(auth.sudo({ password: 'wrong' }), { error: 'invalid_password' })
  await rejects(api.checkPassword({ password: 'wrong' }), { error: 'invalid_password' })
  has(await api.checkPassword({ password }), { expires_in: 900 })
  await rejects(auth.sudo({ verification_token: await t.prove(auth, hong.phone_number) }), {
    error: 'permission_denied', error_code: 7,
  })
  const { sudo_token } = await auth.sudo({ password })
  await t.advance(900)
  await rejects(auth.setPassword({ new_password: newPassword, sudo_token }), {
    error: 'permission_denied', error_code: 7, error_uri: '/auth/v1/user/password',
  })
  await rejects(auth.setPassword({ new_password: newPassword, sudo_token: '' }), { error: 'permission_denied' })
  await t.elsewhere(ming.username, password)
})

flow('sudo', 'who has no password sets the first one without it', async (t) => {
  const { auth } = t.open()
  await auth.signUp({ phone_number: phone, verification_token: await t.prove(auth, phone) })
  has(await auth.getUserInfo(), { has_password: false })
  await rejects(auth.setPassword({ new_password: 'short', sudo_token: '' }), {
    error: 'invalid_argument', error_code: 3,
  })
  await auth.setPassword({ new_password: password, sudo_token: '' })
  has(await auth.getUserInfo(), { has_password: true })
  await t.elsewhere(phone, password)
})

flow('sudo', 'the methods that change the password by the old one', async (t) => {
  const { auth, api } = await signedIn(t)
  const { data, error } = await auth.resetPasswordForOld({ old_password: password, new_password: newPassword })
  equal(error, null, 'the error')
  equal(data.user.id, ming.sub, 'who it is')
  await t.elsewhere(ming.username, newPassword)
  await auth.currentUser.updatePassword(password, newPassword)
  await t.elsewhere(ming.username, password)
  await api.updatePasswordByOld({ old_password: password, new_password: newPassword })
  await t.elsewhere(ming.username, newPassword)

  const wrong = await auth.resetPasswordForOld({ old_password: 'wrong', new_password: password })
  has(wrong, {
    data: { user: null, session: null }, error: { code: 'invalid_password', category: 'INVALID_CREDENTIALS' },
  })
  await rejects(auth.currentUser.updatePassword(password, 'wrong'), { error: 'invalid_password' })
  await t.expectSession({ sub: ming.sub })
})

flow('sudo', 'modifyPassword sends both passwords encrypted', async (t) => {
  const { auth } = await signedIn(t)
  equal(await auth.modifyPassword({ user_id: ming.sub, password, new_password: newPassword }), {}, 'modifyPassword')
  await t.elsewhere(ming.username, newPassword)
  const [sent] = await t.control.requests('user/basic/edit')
  equal(Object.keys(sent.body).sort(), [
    'encrypt_new_password', 'encrypt_password', 'public_key_thumbprint', 'user_id',
  ], 'the fields')
  await rejects(auth.modifyPassword({ user_id: ming.sub, password: 'wrong', new_password: password }), {
    error_code: 4043,
  })
  await rejects(auth.modifyPassword({ user_id: hong.sub, password: newPassword, new_password: password }), {
    error: 'permission_denied',
  })
})

flow('sudo', 'modifyPassword gives the first password to who has none', async (t) => {
  const { auth } = t.open()
  await auth.signUp({ phone_number: phone, verification_token: await t.prove(auth, phone) })
  await auth.modifyPassword({ new_password: password })
  await t.elsewhere(phone, password)
})

flow('sudo', 'modifyPasswordWithoutLogin needs no session', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  has(await api.getPublicKey(), { public_key: /^-----BEGIN PUBLIC KEY-----/, public_key_thumbprint: /^\S+$/ })
  const modify = { username: ming.username, password, new_password: newPassword }
  equal(await auth.modifyPasswordWithoutLogin(modify), {}, 'modifyPasswordWithoutLogin')
  t.expectNoSession()
  await t.elsewhere(ming.username, newPassword)
  await rejects(auth.modifyPasswordWithoutLogin(modify), {
    error: 'invalid_username_or_password', error_code: 4043, error_uri: '/auth/v2/signin/password/update',
  })
})

flow('reauthenticate', 'by a code, and a new password with it', async (t) => {
  const { auth, events } = await signedIn(t)
  const { data, error } = await auth.reauthenticate()
  equal(error, null, 'the error')
  // email goes before phone
  const done = await data.updateUser({ nonce: await t.control.code(email), password: newPassword })
  equal(done.error, null, 'the error')
  equal(done.data.user.id, ming.sub, 'who it is')
  await t.elsewhere(ming.username, newPassword)
  await t.expectEvents(events)
})

flow('reauthenticate', 'without a new password it signs in, by email only', async (t) => {
  const { auth, events } = await signedIn(t)
  const before = await t.expectSession()
  const { data } = await auth.reauthenticate()
  has(await data.updateUser({ nonce: await t.control.code(email) }), { error: null, data: { user: { id: ming.sub } } })
  equal((await t.expectSession({ sub: ming.sub })).access_token === before.access_token, false, 'that it is the old session')
  await t.expectEvents(events, 'SIGNED_IN')
  await rejects(data.updateUser({}), { message: 'Nonce is required' })

  // of who has a phone number, the js-sdk sends an empty one as the username
  await t.control.addUser({ ...ming, email: undefined })
  await auth.refreshUser()
  const byPhone = await auth.reauthenticate()
  has(await byPhone.data.updateUser({ nonce: await t.control.code(phone) }), {
    data: { user: null, session: null }, error: { code: 'invalid_argument', errorCode: 3 },
  })
})

flow('reauthenticate', 'needs a phone number or an email address', async (t) => {
  await t.control.addUser({ ...ming, email: undefined, phone_number: undefined })
  const { auth } = t.open()
  await auth.signInWithPassword({ username: ming.username, password })
  has(await auth.reauthenticate(), { data: { updateUser: null } })
  equal(await t.control.call('GET', 'inbox'), { messages: [] }, 'the inbox')
})
