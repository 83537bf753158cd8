// What one vector does otherwise in another version, in rows for a person to read.

import { differences } from './compare.mjs'

/**
 * @typedef {object} Change
 * @property {string} what in words that are the same wherever this change is met
 * @property {string} at the request or call of the vector that it is met in; empty for the vector as a whole
 * @property {unknown} left
 * @property {unknown} right
 */

const inAll = (what, at, left, right) =>
  differences(left, right).map((found) => ({ what: what(found.path), at, left: found.left, right: found.right }))

/** For lists whose order is their meaning. */
const asWhole = (what, left, right) => (differences(left, right).length > 0 ? [{ what, at: '', left, right }] : [])

const line = ({ method, path }) => `${method} ${path}`

function requestChanges(left, right) {
  if (left.length !== right.length) return asWhole('requests', left.map(line), right.map(line))
  return left.flatMap((one, i) => inAll((path) => `request: ${path}`, `${i + 1}, ${line(one)}`, one, right[i]))
}

const outcomeChanges = (left, right) =>
  left.flatMap(({ call, outcome }, i) =>
    inAll((path) => path || 'outcome', `${i + 1}, ${call}`, outcome, right[i].outcome))

/**
 * @param {object} left a vector
 * @param {object} right the same vector, recorded with another version
 * @returns {Change[]}
 */
export const changesOf = (left, right) => [
  ...requestChanges(left.requests, right.requests),
  ...outcomeChanges(left.steps, right.steps),
  ...asWhole('events', left.events, right.events),
  ...asWhole('waits, in ms', left.sleeps_ms, right.sleeps_ms),
  ...inAll((path) => `store: ${path}`, '', left.store_after, right.store_after),
]
