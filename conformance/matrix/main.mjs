// The command: what `npm run matrix` does.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { flows } from '../flows/index.mjs'
import { versions } from '../lib/versions.mjs'
import { outcomesOf } from './run.mjs'
import { difference, parse, render } from './table.mjs'

const PAGE = new URL('../MATRIX.md', import.meta.url)

const HELP = `usage: npm run matrix -- [--check] [--version V]...

Drives the flows with every version of the js-sdk, in Node and in Chromium, and writes MATRIX.md. npm fetches the versions
that are not installed, with the packages that versions/ pins.

  --check        write nothing; the exit status is 1 if MATRIX.md differs
  --version V    drive only version V, and take the others from MATRIX.md
  --help         print this`

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, version: { type: 'string', multiple: true }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(HELP)
} else {
  const chosen = values.version ?? versions()
  const unknown = chosen.filter((version) => !versions().includes(version))
  if (unknown.length > 0) throw new Error(`not a version of the table: ${unknown.join(', ')}`)
  const was = readFileSync(PAGE, 'utf8')
  const outcomes = { ...parse(was, flows), ...await outcomesOf(chosen, undefined, console.log) }
  const is = render(outcomes, flows, versions())
  if (!values.check) {
    writeFileSync(PAGE, is)
  } else if (is !== was) {
    console.log(`MATRIX.md is stale (npm run matrix writes it):\n${difference(was, is)}`)
    process.exitCode = 1
  }
}
