// Finds or fetches the SDK.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const NAME = '@cloudbase/js-sdk'

/** The build for pages: newer versions have another for Node, which require() would find. */
function open(root) {
  const dir = join(root, 'node_modules', NAME)
  const { version, main } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  return { version, entry: join(dir, main) }
}

/** The version that package-lock.json names. */
export const installed = () => open(fileURLToPath(new URL('..', import.meta.url)))

/**
 * Calls `use` with an SDK of that version: the installed one, or one that npm puts into a directory which is removed
 * afterwards.
 *
 * @template T
 * @param {string} version or a tag, such as latest
 * @param {(sdk: { version: string, entry: string }) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withVersion(version, use) {
  if (version === installed().version) return use(installed())
  const dir = mkdtempSync(join(tmpdir(), 'js-sdk-'))
  try {
    const options = ['--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
    await promisify(execFile)('npm', ['install', ...options, `${NAME}@${version}`])
    return await use(open(dir))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
