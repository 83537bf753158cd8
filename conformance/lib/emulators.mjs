import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, startEmulator } from './emulator.mjs'

// Emulators are the emulators of the flows: one for each set of rules that a flow needs, started when the first flow asks
// for it and reset between flows.
export class Emulators {
  #home
  #program
  #started = new Map() // by the text of the rules

  // of returns the emulator with these rules.
  of(rules) {
    const key = JSON.stringify(rules ?? null)
    if (!this.#started.has(key)) this.#started.set(key, this.#start(rules))
    return this.#started.get(key)
  }

  async #start(rules) {
    this.#home ??= mkdtemp(join(tmpdir(), 'tcbauth-emulator-'))
    this.#program ??= this.#home.then((home) => build('./cmd/tcbauth', home))
    return startEmulator({ rules, program: await this.#program })
  }

  async stop() {
    try {
      await Promise.all([...this.#started.values()].map(async (emulator) => (await emulator).stop()))
    } finally {
      if (this.#home) await rm(await this.#home, { recursive: true, force: true })
    }
  }
}
