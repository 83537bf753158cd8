// Control is the emulator's control interface, below /_emulator/.
export class Control {
  // base is the emulator's URL, or '' in a page, whose own server passes these calls on.
  constructor(base) {
    this.base = base
  }

  async call(method, path, body) {
    const response = await fetch(`${this.base}/_emulator/${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} /_emulator/${path}: HTTP ${response.status}: ${text}`)
    return JSON.parse(text)
  }

  reset() {
    return this.call('POST', 'reset')
  }

  advance(seconds) {
    return this.call('POST', 'clock', { advance: `${seconds}s` })
  }

  // code returns the newest code that was sent to an address. It waits for the first one.
  async code(to) {
    const { messages } = await this.call('GET', `inbox?wait=5s&to=${encodeURIComponent(to)}`)
    if (messages.length === 0) throw new Error(`no code was sent to ${to}`)
    return messages[0].code
  }

  async messages(to) {
    const { messages } = await this.call('GET', `inbox?to=${encodeURIComponent(to)}`)
    return messages
  }

  fixCode(to, code) {
    return this.call('POST', 'codes', { to, code })
  }

  addUser(user) {
    return this.call('POST', 'users', user)
  }

  async users() {
    return (await this.call('GET', 'users')).users
  }

  fault(fault) {
    return this.call('POST', 'faults', fault)
  }

  requireCaptcha(...operations) {
    return this.call('POST', 'captchas', { operations })
  }

  // captchaAnswer returns what a person reads in the picture with this token, or in the newest one.
  async captchaAnswer(token) {
    const { captchas } = await this.call('GET', 'captchas')
    const found = token === undefined ? captchas[0] : captchas.find((captcha) => captcha.token === token)
    if (!found) throw new Error('no captcha is shown')
    return found.answer
  }

  // providerCode is the code that a third party gives a client for a person.
  async providerCode(person) {
    return (await this.call('POST', 'provider-codes', person)).code
  }

  approveDevice(userCode, sub) {
    return this.call('POST', 'devices', { user_code: userCode, sub })
  }

  denyDevice(userCode) {
    return this.call('POST', 'devices', { user_code: userCode, deny: true })
  }

  // scanQRCode is a person who scans a picture with a mini program.
  scanQRCode(id, sub, name) {
    return this.call('POST', 'qrcodes', { qr_code_id: id, sub, name })
  }

  ticketKey() {
    return this.call('GET', 'ticket-key')
  }

  rotateKeys() {
    return this.call('POST', 'keys')
  }

  // requests are the auth API's so far, oldest first; of one operation if it is named.
  async requests(operation) {
    const query = operation === undefined ? '' : `?operation=${encodeURIComponent(operation)}`
    return (await this.call('GET', `requests${query}`)).requests
  }
}
