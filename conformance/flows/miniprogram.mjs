import { equal, has, rejects } from '../lib/assert.mjs'
import { flow } from '../lib/flow.mjs'
import { ming, password } from './people.mjs'

flow('miniprogram', 'a picture to scan, from the page until somebody is signed in', async (t) => {
  const { auth, api } = t.open()
  const ask = { envId: t.env, wxAppId: 'wx1' }
  const picture = await auth.getMiniProgramQrCode(ask)
  has(picture, { qr_code: /^data:image\/png;base64,/, qr_code_id: /^\S+$/, expires_in: 300 })
  const status = () => auth.getMiniProgramQrCodeStatus({ ...ask, qrCodeId: picture.qr_code_id })
  has(await status(), { status: 'PENDING', provider_token: undefined })
  await t.control.scanQRCode(picture.qr_code_id, 'o-1', '明')
  const scanned = await status()
  has(scanned, { status: 'SUCCESS', provider_token: /^\S{16,}$/, expires_in: 3600 })
  const state = await auth.signInWithProvider({ provider_token: scanned.provider_token })
  equal(state.user.providers, [{ id: 'wx_mp', provider_user_id: 'o-1', name: '明' }], 'the providers')

  const late = await api.getMiniProgramCode(ask)
  await t.advance(300)
  has(await api.getMiniProgramQrCodeStatus({ ...ask, qrCodeId: late.qr_code_id }), { status: 'EXPIRED' })
  await rejects(auth.getMiniProgramQrCodeStatus({ ...ask, qrCodeId: 'x' }), { error: 'not_found', error_code: 5 })
  await rejects(auth.getMiniProgramQrCode({}), { error: 'invalid_argument', error_code: 3 })
})

flow('miniprogram', 'what low-code applications ask for', async (t) => {
  await t.control.addUser(ming)
  const { auth, api } = t.open()
  equal(await auth.getProviderSubType(), { id: 'weda', provider_sub_type: '' }, 'getProviderSubType')
  equal(await api.getProviderSubType(), { id: 'weda', provider_sub_type: '' }, 'getProviderSubType')
  await rejects(auth.getWedaUserInfo(), { error: 'unauthenticated' })
  await auth.signIn({ username: ming.username, password })
  has(await auth.getWedaUserInfo(), { sub: ming.sub })
  has(await api.getWedaUserInfo(), { sub: ming.sub })
})
