// The table of MATRIX.md: how each flow goes with each version.

const INTRO = `# The flows with every version of the js-sdk

\`npm run matrix\` writes this page: it drives the flows of [README.md](README.md) with the genuine \`@cloudbase/js-sdk\` of each
version, in Node on an adapter and in Chromium. ✓ means that the flow passes. A number refers to the note below that says why it
does not: the js-sdk's error, or what it does differently from the flow. Where Node and Chromium differ, \`a / b\` has Node first.
The flows are written for 2.32.0.

- 2.2.0 and 2.11.0 are pinned to the dependencies of their release date; a plain \`npm install\` would pick newer ones. In Node they
  fail, because they read \`window\`.
- 2.2.0 to 2.28.8, and 3.3.3, have fewer methods and other shapes: an error may have the number as its \`code\`, no category, or be
  wrapped in another one; what is absent is \`undefined\` and not \`null\`.
- 2.28.8 and 3.3.3 have a build for Node, which ends the process if \`ws\` is not installed. Here the build for pages runs.
- js-sdk 3 sets its address again at each \`init\`. With \`detectSessionInUrl\` it sends a request before the page can set
  another address.`

const PASSED = '✓'

/**
 * @typedef {Record<string, Record<string, Record<string, string>>>} Outcomes by version, by place (node or page) and by flow:
 * 'passed', or the reason why not. A flow that cannot run in a place has none there.
 */

/** The notes, each reason once. */
class Notes {
  reasons = []

  number(reason) {
    if (!this.reasons.includes(reason)) this.reasons.push(reason)
    return String(this.reasons.indexOf(reason) + 1)
  }
}

const placesOf = ({ where }) => (where ? [where] : ['node', 'page'])

function cell(outcomes, flow, notes) {
  const shown = placesOf(flow).map((place) => {
    const outcome = outcomes?.[place]?.[flow.name]
    if (outcome === undefined) return '?'
    return outcome === 'passed' ? PASSED : notes.number(outcome)
  })
  return [...new Set(shown)].join(' / ')
}

const placeNames = { node: 'Node', page: 'Chromium' }

/** How many flows pass in each place. */
const counts = (outcomes, flows, versions) =>
  Object.entries(placeNames).map(([place, name]) => {
    const there = flows.filter((flow) => placesOf(flow).includes(place))
    const passed = (version) => there.filter((flow) => outcomes[version]?.[place]?.[flow.name] === 'passed').length
    return row([`passed in ${name}, of ${there.length}`, ...versions.map((version) => String(passed(version)))])
  })

const row = (cells) => `| ${cells.join(' | ')} |`

/**
 * @param {Outcomes} outcomes
 * @param {object[]} flows
 * @param {string[]} versions
 * @returns {string} the page
 */
export function render(outcomes, flows, versions) {
  const notes = new Notes()
  const rows = flows.map((flow) => {
    const only = flow.where ? ` (${placeNames[flow.where]})` : ''
    return row([flow.name + only, ...versions.map((version) => cell(outcomes[version], flow, notes))])
  })
  return [
    INTRO,
    '',
    row(['flow', ...versions]),
    row(['---', ...versions.map(() => '---')]),
    ...counts(outcomes, flows, versions),
    ...rows,
    '',
    '## Notes',
    '',
    ...notes.reasons.map((reason, i) => `${i + 1}. \`${reason}\``),
    '',
  ].join('\n')
}

/**
 * Reads a page that render has made.
 *
 * @param {string} page
 * @param {object[]} flows what is not among them is left out
 * @returns {Outcomes}
 */
export function parse(page, flows) {
  const notes = new Map([...page.matchAll(/^(\d+)\. `(.*)`$/gm)].map(([, number, reason]) => [number, reason]))
  const lines = page.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '))
  const [, ...versions] = lines[0] ?? []
  const outcomes = Object.fromEntries(versions.map((version) => [version, { node: {}, page: {} }]))
  for (const [title, ...cells] of lines.slice(2)) {
    const flow = flows.find(({ name }) => name === title.replace(/ \((Node|Chromium)\)$/, ''))
    if (!flow) continue
    for (const [i, text] of cells.entries()) {
      const shown = text.split(' / ')
      for (const [place, name] of placesOf(flow).entries()) {
        const mark = shown[place] ?? shown[0]
        outcomes[versions[i]][name][flow.name] = mark === PASSED ? 'passed' : notes.get(mark)
      }
    }
  }
  return outcomes
}

/** The lines in which two pages differ, or nothing. */
export function difference(want, got) {
  const [wanted, found] = [want.split('\n'), got.split('\n')]
  return [
    ...wanted.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
    ...found.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`),
  ].join('\n')
}
