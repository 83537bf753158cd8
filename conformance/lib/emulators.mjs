import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, startEmulator } from './emulator.mjs'

// Emulators are the emulators of the flows: one for each set of rules that a flow needs, started when the first flow asks
// for it and reset between flows. program is what build made of the emulator; without it, it is built.
export class Emulators {
  #home
  #program
  #started = new Map() // by the text of the rules

  constructor(program) {
    this.#program = program
  }

  // of returns the emulator with these rules.
  of(rules) {
    const key = JSON.stringify(rules ?? null)
    if (!this.#started.has(key)) this.#started.set(key, this.#start(rules))
    return this.#started.get(key)
  }

  async #start(rules) {
    this.#program ??= this.#build()
    return startEmulator({ rules, program: await this.#program })
  }

  async #build() {
    this.#home = await mkdtemp(join(tmpdir(), 'tcbauth-emulator-'))
    return build('./cmd/tcbauth', this.#home)
  }

  async stop() {
    try {
      await Promise.all([...this.#started.values()].map(async (emulator) => (await emulator).stop()))
    } finally {
      if (this.#home) await rm(this.#home, { recursive: true, force: true })
    }
  }
}
