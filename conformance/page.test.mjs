import assert from 'node:assert/strict'
import test, { after, afterEach, before } from 'node:test'
import { findChromium } from './lib/chromium.mjs'
import { startBrowser } from './lib/devtools.mjs'
import { startEmulator } from './lib/emulator.mjs'

// The emulator's page in Chromium: every button with and without its script, in both languages, at the widths of phones, tablets
// and desks, light and dark; that nothing is lost while somebody types; and that nothing is requested from elsewhere.

const program = findChromium()
const why = 'no Chromium: THE PAGE OF THE EMULATOR WAS NOT DRIVEN.'
if (!program) console.error(why)
const skip = program || process.env.REQUIRE_CHROMIUM ? false : why

let emulator
let browser
before(async () => {
  if (!program) return
  emulator = await startEmulator({ timeZone: 'Asia/Shanghai' })
  browser = await startBrowser(program, (error) => console.error(error))
})
afterEach(() => browser?.closePages())
after(async () => {
  await browser?.stop()
  await emulator?.stop()
})

const texts = {
  'en': { added: 'The user was added.', copied: 'Copied', duration: 'This is not a duration', more: 'Nothing matches the search.' },
  'zh-CN': { added: '用户已添加。', copied: '已复制', duration: '时长格式不正确', more: '没有符合搜索条件的内容。' },
}

// auth makes a call of the auth API and returns its answer, whatever it is.
async function auth(operation, body, headers = {}) {
  const response = await fetch(`${emulator.url}/auth/v1/${operation}`, {
    method: body === undefined ? 'GET' : 'POST', body: body === undefined ? undefined : JSON.stringify(body),
    headers: { 'x-device-id': 'd-1', ...headers },
  })
  return response.json()
}

const login = (password = 'passw0rd') => auth('signin', { username: 'user_01', password })
const list = async (name) => (await emulator.control.call('GET', name))[name]
const rules = () => emulator.control.call('GET', 'rules')

async function fresh() {
  await emulator.control.reset()
  await emulator.control.addUser({ sub: '1', username: 'user_01', password: 'passw0rd', phone_number: '+86 13800000000' })
}

// open opens the page for a developer with these tastes.
async function open({ script = true, language = 'en', width = 1280, dark = false, timezoneId = '' } = {}) {
  const page = await browser.open()
  await page.send('Emulation.setTimezoneOverride', { timezoneId })
  await page.look({ width, dark })
  await page.speaks(language)
  if (!script) await page.withoutScript()
  await page.goto(`${emulator.url}/_emulator/`)
  if (script) await page.until('the page is live', () => document.querySelector('#live.on'))
  return page
}

// press clicks a button that sends a form, and waits until the page says what was done.
async function press(page, selector) {
  if (!page.hasScript) {
    await page.event('Page.loadEventFired', () => page.click(selector))
  } else {
    await page.run(() => document.getElementById('notice').replaceChildren())
    await page.until(selector, (wanted) => document.querySelector(wanted), selector) // a change may be on its way
    await page.click(selector)
  }
  return page.until(`what ${selector} has done`, () => document.querySelector('#notice p')?.textContent)
}

const button = (form) => `#form-${form} button`

