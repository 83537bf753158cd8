import { createRequire } from 'node:module'
import { adapter, storage } from './adapter.mjs'

// The package's file for import is not one for Node; what a program in Node gets is the one for require.
export const sdk = createRequire(import.meta.url)('@cloudbase/js-sdk')

export { storage }

// person answers captchas; a flow's Context sets it.
export const person = { solveCaptcha: undefined }
adapter.solveCaptcha = (url) => person.solveCaptcha(url)

sdk.useAdapters(adapter)
