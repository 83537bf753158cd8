// One stage of one flow; which, main.mjs and the stage before have left in sessionStorage.
import { flows } from '/flows/index.mjs'
import * as clock from '/lib/clock.mjs'
import { Context } from '/lib/context.mjs'
import { Control } from '/lib/control.mjs'
import { run } from '/lib/run.mjs'

const { name, stage } = JSON.parse(sessionStorage.getItem('conformance'))
sessionStorage.setItem('conformance', JSON.stringify({ name, stage: stage + 1 }))

async function load() {
  clock.install()
  const config = await (await fetch('/config')).json()
  const { stages } = flows.find((flow) => flow.name === name)
  if (stage >= stages.length) throw new Error('the page was loaded once more than the flow has stages')
  const { default: sdk } = await import('@cloudbase/js-sdk')
  const context = new Context({
    ...config, sdk, control: new Control(''), storage: localStorage, inPage: true, calls: parent.calls,
    ticket: async (uid, over = {}) => {
      const query = new URLSearchParams({ uid, over: JSON.stringify(over) })
      return (await fetch(`/ticket?${query}`)).json()
    },
  })
  await run(context, () => stages[stage](context))
  if (stage === stages.length - 1) parent.finish()
}

load().catch((error) => parent.finish(`${error.message}\n${(error.cause ?? error).stack}`))
