// Finds and fetches versions of the js-sdk.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const NAME = '@cloudbase/js-sdk'
const here = fileURLToPath(new URL('..', import.meta.url))
const pins = join(here, 'versions')
const npmOptions = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']

/**
 * @typedef {object} SDK
 * @property {string} version
 * @property {string} entry its CommonJS file: the build for pages, though newer versions have another one for Node
 * @property {string} module the same for import, as bundlers for pages take it
 * @property {{ outside?: object }} [habits] what the init of this version wants outside of a page
 */

/** 2.2.0 takes an application outside of a page for a mobile one, which has an id and a key. */
const mobile = { appSign: 'conformance', appSecret: { appAccessKeyId: '1', appAccessKey: 'key' } }
const habits = { '2.2.0': { outside: mobile } }

/** @returns {SDK} the one of this name below a node_modules */
function open(root, name = NAME) {
  const directory = join(root, 'node_modules', name)
  const { version, main, module } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  return { version, entry: join(directory, main), module: join(directory, module), habits: habits[version] }
}

/** The versions that package.json installs, the oldest first. The first one is the version that this repository follows. */
export const installed = () => [open(here), open(here, 'js-sdk-3')]

/** The names of all versions that flows are driven with, the oldest first: those of versions/ and the installed ones. */
export function versions() {
  const names = [...readdirSync(pins), ...installed().map((sdk) => sdk.version)]
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/**
 * Calls `use` with a version: an installed one, one of versions/ with the packages that are pinned there, or any other one
 * as npm finds it now. npm keeps what is pinned in a cache, and what is not in a directory that is removed afterwards.
 *
 * @template T
 * @param {string} version or a tag, such as latest
 * @param {(sdk: SDK) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withVersion(version, use) {
  const found = installed().find((sdk) => sdk.version === version)
  if (found) return use(found)
  if (existsSync(join(pins, version))) return use(open(await cached(version)))
  const directory = mkdtempSync(join(tmpdir(), 'js-sdk-'))
  try {
    await npm('install', '--prefix', directory, ...npmOptions, `${NAME}@${version}`)
    return await use(open(directory))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Installs what versions/ pins, unless that was done before with the same pins, and returns the directory. */
async function cached(version) {
  const lock = readFileSync(join(pins, version, 'package-lock.json'))
  const cache = process.env.JS_SDK_CACHE ?? join(homedir(), '.cache', 'tcbauth', 'js-sdk')
  const directory = join(cache, `${version}-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`)
  if (existsSync(directory)) return directory
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'new-'))
  try {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(pins, version, file), join(made, file))
    await npm('ci', '--prefix', made, ...npmOptions)
    renameSync(made, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error // else another process was faster
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
  return directory
}

const npm = (...args) => promisify(execFile)('npm', args)
