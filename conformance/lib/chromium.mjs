import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { tmpdir } from 'node:os'

const names = ['chromium', 'chromium-browser', 'google-chrome']

// findChromium returns the program that CHROMIUM names, or the first of the usual ones on the PATH, or undefined.
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  const directories = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

// startChromium opens an address in a browser without a window and with a new profile. onEnd is called with the reason if
// it ends before stop does that. With devtools the result has the two pipes of the DevTools protocol.
export async function startChromium(program, address, onEnd, { devtools = false } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'tcbauth-chromium-'))
  const child = spawn(program, [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-features=BackForwardCache', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    `--user-data-dir=${profile}`, ...(devtools ? ['--remote-debugging-pipe'] : []), address,
  ], { stdio: ['ignore', 'ignore', 'pipe', ...(devtools ? ['pipe', 'pipe'] : [])] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)))
  const kill = () => child.kill()
  process.once('exit', kill) // the test's process, if it ends without a stop
  let stopping = false
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve)).then((reason) => {
    if (!stopping) onEnd(new Error(`${program} ended (${reason}): ${said}`))
  })
  return {
    devtools: devtools ? { write: child.stdio[3], read: child.stdio[4] } : undefined,
    async stop() {
      stopping = true
      process.off('exit', kill)
      child.kill('SIGTERM')
      await ended
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}
