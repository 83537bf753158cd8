import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { writeDrift } from './drift.mjs'
import { installed } from './sdk.mjs'

const vector = (name) => ({
  name,
  steps: [{ call: 'signIn', args: [], outcome: { result: { sub: 'uid-1' } } }],
  requests: [{ method: 'POST', path: '/auth/v1/signin', origin: 'https://old', body: { a: 1 } }],
  sleeps_ms: [],
  events: ['SIGNED_IN'],
  store_after: { credentials: null },
})

const recording = () => ({
  version: '1.0.0',
  vectors: { vectors: ['a', 'b', 'c', 'd'].map(vector) },
  complaints: [],
  categories: { cases: [{ in: { error: 'x' }, category: 'UNKNOWN' }] },
  methods: { 'app.auth()': ['signIn', 'signOut'] },
})

/** What is written when `edit` makes the newer version out of a copy of the older one. */
function drift(edit) {
  const to = { ...recording(), version: '2.0.0' }
  edit(to)
  return writeDrift(recording(), to)
}

test('versions that do the same are said to', () => {
  const text = drift(() => {})
  assert.match(text, /^# @cloudbase\/js-sdk: from 1\.0\.0 to 2\.0\.0\n/)
  assert.match(text, /Of 4 scenarios, 0 differ and 4 are played alike\./)
  assert.match(text, /The same for all 1 errors\./)
  assert.match(text, /The same names, private ones among them: app\.auth\(\) \(2\)\./)
  assert.doesNotMatch(text, /\|/)
})

const differences = {
  'a request': [
    ({ requests }) => (requests[0].body.a = 2), '| request: body.a (1, POST /auth/v1/signin) | `1` | `2` |',
  ],
  'their number': [({ requests }) => requests.pop(), '| requests | `["POST /auth/v1/signin"]` | `[]` |'],
  'an outcome': [({ steps }) => delete steps[0].outcome.result.sub, '| result.sub (1, signIn) | `"uid-1"` | absent |'],
  'events': [({ events }) => events.push('A|B'), '| events | `["SIGNED_IN"]` | `["SIGNED_IN","A\\|B"]` |'],
  'waits': [({ sleeps_ms }) => sleeps_ms.push(1000), '| waits, in ms | `[]` | `[1000]` |'],
  'the store': [({ store_after }) => (store_after.credentials = {}), '| store: credentials | `null` | `{}` |'],
}
for (const [what, [edit, row]] of Object.entries(differences)) {
  test(`a difference in ${what} is told with its scenario`, () => {
    const text = drift(({ vectors }) => edit(vectors.vectors[1]))
    assert.ok(text.includes(`\n## b\n\n| what | 1.0.0 | 2.0.0 |\n| --- | --- | --- |\n${row}\n`), text)
    assert.match(text, /Of 4 scenarios, 1 differ and 3 are played alike\./)
  })
}

test('what many scenarios do otherwise is told once', () => {
  const text = drift(({ vectors }) => {
    for (const one of vectors.vectors.slice(1)) one.requests[0].origin = 'https://new'
    vectors.vectors[0].events = []
  })
  assert.ok(text.includes('| request: origin | `"https://old"` | `"https://new"` | b, c, d |'), text)
  assert.ok(text.includes('\n## a\n'), text)
  assert.doesNotMatch(text, /\n## [bcd]\n/)
})

test('scenarios that do not fit, categories and methods are told', () => {
  const text = drift((to) => {
    to.complaints = ['a: signIn never finishes']
    to.categories.cases[0].category = 'NEW'
    to.methods = { 'app.auth()': ['signIn', 'signUp'] }
  })
  assert.ok(text.includes('\n## Scenarios that do not fit 2.0.0\n\n- a: signIn never finishes\n'), text)
  assert.ok(text.includes('| `{"error":"x"}` | category | `"UNKNOWN"` | `"NEW"` |'), text)
  assert.ok(text.includes('| app.auth() | `signOut` | `signUp` |'), text)
})

test('DRIFT.md starts from the installed version', () => {
  const [title] = readFileSync(new URL('../DRIFT.md', import.meta.url), 'utf8').split('\n')
  assert.match(title, /^# @cloudbase\/js-sdk: from (\S+) to (\S+)$/)
  const [, from, to] = /from (\S+) to (\S+)/.exec(title)
  assert.equal(from, installed().version)
  assert.notEqual(to, from)
})
