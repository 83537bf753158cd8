// Assertions that work in Node and in a page alike. Each throws an Error that says what was got and what was wanted.

export function fail(message) {
  throw new Error(message)
}

export function ok(value, what = 'the value') {
  if (!value) fail(`${what} is ${show(value)}`)
}

export function equal(got, want, what = 'the value') {
  if (!same(got, want)) fail(`${what} is ${show(got)}, want ${show(want)}`)
}

export function match(got, pattern, what = 'the value') {
  if (typeof got !== 'string' || !pattern.test(got)) fail(`${what} is ${show(got)}, want ${pattern}`)
}

// has compares the fields that want names, and no others. A RegExp in want is matched, an object is compared by the
// fields it names, everything else must be the same; undefined wants the field to be absent, and {} any object.
export function has(got, want, what = 'the value') {
  const fields = Object.entries(want)
  if (fields.length === 0 && (got === null || typeof got !== 'object')) fail(`${what} is ${show(got)}, want an object`)
  for (const [name, value] of fields) {
    const field = `${what}.${name}`
    if (got === null || typeof got !== 'object') fail(`${field}: ${what} is ${show(got)}`)
    if (value instanceof RegExp) match(got[name], value, field)
    else if (isPlain(value)) has(got[name], value, field)
    else equal(got[name], value, field)
  }
}

// rejects waits for a promise to be rejected with what has wants, and returns what it was rejected with.
export async function rejects(promise, want, what = 'the call') {
  let result
  try {
    result = await promise
  } catch (error) {
    if (error instanceof Error && error.error === undefined && 'error' in want) {
      fail(`${what} throws "${error.message}", want ${show(want)}`)
    }
    has(error, want, `${what}'s error`)
    return error
  }
  fail(`${what} succeeded with ${show(result)}, want the error ${show(want)}`)
}

function isPlain(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}

function same(a, b) {
  if (Object.is(a, b)) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) !== Array.isArray(b) || a instanceof Date !== b instanceof Date) return false
  if (a instanceof Date) return a.getTime() === b.getTime()
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]))
}

// show writes a value for a message, shortened.
export function show(value) {
  const seen = new Set()
  let text
  try {
    text = JSON.stringify(value, (_name, inner) => {
      if (inner instanceof RegExp || typeof inner === 'function') return String(inner)
      if (inner instanceof Error) return `${inner.name}: ${inner.message} (${inner.code ?? ''} ${inner.category ?? ''})`
      if (inner !== null && typeof inner === 'object') {
        if (seen.has(inner)) return '(again)'
        seen.add(inner)
      }
      return inner
    })
  } catch {
    text = undefined
  }
  text ??= String(value)
  return text.length > 600 ? `${text.slice(0, 600)}...` : text
}
