import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { main } from './cli.mjs'
import { scenarios } from './scenarios/index.mjs'
import { installed } from './sdk.mjs'

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

test('without arguments, says that the vectors are equal', async () => {
  assert.deepEqual(await command([]), { status: 0, printed: `${scenarios.length} vectors, equal`, complained: '' })
})

test('the installed version needs no npm', async (t) => {
  fakeNPM(t, 'exit 1')
  const { status, printed } = await command(['--categories', '--version', installed().version])
  assert.deepEqual([status, printed], [0, '90 categories, equal'])
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
    '90 categories, differences: 1',
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
