// What changes for the js-sdk when the environment has other rules than those of the flows.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { ming, password, phone } from './flows/people.mjs'
import { equal, has, rejects } from './lib/assert.mjs'
import * as clock from './lib/clock.mjs'
import { Context } from './lib/context.mjs'
import { build, env, startEmulator } from './lib/emulator.mjs'
import { person, sdk, storage } from './lib/node-sdk.mjs'
import { run } from './lib/run.mjs'
import { signTicket } from './lib/ticket.mjs'

const home = await mkdtemp(join(tmpdir(), 'tcbauth-rules-'))
after(() => rm(home, { recursive: true, force: true }))
const program = await build('./cmd/tcbauth', home)
clock.install()

function ruled(title, rules, stage) {
  test(title, { timeout: 60_000 }, async () => {
    const { url, control, stop } = await startEmulator({ rules, program })
    try {
      clock.reset()
      storage.clear()
      await control.addUser(ming)
      const context = new Context({
        sdk, url, env, control, storage, inPage: false, calls: new Set(),
        ticket: async (uid) => signTicket(await control.ticketKey(), uid),
      })
      person.solveCaptcha = (captcha) => context.solveCaptcha(captcha)
      await run(context, () => stage(context))
    } finally {
      await stop()
    }
  })
}

ruled('login methods that are off', {
  login_off: ['password', 'phone', 'email', 'anonymous', 'custom'], providers: [],
}, async (t) => {
  const { auth } = t.open()
  const off = { code: 'login_type_disabled', errorCode: 4045, category: 'PROVIDER_NOT_ENABLED' }
  has(await auth.signInWithPassword({ username: ming.username, password }), { error: off })
  has(await auth.signInWithOtp({ phone }), { error: off })
  has(await auth.signUp({ email: ming.email }), { error: off })
  has(await auth.signInAnonymously(), {
    error: { code: 'permission_denied', errorCode: 7, category: 'PROVIDER_NOT_ENABLED' },
  })
  has(await auth.signInWithCustomTicket(() => t.ticket('user-0001')), {
    error: { code: 'not_found', errorCode: 5, message: 'provider not found' },
  })
  has(await auth.signInWithOAuth({ provider: 'wx_open', options: { redirectTo: 'https://example.com/' } }), {
    error: { code: 'provider_not_enabled', category: 'PROVIDER_NOT_ENABLED' },
  })
  t.expectNoSession()
})

ruled('who is new may not sign up', { sign_up_off: ['phone'] }, async (t) => {
  const { auth } = t.open()
  const to = '+86 13800000009'
  const { data } = await auth.signInWithOtp({ phone: to })
  has(await data.verifyOtp({ token: await t.control.code(to) }), {
    error: { code: 'login_type_disabled', category: 'PROVIDER_NOT_ENABLED' },
  })
  const known = await auth.signInWithOtp({ phone })
  has(await known.data.verifyOtp({ token: await t.control.code(phone) }), {
    error: null, data: { user: { id: ming.sub } },
  })
})

ruled('is_user is not told', { is_user: false }, async (t) => {
  const { auth } = t.open()
  const verificationInfo = await auth.getVerification({ phone_number: phone })
  equal('is_user' in verificationInfo, false, 'that is_user is told')
  // the js-sdk takes silence for somebody new
  await rejects(auth.signInWithSms({ verificationInfo, verificationCode: await t.control.code(phone), phoneNum: phone }), {
    error: 'failed_precondition', error_code: 9, error_uri: '/auth/v1/signup',
  })
  await t.advance(60)
  has(await auth.signIn({ username: phone, verification_token: await t.prove(auth, phone) }), {
    user: { uid: ming.sub },
  })
})

ruled('refresh tokens that stay', { refresh: { policy: 'static' } }, async (t) => {
  const { auth } = t.open()
  await auth.signIn({ username: ming.username, password })
  const { refresh_token } = t.stored()
  await t.advance(7200)
  await auth.getAccessToken()
  await t.expectSession({ refresh_token, sub: ming.sub })
})

ruled('a refresh may be asked for again for a while', { refresh: { policy: 'rotate', grace: '1h' } }, async (t) => {
  const { auth } = t.open()
  await auth.signIn({ username: ming.username, password })
  await t.control.fault({ operation: 'token', times: 1, body: 'cut_body' })
  has(await auth.refreshSession(), { error: null })
  await t.expectSession({ sub: ming.sub })
})

ruled('one session at a time, which is the default', {}, async (t) => {
  const { auth } = t.open()
  await auth.signIn({ username: ming.username, password })
  await t.elsewhere(ming.username, password)
  has(await auth.getUserInfo(), { uid: ming.sub }) // until the access token expires
  has(await auth.refreshSession(), { error: { code: 'unauthenticated' } })
  t.expectNoSession()
  const refused = (await t.control.requests('token')).at(-1)
  has(refused, { status: 400, rule: 'max_sessions' })
})

