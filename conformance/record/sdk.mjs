// Finds or fetches SDKs.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const NAME = '@cloudbase/js-sdk'

/** One version of each generation, by the names in package.json and with the files of their vectors. */
const GENERATIONS = [
  { name: NAME, file: 'vectors.json' },
  { name: 'js-sdk-3', file: 'vectors-3.json' },
]

/** The build for pages: newer versions have another for Node, which require() would find. */
function open(root, name) {
  const dir = join(root, 'node_modules', name)
  const { version, main } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  return { version, entry: join(dir, main) }
}

/** The versions that package-lock.json names, the oldest first, each with the `file` of its vectors. */
export const generations = () =>
  GENERATIONS.map(({ name, file }) => ({ ...open(fileURLToPath(new URL('..', import.meta.url)), name), file }))

/** The version that this repository follows. */
export const installed = () => generations()[0]

const major = (version) => version.split('.')[0]

/** The file of the vectors of a version's generation, or of the first one where there is none. */
export const vectorsOf = (version) =>
  (generations().find((sdk) => major(sdk.version) === major(version)) ?? installed()).file

/**
 * Calls `use` with an SDK of that version: an installed one, or one that npm puts into a directory which is removed
 * afterwards.
 *
 * @template T
 * @param {string} version or a tag, such as latest
 * @param {(sdk: { version: string, entry: string }) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withVersion(version, use) {
  const here = generations().find((sdk) => sdk.version === version)
  if (here) return use(here)
  const dir = mkdtempSync(join(tmpdir(), 'js-sdk-'))
  try {
    const options = ['--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
    await promisify(execFile)('npm', ['install', ...options, `${NAME}@${version}`])
    return await use(open(dir, NAME))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
