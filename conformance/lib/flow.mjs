// A flow is one way through the js-sdk, from the documentation of a page that signs people in. It is written once and
// runs in Node and in a page.

export const flows = []

// flow adds a flow. Its stages are functions of a Context (context.mjs). Most have one; in a page, every further stage
// runs after the stage before it has led the page to another address and back, as a third party's sign-in does. where
// is 'node' or 'page' for flows that can run there only.
export function flow(subject, title, ...stages) {
  add(subject, title, undefined, stages)
}

export function nodeFlow(subject, title, stage) {
  add(subject, title, 'node', [stage])
}

export function pageFlow(subject, title, ...stages) {
  add(subject, title, 'page', stages)
}

// ruledFlow adds a flow of an environment with rules of its own, those of a seed file.
export function ruledFlow(subject, title, rules, stage) {
  add(subject, title, undefined, [stage], rules)
}

function add(subject, title, where, stages, rules) {
  const name = `${subject}: ${title}`
  if (flows.some((other) => other.name === name)) throw new Error(`two flows are called ${name}`)
  flows.push({ name, where, stages, rules })
}