async function device() {
  const { user_code: code, device_code: secret } = await auth('device/code', {})
  return { code, poll: () => auth('token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: secret }) }
}

async function qrCode() {
  const { qr_code_id: id } = await auth('qrcode/generate', { envId: 'conformance', wxAppId: 'wx1' })
  return { id, status: async () => (await auth('qrcode/get/status', { qrCodeId: id })).status }
}

// reload shows a page without script what has happened.
const reload = (page) => page.hasScript ? undefined : page.goto(`${emulator.url}/_emulator/`)

// buttons are what each form of the page is tried with, by its field do.
const buttons = {
  async 'advance'(page) {
    await page.type('#advance--by', '3h')
    const start = Date.parse((await emulator.control.call('GET', 'clock')).now)
    await press(page, button('advance'))
    await press(page, '#form-advance button[value="10m"]')
    const moved = Date.parse((await emulator.control.call('GET', 'clock')).now) - start
    assert.ok(moved >= 3 * 3600e3 + 600e3 && moved < 3 * 3600e3 + 1200e3, `moved by ${moved} ms`)
    assert.match(await page.run(() => document.querySelector('.line').textContent), /3h10m/)
  },
  async 'fix-code'(page) {
    await page.type('#fix-code--to', '13900000000')
    await page.type('#fix-code--code', '123456')
    await press(page, button('fix-code'))
    await auth('verification', { phone_number: '+86 13900000000' })
    assert.equal(await emulator.control.code('13900000000'), '123456')
  },
  async 'approve'(page) {
    const { code, poll } = await device()
    await reload(page)
    await press(page, button(`approve-${code}`))
    assert.equal((await poll()).sub, '1')
  },
  async 'deny'(page) {
    const { code, poll } = await device()
    await reload(page)
    await press(page, button(`deny-${code}`))
    assert.equal((await poll()).error, 'access_denied')
  },
  async 'scan'(page) {
    const { id, status } = await qrCode()
    await reload(page)
    await press(page, button(`scan-${id}`))
    assert.equal(await status(), 'SUCCESS')
  },
  async 'deny-qr'(page) {
    const { id, status } = await qrCode()
    await reload(page)
    await press(page, button(`deny-qr-${id}`))
    assert.equal(await status(), 'EXPIRED')
  },
  async 'add-user'(page, { added }) {
    await page.type('#add-user--username', 'user_02')
    await page.type('#add-user--phone_number', '139 0000 0000')
    assert.equal(await press(page, button('add-user')), added)
    const user = (await list('users')).find(({ username }) => username === 'user_02')
    assert.equal(user.phone_number, '+86 13900000000')
    await page.until('the new user', (sub) => document.getElementById(`u-${sub}`), user.sub)
  },
  async 'edit-user'(page) {
    await page.type('#edit-user-1-name', 'Gopher')
    await press(page, button('edit-user-1'))
    assert.equal((await list('users')).find(({ sub }) => sub === '1').name, 'Gopher')
    assert.ok((await login()).access_token, 'the password stays')
  },
  async 'block'(page) {
    await press(page, button('block-1'))
    assert.equal((await login()).error, 'user_blocked')
  },
  async 'unblock'(page) { // of whom block has blocked
    await press(page, button('unblock-1'))
    assert.ok((await login()).access_token)
  },
  async 'sign-out'(page) {
    await login()
    await reload(page)
    await page.until('the session', () => !document.querySelector('#form-sign-out-1 button').disabled)
    await press(page, button('sign-out-1'))
    assert.equal((await list('sessions')).filter(({ sub }) => sub === '1').length, 0)
  },
  async 'end-session'(page) {
    await login()
    const { id } = (await list('sessions')).find(({ sub }) => sub === '1')
    await reload(page)
    await press(page, button(`end-session-${id}`))
    assert.ok(!(await list('sessions')).some((session) => session.id === id))
  },
  async 'rules-login'(page) {
    await page.click('#rules-login input[name=login][value=email]')
    await press(page, button('rules-login'))
    assert.deepEqual((await rules()).login_off, ['email'])
    assert.equal((await auth('verification', { email: 'a@b.cn' })).error, 'login_type_disabled')
  },
  async 'rules-limits'(page) {
    await page.type('[id="rules-limits--sms_interval"]', '2m')
    await press(page, button('rules-limits'))
    assert.equal((await rules()).sms_interval, '2m0s')
  },
  async 'rules-unlimited'(page) {
    await press(page, button('rules-unlimited'))
    assert.equal((await rules()).sms_interval, '0s')
  },
  async 'rules-captcha'(page) {
    await page.click('#rules-captcha input[value=signin]')
    await press(page, button('rules-captcha'))
    assert.deepEqual((await rules()).captcha, ['signin'])
  },
  async 'rules-tokens'(page) {
    await page.click('#rules-tokens input[name="refresh.reuse"]')
    await page.type('[id="rules-tokens--access_token_lifetime"]', '1m')
    await press(page, button('rules-tokens'))
    const { refresh, access_token_lifetime: lifetime } = await rules()
    assert.deepEqual([refresh.reuse, lifetime], ['revoke', '1m0s'])
  },
  async 'rules-start'(page) {
    await press(page, button('rules-start'))
    assert.deepEqual((await rules()).captcha, [])
  },
  async 'add-fault'(page) {
    await page.type('#add-fault--error', 'internal')
    await page.type('#add-fault--times', '7')
    await press(page, button('add-fault'))
    const [fault] = await list('faults')
    assert.deepEqual([fault.operation, fault.error, fault.times], ['token', 'internal', 7])
  },
  async 'lift-fault'(page) { // that add-fault has added
    const [{ id }] = await list('faults')
    await press(page, button(`lift-fault-${id}`))
    assert.deepEqual(await list('faults'), [])
  },
  async 'clear-faults'(page) {
    await emulator.control.fault({ operation: 'certs', close: 'after_commit' })
    await reload(page)
    await press(page, button('clear-faults'))
    assert.deepEqual(await list('faults'), [])
  },
  async 'delete-user'(page) {
    await press(page, button('delete-user-1'))
    assert.ok(!(await list('users')).some(({ sub }) => sub === '1'))
  },
  async 'reset'(page) {
    await press(page, button('reset'))
    assert.deepEqual(await list('users'), [])
  },
}

// checkPage checks what is true of every page: no error, nothing from elsewhere, and no scrolling sideways.
async function checkPage(page) {
  assert.deepEqual(page.problems, [])
  for (const url of page.requests) assert.ok(url.startsWith(`${emulator.url}/`) || url === 'about:blank', `the page requests ${url}`)
  const { scroll, width } = await page.run(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth }))
  assert.ok(scroll <= width, `the page is ${scroll} pixels wide in a window of ${width}`)
}

