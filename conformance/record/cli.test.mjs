import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { main } from './cli.mjs'
import { scenarios } from './scenarios/index.mjs'
import { generations, installed, vectorsOf } from './sdk.mjs'

const WIRE = new URL('../../testdata/wire/', import.meta.url)
const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url))

async function command(args, others) {
  const [printed, complained] = [[], []]
  const into = (lines) => (text) => lines.push(text)
  const status = await main(args, { print: into(printed), complain: into(complained), ...others })
  return { status, printed: printed.join('\n'), complained: complained.join('\n') }
}

function directory(t) {
  const dir = mkdtempSync(join(tmpdir(), 'record-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

/** Puts a program called npm before the real one, and makes it use a temporary directory that the test sees. */
function fakeNPM(t, script) {
  const [bin, temporary] = [directory(t), directory(t)]
  const npm = join(bin, 'npm')
  writeFileSync(npm, `#!/bin/sh\n${script}\n`)
  chmodSync(npm, 0o755)
  const { PATH, TMPDIR } = process.env
  Object.assign(process.env, { PATH: `${bin}${delimiter}${PATH}`, TMPDIR: temporary })
  t.after(() => {
    process.env.PATH = PATH
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  return temporary
}

test('without arguments, says that the vectors of every generation are equal', async () => {
  const equal = generations().map(({ version }) => `${scenarios.length} vectors of ${version}, equal`)
  assert.equal(equal.length, 2)
  assert.deepEqual(await command([]), { status: 0, printed: equal.join('\n'), complained: '' })
})

test('one generation that differs is enough for the status', async (t) => {
  const dir = directory(t)
  for (const { file } of generations()) copyFileSync(new URL(file, WIRE), join(dir, file))
  const [older, newer] = generations()
  const other = JSON.parse(readFileSync(join(dir, newer.file), 'utf8'))
  other.env = 'env-2'
  writeFileSync(join(dir, newer.file), JSON.stringify(other))
  const { status, printed } = await command([], { committed: pathToFileURL(`${dir}/`) })
  assert.equal(status, 1)
  assert.ok(printed.startsWith(`${scenarios.length} vectors of ${older.version}, equal\n`), printed)
  assert.ok(printed.endsWith(`${scenarios.length} vectors of ${newer.version}, differences: 1`), printed)
})

for (const { version } of generations()) {
  test(`${version}, which is installed, needs no npm and is compared with its own vectors`, async (t) => {
    fakeNPM(t, 'exit 1')
    const { status, printed } = await command(['--version', version])
    assert.deepEqual([status, printed], [0, `${scenarios.length} vectors of ${version}, equal`])
  })
}

test('the vectors of a generation are those of its first number', () => {
  const files = ['2.32.0', '2.99.1', '3.7.0', '3.8.0-beta.1', '30.0.0', '4.0.0'].map(vectorsOf)
  const [older, newer] = ['vectors.json', 'vectors-3.json']
  assert.deepEqual(files, [older, older, newer, newer, older, older])
})

test('a difference is shown, and the status is 1', async (t) => {
  const dir = directory(t)
  const categories = JSON.parse(readFileSync(new URL('categories.json', WIRE), 'utf8'))
  categories.cases[0].category = 'UNKNOWN'
  writeFileSync(join(dir, 'categories.json'), JSON.stringify(categories))
  const { status, printed } = await command(['--categories'], { committed: pathToFileURL(`${dir}/`) })
  assert.equal(status, 1)
  assert.equal(printed, [
    '{"error":"unauthenticated","error_description":"x"}: category',
    '  recorded   "INVALID_CREDENTIALS"',
    '  committed  "UNKNOWN"',
    `90 categories of ${installed().version}, differences: 1`,
  ].join('\n'))
})

test('--out writes the committed file', async (t) => {
  const out = join(directory(t), 'categories.json')
  assert.deepEqual(await command(['--categories', '--out', out]), { status: 0, printed: '', complained: '' })
  assert.equal(readFileSync(out, 'utf8'), readFileSync(new URL('categories.json', WIRE), 'utf8'))
})

test('another version comes from npm, into a directory that does not stay', async (t) => {
  const file = join(directory(t), 'DRIFT.md')
  const temporary = fakeNPM(t, `echo "$@" >"$0.args"; ln -s '${MODULES}' "$3/node_modules"`)
  const played = scenarios.slice(0, 3)
  const { status, complained } = await command(['--version', '9.9.9', '--drift', file], { played })
  assert.deepEqual([status, complained], [0, ''])
  assert.match(readFileSync(file, 'utf8'), /Of 3 scenarios, 0 differ and 3 are played alike\./)
  const [bin] = process.env.PATH.split(delimiter)
  const args = readFileSync(join(bin, 'npm.args'), 'utf8')
  assert.match(args, /^install --prefix \S+ --ignore-scripts .*@cloudbase\/js-sdk@9\.9\.9\n$/)
  assert.deepEqual(readdirSync(temporary), [])
  assert.ok(readdirSync(MODULES).length > 0)
})

test('what npm says against a version is passed on', async (t) => {
  const temporary = fakeNPM(t, 'echo No matching version >&2; exit 1')
  const { status, complained } = await command(['--version', '9.9.9'])
  assert.equal(status, 1)
  assert.match(complained, /No matching version/)
  assert.deepEqual(readdirSync(temporary), [])
})

test('--help says how', async () => {
  const { status, printed } = await command(['--help'])
  assert.equal(status, 0)
  const options = ['version', 'categories', 'out', 'drift', 'help']
  for (const name of options) assert.match(printed, new RegExp(`\\n  --${name} `))
})

const wrong = {
  'an unknown option': ['--nope'],
  'a file without an option': ['vectors.json'],
  'an option without its value': ['--out'],
  'an empty value': ['--out', ''],
  'a version that is a path': ['--version', '../js-sdk'],
  'a version that is an option of npm': ['--version', '--global'],
  'a drift from nothing': ['--drift', 'DRIFT.md'],
  'a drift of categories': ['--drift', 'DRIFT.md', '--version', '3.7.0', '--categories'],
}
for (const [what, args] of Object.entries(wrong)) {
  test(`${what} is refused`, async () => {
    const { status, printed, complained } = await command(args)
    assert.deepEqual([status, printed], [2, ''])
    assert.match(complained, /\n\nusage: npm run record/)
  })
}
