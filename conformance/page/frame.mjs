// One stage of one flow; which, main.mjs and the stage before have left in sessionStorage.
import { flows } from '/flows/index.mjs'
import * as clock from '/lib/clock.mjs'
import { Context } from '/lib/context.mjs'
import { Control } from '/lib/control.mjs'
import { run } from '/lib/run.mjs'

const { name, stage } = JSON.parse(sessionStorage.getItem('conformance'))
sessionStorage.setItem('conformance', JSON.stringify({ name, stage: stage + 1 }))

const base = `/flow/${encodeURIComponent(name)}`

async function load() {
  clock.install()
  const config = await (await fetch(`${base}/config`)).json()
  const { stages } = flows.find((flow) => flow.name === name)
  if (stage >= stages.length) throw new Error('the page was loaded once more than the flow has stages')
  const { default: sdk } = await import('/sdk.js')
  const context = new Context({
    ...config, sdk, control: new Control(base), storage: localStorage, inPage: true, calls: parent.calls, openTab,
    ticket: async (uid, over = {}) => {
      const query = new URLSearchParams({ uid, over: JSON.stringify(over) })
      return (await fetch(`${base}/ticket?${query}`)).json()
    },
  })
  await run(context, () => stages[stage](context))
  if (stage === stages.length - 1) parent.finish()
}

// openTab returns the js-sdk of another page of this origin, which is open at the same time.
async function openTab() {
  const frame = document.createElement('iframe')
  const sdk = new Promise((resolve) => (globalThis.tabLoaded = resolve)) // the tab calls it
  frame.src = '/tab'
  document.body.append(frame)
  return sdk
}

load().catch((error) => parent.finish(`${error.message}\n${(error.cause ?? error).stack}`))
