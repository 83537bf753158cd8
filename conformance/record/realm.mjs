// Runs a script of the recorder and the SDK together in a realm of their own: fresh built-ins, a fresh copy of the SDK
// and of all that it requires, nothing of what another run did.

import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

/** What a page has beside the language, and what is the same in every run. */
const WEB = { AbortController, TextDecoder, TextEncoder, URL, URLSearchParams, btoa }

/** The SDK's advice to developers is not recorded. */
const SILENT = Object.fromEntries(['debug', 'error', 'info', 'log', 'warn'].map((name) => [name, () => {}]))

const compiled = new Map() // file -> vm.Script: one may run in any number of realms

function compile(file) {
  if (!compiled.has(file)) {
    const code = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`
    compiled.set(file, new vm.Script(code, { filename: file }))
  }
  return compiled.get(file)
}

/** Returns a require() that runs CommonJS files in a realm, each once. */
function requireIn(realm) {
  const modules = new Map()
  return function load(file) {
    if (modules.has(file)) return modules.get(file).exports
    const module = { exports: {} }
    modules.set(file, module)
    const outside = createRequire(file)
    const inside = (name) => (isBuiltin(name) ? outside(name) : load(outside.resolve(name)))
    compile(file).runInContext(realm).call(module.exports, module.exports, inside, module, file, dirname(file))
    return module.exports
  }
}

/**
 * Runs `run` of a script of this directory. Values cross the border as JSON text, so that the SDK only meets objects of
 * its own realm.
 *
 * @param {string} script its file name
 * @param {string} entry the SDK's CommonJS file
 * @param {object} input JSON
 * @returns {Promise<object>} JSON
 */
export async function runInRealm(script, entry, input) {
  const load = requireIn(vm.createContext({ ...WEB, console: SILENT }))
  const { run } = load(fileURLToPath(new URL(script, import.meta.url)))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return JSON.parse(await run(JSON.stringify(input), () => load(entry), turn))
}
