// Finds where two recordings differ, whatever the order of their keys.

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * @typedef {object} Difference
 * @property {string} name of the vector or case; empty for what stands before them
 * @property {string} path inside of it; empty for all of it
 * @property {unknown} left undefined: absent
 * @property {unknown} right likewise
 */

/**
 * @param {unknown} left JSON
 * @param {unknown} right JSON
 * @returns {Difference[]}
 */
export function differences(left, right, name = '', path = '') {
  if (isObject(left) && isObject(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)])
    return [...keys].flatMap((key) => differences(left[key], right[key], name, path ? `${path}.${key}` : key))
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    const longer = left.length > right.length ? left : right
    return longer.flatMap((_, i) => differences(left[i], right[i], name, `${path}[${i}]`))
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [{ name, path, left, right }]
}

/** The parts that recordings are lists of, and what such a part is called. */
const LISTS = { vectors: (vector) => vector.name, cases: (one) => JSON.stringify(one.in) }

function compareLists(left, right, nameOf) {
  const names = [left, right].map((parts) => parts.map(nameOf))
  const [lefts, rights] = [left, right].map((parts, i) => new Map(parts.map((part, j) => [names[i][j], part])))
  const found = [...new Set(names.flat())].flatMap((name) => differences(lefts.get(name), rights.get(name), name))
  return found.length > 0 ? found : differences(...names, '', 'order')
}

/**
 * Compares two recordings, vector by vector or case by case, by name.
 *
 * @param {object} left
 * @param {object} right
 * @returns {Difference[]}
 */
export function compareRecordings(left, right) {
  const list = Object.keys(LISTS).find((key) => key in left)
  const [{ [list]: lefts, ...before }, { [list]: rights, ...beforeToo }] = [left, right]
  return [...differences(before, beforeToo), ...compareLists(lefts, rights, LISTS[list])]
}

const WIDTH = 160

/** A value on one line, cut where nobody reads on. */
export function show(value) {
  if (value === undefined) return '(absent)'
  const text = JSON.stringify(value)
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}...` : text
}

/** Differences for a person to read. */
export const report = (found, left, right) =>
  found.map((one) => {
    const width = Math.max(left.length, right.length) + 2
    const where = [one.name, one.path].filter(Boolean).join(': ')
    return `${where}\n  ${left.padEnd(width)}${show(one.left)}\n  ${right.padEnd(width)}${show(one.right)}`
  }).join('\n')
