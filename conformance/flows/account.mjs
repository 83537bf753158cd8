// An account over a longer time: another phone number, and the same one after it was deleted.
import { equal, has, rejects } from '../lib/assert.mjs'
import { ruledFlow } from '../lib/flow.mjs'
import { ming, newPassword, otherPhone, password, phone, signedIn } from './people.mjs'

const rules = { sms_interval: '1m' }

// enter signs in by a code to a number.
async function enter(t, auth, number) {
  return auth.signIn({ username: number, verification_token: await t.prove(auth, number) })
}

ruledFlow('account', 'after a change of phone the new number signs in, and the old one registers', rules, async (t) => {
  const { auth } = await signedIn(t)
  const { sudo_token } = await auth.sudo({ verification_token: await t.prove(auth, phone) })
  await auth.bindPhoneNumber({
    phone_number: otherPhone, sudo_token, verification_token: await t.prove(auth, otherPhone),
  })
  has(await auth.getUserInfo(), { phone_number: otherPhone })
  await t.expectSession({ sub: ming.sub })
  await auth.signOut()

  await t.advance(60)
  has(await enter(t, auth, otherPhone), { user: { uid: ming.sub, phone_number: otherPhone } })
  await auth.signOut()
  const verification_token = await t.prove(auth, phone)
  await rejects(auth.signIn({ username: phone, verification_token }), { error: 'not_found' })
  const fresh = await auth.signUp({ phone_number: phone, verification_token })
  equal(fresh.user.uid === ming.sub, false, 'that the old number is the same user')
})

ruledFlow('account', 'who deletes the account and registers again is another user', rules, async (t) => {
  const { auth } = await signedIn(t)
  const { sudo_token } = await auth.sudo({ password })
  await auth.deleteMe({ sudo_token })
  equal(await t.control.users(), [], 'the users')
  await auth.setCredentials(null) // the js-sdk keeps the session of a user whom it has deleted
  t.expectNoSession()

  await rejects(auth.signIn({ username: ming.username, password }), { error: 'invalid_username_or_password' })
  const verification_token = await t.prove(auth, phone)
  const state = await auth.signUp({ phone_number: phone, verification_token, username: ming.username, password: newPassword })
  equal(state.user.uid === ming.sub, false, 'that it is the same user')
  await t.expectSession({ sub: state.user.uid })
  await auth.signOut()
  has(await auth.signIn({ username: ming.username, password: newPassword }), { user: { uid: state.user.uid } })
})
