// Lists every method of the js-sdk's auth in testdata/js-sdk-methods.json. From the repository's root, with Node >= 20:
//
//   npm ci --prefix conformance
//   node scripts/js-sdk-methods.mjs conformance/node_modules/@cloudbase/js-sdk
//
// Three layers: "app" is app.auth(), as declared in index.d.ts and as the class has it; "lower" is the class below it
// (app.oauthInstance.authApi); "user" is the user object (currentUser). What the JSON says about a name ("go" or "reason",
// perhaps with "note") is kept, new names come in without either, vanished ones go. The exit status is 1 while a name is
// without a decision: write it into the JSON by hand. `go test` then compares the list with the Go API.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIST = join(dirname(fileURLToPath(import.meta.url)), '../testdata/js-sdk-methods.json')

/** Overwrites comments, strings and regular expressions with spaces: every bracket that is left is one of the code's. */
function blank(source) {
  const out = source.split('')
  const erase = (from, to) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' '
    return to
  }
  const quoted = (at, end) => {
    for (at++; at < source.length && source[at] !== end; at++) {
      if (source[at] === '\\') at++
      else if (end === '/' && source[at] === '[') at = quoted(at, ']') - 1 // a class may hold a bare slash
      else if (end === '`' && source.startsWith('${', at)) at = code(at + 2, '}') - 1
    }
    return at + 1
  }
  // Walks over code until a closing `end`, which nested braces do not give.
  const code = (at, end) => {
    let before = '' // the last character that is code
    for (let depth = 0; at < source.length;) {
      const c = source[at]
      if (source.startsWith('//', at)) at = erase(at, (source.indexOf('\n', at) + 1 || source.length + 1) - 1)
      else if (source.startsWith('/*', at)) at = erase(at, source.indexOf('*/', at + 2) + 2)
      else if ('\'"`'.includes(c) || (c === '/' && '(,=:[!&|?{};'.includes(before))) {
        at = erase(at, quoted(at, c))
        before = c
      } else {
        if (c === end && depth === 0) return at + 1
        if (c === '{') depth++
        if (c === '}') depth--
        if (c.trim()) before = c
        at++
      }
    }
    return at
  }
  code(0, '')
  return out.join('')
}

/** What stands between the braces that the match of `header` opens, and the match itself. */
function block(source, header, what) {
  const match = header.exec(source)
  if (!match) throw new Error(`not found: ${what}`)
  const start = source.indexOf('{', match.index) + 1
  let depth = 1
  let at = start
  for (; depth > 0; at++) {
    if (at === source.length) throw new Error(`no end: ${what}`)
    if (source[at] === '{') depth++
    if (source[at] === '}') depth--
  }
  return { match, body: source.slice(start, at - 1) }
}

