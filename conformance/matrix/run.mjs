// Runs drive.mjs for versions and places, as many at a time as is sensible.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { build } from '../lib/emulator.mjs'

const AT_A_TIME = 2 // with the emulator and Chromium beside each
const script = fileURLToPath(new URL('drive.mjs', import.meta.url))

/** The outcomes of one version in one place, by flow. */
async function drive(version, place, program) {
  const args = [script, version, place, program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}

/**
 * @param {string[]} versions
 * @param {string[]} [places]
 * @param {(text: string) => void} [say] is told what is done
 * @returns {Promise<import('./table.mjs').Outcomes>}
 */
export async function outcomesOf(versions, places = ['node', 'page'], say = () => {}) {
  const outcomes = Object.fromEntries(versions.map((version) => [version, {}]))
  const jobs = versions.flatMap((version) => places.map((place) => ({ version, place })))
  let program
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { version, place } = job
      outcomes[version][place] = await drive(version, place, program)
      say(`${version} ${place}`)
    }
  }
  const home = await mkdtemp(join(tmpdir(), 'tcbauth-matrix-'))
  try {
    program = await build('./cmd/tcbauth', home)
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
    return outcomes
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
