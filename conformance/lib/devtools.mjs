import { startChromium } from './chromium.mjs'

// A client of the DevTools protocol, as far as the test of the emulator's page needs it. The browser is spoken to through two
// pipes, so that no port and no WebSocket is needed, which Node 20 has not.

// startBrowser starts Chromium and opens pages in it. onEnd is called if it ends by itself.
export async function startBrowser(program, onEnd) {
  const waiting = new Map()
  const pages = new Map() // that are open, by session
  const contexts = [] // of these
  let last = 0
  const browser = await startChromium(program, 'about:blank', (error) => {
    for (const { reject } of waiting.values()) reject(error)
    onEnd(error)
  }, { devtools: true })
  let rest = ''
  browser.devtools.read.setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop()
    for (const message of messages.map((one) => JSON.parse(one))) {
      const call = waiting.get(message.id)
      waiting.delete(message.id)
      if (!call) pages.get(message.sessionId)?.heard(message)
      else if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`))
      else call.resolve(message.result)
    }
  })
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    waiting.set(++last, { method, resolve, reject })
    browser.devtools.write.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`)
  })

  return {
    // open opens a page in a context of its own: nothing is shared with other pages.
    async open() {
      const { browserContextId } = await send('Target.createBrowserContext')
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const page = new Page((method, params) => send(method, params, sessionId))
      pages.set(sessionId, page)
      contexts.push(browserContextId)
      for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.send(`${domain}.enable`)
      await page.send('Emulation.setFocusEmulationEnabled', { enabled: true }) // beside other pages
      await send('Browser.grantPermissions', { permissions: ['clipboardReadWrite', 'clipboardSanitizedWrite'], browserContextId })
      return page
    },
    // closePages closes all pages, which would go on following the emulator.
    async closePages() {
      pages.clear()
      for (const browserContextId of contexts.splice(0)) await send('Target.disposeBrowserContext', { browserContextId })
    },
    stop: () => browser.stop(),
  }
}

const limit = 60_000 // ms, for what takes a moment where nothing else is done

// Page is one page, and notes what it requests and what goes wrong in it.
export class Page {
  requests = [] // URLs
  problems = [] // uncaught errors, and what the console was told of
  #waits = new Set()
  #script = true

  constructor(send) {
    this.send = send
  }

  heard({ method, params }) {
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url)
    if (method === 'Runtime.exceptionThrown') this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.problems.push(`${params.entry.text} ${params.entry.url ?? ''}`)
    for (const wait of this.#waits) wait(method)
  }

  // event waits for an event of the page, which begin makes happen.
  async event(name, begin) {
    let wait
    const happened = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${name} in ${limit} ms`)), limit)
      wait = (method) => {
        if (method !== name) return
        clearTimeout(timer)
        resolve()
      }
      this.#waits.add(wait)
    })
    try {
      await Promise.all([begin(), happened])
    } finally {
      this.#waits.delete(wait)
    }
  }

  goto(url) {
    return this.event('Page.loadEventFired', () => this.send('Page.navigate', { url }))
  }

  // withoutScript switches the page's own script off, from the next load on.
  withoutScript() {
    this.#script = false
    return this.send('Emulation.setScriptExecutionDisabled', { value: true })
  }

  get hasScript() {
    return this.#script
  }

  // look sets the width in CSS pixels, and whether the user likes it dark.
  async look({ width, dark = false }) {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 })
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
  }

  speaks(language) {
    return this.send('Emulation.setUserAgentOverride', { userAgent: 'conformance', acceptLanguage: language })
  }

  // run calls a function in the page, also if the page's own script is off.
  async run(code, ...args) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression: `(${code})(...${JSON.stringify(args)})`, returnByValue: true, awaitPromise: true, userGesture: true,
    })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  // until waits for a function in the page to return something true, and returns it.
  async until(what, code, ...args) {
    const end = performance.now() + limit
    for (;;) {
      const value = await this.run(code, ...args)
      if (value) return value
      if (performance.now() > end) throw new Error(`not seen in ${limit} ms: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  // click clicks what a selector finds, as a mouse does, with everything around it unfolded. What has moved away meanwhile is
  // aimed at again.
  async click(selector) {
    const end = performance.now() + limit
    for (;;) {
      const at = await this.aim(selector)
      await this.mouse('mousePressed', at)
      const hit = await this.run((wanted) => document.querySelector(wanted)?.matches(':active'), selector)
      await this.mouse('mouseReleased', hit ? at : { x: 0, y: 0 }) // which is no click elsewhere
      if (hit) return
      if (performance.now() > end) throw new Error(`covered: ${selector}`)
    }
  }

  // aim is where a mouse clicks what a selector finds.
  aim(selector) {
    return this.run((wanted) => {
      const element = document.querySelector(wanted)
      if (!element) throw new Error(`nothing to click: ${wanted}`)
      for (let box = element.parentElement?.closest('details'); box; box = box.parentElement.closest('details')) {
        if (element.tagName !== 'SUMMARY' || element.parentElement !== box) box.open = true
      }
      element.scrollIntoView({ block: 'center', behavior: 'instant' })
      const { x, y, width, height } = element.getBoundingClientRect()
      return { x: x + width / 2, y: y + height / 2 }
    }, selector)
  }

  // mouse presses or releases the left button.
  mouse(type, at) {
    return this.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 })
  }

  // type puts a text into the field that a selector finds, by the keyboard, in place of what is there.
  async type(selector, text) {
    await this.run((wanted) => {
      const element = document.querySelector(wanted)
      if (!element) throw new Error(`nothing to type into: ${wanted}`)
      for (let box = element.closest('details'); box; box = box.parentElement.closest('details')) box.open = true
      element.focus()
      element.select()
    }, selector)
    await this.send(text ? 'Input.insertText' : 'Input.dispatchKeyEvent', text ? { text } : { type: 'keyDown', key: 'Delete', windowsVirtualKeyCode: 46 })
  }

  // picture is a PNG of the whole page.
  async picture() {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true })
    return Buffer.from(data, 'base64')
  }
}
