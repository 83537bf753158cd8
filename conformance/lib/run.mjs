import { show } from './assert.mjs'

// run does a stage of a flow. The js-sdk writes a lot to the console, also where all is well: that is kept back, and told
// with the requests so far if the stage fails.
export async function run(context, stage) {
  const lines = []
  const kept = {}
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'group', 'groupCollapsed', 'groupEnd']) {
    kept[name] = console[name]
    console[name] = (...args) => lines.push(`${name}: ${args.map(String).join(' ').split('\n', 1)[0]}`)
  }
  try {
    return await stage()
  } catch (error) {
    const requests = await context.control.requests().catch(() => [])
    const said = [
      ...requests.map((request) => `${request.method} ${request.path} ${request.status}`),
      ...lines.slice(-20).map((line) => `the js-sdk wrote ${line}`),
    ]
    const message = [told(error), ...said].join('\n    ')
    throw new Error(message, { cause: error })
  } finally {
    Object.assign(console, kept)
  }
}

// told says in one line what was thrown. The js-sdk throws what the server has answered, which is not an Error.
function told(error) {
  if (error instanceof Error || !error?.error) return (error?.message || show(error)).split('\n', 1)[0]
  return `the js-sdk throws ${[error.error, error.error_code, error.error_description].filter((part) => part !== undefined).join(' ')}`
}
