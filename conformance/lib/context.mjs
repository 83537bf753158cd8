import { equal, fail, has, match, ok, show } from './assert.mjs'
import * as clock from './clock.mjs'

export const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/

// Context is what a flow works with: the js-sdk, its storage, and the emulator on the other side.
export class Context {
  // sdk is the js-sdk's default export, url the emulator's, storage what the js-sdk keeps sessions in, ticket a function
  // that signs a custom-login ticket for a user id, calls a Set that takes the names of the methods called, openTab a
  // function that returns the js-sdk of another tab, habits what this version wants otherwise (versions.mjs).
  constructor({ sdk, url, env, control, storage, inPage, ticket, calls, openTab, habits = {} }) {
    Object.assign(this, { sdk, url, env, control, storage, inPage, ticket, calls, openTab, habits })
    this.solveCaptcha = undefined // in Node, what the adapter does with a captcha's URL
  }

  // open starts the js-sdk anew over what the storage holds, as loading a page again does.
  open(options = {}, sdk = this.sdk) {
    const app = sdk.init({ env: this.env, ...(this.inPage ? {} : this.habits.outside), ...options })
    const url = this.url.replace(/^http:/, '')
    app.registerEndPoint(url, 'http:')
    app.registerEndPointWithKey?.({ key: 'GATEWAY', url, protocol: 'http:' }) // which js-sdk 3 sends to
    return this.watch(app, app.auth({ persistence: 'local' }))
  }

  // openInTab starts the js-sdk in another tab, over the same storage.
  async openInTab() {
    return this.open({}, await this.openTab())
  }

  // openFromURL is open with detectSessionInUrl, for which init itself calls the server. Of what registerEndPoint says,
  // the js-sdk keeps the first entry of an environment: so a first init makes that entry, and the next one, with a
  // region, does not replace it.
  openFromURL() {
    this.open()
    const app = this.sdk.init({ env: this.env, region: 'ap-shanghai', auth: { detectSessionInUrl: true } })
    return this.watch(app, app.auth())
  }

  watch(app, auth) {
    const events = []
    events.told = auth.onAuthStateChange !== undefined // older versions have no such events
    if (events.told) auth.onAuthStateChange((event, session, info) => events.push({ event, session, info }))
    const lower = auth.oauthInstance ?? app.oauthInstance // 2.2.0 keeps it there
    return { app, events, auth: this.recorded(auth, 'app'), api: this.recorded(lower.authApi, 'lower') }
  }

  // recorded notes the calls of an object's methods that a flow makes.
  recorded(target, layer) {
    return new Proxy(target, {
      get: (object, name) => {
        const value = Reflect.get(object, name, object)
        if (layer === 'app' && name === 'currentUser') {
          this.calls.add('app.currentUser')
          return value && this.recorded(value, 'user')
        }
        if (typeof value !== 'function') return value
        return (...args) => {
          this.calls.add(`${layer}.${String(name)}`)
          return value.apply(object, args)
        }
      },
    })
  }

  // expectEvents waits until onAuthStateChange has told these events, in this order, since the last call, and no others.
  async expectEvents(events, ...names) {
    ok(events.told, 'that the js-sdk has onAuthStateChange')
    await until(() => events.length >= names.length, () => `events ${show(events.map((e) => e.event))}, want ${show(names)}`)
    await settle()
    equal(events.splice(0).map((e) => e.event), names, 'the events')
  }

  // stored is the session in the storage, or null.
  stored(clientID = this.env) {
    return JSON.parse(this.storage.getItem(`credentials_${clientID}`) ?? 'null')
  }

