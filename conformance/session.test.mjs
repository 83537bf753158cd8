// A session travels: the text that filestore keeps under credentials_<client id> goes into the js-sdk's storage, and the
// js-sdk's into filestore's, and the other side carries on with it.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { ming, password, phone } from './flows/people.mjs'
import { equal, has, match, rejects } from './lib/assert.mjs'
import * as clock from './lib/clock.mjs'
import { run } from './lib/run.mjs'
import { Context } from './lib/context.mjs'
import { build, env, startEmulator } from './lib/emulator.mjs'
import { sdk, storage } from './lib/node-sdk.mjs'

const { url, control, stop } = await startEmulator()
const home = await mkdtemp(join(tmpdir(), 'tcbauth-session-'))
after(async () => {
  await rm(home, { recursive: true, force: true })
  await stop()
})
clock.install()
const program = await build('./conformance/session', home)
const key = `credentials_${env}`

// Go is the Go client with a session directory of its own.
class Go {
  constructor(name) {
    this.directory = join(home, name)
  }

  // run returns what the program prints.
  run(what, flags = [], input = '') {
    return new Promise((resolve, reject) => {
      const args = ['-dir', this.directory, '-url', url, '-env', env, '-do', what, ...flags]
      const child = execFile(program, args, (error, stdout, stderr) => {
        if (error) reject(new Error(`session -do ${what}: ${stderr || error.message}`))
        else resolve(stdout)
      })
      child.stdin.on('error', () => {}) // it has ended without reading; the exit code says whether that is an error
      child.stdin.end(input)
    })
  }

  async do(what, ...flags) {
    return JSON.parse(await this.run(what, flags))
  }

  // give puts the js-sdk's session here, take is the way back.
  async give() {
    await this.run('put', [], storage.getItem(key))
  }

  async take() {
    storage.setItem(key, await this.run('show'))
  }
}

let directories = 0

function travel(title, journey) {
  test(title, { timeout: 60_000 }, async () => {
    await control.reset()
    clock.reset()
    storage.clear()
    await control.addUser(ming)
    const t = new Context({ sdk, url, env, control, storage, inPage: false, calls: new Set() })
    await run(t, () => journey(t, new Go(`go-${directories++}`)))
  })
}

travel('from Go to the js-sdk and back', async (t, go) => {
  has(await go.do('signin', '-username', ming.username, '-password', password), { sub: ming.sub, name: ming.name })
  await go.take()
  const { auth, events } = t.open()
  await t.expectEvents(events, 'INITIAL_SESSION')
  const brought = await t.expectSession({ version: 'v1', sub: ming.sub, groups: ['editors'] })
  has(await auth.getUserInfo(), { uid: ming.sub, name: ming.name })
  equal((await auth.getAccessToken()).accessToken, brought.access_token, 'the token')
  equal((await auth.refreshSession()).error, null, 'the error')
  const refreshed = await t.expectSession({ version: 'v1', sub: ming.sub })

  await go.give()
  has(await go.do('whoami'), { sub: ming.sub, username: ming.username })
  equal(await go.do('token'), refreshed.access_token, 'the token')
  has(await go.do('refresh'), { sub: ming.sub, version: 'v1' })
  await go.take()
  has(await t.open().auth.getUserInfo(), { uid: ming.sub })
  await t.expectSession({ version: 'v1', sub: ming.sub })
})

travel('from the js-sdk to Go and back', async (t, go) => {
  const { auth } = t.open()
  const { data } = await auth.signInWithOtp({ phone })
  await data.verifyOtp({ token: await control.code(phone) })
  await go.give()
  has(await go.do('whoami'), { sub: ming.sub, phone_number: phone })
  has(await go.do('refresh'), { sub: ming.sub })
  await go.take()
  const { auth: again } = t.open()
  has(await again.getUserInfo(), { uid: ming.sub })
  equal((await again.refreshSession()).error, null, 'the error')
  await t.expectSession({ version: 'v1', sub: ming.sub })
})

travel('an expired session is refreshed on the other side', async (t, go) => {
  const signIn = ['-username', ming.username, '-password', password]
  await go.do('signin', ...signIn)
  await go.take()
  const before = t.stored()
  await t.advance(7200)
  const { auth } = t.open()
  const { accessToken } = await auth.getAccessToken()
  equal(accessToken === before.access_token, false, 'that the token is the old one')
  await t.expectSession({ sub: ming.sub })

  await go.give()
  await t.advance(7200)
  const token = await go.do('token', '-ahead', '4h')
  equal(token === accessToken, false, 'that the token is the old one')
  await t.expectStatus(token, 200)
  equal((await control.requests('token')).map((request) => request.status), [200, 200], 'the refreshes')
})

travel('a session of v2 stays one', async (t, go) => {
  await go.do('signin', '-username', ming.username, '-password', password, '-v2')
  await go.take()
  const { auth } = t.open()
  equal((await auth.refreshSession()).error, null, 'the error')
  await t.expectSession({ version: 'v2', sub: ming.sub })
  await go.give()
  has(await go.do('refresh'), { version: 'v2' })
  equal((await control.requests()).filter((request) => request.operation.endsWith('token')).map((request) => request.path), [
    '/auth/v2/token', '/auth/v2/token',
  ], 'the paths of the refreshes')
})

travel('the texts have the same fields, in the same forms', async (t, go) => {
  await t.open().auth.signIn({ username: ming.username, password })
  const theirs = t.stored()
  await go.do('signin', '-username', ming.username, '-password', password)
  const ours = JSON.parse(await go.run('show'))
  const type = (value) => (Array.isArray(value) ? 'array' : typeof value)
  const form = (session) => Object.entries(session).map(([name, value]) => `${name}: ${type(value)}`).sort()
  equal(form(ours), form(theirs), 'the fields and their types')
  for (const session of [ours, theirs]) match(session.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'expires_at')
})

travel('an anonymous session, which has no refresh token', async (t, go) => {
  await t.open().auth.signInAnonymously()
  const { sub } = t.stored()
  await go.give()
  has(await go.do('whoami'), { sub })
  await go.take()
  has(await t.open().auth.getUserInfo(), { uid: sub })
})

travel('signing out on one side ends it on the other', async (t, go) => {
  await t.open().auth.signIn({ username: ming.username, password })
  await go.give()
  equal(await go.do('signout'), {}, 'signout')
  await rejects(go.run('show'), { message: /nothing stored/ })
  const { auth } = t.open()
  await rejects(auth.getProviders(), { error: 'unauthenticated' })
  t.expectNoSession()

  await auth.signIn({ username: ming.username, password })
  await go.give()
  equal(await auth.signOut(), { data: {}, error: null }, 'signOut')
  await rejects(go.do('whoami'), { message: /the session has ended, sign in again/ })
  await rejects(go.run('show'), { message: /nothing stored/ })
})
