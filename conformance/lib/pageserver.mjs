import { createServer } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { extname, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signTicket } from './ticket.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript' }
const addresses = {
  '/': '/page/index.html',
  '/frame': '/page/frame.html',
  '/__auth/': '/page/frame.html', // where the hosted login page would be: a flow that goes there goes on there
}
const served = /^\/(page|flows|lib|node_modules)\//

// startPageServer serves the pages of the test to a browser on this machine: the flows, the js-sdk's files as npm
// installed them, and below /_emulator/ the emulator's control interface, which pages of another origin may not call.
// report is called with what the page posts to /report.
export async function startPageServer({ url, env, control, report }) {
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error))
    })
  })

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost')
    const json = (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    if (pathname.startsWith('/_emulator/')) return pass(request, response)
    if (pathname === '/config') return json({ url, env })
    if (pathname === '/ticket') {
      return json(signTicket(await control.ticketKey(), searchParams.get('uid'), JSON.parse(searchParams.get('over'))))
    }
    if (pathname === '/report') {
      report(JSON.parse(await text(request)))
      return json({})
    }
    return file(pathname, response)
  }

  // pass hands a call of the control interface on, as one from this machine that no page has made.
  async function pass(request, response) {
    const body = request.method === 'GET' ? undefined : await text(request)
    const passed = await fetch(url + request.url, { method: request.method, body })
    response.writeHead(passed.status, { 'Content-Type': passed.headers.get('content-type') ?? 'text/plain' })
    response.end(Buffer.from(await passed.arrayBuffer()))
  }

  async function file(pathname, response) {
    let name = addresses[pathname] ?? normalize(pathname)
    if (extname(name) === '') name += '.js' // some packages import their own files without it
    if (!served.test(name)) return response.writeHead(404).end()
    const content = await readFile(root + name).catch(() => undefined)
    if (content === undefined) return response.writeHead(404).end()
    const type = types[extname(name)] ?? 'application/octet-stream'
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'max-age=3600' }).end(content)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function text(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
