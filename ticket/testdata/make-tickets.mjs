// Makes tickets.json: custom-login tickets of the genuine node-sdk at fixed times, for the tests to compare with. RS256
// signatures are always the same for the same key and text. With Node >= 20, in a directory of its own:
//
//   npm install @cloudbase/node-sdk@3.18.3
//   node <repository>/ticket/testdata/make-tickets.mjs "$PWD"
//
// The keys in throwaway-keys.json are made when the file is missing. They belong to no environment.

import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { mock } from 'node:test'
import { fileURLToPath } from 'node:url'

// As in a cloud function, or the SDK asks the metadata service of Tencent's machines whether it runs on one.
Object.assign(process.env, { TENCENTCLOUD_RUNENV: 'SCF', TENCENTCLOUD_REGION: 'ap-shanghai', SCF_NAMESPACE: 'throwaway' })

const require = createRequire(join(resolve(process.argv[2] ?? '.'), 'package.json'))
const tcb = require('@cloudbase/node-sdk')
const { version } = require('@cloudbase/node-sdk/package.json')

const here = dirname(fileURLToPath(import.meta.url))
const write = (name, value) => writeFileSync(join(here, name), JSON.stringify(value, null, 2) + '\n')

const keysFile = join(here, 'throwaway-keys.json')
if (!existsSync(keysFile)) {
  const key = (name, modulusLength, type) => ({
    private_key_id: `00000000-0000-4000-8000-throwaway-${name}`,
    private_key: generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type, format: 'pem' }),
    env_id: 'throwaway-1a2b3c'
  })
  write('throwaway-keys.json', {
    'pkcs1-2048': key('pkcs1-2048', 2048, 'pkcs1'),
    'pkcs8-2048': key('pkcs8-2048', 2048, 'pkcs8'),
    'pkcs1-1024': key('pkcs1-1024', 1024, 'pkcs1'),
    'pkcs1-512': key('pkcs1-512', 512, 'pkcs1')
  })
}
const keys = JSON.parse(readFileSync(keysFile, 'utf8'))

const cases = [
  { key: 'pkcs1-2048', now: 1767323045678, uid: 'user-0001' },
  { key: 'pkcs1-2048', now: 1767323045000, uid: 'user-0001', options: {} },
  { key: 'pkcs8-2048', now: 1767323045678, uid: 'user-0001' },
  { key: 'pkcs1-1024', now: 1767323045678, uid: 'user-0001' },
  { key: 'pkcs1-2048', now: 1767323045678, uid: 'user', options: { refresh: 7200000 } },
  { key: 'pkcs1-2048', now: 1767323045678, uid: 'user', options: { expire: 1798859045999 } },
  { key: 'pkcs1-2048', now: 1767323045678, uid: 'user', options: { refresh: 60000, expire: 1767326645001 } },
  { key: 'pkcs1-2048', now: 1, uid: '0123456789abcdefABCDEF0123456789' },
  { key: 'pkcs1-2048', now: 1767323045678, uid: '_-#@~=*(){}[]:.,<>+' }
]

mock.timers.enable({ apis: ['Date'] })
const tickets = cases.map(({ key, now, uid, options }) => {
  mock.timers.setTime(now)
  const app = tcb.init({ env: keys[key].env_id, credentials: keys[key] })
  return { key, now, uid, ...options, ticket: app.auth().createTicket(uid, options && { ...options }) }
})
mock.timers.reset()

const app = tcb.init({ env: keys['pkcs1-2048'].env_id, credentials: keys['pkcs1-2048'] })
const refused = ['', 'abc', '0123456789abcdefABCDEF01234567890', 'user 0001', 'user/0001', 'user"0001', 'user\\0001', 'üser0001', 'user-0001\n']
for (const uid of refused) {
  try {
    app.auth().createTicket(uid)
  } catch {
    continue
  }
  throw new Error(`createTicket takes ${JSON.stringify(uid)}`)
}

write('tickets.json', { node_sdk: version, tickets, refused_uids: refused })
