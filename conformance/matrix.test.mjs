// MATRIX.md says what is: it has the flows and the versions that there are, and the installed versions go as it says.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { flows } from './flows/index.mjs'
import { findChromium } from './lib/chromium.mjs'
import { installed, versions } from './lib/versions.mjs'
import { reason } from './matrix/reason.mjs'
import { outcomesOf } from './matrix/run.mjs'
import { difference, parse, render } from './matrix/table.mjs'

const page = await readFile(new URL('MATRIX.md', import.meta.url), 'utf8')
const remedy = 'MATRIX.md is stale: write it with npm run matrix'

test('MATRIX.md has every flow and every version, and nothing else', () => {
  assert.equal(difference(page, render(parse(page, flows), flows, versions())), '', remedy)
})

test('every flow passes with the version that this repository follows', () => {
  // which node.test.mjs and chromium.test.mjs see
  const [{ version }] = installed()
  const { node, page: inPage } = parse(page, flows)[version]
  const failed = Object.entries({ ...node, ...inPage }).filter(([, outcome]) => outcome !== 'passed')
  assert.deepEqual(failed, [], remedy)
})

for (const { version } of installed().slice(1)) {
  for (const place of ['node', 'page']) {
    const skip = place === 'page' && !findChromium() && !process.env.REQUIRE_CHROMIUM && 'no Chromium'
    test(`${version} goes as MATRIX.md says (${place})`, { skip }, async () => {
      const outcomes = parse(page, flows)
      const driven = await outcomesOf([version], [place])
      outcomes[version][place] = driven[version][place]
      assert.equal(difference(page, render(outcomes, flows, versions())), '', remedy)
    })
  }
}

test('a page that is read and written again is the same', () => {
  const two = [{ name: 'a: x' }, { name: 'b: y', where: 'page' }, { name: 'c: z', where: 'node' }]
  const outcomes = {
    '1.0.0': { node: { 'a: x': 'passed', 'c: z': 'why' }, page: { 'a: x': 'why', 'b: y': 'passed' } },
    '2.0.0': { node: { 'a: x': 'other', 'c: z': 'passed' }, page: { 'a: x': 'other', 'b: y': 'why' } },
  }
  const text = render(outcomes, two, ['1.0.0', '2.0.0'])
  assert.match(text, /^\| a: x \| ✓ \/ 1 \| 2 \|$/m)
  assert.deepEqual(parse(text, two), outcomes)
  assert.match(render(parse(text, two), [...two, { name: 'd: new' }], ['1.0.0', '2.0.0', '3.0.0']), /^\| d: new \| \? \| \? \| \? \|$/m)
})

test('a reason has nothing that changes from run to run', () => {
  const token = `eyJ${'a'.repeat(30)}.e30.x`
  assert.equal(reason(`no http://127.0.0.1:4711/ ${token} at 2026-01-02T03:04:05.678Z\n    more`), 'no http://127.0.0.1:PORT/ TOKEN at TIME')
  assert.equal(reason('the id is 1234567890123456789, want 1000000000000000001'), 'the id is ID, want 1000000000000000001')
  assert.equal(reason('x'.repeat(500)).length, 183)
})
