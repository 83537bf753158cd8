// The js-sdk writes a lot to the console, also where all is well. quiet keeps what is written while work runs, and
// hands it to whoever wants to know why work failed.
export async function quiet(work) {
  const lines = []
  const kept = {}
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'group', 'groupCollapsed', 'groupEnd']) {
    kept[name] = console[name]
    console[name] = (...args) => lines.push(`${name}: ${args.map(String).join(' ').split('\n', 1)[0]}`)
  }
  try {
    return await work()
  } catch (error) {
    error.message += lines.length > 0 ? `\nThe js-sdk wrote:\n${lines.join('\n')}` : ''
    throw error
  } finally {
    Object.assign(console, kept)
  }
}
