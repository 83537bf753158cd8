// Drives every flow with one version of the js-sdk, in a process of its own: what a version leaves behind does not meet
// another one. node drive.mjs VERSION WHERE EMULATOR prints the outcomes as JSON; EMULATOR is the emulator's program.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { flows } from '../flows/index.mjs'
import { bundle } from '../lib/bundle.mjs'
import { findChromium } from '../lib/chromium.mjs'
import { Emulators } from '../lib/emulators.mjs'
import { NodeFlows } from '../lib/nodeflows.mjs'
import { PageFlows } from '../lib/pageflows.mjs'
import { withVersion } from '../lib/versions.mjs'
import { reason } from './reason.mjs'

const patience = 60_000

/** Calls `use` with the emulators, and stops them. */
async function withEmulators(program, use) {
  const emulators = new Emulators(program)
  try {
    return await use(emulators)
  } finally {
    await emulators.stop()
  }
}

async function inNode(sdk, emulators) {
  const home = await mkdtemp(join(tmpdir(), 'js-sdk-bundle-'))
  try {
    const entry = join(home, 'sdk.cjs')
    await writeFile(entry, await bundle(sdk, 'cjs'))
    const node = new NodeFlows(entry, emulators, sdk.habits)
    const outcomes = {}
    for (const flow of flows.filter((flow) => flow.where !== 'page')) {
      await emulators.of(flow.rules)
      let timer
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('the flow does not come to an end')), patience)
      })
      outcomes[flow.name] = await Promise.race([node.run(flow), late]).then(() => 'passed', (error) => reason(error.message))
      clearTimeout(timer)
    }
    return outcomes
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function inPage(sdk, emulators) {
  const program = findChromium()
  if (!program) throw new Error('no Chromium: set CHROMIUM, or put chromium on the PATH')
  const page = await PageFlows.start({ program, sdk: await bundle(sdk, 'esm'), habits: sdk.habits, emulators })
  try {
    const outcomes = {}
    for (const name of page.names) {
      const { error } = await page.report(name)
      outcomes[name] = error === undefined ? 'passed' : reason(error)
    }
    return outcomes
  } finally {
    await page.stop()
  }
}

process.once('SIGTERM', () => process.exit(1)) // which ends the emulator and Chromium
process.on('unhandledRejection', () => {}) // of the js-sdk, after a flow that it has failed
const [version, where, program] = process.argv.slice(2)
const outcomes = await withVersion(version, (sdk) =>
  withEmulators(program, (emulators) => (where === 'node' ? inNode : inPage)(sdk, emulators)))
await new Promise((resolve) => process.stdout.write(JSON.stringify(outcomes), resolve))
process.exit() // what the js-sdk still waits for is of no interest
