// The page that the SDK finds in a realm (realm.mjs): what it looks for in a browser, but with a clock that moves only
// when a scenario says so, timers that take no time, storage that is empty at first, and a fetch that answers from a
// script and keeps what it was asked.

'use strict'

const IDLE_TURNS = 10 // turns of the event loop without a timer, after which an unfinished call will never finish

/** A Date whose present is what `present` returns. */
function dateAt(present) {
  return class Date extends globalThis.Date {
    constructor(...args) {
      super(...(args.length > 0 ? args : [present()]))
    }

    static now() {
      return present()
    }
  }
}

/** Timers that fire one at a time, in the order in which they are due. */
class Timers {
  waits = [] // what was asked for, in milliseconds
  #pending = []
  #time = 0 // of the timers only: they do not move the clock
  #last = 0

  set(callback, ms = 0, ...args) {
    const id = ++this.#last
    this.waits.push(ms)
    this.#pending.push({ id, due: this.#time + ms, fire: () => callback(...args) })
    this.#pending.sort((a, b) => a.due - b.due || a.id - b.id)
    return id
  }

  clear(id) {
    this.#pending = this.#pending.filter((timer) => timer.id !== id)
  }

  /** Fires the next one, if there is one. */
  fireNext() {
    const timer = this.#pending.shift()
    if (!timer) return false
    this.#time = timer.due
    timer.fire()
    return true
  }
}

/** As much of a browser's localStorage as the SDK uses. */
class MemoryStorage {
  #items = new Map()

  getItem(key) {
    return this.#items.get(key) ?? null
  }

  setItem(key, value) {
    this.#items.set(key, String(value))
  }

  removeItem(key) {
    this.#items.delete(key)
  }
}

/** The scripted server: one answer for each request, in order. */
class Server {
  requests = []
  unanswered = [] // requests for which no answer was left
  #ids = []

  constructor(responses) {
    this.left = [...responses]
  }

  async fetch(url, { method = 'GET', headers = {}, body } = {}) {
    this.#keep(method, new URL(url), headers, body)
    if (this.left.length === 0) {
      this.unanswered.push(`${method} ${url}`)
      throw new TypeError('no scripted answer is left')
    }
    const { status = 200, body: json, raw, network } = this.left.shift()
    if (network !== undefined) throw new TypeError(network)
    const text = raw ?? JSON.stringify(json)
    const type = raw === undefined ? 'application/json' : 'text/html'
    return {
      ok: status < 400,
      status,
      headers: { get: (name) => (name.toLowerCase() === 'content-type' ? type : null) },
      text: async () => text,
      json: async () => JSON.parse(text),
    }
  }

  #keep(method, url, headers, body) {
    const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    const id = sent.get('x-request-id')
    const first = this.#ids.indexOf(id)
    this.#ids.push(id)
    this.requests.push({
      method,
      origin: url.origin,
      path: url.pathname,
      query: url.search.slice(1),
      authorization: sent.get('authorization') ?? null,
      language: sent.get('accept-language') ?? null,
      device_id: sent.get('x-device-id') ?? null,
      same_request_id_as: first < 0 ? null : first,
      body: body ? JSON.parse(body) : null,
    })
  }
}

/**
 * Makes this realm a page, before the SDK is loaded.
 *
 * @param {string} clock the time at first
 * @param {object[]} responses the script
 * @param {() => Promise<void>} turn waits for the event loop's next turn
 */
exports.openPage = (clock, responses, turn) => {
  let now = Date.parse(clock)
  const timers = new Timers()
  const storage = new MemoryStorage()
  const server = new Server(responses)
  Object.assign(globalThis, {
    window: globalThis,
    self: globalThis,
    Date: dateAt(() => now),
    setTimeout: (...args) => timers.set(...args),
    clearTimeout: (id) => timers.clear(id),
    localStorage: storage,
    fetch: (...args) => server.fetch(...args),
    WebSocket: class {}, // the SDK names it when it starts; auth does not use it
  })

  /** Waits until nothing is left to do; false if the promise is still open then. */
  const settle = async (promise) => {
    let open = true
    const close = () => (open = false)
    promise.then(close, close)
    for (let idle = 0; idle < IDLE_TURNS; idle++) {
      await turn()
      if (timers.fireNext()) idle = -1
      else if (!open) return true
    }
    return false
  }
  const advance = ({ seconds }) => {
    now += seconds * 1000
  }
  return { timers, storage, server, settle, advance }
}