for (const taste of [
  { script: true, language: 'en', width: 1280, dark: false },
  { script: true, language: 'zh-CN', width: 360, dark: true },
  { script: false, language: 'en', width: 360, dark: false },
  { script: false, language: 'zh-CN', width: 768, dark: true },
]) {
  const { script, language, width, dark } = taste
  test(`every button ${script ? 'with' : 'without'} script, ${language}, ${width} pixels, ${dark ? 'dark' : 'light'}`, { skip }, async () => {
    await fresh()
    const page = await open(taste)
    assert.equal(await page.run(() => document.documentElement.lang), language)
    const seen = new Set()
    const look = async () => (await page.run(() => [...document.querySelectorAll('input[name=do]')].map((input) => input.value))).forEach((one) => seen.add(one))
    for (const [name, use] of Object.entries(buttons)) {
      try {
        await look()
        await use(page, texts[language])
      } catch (error) {
        throw Object.assign(new Error(`${name}: ${error.message}`), { stack: error.stack })
      }
    }
    assert.deepEqual([...seen].filter((name) => !buttons[name]), [], 'every form is tried')
    await checkPage(page)
  })
}

test('the page fits every width, in both languages, light and dark, with all rows open', { skip }, async () => {
  await fresh()
  await emulator.control.addUser({ sub: '2', username: 'user_02', name: 'long'.repeat(60) })
  const session = await login()
  await auth('user/me', undefined, { Authorization: `Bearer ${session.access_token}` })
  await auth('verification', { email: `${'long-'.repeat(12)}address@example.com` })
  await auth('verification', { phone_number: '12' })
  await device()
  await qrCode()
  await auth('captcha/data', {})
  for (const language of Object.keys(texts)) {
    for (const dark of [false, true]) {
      const page = await open({ language, dark })
      await page.run(() => document.querySelectorAll('details').forEach((row) => (row.open = true)))
      for (const width of [360, 768, 1280]) {
        await page.look({ width, dark })
        await checkPage(page)
      }
      const unnamed = await page.run(() => [...document.querySelectorAll('input:not([type=hidden]), select, button, a')].filter((one) => {
        const name = one.labels?.[0]?.textContent || one.getAttribute('aria-label') || one.textContent
        return !name.trim()
      }).map((one) => one.outerHTML))
      assert.deepEqual(unnamed, [], 'everything has a name')
      const unread = await page.run(() => [...document.querySelectorAll('.hint')].filter((hint) => !document.querySelector(`[aria-describedby="${hint.id}"]`)).map((hint) => hint.outerHTML))
      assert.deepEqual(unread, [], 'every hint is that of a field')
      const dim = await page.run(() => { // contrast of texts with what is behind them (WCAG 2.2, 1.4.3)
        const parse = (color) => color.match(/[\d.]+/g).map(Number)
        const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
        const found = new Set()
        for (const element of document.querySelectorAll('#page *, .top *')) {
          if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || element.disabled) continue
          let back = element
          while (back && (parse(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement
          const [high, low] = [light(parse(getComputedStyle(element).color)), light(parse(getComputedStyle(back ?? document.body).backgroundColor))].sort((a, b) => b - a)
          if ((high + 0.05) / (low + 0.05) < 4.5) found.add(`${element.tagName}.${element.className} ${((high + 0.05) / (low + 0.05)).toFixed(2)}`)
        }
        return [...found]
      })
      assert.deepEqual(dim, [], 'every text can be read')
    }
  }
})

test('a live update loses nothing of what somebody does', { skip }, async () => {
  await fresh()
  await auth('verification', { phone_number: '+86 13800000000' })
  await device()
  const page = await open()
  await page.until('the request', () => document.querySelector('#requests-rows details'))
  await page.click('#requests-rows details summary')
  await page.type('#users input[type=search]', 'user')
  await page.type('#edit-user-1-email', 'half@typ')
  await page.type('#add-user--username', 'half-typed')
  await page.run(() => {
    const field = document.getElementById('add-user--username')
    field.setSelectionRange(2, 5)
    field.scrollIntoView({ block: 'center' })
    globalThis.kept = { field, row: document.querySelector('#requests-rows details'), top: field.getBoundingClientRect().top }
  })
  for (const email of ['a@b.cn', 'b@b.cn']) {
    await auth('verification', { email })
    await page.until('the new message', (to) => document.querySelector('#inbox-rows').textContent.includes(to), email)
  }
  await page.until('it was announced', () => document.getElementById('latest').textContent.includes('b@b.cn'))
  await emulator.control.call('DELETE', 'users/1')
  await page.until('the user is gone', () => document.querySelector('#u-1.gone'))
  const state = await page.run(() => ({
    active: document.activeElement === kept.field, value: kept.field.value, selection: [kept.field.selectionStart, kept.field.selectionEnd],
    open: kept.row.isConnected && kept.row.open, moved: Math.abs(kept.field.getBoundingClientRect().top - kept.top),
    filter: document.querySelector('#users input[type=search]').value, email: document.getElementById('edit-user-1-email').value,
  }))
  assert.ok(state.moved < 200, `the field has moved by ${state.moved} pixels`)
  delete state.moved
  assert.deepEqual(state, { active: true, value: 'half-typed', selection: [2, 5], open: true, filter: 'user', email: 'half@typ' })
  await checkPage(page)
})

test('a live update leaves the user selected who was', { skip }, async () => {
  await fresh()
  const { code, poll } = await device()
  const add = (sub) => emulator.control.addUser({ sub, username: `user_0${sub}` })
  await add('2')
  const page = await open()
  const selected = () => page.run((id) => document.getElementById(id).value, `approve-${code}-as`)
  // follow waits until the users who can be selected are these.
  const follow = (what, ...subs) => page.until(what, (id, subs) => {
    const options = [...document.getElementById(id).options].filter((option) => !option.classList.contains('gone'))
    return options.map((option) => option.value).join() === subs
  }, `approve-${code}-as`, subs.join())

  await follow('both users', '2', '1')
  await add('3')
  await follow('a user is added', '3', '2', '1')
  assert.equal(await selected(), '2', 'it was shown first, and stays')
  await page.run((id) => (document.getElementById(id).value = '1'), `approve-${code}-as`)
  await add('4')
  await follow('another user is added', '4', '3', '2', '1')
  assert.equal(await selected(), '1')
  for (const sub of ['4', '3', '2']) await emulator.control.call('PATCH', `users/${sub}`, { blocked: true })
  await follow('the order has changed', '1', '4', '3', '2')
  assert.equal(await selected(), '1')

  await emulator.control.call('DELETE', 'users/1')
  await follow('the user is deleted', '4', '3', '2')
  assert.equal(await selected(), '1', 'no other user takes the place')
  for (const policy of ['rotate', 'static']) { // what the server has selected follows it
    await emulator.control.call('PATCH', 'rules', { refresh: { policy, reuse: 'refuse' } })
    await page.until(policy, (policy) => document.getElementById('rules-tokens--refresh.policy').value === policy, policy)
  }
  await page.click(button(`approve-${code}`))
  await page.until('what is wrong', (id) => document.getElementById(id), `approve-${code}-as-wrong`)
  assert.equal(await selected(), '1')
  assert.equal((await poll()).error, 'authorization_pending')
})

test('nothing moves away while it is pressed', { skip }, async () => {
  await fresh()
  const page = await open({ width: 360 })
  await page.run(() => {
    document.addEventListener('click', ({ target }) => (globalThis.clicked = target.form?.getAttribute('id')))
    const fetch = globalThis.fetch
    globalThis.fetch = async (...args) => { // the page that has the message waits for go
      const answer = await fetch(...args)
      const body = await answer.text()
      if (body.includes('a@b.cn')) await new Promise((go) => (globalThis.go = go))
      return new Response(body)
    }
  })
  await auth('verification', { email: 'a@b.cn' })
  await page.until('the page is fetched', () => globalThis.go)
  const at = await page.aim(button('fix-code'))
  await page.mouse('mousePressed', at)
  for (const type of ['keyDown', 'keyUp']) await page.send('Input.dispatchKeyEvent', { type, key: 'Shift' })
  await page.run(() => {
    go()
    return new Promise((resolve) => setTimeout(resolve, 100)) // longer than the page waits after a press
  })
  assert.equal(await page.run(() => document.querySelectorAll('#inbox-rows li').length), 0)
  await page.mouse('mouseReleased', at)
  assert.equal(await page.until('the click', () => globalThis.clicked), 'form-fix-code')
  await page.until('the message', () => {
    go() // also for the page that answers the click
    return document.querySelector('#inbox-rows li')
  })
})

// holdAnswers lets the answers of forms wait for globalThis.go, which is there when one has come.
const holdAnswers = (page) => page.run(() => {
  const fetch = globalThis.fetch
  globalThis.fetch = async (...args) => {
    const answer = await fetch(...args)
    if (args[1]?.method === 'POST') await new Promise((go) => (globalThis.go = go))
    return answer
  }
})

// holdUpdates lets no live update come until letUpdates.
const holdUpdates = (page) => page.run(() => (globalThis.fetch = new Proxy(fetch, {
  apply: (target, self, args) => args[1]?.method === 'POST' || globalThis.follows ? target(...args) : new Promise((go) => (globalThis.later = go)).then(() => target(...args)),
})))

const letUpdates = (page) => page.run(() => {
  globalThis.follows = true
  globalThis.later?.()
})

const submit = (page, id) => page.run((id) => document.getElementById(id).requestSubmit(), id)
const notice = (page) => page.until('what was done', () => document.querySelector('#notice p')?.textContent)

test('the answer of a form moves nothing away while something is pressed', { skip }, async () => {
  await fresh()
  for (const operation of ['certs', 'token']) await emulator.control.fault({ operation, error: 'internal' })
  const page = await open()
  const [first, second] = await page.until('the faults', () => {
    const rows = [...document.querySelectorAll('#faults .rows > li')].map((row) => row.id.slice(2))
    return rows.length === 2 && rows
  })
  await holdUpdates(page)
  await holdAnswers(page)
  await page.run(() => {
    const text = Response.prototype.text
    Response.prototype.text = async function () {
      const read = await text.call(this)
      if (this.redirected) globalThis.wasRead = new Promise((resolve) => setTimeout(() => resolve(true))) // when it was taken
      return read
    }
    document.addEventListener('click', ({ target }) => (globalThis.clicked = target.form?.getAttribute('id')))
  })
  await submit(page, `form-lift-fault-${first}`)
  await page.until('the answer', () => globalThis.go)
  const at = await page.aim(`#f-${second} button`)
  await page.mouse('mousePressed', at)
  await page.run(() => go())
  await page.until('the answer is read', () => globalThis.wasRead)
  assert.equal(await page.run(() => document.querySelectorAll('#faults .rows > li').length), 2)
  await page.mouse('mouseReleased', at)
  assert.equal(await page.until('the click', () => globalThis.clicked), `form-lift-fault-${second}`)
})

test('sending a form loses nothing of what is typed elsewhere', { skip }, async () => {
  await fresh()
  for (let i = 0; i < 29; i++) await emulator.control.addUser({ sub: `many-${i}`, username: `crowd_${i}` })
  const page = await open()
  await page.until('all users', () => document.getElementById('u-1') && document.querySelectorAll('#users-rows > li').length === 30)
  await page.run(() => (document.getElementById('connect').open = false))
  await page.type('#edit-user-1-name', 'half-typed')
  await page.type('#edit-user-many-0-email', 'bad')
  await submit(page, 'form-edit-user-many-0')
  await page.until('what is wrong', () => document.getElementById('edit-user-many-0-email-wrong'))

  await holdAnswers(page)
  await page.type('#add-user--username', 'user_02')
  await page.type('#add-user--name', 'Gopher')
  await submit(page, 'form-add-user')
  await page.until('the answer', () => globalThis.go)
  await page.type('#add-user--username', 'the next one')
  await page.run(() => go())
  assert.equal(await notice(page), texts.en.added)
  assert.deepEqual(await page.run(() => ['edit-user-1-name', 'edit-user-many-0-email', 'edit-user-many-0-email-wrong', 'add-user--username', 'add-user--name'].map((id) => {
    const one = document.getElementById(id)
    return one?.value ?? Boolean(one)
  })), ['half-typed', 'bad', true, 'the next one', ''])
  assert.deepEqual(await page.run(() => ['add-user', 'connect'].map((id) => document.getElementById(id).open)), [true, false])
  assert.deepEqual(await page.run(() => [...document.querySelectorAll('.gone')].map((row) => row.id)), ['u-1'], 'the oldest user is cut off')
})

test('a notice goes when the next form is sent, and comes again with its answer', { skip }, async () => {
  await fresh()
  const page = await open()
  await press(page, button('rules-start'))
  await holdAnswers(page)
  await submit(page, 'form-rules-start')
  await page.until('the answer', () => globalThis.go)
  assert.equal(await page.run(() => document.querySelector('#notice p')), null)
  await page.run(() => go())
  await notice(page)
})

test("a mistake of the page's own script is told, and not taken for a lost answer", { skip }, async () => {
  await fresh()
  const page = await open()
  await page.run(() => {
    globalThis.same = Element.prototype.isEqualNode
    Element.prototype.isEqualNode = () => {
      globalThis.met = (globalThis.met ?? 0) + 1
      throw new Error('a mistake')
    }
  })
  await auth('verification', { email: 'a@b.cn' })
  await page.until('the update', () => globalThis.met)
  await holdUpdates(page)
  await page.run(() => (globalThis.met = 0))
  await submit(page, 'form-rules-start')
  await page.until('the answer', () => globalThis.met)
  await page.run(() => (Element.prototype.isEqualNode = same))
  await letUpdates(page)
  await auth('verification', { email: 'b@b.cn' })
  await page.until('the message', () => document.getElementById('inbox-rows').textContent.includes('b@b.cn'))
  assert.ok(page.problems.length >= 2 && page.problems.every((problem) => problem.includes('a mistake')), page.problems.join())
  assert.equal(await page.run(() => document.querySelector('#notice .wrong')), null)
})

test('what waits and is in use stays in view when it is decided elsewhere', { skip }, async () => {
  await fresh()
  const { code } = await device()
  const page = await open()
  await page.until('the device', (id) => document.getElementById(id), `approve-${code}-as`)
  await page.run((id) => document.getElementById(id).focus(), `approve-${code}-as`)
  await emulator.control.call('POST', 'devices', { user_code: code, deny: true })
  await page.until('it is gone', (id) => document.getElementById(id)?.classList.contains('gone'), `d-${code}`)
  assert.ok(await page.run((id) => document.getElementById(id).checkVisibility(), `d-${code}`))
  assert.equal(await page.run(() => document.activeElement.id), `approve-${code}-as`)
})

test('a field that was changed and changed back follows the server', { skip }, async () => {
  await fresh()
  const page = await open()
  const [name, email, policy] = ['#edit-user-1-name', '#rules-login input[value=email]', '#rules-tokens select']
  await page.type(name, 'x')
  await page.type(name, '')
  for (let i = 0; i < 2; i++) await page.click(email)
  await page.run((wanted) => {
    for (const value of ['static', 'rotate']) document.querySelector(wanted).value = value
  }, policy)
  await emulator.control.call('PATCH', 'rules', { login_off: ['email'], refresh: { policy: 'static' } })
  await emulator.control.call('PATCH', 'users/1', { name: 'Gopher' })
  await page.until('the change', (wanted) => document.querySelector(wanted).defaultValue, name)
  assert.deepEqual(await page.run((...fields) => fields.map((wanted) => document.querySelector(wanted)).map((field) => field.type === 'checkbox' ? field.checked : field.value), name, email, policy),
    ['Gopher', false, 'static'])
})

test('what has the focus goes, and a row beside it takes it, without scrolling', { skip }, async () => {
  await fresh()
  await emulator.control.call('PATCH', 'rules', { max_sessions: 0 })
  for (let i = 0; i < 8; i++) await login()
  const page = await open({ width: 360 })
  const [first, second] = await page.run(() => [...document.querySelectorAll('#sessions-rows > li')].map((row) => row.id))
  await press(page, `#${first} button`)
  assert.equal(await page.run(() => document.activeElement.closest('li')?.id), second)
  const { top, bottom, height } = await page.run(() => ({ ...document.getElementById('sessions').getBoundingClientRect().toJSON(), height: innerHeight }))
  assert.ok(top < height && bottom > 0, 'the list is still in view')

  await page.run(() => document.querySelector('#u-1 details').open = true)
  await page.run(() => document.querySelector('#form-sign-out-1 button').focus())
  await press(page, button('sign-out-1'))
  assert.equal(await page.run(() => document.activeElement.closest('li')?.id), 'u-1', 'the button is disabled')
  assert.equal(await page.run(() => document.activeElement.tagName), 'SUMMARY')

  await page.type('#add-user--username', 'user_02')
  await page.run(() => document.querySelector('#form-add-user').requestSubmit())
  await page.until('the form is folded up', () => !document.getElementById('add-user').open)
  assert.equal(await page.run(() => document.activeElement.parentElement.id), 'add-user')
})

test('what moves in a live update keeps the focus', { skip }, async () => {
  await fresh()
  for (const operation of ['certs', 'signin']) await emulator.control.fault({ operation, error: 'internal', times: 1 })
  const page = await open()
  const rows = (what, ...names) => page.until(what, (names) => [...document.querySelectorAll('#faults .rows b')].map((name) => name.textContent).join() === names, names.join())
  await rows('the faults, the newest first', 'signin', 'certs')
  await page.run(() => document.querySelector('#faults .rows > li:last-child button').focus())
  await login()
  await rows('what is used up is the last', 'certs', 'signin')
  assert.equal(await page.run(() => document.activeElement.closest('li')?.querySelector('b').textContent), 'certs')
})

test('what is wrong stays said while others do something', { skip }, async () => {
  await fresh()
  const { code } = await device()
  const page = await open()
  await page.until('the device', (id) => document.getElementById(id), `form-deny-${code}`)
  await holdUpdates(page)
  await emulator.control.call('POST', 'devices', { user_code: code, deny: true })
  await page.click(button(`deny-${code}`))
  const gone = await page.until('that it is gone', () => document.querySelector('#waiting .wrong')?.textContent)
  await letUpdates(page)
  await auth('verification', { email: 'a@b.cn' })
  await page.until('the message', () => document.querySelector('#inbox-rows li'))
  assert.equal(await page.run(() => document.querySelector('#waiting .wrong')?.textContent), gone)
  assert.ok(await page.run(() => document.querySelector('#waiting .wrong').checkVisibility()), 'it is shown')
})

test('what is wrong below a list stays said when the list is emptied', { skip }, async () => {
  await fresh()
  await emulator.control.call('PATCH', 'rules', { max_sessions: 0 })
  for (let i = 0; i < 2; i++) await login()
  const page = await open()
  const [first, second] = (await list('sessions')).map(({ id }) => id)
  await page.until('both sessions', () => document.querySelectorAll('#sessions-rows > li').length === 2)
  await page.run((id) => { // what the form is about is gone before it is sent
    const form = document.getElementById(id)
    form.elements.id.value += '-gone'
    form.requestSubmit()
  }, `form-end-session-${first}`)
  const said = await page.until('what is wrong', () => document.querySelector('#sessions > .wrong')?.textContent)
  for (const id of [first, second]) await emulator.control.call('DELETE', `sessions/${id}`)
  await page.until('no session is left', () => document.querySelector('#sessions > .empty'))
  assert.equal(await page.run(() => document.querySelector('#sessions > .wrong')?.textContent), said)
})

test('the page follows an emulator that was started again with another environment', { skip }, async () => {
  await fresh()
  const page = await open()
  await page.run(() => (globalThis.fetch = new Proxy(fetch, { // as if it were another one that answers
    async apply(target, self, args) {
      const answer = await target(...args)
      return new Response((await answer.text()).replaceAll('conformance', 'another').replace('lang="en"', 'lang="zh-CN"'))
    },
  })))
  await auth('verification', { email: 'a@b.cn' })
  await page.until('the other environment', () => document.querySelector('header .chip').textContent === 'another')
  assert.deepEqual(await page.run(() => [document.documentElement.lang, document.getElementById('live').textContent]), ['zh-CN', 'Live'])
})

test('a form is sent once, and the page says if no answer comes', { skip }, async () => {
  await fresh()
  const page = await open()
  await page.type('#add-user--username', 'user_02')
  await page.run(() => {
    for (let i = 0; i < 2; i++) document.getElementById('form-add-user').requestSubmit()
  })
  assert.equal(await page.until('what was done', () => document.querySelector('#notice p')?.textContent), texts.en.added)
  const network = (offline) => page.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  await network(true)
  await page.run(() => document.getElementById('form-rules-start').requestSubmit())
  await page.until('that there was no answer', () => document.querySelector('#notice .wrong')?.textContent.startsWith('No answer came'))
  await network(false)
  await press(page, button('rules-start'))
  await page.until('the page is live', () => document.querySelector('#live.on'))
  assert.deepEqual(page.problems.filter((problem) => problem.includes('status of 422')), [], 'no form is refused, as the second would be')
})

for (const script of [true, false]) {
  test(`the browser puts nothing into the form of another user, ${script ? 'with' : 'without'} script`, { skip }, async () => {
    await fresh()
    await emulator.control.addUser({ sub: '2', username: 'user_02' })
    const page = await open({ script })
    await page.click('#form-edit-user-1 [name=blocked]')
    await page.event('Page.loadEventFired', () => page.click('#language'))
    await emulator.control.addUser({ sub: '3', username: 'user_03' })
    const { currentIndex, entries } = await page.send('Page.getNavigationHistory')
    await page.event('Page.loadEventFired', () => page.send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id }))
    assert.deepEqual(await page.run(() => [...document.querySelectorAll('[name=blocked]')].map((box) => box.checked)), [false, false, false, false])
  })
}