  // expectSession checks that a session is stored that the server takes, with these fields, and returns it.
  async expectSession(want = {}) {
    const stored = this.stored()
    has(stored, {
      token_type: 'Bearer', access_token: JWT, expires_in: 7200, scope: 'user sso', sub: /^\d{19}$/, ...want,
    }, 'the stored session')
    if (!('refresh_token' in want)) has(stored, { refresh_token: /^m\.\S{16,126}$/ }, 'the stored session')
    const left = (new Date(stored.expires_at) - Date.now()) / 1000
    ok(left > 7100 && left <= 7170, `that the session is good for 7170 s (it is for ${left})`)
    const me = await this.raw('GET', 'user/me', { token: stored.access_token })
    equal([me.status, me.body.sub], [200, stored.sub], 'user/me with the stored token')
    return stored
  }

  expectNoSession() {
    equal(this.storage.getItem(`credentials_${this.env}`) ?? null, null, 'the stored session')
  }

  // advance moves the server's time and the js-sdk's.
  async advance(seconds) {
    await this.control.advance(seconds)
    clock.advance(seconds * 1000)
  }

  // raw is a call of the auth API that is not the js-sdk's: what somebody else does at the same time.
  async raw(method, path, { body, token } = {}) {
    const response = await fetch(`${this.url}/auth/v1/${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    })
    return { status: response.status, body: await response.json() }
  }

  // elsewhere signs somebody in on another device and returns the session there.
  async elsewhere(username, password) {
    const { status, body } = await this.raw('POST', 'signin', { body: { username, password } })
    equal(status, 200, `the status of signing in elsewhere (${show(body)})`)
    return body
  }

  // expectStatus checks how the server answers user/me with an access token.
  async expectStatus(token, status) {
    equal((await this.raw('GET', 'user/me', { token })).status, status, 'the status of user/me')
  }

  // prove makes the js-sdk send a code to a phone number or email address and returns the verification_token for it.
  async prove(auth, to) {
    const info = await auth.getVerification(to.includes('@') ? { email: to } : { phone_number: to })
    const { verification_token } = await auth.verify({
      verification_id: info.verification_id,
      verification_code: await this.control.code(to),
    })
    return verification_token
  }

  // answerCaptcha is a person who reads the next captcha that the js-sdk shows and types what it says; in a page, wrong
  // is what they type before. The promise is fulfilled when the captcha is gone.
  answerCaptcha(auth, { wrong = [] } = {}) {
    return this.inPage ? typeCaptcha(this.control, wrong) : this.solveOnce(auth)
  }

  // solveOnce is the part of an application outside of a page, which takes a captcha from the adapter.
  solveOnce(auth) {
    return new Promise((resolve, reject) => {
      this.solveCaptcha = async (url) => {
        try {
          this.solveCaptcha = undefined
          const { captchaData, token } = this.sdk.parseCaptcha(url)
          match(captchaData, /^data:image\/png;base64,/, 'the picture')
          const solved = await auth.verifyCaptchaData({ token, key: await this.control.captchaAnswer(token) })
          resolve()
          return solved
        } catch (error) {
          reject(error)
          throw error
        }
      }
    })
  }
}

// typeCaptcha uses the dialog that the js-sdk shows in a page.
async function typeCaptcha(control, wrong) {
  const find = () => document.getElementById('captcha-image')
  await until(find, () => 'no captcha is shown')
  const image = find()
  const dialog = image.parentElement.parentElement
  const [input, [, confirm]] = [dialog.querySelector('input'), dialog.querySelectorAll('button')]
  for (const text of wrong) {
    const shown = image.src
    input.value = text
    confirm.click()
    await until(() => image.src !== shown && !confirm.disabled, () => 'the wrong answer is not noticed')
  }
  ok((await control.captchaAnswer()).length <= input.maxLength, 'that the answer can be typed')
  input.value = await control.captchaAnswer()
  confirm.click()
  await until(() => !document.contains(dialog), () => 'the captcha stays')
}

// until waits for something that comes without further ado, such as an event.
export async function until(condition, what) {
  const end = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > end) fail(`waited in vain: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

// settle lets everything happen that is under way already. What the js-sdk does after an event needs no I/O.
async function settle() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}
