// What may happen to a user between asking for a code and being signed in.
import { equal, has, rejects } from '../lib/assert.mjs'
import { ruledFlow } from '../lib/flow.mjs'
import { ming, phone } from './people.mjs'

const rules = { sms_interval: '1m', code_lifetime: '5m', code_attempts: 5 }

// sent asks for a code and returns what verify takes.
async function sent(t, auth) {
  const { verification_id } = await auth.getVerification({ phone_number: phone })
  return { verification_id, verification_code: await t.control.code(phone) }
}

// enter signs in with a code.
async function enter(auth, proof) {
  const { verification_token } = await auth.verify(proof)
  return auth.signIn({ username: phone, verification_token })
}

const wrongOne = ({ verification_id, verification_code }) => ({
  verification_id, verification_code: verification_code === '000000' ? '111111' : '000000',
})

ruledFlow('codes', 'a wrong code until it is aborted, and a new one signs in', rules, async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const first = await sent(t, auth)
  for (let i = 0; i < 5; i++) await rejects(enter(auth, wrongOne(first)), { error: 'invalid_argument' })
  await rejects(enter(auth, first), { error: 'aborted' })
  t.expectNoSession()
  await t.advance(60)
  has(await enter(auth, await sent(t, auth)), { user: { uid: ming.sub } })
  await t.expectSession({ sub: ming.sub })
})

ruledFlow('codes', 'a code sent again after a minute replaces the first one', rules, async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const first = await sent(t, auth)
  await t.advance(30)
  await rejects(auth.getVerification({ phone_number: phone }), { error: 'resource_exhausted' })
  await t.advance(30)
  const second = await sent(t, auth)
  equal((await t.control.messages(phone)).length, 2, 'messages')
  await rejects(enter(auth, first), { error: 'invalid_argument' })
  has(await enter(auth, second), { user: { uid: ming.sub } })
  await t.expectSession({ sub: ming.sub })
})

ruledFlow('codes', 'an expired code signs nobody in', rules, async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  const late = await sent(t, auth)
  await t.advance(300)
  await rejects(enter(auth, late), { error: 'invalid_argument' })
  t.expectNoSession()
  const inTime = await sent(t, auth)
  await t.advance(240)
  has(await enter(auth, inTime), { user: { uid: ming.sub } })
})