test("the clock is in the server's time zone, as all other times are", { skip }, async () => {
  await fresh()
  for (const timezoneId of ['UTC', 'America/New_York']) {
    const page = await open({ timezoneId })
    await page.run(() => (document.getElementById('now').textContent = ''))
    const [said, ticked] = await page.until('it ticks', () => {
      const now = document.getElementById('now')
      return now.textContent && [now.title.slice(11, 19), now.textContent]
    })
    const seconds = (text) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    const later = (seconds(ticked) - seconds(said) + 86400) % 86400
    assert.ok(later < 60, `the server says ${said}, and the clock ${ticked} in ${timezoneId}`)
  }
})

for (const script of [true, false]) {
  test(`a mistake is said beside the field and the input is kept, ${script ? 'with' : 'without'} script`, { skip }, async () => {
    await fresh()
    for (const language of Object.keys(texts)) {
      const page = await open({ script, language })
      await page.type('#advance--by', 'soon')
      const send = () => page.click(button('advance'))
      await (script ? send() : page.event('Page.loadEventFired', send))
      const said = await page.until('what is wrong', () => document.querySelector('#advance--by-wrong')?.textContent)
      assert.ok(said.startsWith(texts[language].duration), said)
      if (script) { // it stays while others do something
        await auth('verification', { email: `${language.toLowerCase()}@b.cn` })
        await page.until('the message', (to) => document.querySelector('#inbox-rows').textContent.includes(to), `${language.toLowerCase()}@b.cn`)
      }
      await page.until('the focus', () => document.activeElement.id === 'advance--by') // the browser's own comes after the load
      assert.deepEqual(await page.run(() => {
        const field = document.getElementById('advance--by')
        return [field.value, field.getAttribute('aria-invalid'), document.activeElement === field, !!document.querySelector('#advance--by-wrong')]
      }), ['soon', 'true', true, true])
      // The answer of 422 is in the console, as every refused request is.
      assert.deepEqual(page.problems.filter((problem) => !problem.includes('status of 422')), [])
    }
  })
}

