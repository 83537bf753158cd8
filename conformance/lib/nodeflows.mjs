import * as clock from './clock.mjs'
import { Context } from './context.mjs'
import { env } from './emulator.mjs'
import { load, person, storage } from './node-sdk.mjs'
import { driven } from './operations.mjs'
import { run } from './run.mjs'
import { signTicket } from './ticket.mjs'

// NodeFlows runs flows in this process with the js-sdk of a CommonJS file. habits are those of its version
// (versions.mjs).
export class NodeFlows {
  calls = new Set() // the methods of the js-sdk that the flows have called

  constructor(entry, emulators, habits) {
    Object.assign(this, { entry, emulators, habits, sdk: load(entry) })
    clock.install()
  }

  // run runs a flow and returns the operations that it has driven.
  async run({ rules, stages }) {
    const { url, control } = await this.emulators.of(rules)
    await control.reset()
    clock.reset()
    storage.clear()
    const context = new Context({
      sdk: this.sdk, habits: this.habits, url, env, control, storage, calls: this.calls, inPage: false,
      openTab: async () => load(this.entry),
      ticket: async (uid, over) => signTicket(await control.ticketKey(), uid, over),
    })
    person.solveCaptcha = (captcha) => context.solveCaptcha(captcha)
    await run(context, () => stages[0](context))
    return driven(await control.requests())
  }
}
