import { equal, has, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { email, ming, phone } from './people.mjs'

flow('email', 'signInWithEmail registers a new address and signs in a known one', async (t) => {
  const { auth } = t.open()
  const signIn = async () => {
    const verificationInfo = await auth.getVerification({ email })
    return auth.signInWithEmail({ verificationInfo, verificationCode: await t.control.code(email), email })
  }
  const first = await signIn()
  has(first.user, { email })
  equal((await t.control.messages(email)).map((message) => message.channel), ['email'], 'the channels')
  await auth.signOut()
  await t.advance(61)
  const second = await signIn()
  equal(second.user.uid, first.user.uid, 'who signed in')
  await t.expectSession({ sub: first.user.uid, version: 'v1' })
})

flow('email', 'signInWithUsername takes an address too', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const verificationInfo = await auth.getVerification({ email: 'Ming@Example.com' })
  equal(verificationInfo.is_user, true, 'is_user')
  const state = await auth.signInWithUsername({
    verificationInfo, verificationCode: await t.control.code(email), username: email, loginType: 'email',
  })
  equal(state.user.uid, ming.sub, 'who signed in')
})

flow('email', 'one message in a minute, and no phone number beside the address', async (t) => {
  const { auth } = t.open()
  await auth.getVerification({ email })
  await rejects(auth.getVerification({ email }), { error: 'resource_exhausted', error_code: 8 })
  await rejects(auth.getVerification({ email, phone_number: phone }), { error: 'invalid_argument', error_code: 3 })
  await rejects(auth.getVerification({ email: 'nobody' }), { error: 'invalid_argument', error_code: 3 })
})