for (const [title, rules] of [['two sessions at a time', { max_sessions: 2 }], ['relaxed rules', { relaxed: true }]]) {
  ruled(`${title} let a session go on beside another`, rules, async (t) => {
    const { auth } = t.open()
    await auth.signIn({ username: ming.username, password })
    await t.elsewhere(ming.username, password)
    has(await auth.refreshSession(), { error: null })
    await t.expectSession({ sub: ming.sub })
  })
}

ruled('a second SMS within a minute, which relaxed rules send after 30 seconds', { relaxed: true }, async (t) => {
  const { auth } = t.open()
  await auth.getVerification({ phone_number: phone })
  await rejects(auth.getVerification({ phone_number: phone }), { error: 'resource_exhausted', error_code: 8 })
  await t.advance(30)
  has(await auth.getVerification({ phone_number: phone }), { expires_in: 600 })
})

ruled('a code by SMS expires after five minutes, one by email after ten', {}, async (t) => {
  const { auth } = t.open()
  for (const [request, lifetime] of [[{ phone_number: phone }, 300], [{ email: ming.email }, 600]]) {
    const { verification_id, expires_in } = await auth.getVerification(request)
    equal(expires_in, lifetime, 'expires_in')
    const verification_code = await t.control.code(request.email ?? phone)
    await t.advance(lifetime)
    await rejects(auth.verify({ verification_id, verification_code }), { error: 'invalid_argument', error_code: 3 })
  }
})

ruled('the js-sdk reads from user/me that a password is set', {}, async (t) => {
  const { auth } = t.open()
  const hasPassword = async () => (await auth.getUser()).data.user.user_metadata.hasPassword
  await auth.signIn({ username: ming.username, password })
  equal(await hasPassword(), true, 'of who has one')
  const { data } = await auth.signInWithOtp({ phone: '+86 13800000009' })
  await data.verifyOtp({ token: await t.control.code('+86 13800000009') })
  equal(await hasPassword(), false, 'of who has none')
})

ruled('anonymous sessions with a refresh token', { anonymous_refresh_token: true }, async (t) => {
  const { auth, events } = t.open()
  await auth.signInAnonymously()
  await t.expectEvents(events, 'SIGNED_IN')
  const { sub, refresh_token } = t.stored()
  await t.advance(7200)
  await auth.getAccessToken()
  await t.expectEvents(events, 'TOKEN_REFRESHED')
  has(await t.expectSession({ scope: 'anonymous', sub }), { version: 'v1' })
  equal(t.stored().refresh_token === refresh_token, false, 'that the refresh token is the old one')

  await t.advance(31 * 24 * 3600) // that one is dead as well, and the js-sdk signs in anew
  await auth.getAccessToken()
  equal(t.stored().sub, sub, 'who it is')
  equal((await t.control.requests('signin/anonymously')).length, 2, 'sign-ins')
})

ruled('sudo by a code only', { sudo_by_code: true }, async (t) => {
  const { auth } = t.open()
  await auth.signIn({ username: ming.username, password })
  await rejects(auth.sudo({ password }), { error: 'failed_precondition', error_code: 9 })
  has(await auth.resetPasswordForOld({ old_password: password, new_password: 'passw0rd2' }), {
    error: { category: 'PRECONDITION_FAILED' },
  })
  has(await auth.sudo({ verification_token: await t.prove(auth, phone) }), { expires_in: 900 })
})

ruled('a captcha after five wrong passwords', { captcha_after_wrong_passwords: 5 }, async (t) => {
  const { auth } = t.open()
  for (let i = 0; i < 5; i++) await rejects(auth.signIn({ username: ming.username, password: 'wrong' }), {
    error_code: 4043,
  })
  const answered = t.answerCaptcha(auth)
  has(await auth.signInWithPassword({ username: ming.username, password }), {
    error: null, data: { user: { id: ming.sub } },
  })
  await answered
})

ruled('a captcha after three messages', { captcha_after_sends: 3, sms_interval: '0s' }, async (t) => {
  const { auth } = t.open()
  for (let i = 0; i < 3; i++) await auth.getVerification({ phone_number: phone })
  const answered = t.answerCaptcha(auth)
  has(await auth.getVerification({ phone_number: phone }), { is_user: true })
  await answered
})

ruled('a client id beside the environment\'s', { clients: { 'app-1': '' } }, async (t) => {
  const { auth } = t.open({ clientId: 'app-1' })
  await auth.signIn({ username: ming.username, password })
  t.expectNoSession() // not under the environment's id
  has(t.stored('app-1'), { sub: ming.sub, version: 'v1' })
  equal((await auth.getClaims()).data.claims.aud, 'app-1', 'aud')
  await t.advance(7200)
  has(await auth.getUserInfo(), { uid: ming.sub })
})

for (const code of [true, false]) {
  ruled(`errors ${code ? 'with' : 'without'} "code" beside the word`, { code }, async (t) => {
    const { auth } = t.open()
    has(await auth.signInWithPassword({ username: ming.username, password: 'wrong' }), {
      error: { code: 'invalid_username_or_password', errorCode: 4043 },
    })
    await rejects(auth.getVerification({ phone_number: '1' }), { error: 'invalid_argument', error_code: 3 })
  })
}
