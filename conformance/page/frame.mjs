// One stage of one flow; which, main.mjs and the stage before have left in sessionStorage.
import { flows } from '/flows/index.mjs'
import * as clock from '/lib/clock.mjs'
import { quiet } from '/lib/console.mjs'
import { Context } from '/lib/context.mjs'
import { Control } from '/lib/control.mjs'

const { name, stage } = JSON.parse(sessionStorage.getItem('conformance'))
sessionStorage.setItem('conformance', JSON.stringify({ name, stage: stage + 1 }))

async function run() {
  clock.install()
  const config = await (await fetch('/config')).json()
  const { stages } = flows.find((flow) => flow.name === name)
  if (stage >= stages.length) throw new Error('the page was loaded once more than the flow has stages')
  const { default: sdk } = await import('@cloudbase/js-sdk')
  await quiet(() => stages[stage](new Context({
    ...config, sdk, control: new Control(''), storage: localStorage, inPage: true, calls: parent.calls,
    ticket: async (uid, over = {}) => (await fetch(`/ticket?uid=${encodeURIComponent(uid)}&over=${encodeURIComponent(JSON.stringify(over))}`)).json(),
  })))
  if (stage === stages.length - 1) parent.finish()
}

run().catch((error) => parent.finish(error.stack.includes(error.message) ? error.stack : `${error.message}\n${error.stack}`))
