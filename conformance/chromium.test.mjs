import test, { after } from 'node:test'
import { bundle } from './lib/bundle.mjs'
import { findChromium } from './lib/chromium.mjs'
import { checkCalls, checkOperations } from './lib/coverage.mjs'
import { Emulators } from './lib/emulators.mjs'
import { PageFlows } from './lib/pageflows.mjs'
import { installed } from './lib/versions.mjs'

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
  const emulators = new Emulators()
  const page = await PageFlows.start({ program, sdk: await bundle(installed()[0], 'esm'), emulators })
  after(async () => {
    await page.stop()
    await emulators.stop()
  })
  const driven = []
  for (const name of page.names) {
    test(name, async () => {
      const { error, operations } = await page.report(name)
      if (error) throw Object.assign(new Error(error), { stack: error })
      driven.push(...operations)
    })
  }
  test('the flows call every method of the js-sdk in a page', async () => {
    await checkCalls(new Set((await page.report('calls')).calls))
  })
  const skip = process.env.UPDATE === '1' && 'the flows in Node are writing that file' // which may be done before or after
  test('the flows drive the operations of js-sdk-operations.json in a page', { skip }, async () => {
    await checkOperations([...driven, 'GET checkUsername']) // the js-sdk gives this one a body, which browsers refuse
  })
}
