// Writes down, in Markdown, what another version of the SDK does otherwise.

import { changesOf } from './changes.mjs'
import { differences, show } from './compare.mjs'

const MANY = 3 // scenarios with the same change, from which on it is told once for all of them
const NAMED = 5 // scenarios that are named one by one

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``
const cell = (value) => (value === undefined ? 'absent' : code(show(value)))
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
const unique = (list) => [...new Set(list)]

/** Says which of `all` scenarios the names are. */
function among(names, all) {
  if (names.length === all.length) return `all ${all.length}`
  if (names.length <= NAMED) return names.join(', ')
  const others = all.filter((name) => !names.includes(name))
  if (others.length <= NAMED) return `${names.length}: all but ${others.join(', ')}`
  return `${names.length}: ${names.slice(0, NAMED).join(', ')}...`
}

/** Changes that are the same in many scenarios, in lists of their own. */
function repeated(changes) {
  const lists = new Map()
  for (const change of changes) {
    const key = JSON.stringify([change.what, change.left, change.right])
    lists.set(key, [...(lists.get(key) ?? []), change])
  }
  return [...lists.values()].filter((list) => unique(list.map(({ name }) => name)).length >= MANY)
}

function scenarioSections(from, to) {
  const all = from.vectors.vectors.length
  const changes = from.vectors.vectors.flatMap((vector, i) =>
    changesOf(vector, to.vectors.vectors[i]).map((change) => ({ name: vector.name, ...change })))
  const changed = unique(changes.map(({ name }) => name))
  const sections = [`Of ${all} scenarios, ${changed.length} differ and ${all - changed.length} are played alike.`]

  const many = repeated(changes)
  if (many.length > 0) {
    const rows = many.map((list) => {
      const [{ what, left, right }] = list
      return [what, cell(left), cell(right), among(unique(list.map(({ name }) => name)), changed)]
    })
    const head = ['what', from.version, to.version, 'in which of those that differ']
    sections.push('## In many scenarios', table(head, rows))
  }
  const told = new Set(many.flat())
  for (const name of changed) {
    const own = changes.filter((change) => change.name === name && !told.has(change))
    const rows = own.map(({ what, at, left, right }) => [at ? `${what} (${at})` : what, cell(left), cell(right)])
    if (rows.length > 0) sections.push(`## ${name}`, table(['what', from.version, to.version], rows))
  }
  return sections
}

function categorySection(from, to) {
  const rows = from.categories.cases.flatMap((one, i) =>
    differences(one, to.categories.cases[i])
      .map(({ path, left, right }) => [cell(one.in), path, cell(left), cell(right)]))
  const same = `The same for all ${from.categories.cases.length} errors.`
  return ['## Categories of errors', rows.length > 0 ? table(['error', 'what', from.version, to.version], rows) : same]
}

function methodSection(from, to) {
  const missing = (names, others) => names.filter((name) => !others.includes(name)).map(code).join(', ')
  const rows = Object.entries(from.methods)
    .map(([layer, names]) => [layer, missing(names, to.methods[layer]), missing(to.methods[layer], names)])
    .filter(([, gone, added]) => gone || added)
  const counts = Object.entries(from.methods).map(([layer, names]) => `${layer} (${names.length})`)
  const same = `The same names, private ones among them: ${counts.join(', ')}.`
  return ['## Methods', rows.length > 0 ? table(['of', 'gone', 'new'], rows) : same]
}

/**
 * @typedef {object} Recording all that was recorded with one version
 * @property {string} version
 * @property {object} vectors what goes into vectors.json
 * @property {string[]} complaints where the scenarios do not fit this version
 * @property {object} categories what goes into categories.json
 * @property {Record<string, string[]>} methods by layer
 *
 * @param {Recording} from
 * @param {Recording} to
 * @returns {string} Markdown
 */
export function writeDrift(from, to) {
  const misfits = to.complaints.map((text) => `- ${text}`).join('\n')
  const sections = [
    `# @cloudbase/js-sdk: from ${from.version} to ${to.version}`,
    `Generated in \`conformance/\` by \`npm run record -- --version ${to.version} --drift DRIFT.md\`.`,
    [
      'Both versions, each in its build for pages, played the scenarios of `record/scenarios`. What is not named here',
      'is the same in both; what no scenario does was not compared.',
    ].join('\n'),
    ...scenarioSections(from, to),
    ...(misfits ? [`## Scenarios that do not fit ${to.version}`, misfits] : []),
    ...categorySection(from, to),
    ...methodSection(from, to),
  ]
  return `${sections.join('\n\n')}\n`
}
