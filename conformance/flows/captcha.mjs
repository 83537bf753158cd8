import { equal, has, match, ok, rejects } from '../lib/assert.mjs'
import * as clock from '../lib/clock.mjs'
import { until } from '../lib/context.mjs'
import { flow, pageFlow } from '../lib/flow.mjs'
import { email, ming, otherPhone, password, phone } from './people.mjs'

const storedCaptcha = (t) => JSON.parse(t.storage.getItem(`captcha_${t.env}`))

flow('captcha', 'a call that needs one shows it and is made again', async (t) => {
  await t.control.requireCaptcha('verification')
  const { auth } = t.open()
  const answered = t.answerCaptcha(auth)
  has(await auth.getVerification({ phone_number: phone }), { expires_in: 300 })
  await answered
  equal((await t.control.messages(phone)).length, 1, 'messages')
  const captcha = storedCaptcha(t)
  has(captcha, { captcha_token: /^v1\.\S+$/, expires_in: 600 })
  const left = (new Date(captcha.expires_at) - Date.now()) / 1000
  ok(left > 500 && left <= 590, `that the token is kept for 590 s (it is for ${left})`)
  const requests = await t.control.requests()
  equal(requests.map((request) => [request.operation, request.status]), [
    ['verification', 400], ['captcha/data', 200], ['captcha/data/verify', 200], ['verification', 200],
  ], 'the requests')
  const ids = [requests[0], requests[3]].map((request) => request.header['X-Request-Id'])
  equal(ids[1], ids[0], 'the request id of the repetition')

  // the same token does for the next one, without another picture
  has(await auth.getVerification({ phone_number: otherPhone }), { expires_in: 300 })
  equal((await t.control.requests()).slice(4).map((request) => [request.operation, request.status]), [
    ['verification', 400], ['verification', 200],
  ], 'the requests')
})

flow('captcha', 'withCaptcha gets one before the call, and another if the server does not take it', async (t) => {
  await t.control.requireCaptcha('verification')
  const { auth } = t.open()
  let answered = t.answerCaptcha(auth)
  await auth.getVerification({ phone_number: phone }, { withCaptcha: true })
  await answered
  equal((await t.control.requests('verification')).map((request) => request.status), [200], 'the answers')
  const first = storedCaptcha(t)

  await t.control.advance(600) // the server's time only: here the token is good still
  answered = t.answerCaptcha(auth)
  await auth.getVerification({ phone_number: otherPhone }, { withCaptcha: true })
  await answered
  equal((await t.control.requests('verification')).map((request) => request.status), [200, 400, 200], 'the answers')
  equal(storedCaptcha(t).captcha_token === first.captcha_token, false, 'that the captcha is the old one')

  clock.advance(591_000) // here it is over
  answered = t.answerCaptcha(auth)
  await auth.getVerification({ email }, { withCaptcha: true })
  await answered
  equal((await t.control.requests('captcha/data')).length, 3, 'captchas')
})

flow('captcha', 'signing in may need one', async (t) => {
  await t.control.addUser(ming)
  await t.control.requireCaptcha('signin')
  const { auth } = t.open()
  const answered = t.answerCaptcha(auth)
  const { data, error } = await auth.signInWithPassword({ username: ming.username, password })
  await answered
  equal(error, null, 'the error')
  equal(data.user.id, ming.sub, 'who signed in')
  await t.expectSession({ sub: ming.sub })
})

flow('captcha', 'createCaptchaData and verifyCaptchaData by hand', async (t) => {
  const { auth, api } = t.open()
  const picture = await auth.createCaptchaData({ state: 'state-1' })
  has(picture, {
    token: /^\S{16,}$/, data: /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/, type: 'image', expires_in: 300,
  })
  await rejects(auth.verifyCaptchaData({ token: picture.token, key: '????' }), {
    error: 'invalid_argument', error_code: 3, error_uri: '/auth/v1/captcha/data/verify',
  })
  const { token } = await auth.createCaptchaData({ state: 'state-1' })
  const key = (await t.control.captchaAnswer(token)).toLowerCase()
  has(await api.verifyCaptchaData({ token, key }), { captcha_token: /^v1\.\S+$/, expires_in: 600 })
  has(await api.createCaptchaData({ state: 'state-1' }), { token: /^\S{16,}$/ })
  equal(t.storage.getItem(`captcha_${t.env}`), null, 'the stored captcha')
})

pageFlow('captcha', 'a wrong answer shows a new picture', async (t) => {
  await t.control.requireCaptcha('verification')
  const { auth } = t.open()
  const answered = t.answerCaptcha(auth, { wrong: ['????', '!!!!'] })
  has(await auth.getVerification({ phone_number: phone }), { expires_in: 300 })
  await answered
  equal((await t.control.requests('captcha/data')).length, 3, 'pictures')
})

pageFlow('captcha', 'the person may ask for another picture', async (t) => {
  await t.control.requireCaptcha('verification')
  const { auth } = t.open()
  const sent = auth.getVerification({ phone_number: phone })
  const find = () => document.getElementById('captcha-image')
  await until(find, () => 'no captcha is shown')
  const image = find()
  const shown = image.src
  image.parentElement.querySelector('button').click()
  await until(() => image.src !== shown, () => 'the picture stays')
  match(image.src, /^data:image\/png;base64,/, 'the picture')
  await t.answerCaptcha(auth)
  has(await sent, { expires_in: 300 })
})