test('a form that is refused without a page says so', { skip }, async () => {
  await fresh()
  const page = await open()
  await page.run(() => {
    const form = document.body.appendChild(document.createElement('form'))
    form.method = 'post'
    form.requestSubmit()
  })
  assert.equal(await page.until('what is wrong', () => document.querySelector('#notice .wrong')?.textContent), 'there is no such form')
  await page.send('Network.setExtraHTTPHeaders', { headers: { 'X-Forwarded-For': '192.0.2.1' } }) // a proxy has come between
  await page.click(button('rules-start'))
  await page.until('the other reason', () => document.querySelector('#notice .wrong')?.textContent.includes('for the machine that the emulator runs on'))
  await page.send('Network.setExtraHTTPHeaders', { headers: {} })
  await press(page, button('rules-start'))
  assert.ok(!(await page.run(() => document.querySelector('#notice .wrong'))), 'it goes when a form is carried out')
})

test('filters are instant, and ask the server for what is not shown', { skip }, async () => {
  await fresh()
  for (let i = 0; i < 40; i++) await emulator.control.addUser({ sub: `many-${i}`, username: `crowd_${i}` })
  const page = await open()
  assert.ok(!(await page.run(() => document.getElementById('u-1'))), 'the oldest user is cut off')
  await page.run(() => document.addEventListener('input', () => (globalThis.left = document.querySelectorAll('#users-rows > li:not([hidden])').length)))
  await page.type('#users input[type=search]', 'user_01')
  assert.equal(await page.run(() => left), 0, 'at once')
  await page.until('the user that was not shown', () => document.getElementById('u-1'))
  assert.match(await page.run(() => location.search), /users=user_01/)
  await page.type('#users input[type=search]', 'nobody at all')
  await page.until('nothing is found', (text) => document.getElementById('users').textContent.includes(text), texts.en.more)
  await page.event('Page.loadEventFired', () => page.click('#language'))
  await page.until('the page in the other language', (text) => document.getElementById('users').textContent.includes(text), texts['zh-CN'].more)
  assert.equal(await page.run(() => document.querySelector('#users input[type=search]').value), 'nobody at all')

  const plain = await open({ script: false, language: 'zh-CN' })
  await plain.type('#users input[type=search]', 'user_01')
  await plain.event('Page.loadEventFired', () => plain.click('#users .filter button'))
  assert.deepEqual(await plain.run(() => [...document.querySelectorAll('#users-rows > li')].map((row) => row.id)), ['u-1'])
  await plain.event('Page.loadEventFired', () => plain.click('#users .filter a'))
  assert.equal(await plain.run(() => document.querySelectorAll('#users-rows > li').length), 30)
  await checkPage(plain)
})

