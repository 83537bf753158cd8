import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Control } from './control.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))
export const env = 'conformance'

// build makes the program of a Go package of this repository in a directory and returns its path.
export async function build(source, directory) {
  const program = join(directory, `${source.split('/').at(-1)}${process.platform === 'win32' ? '.exe' : ''}`)
  await promisify(execFile)('go', ['build', '-o', program, source], { cwd: repository })
  return program
}

// startEmulator starts the emulator as a process of its own, with the rules of a seed file if there are any, and in a time zone if
// one is given. program is what build made of it; without it, it is built. stop ends the process and waits for its end.
export async function startEmulator({ rules, timeZone, program } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'tcbauth-conformance-'))
  const urlFile = join(directory, 'url')
  try {
    program ??= await build('./cmd/tcbauth', directory)
    const args = ['emulator', '--addr', '127.0.0.1:0', '--env', env, '--url-file', urlFile]
    if (rules) {
      const seed = join(directory, 'seed.json')
      await writeFile(seed, JSON.stringify({ rules }))
      args.push('--seed', seed)
    }
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...(timeZone && { TZ: timeZone }) } })
    const kill = () => child.kill()
    process.once('exit', kill) // the test's process, if it ends without a stop
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
    const url = await readURL(urlFile, child, () => said)
    return {
      url,
      control: new Control(url),
      async stop() {
        process.off('exit', kill)
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGTERM')
          await once(child, 'exit')
        }
        await rm(directory, { recursive: true, force: true })
        if (child.exitCode !== 0) throw new Error(`the emulator ended with ${child.exitCode ?? child.signalCode}: ${said}`)
      },
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function readURL(file, child, said) {
  const end = performance.now() + 30_000
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the emulator ended: ${said()}`)
    const url = (await readFile(file, 'utf8').catch(() => '')).trim()
    if (url) return url
    if (performance.now() > end) {
      child.kill('SIGKILL')
      throw new Error(`the emulator does not start: ${said()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
