import test, { after } from 'node:test'
import { flows } from './flows/index.mjs'
import * as clock from './lib/clock.mjs'
import { Context } from './lib/context.mjs'
import { checkCalls, checkOperations, writeOperations } from './lib/coverage.mjs'
import { env, startEmulator } from './lib/emulator.mjs'
import { person, sdk, storage } from './lib/node-sdk.mjs'
import { driven } from './lib/operations.mjs'
import { run } from './lib/run.mjs'
import { signTicket } from './lib/ticket.mjs'

const { url, control, stop } = await startEmulator()
after(stop)
clock.install()
const calls = new Set()
const operations = new Set()

for (const { name, stages } of flows.filter((flow) => flow.where !== 'page')) {
  test(name, { timeout: 60_000 }, async () => {
    await control.reset()
    clock.reset()
    storage.clear()
    const context = new Context({
      sdk, url, env, control, storage, calls, inPage: false,
      ticket: async (uid, over) => signTicket(await control.ticketKey(), uid, over),
    })
    person.solveCaptcha = (captcha) => context.solveCaptcha(captcha)
    await run(context, () => stages[0](context))
    for (const name of driven(await control.requests())) operations.add(name)
  })
}

test('the flows call every method of the js-sdk', () => checkCalls(calls))

test('the flows drive the operations of js-sdk-operations.json', async () => {
  if (process.env.UPDATE === '1') await writeOperations(operations)
  else await checkOperations(operations)
})
