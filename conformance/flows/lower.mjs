import { equal, has } from '../lib/assert.mjs'
import { JWT } from '../lib/context.mjs'
import { flow } from '../lib/flow.mjs'
import { ming, newPassword, password, phone } from './people.mjs'

// The lower layer, oauthInstance.authApi, answers what the server answers, stores sessions, and fires no events.

flow('lower layer', 'a phone number from signing up to signing out', async (t) => {
  const { api, events } = t.open()
  const { verification_id } = await api.getVerification({ phone_number: '13800000000' }) // it writes the number out, too
  const { verification_token } = await api.verify({ verification_id, verification_code: await t.control.code(phone) })
  const signedUp = await api.signUp({ phone_number: phone, verification_token, username: ming.username })
  has(signedUp, { token_type: 'Bearer', access_token: JWT, expires_in: 7200 })
  await t.expectSession({ access_token: signedUp.access_token, version: undefined })
  equal(await api.setPassword({ new_password: password, sudo_token: '' }), {}, 'setPassword')
  has(await api.sudo({ password }), { expires_in: 900 })
  equal(await api.modifyPassword({ password, new_password: newPassword }), {}, 'modifyPassword')
  equal(await api.signOut(), {}, 'signOut')
  t.expectNoSession()
  const modify = { username: ming.username, password: newPassword, new_password: password }
  equal(await api.modifyPasswordWithoutLogin(modify), {}, 'modifyPasswordWithoutLogin')
  equal(await api.resetPassword({ phone_number: phone, new_password: newPassword, verification_token }), {}, 'resetPassword')
  has(await api.signIn({ username: ming.username, password: newPassword }), { sub: signedUp.sub })
  await t.expectSession({ version: 'v1', sub: signedUp.sub })
  has(await api.signOut({ redirect_uri: 'https://example.com/' }), { redirect_uri: 'https://example.com/' })
  t.expectNoSession()
  await t.expectEvents(events)
})

flow('lower layer', 'third parties, tickets and nobody in particular', async (t) => {
  const { api } = t.open()
  const { uri } = await api.genProviderRedirectUri({
    provider_id: 'wx_open', redirect_uri: 'https://example.com/', state: 's',
  })
  has(Object.fromEntries(new URL(uri).searchParams), { redirect_uri: 'https://example.com/', state: 's' })
  const provider_code = await t.control.providerCode({ provider_id: 'wx_open', sub: 'o-1', phone_number: phone })
  const { provider_token } = await api.grantProviderToken({ provider_id: 'wx_open', provider_code })
  has(await api.patchProviderToken({ provider_token, provider_params: { code: 'x' } }), {
    provider_profile: { phone_number: phone },
  })
  const { sub } = await api.signInWithProvider({ provider_token })
  await t.expectSession({ version: 'v1', sub })
  equal(await api.unbindProvider({ provider_id: 'wx_open' }), {}, 'unbindProvider')

  api.setCustomSignFunc(() => t.ticket('user-0001'))
  const custom = await api.signInWithCustomTicket()
  await t.expectSession({ sub: custom.sub })
  const anonymous = await api.signInAnonymously()
  equal([anonymous.scope, t.stored().sub], ['anonymous', anonymous.sub], 'the session')
})

flow('lower layer', 'the user object reads and writes what is stored of the user', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  await auth.signIn({ username: ming.username, password })
  const user = auth.currentUser
  user.setLocalUserInfo({ ...user.getLocalUserInfo(), name: '大明' })
  equal([user.name, user.getLocalUserInfo('name')], ['大明', '大明'], 'the name')
  const other = auth.currentUser
  await other.checkLocalInfo()
  equal(other.name, '大明', 'the name')
  await other.checkLocalInfoAsync()
  equal(other.name, '大明', 'the name')
  equal((await auth.getUserInfo()).name, ming.name, 'the name at the server')
})
