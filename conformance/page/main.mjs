// The page that Chromium opens. It runs every flow in a frame of its own, so that each starts as in a page just opened,
// and may leave the page and come back without the others noticing.
import { flows } from '/flows/index.mjs'
import { Control } from '/lib/control.mjs'
import { driven } from '/lib/operations.mjs'

const post = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) })

globalThis.calls = new Set() // the frames add to it

async function run(name) {
  const control = new Control(`/flow/${encodeURIComponent(name)}`)
  await control.reset()
  localStorage.clear()
  sessionStorage.clear()
  sessionStorage.setItem('conformance', JSON.stringify({ name, stage: 0 }))
  const frame = document.createElement('iframe')
  let timer
  const error = await new Promise((resolve) => {
    globalThis.finish = resolve // the frame calls it, with an error's text or nothing
    timer = setTimeout(() => resolve('the flow does not come to an end'), 60_000)
    frame.src = '/frame'
    document.body.append(frame)
  })
  clearTimeout(timer)
  frame.remove()
  return { name, error, operations: driven(await control.requests()) }
}

try {
  for (const { name } of flows.filter((flow) => flow.where !== 'node')) await post(await run(name))
  await post({ calls: [...globalThis.calls] })
} catch (error) {
  await post({ fatal: error.stack })
}
