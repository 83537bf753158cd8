import { flows } from '../flows/index.mjs'
import { startChromium } from './chromium.mjs'
import { startPageServer } from './pageserver.mjs'

const patience = 120_000

// PageFlows runs all flows for pages in Chromium, one after the other.
export class PageFlows {
  names = flows.filter((flow) => flow.where !== 'node').map((flow) => flow.name)
  #reports = new Map([...this.names, 'calls'].map((name) => [name, deferred()]))
  #timer

  // start opens the page in a program, with the js-sdk in the form of an ES module and the habits of its version.
  static async start({ program, sdk, habits, emulators }) {
    const flows = new PageFlows()
    for (const { promise } of flows.#reports.values()) promise.catch(() => {}) // whoever waits for it hears of it
    await emulators.of() // which may have to be built first
    flows.#wait()
    flows.server = await startPageServer({ sdk, habits, emulators, report: (report) => flows.#take(report) })
    flows.browser = await startChromium(program, `${flows.server.origin}/`, (error) => flows.#fail(error))
    return flows
  }

  // report is what the page says of a flow, { error, operations }, or of the js-sdk's methods that were called, 'calls'.
  report(name) {
    return this.#reports.get(name).promise
  }

  async stop() {
    clearTimeout(this.#timer)
    await this.browser.stop()
    await this.server.stop()
  }

  #take(report) {
    clearTimeout(this.#timer)
    if (!report.calls) this.#wait()
    if (report.fatal) this.#fail(new Error(report.fatal))
    else this.#reports.get(report.calls ? 'calls' : report.name).resolve(report)
  }

  #wait() {
    this.#timer = setTimeout(() => this.#fail(new Error('the page has reported nothing for two minutes')), patience)
  }

  #fail(error) {
    for (const { reject } of this.#reports.values()) reject(error)
  }
}

function deferred() {
  let settle
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }))
  return { promise, ...settle }
}