const MODIFIERS = /^\s*((?:(?:public|protected|private|static|abstract|override|readonly|async|get|set)\s+)*)/
const MEMBER = /^([\w$]+)[?!]?\s*([(<:=])\s*(\(|async\b)?/

/** The public members of a class's or an interface's body: { name, callable }. */
function members(body) {
  const found = []
  const open = [] // brackets around the line; "<" only outside the others, where it cannot be a comparison
  for (const line of body.split('\n')) {
    if (open.length === 0) {
      const [head, modifiers] = MODIFIERS.exec(line)
      const match = MEMBER.exec(line.slice(head.length))
      if (match && match[1] !== 'constructor' && !/private|protected|static/.test(modifiers)) {
        found.push({ name: match[1], callable: '(<'.includes(match[2]) || match[3] !== undefined })
      }
    }
    for (let i = 0; i < line.length; i++) {
      const c = line[i]
      const onlyAngles = open.every((bracket) => bracket === '<')
      if ('({['.includes(c) || (c === '<' && onlyAngles)) open.push(c)
      else if (')}]'.includes(c) || (c === '>' && line[i - 1] !== '=' && open.at(-1) === '<')) open.pop()
    }
  }
  return found
}

/** The members of an interface of `scope` and of its parents there. */
function interfaceMembers(scope, name) {
  const header = new RegExp(`\\binterface ${name}\\b(?:\\s+extends\\s+([^{]+))?\\s*\\{`)
  const { match, body } = block(scope, header, `interface ${name}`)
  const parents = (match[1] ?? '').split(',').map((parent) => parent.trim()).filter(Boolean)
  return [...parents.flatMap((parent) => interfaceMembers(scope, parent)), ...members(body)]
}

/** The members of a class and of its parents, which stand in any of `sources`. */
function classMembers(sources, name) {
  const header = new RegExp(`\\bclass ${name}\\b(?:\\s+extends\\s+(\\w+))?[^{]*\\{`)
  const { match, body } = block(sources.find((source) => header.test(source)) ?? '', header, `class ${name}`)
  return [...(match[1] ? classMembers(sources, match[1]) : []), ...members(body)]
}

const names = (list) => [...new Set(list.map(({ name }) => name))]
const callable = (list) => list.filter((member) => member.callable)

function extract(dir) {
  const declared = block(
    blank(readFileSync(join(dir, 'index.d.ts'), 'utf8')),
    /\bdeclare namespace cloudbase\.auth\s*\{/,
    'namespace cloudbase.auth',
  ).body
  const map = JSON.parse(readFileSync(join(dir, 'dist/index.esm.js.map'), 'utf8'))
  const source = (path) => {
    const i = map.sources.findIndex((name) => name.endsWith(path))
    if (!map.sourcesContent?.[i]) throw new Error(`the source map lacks ${path}`)
    return blank(map.sourcesContent[i])
  }
  const upper = [source('/auth/src/index.ts'), source('/auth/src/v1-compat.ts')]

  const app = names(interfaceMembers(declared, 'App'))
  const mixedIn = upper.flatMap((text) => [...text.matchAll(/\bUserClass\.prototype\.(\w+)\s*=/g)].map(([, name]) => ({ name })))
  return {
    declared: app.length,
    app: [...new Set([...app, ...names(callable(classMembers(upper, 'Auth')))])],
    lower: names(callable(classMembers([source('/oauth/src/auth/apis.ts')], 'Auth'))),
    user: names([...callable(interfaceMembers(declared, 'IUser')), ...callable(classMembers(upper, 'User')), ...mixedIn]),
  }
}

const dir = process.argv[2]
if (!dir) {
  console.error('usage: node scripts/js-sdk-methods.mjs <directory of the unpacked package @cloudbase/js-sdk>')
  process.exit(2)
}
const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
const found = extract(dir)
const known = existsSync(LIST) ? JSON.parse(readFileSync(LIST, 'utf8')).methods : []
const key = (method) => `${method.layer} ${method.name}`
const decided = new Map(known.map((method) => [key(method), method]))

const methods = ['app', 'lower', 'user'].flatMap((layer) =>
  found[layer].sort().map((name) => ({ ...decided.get(`${layer} ${name}`), name, layer })))
const lines = methods.map(({ name, layer, go, reason, note }) => `    ${JSON.stringify({ name, layer, go, reason, note })}`)
writeFileSync(LIST, `{\n  "sdk": ${JSON.stringify(`${name}@${version}`)},\n  "methods": [\n${lines.join(',\n')}\n  ]\n}\n`)

const extra = found.app.length - found.declared
console.log(`app: ${found.declared} declared, ${extra} more in the class; lower: ${found.lower.length}; user: ${found.user.length}`)
const now = new Set(methods.map(key))
for (const method of known) if (!now.has(key(method))) console.log(`gone: ${key(method)}`)
const open = methods.filter(({ go, reason }) => !go === !reason)
for (const method of open) console.error(`needs either "go" or "reason": ${key(method)}`)
if (open.length > 0) process.exit(1)
