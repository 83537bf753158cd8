import { createRequire } from 'node:module'
import { adapter, storage } from './adapter.mjs'
import { installed } from './versions.mjs'

const require = createRequire(import.meta.url)

// load returns a new copy of the js-sdk of a CommonJS file, as another tab of a page has it: with nothing but the storage in
// common. The package's file for import is not one for Node.
export function load(entry) {
  for (const file of Object.keys(require.cache)) delete require.cache[file]
  const loaded = require(entry)
  const sdk = loaded.default ?? loaded
  sdk.useAdapters(adapter)
  return sdk
}

export const sdk = load(installed()[0].entry)

export { storage }

// person answers captchas; a flow's Context sets it.
export const person = { solveCaptcha: undefined }
adapter.solveCaptcha = (url) => person.solveCaptcha(url)
