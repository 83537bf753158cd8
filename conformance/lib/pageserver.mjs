import { createServer } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { extname, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { flows } from '../flows/index.mjs'
import { env } from './emulator.mjs'
import { signTicket } from './ticket.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript' }
const addresses = {
  '/': '/page/index.html',
  '/frame': '/page/frame.html',
  '/tab': '/page/tab.html',
  '/__auth/': '/page/frame.html', // where the hosted login page would be: a flow that goes there goes on there
}
const served = /^\/(page|flows|lib)\//
const ofFlow = /^\/flow\/([^/]+)(\/.*)$/

// startPageServer serves the pages of the test to a browser on this machine: the flows, the js-sdk as an ES module, and below
// /flow/NAME/ what is for one flow, such as the control interface of its emulator, which pages of another origin may not call.
// report is called with what the page posts to /report.
export async function startPageServer({ sdk, habits, emulators, report }) {
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error))
    })
  })

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost')
    const json = (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    if (pathname === '/sdk.js') return send(response, types['.js'], sdk)
    if (pathname === '/report') {
      report(JSON.parse(await text(request)))
      return json({})
    }
    const [, name, path] = ofFlow.exec(pathname) ?? []
    if (name === undefined) return file(pathname, response)
    const { rules } = flows.find((flow) => flow.name === decodeURIComponent(name))
    const { url, control } = await emulators.of(rules)
    if (path === '/config') return json({ url, env, habits })
    if (path === '/ticket') {
      return json(signTicket(await control.ticketKey(), searchParams.get('uid'), JSON.parse(searchParams.get('over'))))
    }
    return pass(url + request.url.slice(request.url.indexOf(path)), request, response)
  }

  // pass hands a call of the control interface on, as one from this machine that no page has made.
  async function pass(target, request, response) {
    const body = request.method === 'GET' ? undefined : await text(request)
    const passed = await fetch(target, { method: request.method, body })
    response.writeHead(passed.status, { 'Content-Type': passed.headers.get('content-type') ?? 'text/plain' })
    response.end(Buffer.from(await passed.arrayBuffer()))
  }

  async function file(pathname, response) {
    const name = addresses[pathname] ?? normalize(pathname)
    if (!served.test(name)) return response.writeHead(404).end()
    const content = await readFile(root + name).catch(() => undefined)
    if (content === undefined) return response.writeHead(404).end()
    send(response, types[extname(name)] ?? 'application/octet-stream', content)
  }

  function send(response, type, content) {
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
