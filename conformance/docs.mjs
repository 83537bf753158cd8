// Checks the form of the documents: Markdown by markdownlint, and diagrams by mermaid's own parser. npm run docs.
import { readFile } from 'node:fs/promises'
import { JSDOM } from 'jsdom'
import { main as lint } from 'markdownlint-cli2'

globalThis.window = new JSDOM().window // which mermaid's parser cleans labels with
globalThis.document = window.document
const { default: mermaid } = await import('mermaid')

const root = new URL('..', import.meta.url).pathname
const failed = await lint({ directory: root, argv: [], logMessage: () => {}, logError: console.error })

let diagrams = 0
for (const name of ['docs/architecture.md']) {
  const text = await readFile(root + name, 'utf8')
  for (const [, diagram] of text.matchAll(/^```mermaid\n(.*?)^```$/gms)) {
    await mermaid.parse(diagram) // throws
    diagrams++
  }
}
console.log(`${diagrams} diagrams can be drawn`)
process.exitCode = failed || (diagrams ? 0 : 1)
