import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { flows } from './flows/index.mjs'
import { checkCalls, checkOperations, writeOperations } from './lib/coverage.mjs'
import { build } from './lib/emulator.mjs'
import { Emulators } from './lib/emulators.mjs'
import { NodeFlows } from './lib/nodeflows.mjs'
import { installed } from './lib/versions.mjs'

const home = await mkdtemp(join(tmpdir(), 'tcbauth-node-'))
const emulators = new Emulators(await build('./cmd/tcbauth', home)) // which takes longer than a test may
after(async () => {
  await emulators.stop()
  await rm(home, { recursive: true, force: true })
})
const node = new NodeFlows(installed()[0].entry, emulators)
const operations = new Set()

for (const flow of flows.filter((flow) => flow.where !== 'page')) {
  test(flow.name, { timeout: 60_000 }, async () => {
    for (const name of await node.run(flow)) operations.add(name)
  })
}

test('the flows call every method of the js-sdk', () => checkCalls(node.calls))

test('the flows drive the operations of js-sdk-operations.json', async () => {
  if (process.env.UPDATE === '1') await writeOperations(operations)
  else await checkOperations(operations)
})
