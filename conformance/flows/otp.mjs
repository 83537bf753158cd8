import { equal, has, match } from '../lib/assert.mjs'
import { JWT } from '../lib/context.mjs'
import { flow } from '../lib/flow.mjs'
import { email, hong, ming, newPassword, otherEmail, otherPhone, password, phone } from './people.mjs'

flow('otp', 'signInWithOtp and its verifyOtp register and sign in by phone and by email', async (t) => {
  const { auth, events } = t.open()
  for (const who of [{ phone: '13800000000' }, { email }]) {
    const to = who.email ?? phone
    const first = await auth.signInWithOtp(who)
    equal(first.error, null, 'the error')
    const signedUp = await first.data.verifyOtp({ token: await t.control.code(to) })
    equal(signedUp.error, null, 'the error')
    has(signedUp.data.user, { id: /^\d{19}$/, phone: who.email ? '' : phone, email: who.email ?? '' })
    const session = await t.expectSession({ sub: signedUp.data.user.id, version: undefined })
    has(signedUp.data.session, { access_token: session.access_token, user: { id: session.sub } })
    await t.expectEvents(events, 'SIGNED_IN')

    await auth.signOut()
    await t.expectEvents(events, 'SIGNED_OUT')
    await t.advance(61)
    const second = await auth.signInWithOtp(who)
    const { data, error } = await second.data.verifyOtp({ token: await t.control.code(to) })
    equal(error, null, 'the error')
    equal(data.user.id, session.sub, 'who signed in')
    await t.expectSession({ sub: session.sub, version: 'v1' })
    await t.expectEvents(events, 'SIGNED_IN')
    await auth.signOut()
    await t.expectEvents(events, 'SIGNED_OUT')
    await t.advance(61)
  }
})

flow('otp', 'signInWithOtp without shouldCreateUser signs in who is known, and nobody else', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const options = { shouldCreateUser: false }
  const refused = await auth.signInWithOtp({ phone: otherPhone, options })
  equal(refused.data, { user: null, session: null }, 'the data')
  has(refused.error, { code: 'not_found', errorCode: 5, category: 'USER_NOT_FOUND' })
  for (const who of [{ phone: '13800000000' }, { email }]) {
    const { data, error } = await auth.signInWithOtp({ ...who, options })
    equal(error, null, 'the error')
    const verified = await data.verifyOtp({ token: await t.control.code(who.email ?? phone) })
    equal(verified.error, null, 'the error')
    equal(verified.data.user.id, ming.sub, 'who signed in')
    await t.expectSession({ sub: ming.sub, version: 'v1' })
  }
})

flow('otp', 'signUp by phone and by email keeps the fields for the sign-up after verifyOtp', async (t) => {
  const { auth, events } = t.open()
  for (const [who, fields] of [
    [{ phone: '13800000000' }, { username: 'xiaoming', password, name: '小明' }],
    [{ email: otherEmail }, { username: 'xiaohong', password, name: '小红', gender: 'FEMALE' }],
  ]) {
    const { data, error } = await auth.signUp({ ...who, ...fields })
    equal(error, null, 'the error')
    t.expectNoSession()
    const verified = await data.verifyOtp({ token: await t.control.code(who.email ?? phone) })
    equal(verified.error, null, 'the error')
    has(verified.data.user.user_metadata, { username: fields.username, name: fields.name, gender: fields.gender })
    await t.expectSession({ sub: verified.data.user.id })
    await t.expectEvents(events, 'SIGNED_IN')
    await auth.signOut()
    await t.expectEvents(events, 'SIGNED_OUT')
    equal((await t.elsewhere(fields.username, password)).sub, verified.data.user.id, 'who has the password')
  }
  has(await auth.signUp({}), { data: { user: null }, error: { message: /either an email or phone/ } })
})

flow('otp', 'signUp of somebody known signs in', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { data } = await auth.signUp({ phone: '13800000000', password: newPassword })
  const verified = await data.verifyOtp({ token: await t.control.code(phone) })
  equal(verified.data.user.id, ming.sub, 'who signed in')
  equal((await t.control.requests('signup')).length, 0, 'sign-ups')
  equal((await t.elsewhere(ming.username, password)).sub, ming.sub, 'whose password stays')
})

flow('otp', 'the methods of v1 for email', async (t) => {
  const { auth } = t.open()
  const { data } = await auth.signUpWithEmailAndPassword(email, password)
  const verified = await data.verifyOtp({ token: await t.control.code(email) })
  equal(verified.error, null, 'the error')
  has(verified.data.user, { email })
  equal((await t.elsewhere(email, password)).sub, verified.data.user.id, 'who has the password')
})

flow('otp', 'verifyOtp by itself', async (t) => {
  await t.control.addUser(ming)
  await t.control.fixCode(phone, '012345')
  const { auth } = t.open()
  const { verification_id: messageId } = await auth.getVerification({ phone_number: phone })
  const { data, error } = await auth.verifyOtp({ phone: '13800000000', token: '012345', messageId })
  equal(error, null, 'the error')
  equal(data.user.id, ming.sub, 'who signed in')
  await t.expectSession({ sub: ming.sub })
  has(await auth.verifyOtp({ phone, token: '012345' }), {
    data: { user: null, session: null }, error: { message: 'messageId is required' },
  })
})

flow('otp', 'a wrong code is an AuthError, and the right one works after it', async (t) => {
  await t.control.fixCode(phone, '123456')
  const { auth, events } = t.open()
  const { data } = await auth.signInWithOtp({ phone })
  const wrong = await data.verifyOtp({ token: '000000' })
  equal(wrong.data, { user: null, session: null }, 'the data')
  has(wrong.error, { name: 'AuthError', code: 'invalid_argument', errorCode: 3, category: 'VERIFICATION_FAILED' })
  t.expectNoSession()
  await t.expectEvents(events)
  has(await data.verifyOtp({ token: 123456 }), { error: null, data: { user: { phone } } })
})

flow('otp', 'too many messages are an AuthError of its own kind', async (t) => {
  const { auth } = t.open()
  await auth.signInWithOtp({ phone })
  const { error } = await auth.signInWithOtp({ phone })
  has(error, { code: 'resource_exhausted', errorCode: 8, category: 'RATE_LIMITED', retryAfter: undefined })
})

flow('otp', 'resend sends a new code to phone and email', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { data } = await auth.signInWithOtp({ phone: '13800000000' })
  await t.advance(61)
  const again = await auth.resend({ type: 'signup', phone: '13800000000' })
  equal(again.error, null, 'the error')
  match(again.data.messageId, JWT, 'the message id')
  const token = await t.control.code(phone)
  has(await data.verifyOtp({ token }), { error: { category: 'VERIFICATION_FAILED' } }) // the first message's id is dead
  has(await data.verifyOtp({ token, messageId: again.data.messageId }), {
    error: null, data: { user: { id: ming.sub } },
  })

  has(await auth.resend({ type: 'email_change', email }), { error: null, data: { messageId: JWT } })
  has(await auth.resend({ type: 'phone_change', phone: otherPhone }), {
    data: { messageId: null }, error: { code: 'not_found' },
  })
  has(await auth.resend({ type: 'signup', email: hong.email }), { error: null, data: { messageId: JWT } })
})
