// The command: what `npm run record` does.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { survey } from './categories.mjs'
import { compareRecordings, report } from './compare.mjs'
import { writeDrift } from './drift.mjs'
import { scenarios } from './scenarios/index.mjs'
import { generations, installed, vectorsOf, withVersion } from './sdk.mjs'
import { recordVectors } from './vectors.mjs'

const COMMITTED = new URL('../../testdata/wire/', import.meta.url)

const HELP = `usage: npm run record -- [--version V] [--categories] [--out FILE] [--drift FILE]

Plays the scenarios of record/scenarios with the genuine @cloudbase/js-sdk and records what it puts on the wire. Without
--out and --drift, compares that with what is committed in testdata/wire, the installed versions with vectors.json and
vectors-3.json; the exit status is 1 if they differ.

  --version V    record version V (or a tag such as latest), fetched by npm unless it is installed, and compare it with
                 the vectors of its generation; without it, record all installed versions
  --categories   record the categories of errors, categories.json, instead of the vectors
  --out FILE     write the recording to FILE, of version V or of the first installed one
  --drift FILE   write what version V does otherwise than the first installed one to FILE, as Markdown; needs --version
  --help         print this`

class UsageError extends Error {}

const OPTIONS = {
  version: { type: 'string' },
  categories: { type: 'boolean' },
  out: { type: 'string' },
  drift: { type: 'string' },
  help: { type: 'boolean' },
}

function parse(args) {
  let options
  try {
    options = parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    throw new UsageError(error.message)
  }
  const { version, drift, categories } = options
  if (version !== undefined && !/^\w[\w.+-]*$/.test(version)) throw new UsageError(`not a version: ${version}`)
  for (const name of ['out', 'drift']) if (options[name] === '') throw new UsageError(`--${name} needs a file`)
  if (drift && !version) throw new UsageError('--drift needs --version')
  if (drift && categories) throw new UsageError('--drift has the categories anyway: leave out --categories')
  return options
}

/** Refuses a recording that says nothing about the SDK. */
function trusted({ vectors, complaints }) {
  if (complaints.length === 0) return vectors
  throw new Error(`the scenarios do not fit ${vectors.sdk}:\n${complaints.join('\n')}`)
}

async function driftTo(sdk, played) {
  const from = { ...installed(), ...await recordVectors(installed(), played), ...await survey(installed()) }
  trusted(from)
  return writeDrift(from, { ...sdk, ...await recordVectors(sdk, played), ...await survey(sdk) })
}

/** Returns the exit status: 1 if the recording is not the committed one. */
function compareWith(committed, recording, what, { version }, print) {
  const found = compareRecordings(recording, JSON.parse(readFileSync(committed, 'utf8')))
  if (found.length > 0) print(report(found, 'recorded', 'committed'))
  const count = `${(recording.vectors ?? recording.cases).length} ${what} of ${version}`
  print(found.length > 0 ? `${count}, differences: ${found.length}` : `${count}, equal`)
  return found.length > 0 ? 1 : 0
}

async function runWith(sdk, { out, drift, categories }, { committed, played, print }) {
  if (drift) writeFileSync(drift, await driftTo(sdk, played))
  if (drift && !out) return 0
  const recording = categories ? (await survey(sdk)).categories : trusted(await recordVectors(sdk, played))
  if (out) {
    writeFileSync(out, `${JSON.stringify(recording, null, 1)}\n`)
    return 0
  }
  const what = categories ? 'categories' : 'vectors'
  const file = categories ? 'categories.json' : vectorsOf(sdk.version)
  return compareWith(new URL(file, committed), recording, what, sdk, print)
}

async function run({ version, ...options }, around) {
  if (version) return withVersion(version, (sdk) => runWith(sdk, options, around))
  const only = options.out || options.categories
  const statuses = []
  for (const sdk of only ? [installed()] : generations()) statuses.push(await runWith(sdk, options, around))
  return Math.max(...statuses)
}

/**
 * @typedef {object} Surroundings
 * @property {URL} committed the directory to compare with
 * @property {object[]} played the scenarios
 * @property {(text: string) => void} print
 * @property {(text: string) => void} complain
 *
 * @param {string[]} args the command's arguments
 * @param {Partial<Surroundings>} [others] what is not as in the repository
 * @returns {Promise<number>} the exit status: 0, 1 for a difference or a failure, 2 for wrong arguments
 */
export async function main(args, others) {
  const around = { committed: COMMITTED, played: scenarios, print: console.log, complain: console.error, ...others }
  try {
    const options = parse(args)
    if (!options.help) return await run(options, around)
    around.print(HELP)
    return 0
  } catch (error) {
    const usage = error instanceof UsageError
    around.complain(usage ? `${error.message}\n\n${HELP}` : error.stack)
    return usage ? 2 : 1
  }
}
