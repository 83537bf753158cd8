import { equal, has, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { email, ming, newPassword, otherEmail, password, phone } from './people.mjs'

flow('reset', 'resetPassword by a code to phone and email, without a session', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  await auth.resetPassword({
    phone_number: phone, new_password: newPassword, verification_token: await t.prove(auth, phone),
  })
  t.expectNoSession()
  equal((await t.elsewhere(ming.username, newPassword)).sub, ming.sub, 'whose password it is')
  await auth.resetPassword({ email, new_password: password, verification_token: await t.prove(auth, email) })
  equal((await t.elsewhere(ming.username, password)).sub, ming.sub, 'whose password it is')
})

flow('reset', 'resetPassword refuses a weak password, a strange token and an unknown address', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const verification_token = await t.prove(auth, phone)
  const want = { error: 'invalid_argument', error_code: 3, error_uri: '/auth/v1/reset' }
  await rejects(auth.resetPassword({ phone_number: phone, new_password: 'short', verification_token }), want)
  await rejects(auth.resetPassword({ email, new_password: newPassword, verification_token }), want)
  await rejects(auth.resetPassword({ phone_number: phone, new_password: newPassword, verification_token: 'x' }), want)
  const stranger = { email: otherEmail, new_password: newPassword, verification_token: await t.prove(auth, otherEmail) }
  await rejects(auth.resetPassword(stranger), { error: 'not_found', error_code: 5 })
  await t.elsewhere(ming.username, password)
})

flow('reset', 'resetPasswordForEmail by email and by phone signs in afterwards', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  for (const [to, next] of [[email, newPassword], [phone, password]]) {
    const { data, error } = await auth.resetPasswordForEmail(to)
    equal(error, null, 'the error')
    const done = await data.updateUser({ nonce: await t.control.code(to), password: next })
    equal(done.error, null, 'the error')
    equal(done.data.user.id, ming.sub, 'who signed in')
    await t.expectSession({ sub: ming.sub, version: 'v1' })
    await t.expectEvents(events, 'PASSWORD_RECOVERY', 'SIGNED_IN')
    await t.elsewhere(ming.username, next)
  }
})

flow('reset', 'resetPasswordForEmail needs the number in the form of the server', async (t) => {
  await t.control.addUser(ming)
  const { auth, events } = t.open()
  const { data } = await auth.resetPasswordForEmail('13800000000')
  // the js-sdk writes the number out for the message, and sends it as it is with the new password
  const done = await data.updateUser({ nonce: await t.control.code(phone), password: newPassword })
  has(done, { data: { user: null, session: null }, error: { code: 'invalid_argument', errorCode: 3 } })
  await t.expectEvents(events)
  await t.elsewhere(ming.username, password)
})

flow('reset', 'resetPasswordForEmail of nobody, with a wrong code and with a weak password', async (t) => {
  await t.control.addUser(ming)
  await t.control.fixCode(email, '123456')
  const { auth } = t.open()
  has(await auth.resetPasswordForEmail(otherEmail), {
    data: { updateUser: null }, error: { code: 'not_found', category: 'USER_NOT_FOUND' },
  })
  has(await auth.resetPasswordForEmail(''), {
    data: { updateUser: null }, error: { message: 'Email or phone is required' },
  })
  const { data } = await auth.resetPasswordForEmail(email)
  has(await data.updateUser({ nonce: '000000', password: newPassword }), { error: { category: 'VERIFICATION_FAILED' } })
  await rejects(data.updateUser({ nonce: '123456' }), { message: 'Password is required' })
  has(await data.updateUser({ nonce: '123456', password: 'short' }), { error: { code: 'invalid_argument' } })
  t.expectNoSession()
})

flow('reset', 'the method of v1 sends the code', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  equal(await auth.sendPasswordResetEmail(email), undefined, 'sendPasswordResetEmail')
  equal((await t.control.messages(email)).length, 1, 'messages')
})
