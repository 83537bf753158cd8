import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'

import { survey } from './categories.mjs'
import { compareRecordings, report } from './compare.mjs'
import { scenarios } from './scenarios/index.mjs'
import { generations, installed } from './sdk.mjs'
import { recordVectors } from './vectors.mjs'

const committed = (name) => readFileSync(new URL(`../../testdata/wire/${name}`, import.meta.url), 'utf8')
const scenario = (name) => scenarios.find((one) => one.name === name)

let vectors
let complaints
before(async () => {
  ({ vectors, complaints } = await recordVectors(installed(), scenarios))
})

/** The bytes, but with a message for a person. */
function assertCommitted(recording, name) {
  const found = compareRecordings(recording, JSON.parse(committed(name)))
  assert.equal(report(found, 'recorded', 'committed'), '')
  assert.ok(`${JSON.stringify(recording, null, 1)}\n` === committed(name), `${name} has other keys in other places`)
}

test('the vectors come out as they are committed', () => {
  assert.deepEqual(complaints, [])
  assertCommitted(vectors, installed().file)
})

for (const sdk of generations().slice(1)) {
  test(`the vectors of ${sdk.version} come out as they are committed`, async () => {
    const recorded = await recordVectors(sdk, scenarios)
    assert.deepEqual(recorded.complaints, [])
    assertCommitted(recorded.vectors, sdk.file)
  })
}

test('the categories come out as they are committed', async () => {
  assertCommitted((await survey(installed())).categories, 'categories.json')
})

/** In which vector, where, and how. */
const tamper = {
  'a body': ['signIn/password', 'requests[0].body.password', ({ requests }) => (requests[0].body.password = 'other')],
  'a field more': ['verify/ok', 'requests[0].body.more', ({ requests }) => (requests[0].body.more = null)],
  'a request less': ['signIn/password', 'requests[1]', ({ requests }) => requests.pop()],
  'an outcome': ['queryUser', 'steps[0].outcome.result.total', ({ steps }) => (steps[0].outcome.result.total = '1')],
  'an event': ['setSession', 'events[1]', ({ events }) => events.pop()],
  'a wait': ['network/unreachable-gives-up', 'sleeps_ms[0]', (vector) => (vector.sleeps_ms[0] = 999)],
  'the store': ['signIn/v2', 'store_after.captcha', ({ store_after }) => (store_after.captcha = {})],
  'a script': ['verify/ok', 'responses[0].body.expires_in', ({ responses }) => (responses[0].body.expires_in = 1)],
}
for (const [what, [name, path, edit]] of Object.entries(tamper)) {
  test(`${what} that was tampered with is found`, () => {
    const other = JSON.parse(JSON.stringify(vectors)) // vectors share what is the same in them
    edit(other.vectors.find((vector) => vector.name === name))
    const found = compareRecordings(vectors, other)
    assert.deepEqual(found.map((one) => [one.name, one.path]), [[name, path]])
  })
}

test('a vector that is missing, twice there, or elsewhere is found', () => {
  const [first, second, ...rest] = vectors.vectors
  for (const other of [[second, ...rest], [first, second, ...rest, second], [second, first, ...rest]]) {
    assert.notDeepEqual(compareRecordings(vectors, { ...vectors, vectors: other }), [])
  }
})

test('another clock, environment or SDK is found', () => {
  for (const key of ['sdk', 'clock', 'env', 'device_id']) {
    const found = compareRecordings(vectors, { ...vectors, [key]: 'other' })
    assert.deepEqual(found.map(({ path }) => path), [key])
  }
})

test('a script that is too short is complained of', async () => {
  const { responses, ...rest } = scenario('signIn/password')
  const short = await recordVectors(installed(), [{ ...rest, responses: responses.slice(0, 1) }])
  assert.match(short.complaints[0], /^signIn\/password: no scripted answer is left for GET https:\S+\/user\/me$/)
})

test('a script that is too long is complained of', async () => {
  const { responses, ...rest } = scenario('verify/ok')
  const long = await recordVectors(installed(), [{ ...rest, responses: [...responses, ...responses] }])
  assert.deepEqual(long.complaints, ['verify/ok: scripted answers left over: 1'])
})

test('a call that never finishes is complained of', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'record-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const entry = join(dir, 'sdk.js')
  writeFileSync(entry, `exports.init = () => ({
    auth: { config: { eventBus: { on() {} } }, wait: () => new Promise(() => {}) },
    oauthInstance: { authApi: {} },
  })`)
  const stuck = await recordVectors({ version: '0.0.0', entry }, [{ name: 'stuck', steps: [['wait']], responses: [] }])
  assert.deepEqual(stuck.complaints, ['stuck: wait never finishes'])
})

test('scenarios leave nothing behind for the next one', async () => {
  const played = ['init/language', 'signIn/password', 'verify/ok', 'getAccessToken/none'].map(scenario)
  const recorded = (await recordVectors(installed(), played)).vectors.vectors
  for (const one of recorded) assert.deepEqual(one, vectors.vectors.find(({ name }) => name === one.name))
})