test('buttons copy, the link changes the language, and a request leads to its fault', { skip }, async () => {
  await fresh()
  await auth('verification', { phone_number: '+86 13800000000' })
  const page = await open()
  await page.run(() => { // the moment that "Copied" is shown for ends when the test says so
    globalThis.button = document.querySelector('#inbox-rows .copy')
    globalThis.label = button.textContent
    const wait = setTimeout
    globalThis.setTimeout = (end, ms) => ms === 1500 ? (globalThis.end = end) : wait(end, ms)
  })
  const says = () => page.run(() => button.textContent)
  const heard = () => page.run(() => document.getElementById('copied').textContent)
  await page.click('#inbox-rows .copy')
  await page.until('it says so', (text) => button.textContent === text, texts.en.copied)
  await auth('verification', { email: 'a@b.cn' })
  await page.until('the new message', () => document.querySelectorAll('#inbox-rows .copy').length === 2)
  assert.deepEqual([await says(), await heard()], [texts.en.copied, texts.en.copied], 'a live update does not end it')
  await page.run(() => end())
  assert.deepEqual([await says(), await heard()], [await page.run(() => label), ''])
  assert.equal(await page.run(() => navigator.clipboard.readText()), await emulator.control.code('13800000000'))
  await page.run(() => { // no clipboard
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))
    document.execCommand = () => false
    button.focus = () => (globalThis.tried = new Promise((resolve) => setTimeout(() => resolve(true))))
  })
  await page.click('#inbox-rows > li:last-child .copy')
  await page.until('it was tried', () => globalThis.tried)
  assert.deepEqual([await says(), await heard()], [await page.run(() => label), ''], 'nothing was copied')

  await page.event('Page.loadEventFired', () => page.click('#language'))
  assert.equal(await page.run(() => document.documentElement.lang), 'zh-CN')
  await page.goto(`${emulator.url}/_emulator/`)
  assert.equal(await page.run(() => document.documentElement.lang), 'zh-CN', 'it is remembered')

  await page.until('the request', () => document.querySelector('#requests-rows a[href$="#faults"]'))
  await page.event('Page.loadEventFired', () => page.click('#requests-rows a[href$="#faults"]'))
  assert.deepEqual(await page.run(() => [document.getElementById('add-fault').open, document.getElementById('add-fault--operation').value]), [true, 'verification'])
  await checkPage(page)
})
