import { readFile, writeFile } from 'node:fs/promises'
import { fail } from './assert.mjs'

const operationsFile = new URL('../js-sdk-operations.json', import.meta.url)
const methodsFile = new URL('../../testdata/js-sdk-methods.json', import.meta.url)

// noFlow are methods that no flow calls, and why.
const noFlow = {
  'app.bindOpenId': 'mini programs only',
  'app.signInAnonymouslyInWx': 'mini programs only',
  'app.signInWithOpenId': 'mini programs only',
  'app.signInWithPhoneAuth': 'mini programs only',
  'app.signInWithUnionId': 'mini programs only',
  'app.signInWithWechat': 'mini programs only',
  'lower.signInWithWechat': 'mini programs only',
  'user.getLinkedUidList': 'declared, but not there',
  'user.setPrimaryUid': 'declared, but not there',
  'app.createLoginState': 'internal: every sign-in calls it',
  'app.setAccessKey': 'internal: init calls it',
  'lower.getEncryptParams': 'internal: encrypted calls call it',
  'lower.getParamsByVersion': 'internal: calls that have two versions call it',
  'lower.getInitialSession': 'internal: detectSessionInUrl calls it',
}

// checkCalls fails if the js-sdk has a method that is neither in calls nor in noFlow.
export async function checkCalls(calls) {
  const { methods } = JSON.parse(await readFile(methodsFile, 'utf8'))
  const names = methods.map((method) => `${method.layer}.${method.name}`)
  const missing = names.filter((name) => !calls.has(name) && !(name in noFlow))
  if (missing.length > 0) fail(`no flow calls ${missing.join(', ')}`)
  const excused = Object.keys(noFlow).filter((name) => calls.has(name) || !names.includes(name))
  if (excused.length > 0) fail(`lib/coverage.mjs excuses without need ${excused.join(', ')}`)
}

// writeOperations makes the operations that the js-sdk has driven the committed list.
export async function writeOperations(operations) {
  await writeFile(operationsFile, `${JSON.stringify([...operations].sort(), null, 2)}\n`)
}

// checkOperations compares the operations that the js-sdk has driven with the committed list.
export async function checkOperations(operations) {
  const got = [...new Set(operations)]
  const want = JSON.parse(await readFile(operationsFile, 'utf8'))
  const added = got.filter((name) => !want.includes(name))
  const lost = want.filter((name) => !got.includes(name))
  if (added.length > 0 || lost.length > 0) {
    fail(`conformance/js-sdk-operations.json is stale: it lacks [${added.join(', ')}], and no flow drives `
      + `[${lost.join(', ')}]. Write it anew with UPDATE=1 npm test`)
  }
}
