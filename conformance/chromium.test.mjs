import test, { after } from 'node:test'
import { flows } from './flows/index.mjs'
import { findChromium, startChromium } from './lib/chromium.mjs'
import { checkCalls, checkOperations } from './lib/coverage.mjs'
import { env, startEmulator } from './lib/emulator.mjs'
import { startPageServer } from './lib/pageserver.mjs'

const program = findChromium()
if (program) {
  await drive()
} else {
  const why = 'no Chromium: neither CHROMIUM nor chromium, chromium-browser or google-chrome on the PATH. '
    + 'THE JS-SDK WAS NOT DRIVEN IN A PAGE.'
  console.error(why)
  test('the js-sdk in a page', { skip: process.env.REQUIRE_CHROMIUM ? false : why }, () => {
    throw new Error(why)
  })
}

async function drive() {
  const names = flows.filter((flow) => flow.where !== 'node').map((flow) => flow.name)
  const reports = new Map([...names, 'calls'].map((name) => [name, deferred()]))
  const failAll = (error) => reports.forEach((report) => report.reject(error))
  const stalled = () => failAll(new Error('the page has reported nothing for two minutes'))
  let watch = setTimeout(stalled, 120_000)
  const { url, control, stop } = await startEmulator()
  const pages = await startPageServer({
    url, env, control,
    report: (report) => {
      clearTimeout(watch)
      if (!report.calls) watch = setTimeout(stalled, 120_000)
      if (report.fatal) failAll(new Error(report.fatal))
      else reports.get(report.calls ? 'calls' : report.name).resolve(report)
    },
  })
  const browser = await startChromium(program, `${pages.origin}/`, failAll)
  after(async () => {
    clearTimeout(watch)
    await browser.stop()
    await pages.stop()
    await stop()
  })
  const driven = []
  for (const name of names) {
    test(name, async () => {
      const { error, operations } = await reports.get(name).promise
      if (error) throw Object.assign(new Error(error), { stack: error })
      driven.push(...operations)
    })
  }
  test('the flows call every method of the js-sdk in a page', async () => {
    await checkCalls(new Set((await reports.get('calls').promise).calls))
  })
  const skip = process.env.UPDATE === '1' && 'the flows in Node are writing that file' // which may be done before or after
  test('the flows drive the operations of js-sdk-operations.json in a page', { skip }, async () => {
    await checkOperations([...driven, 'GET checkUsername']) // the js-sdk gives this one a body, which browsers refuse
  })
}

function deferred() {
  let settle
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }))
  promise.catch(() => {}) // whoever waits for it hears of it
  return { promise, ...settle }
}
