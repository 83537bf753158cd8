// Plays one scenario with the SDK, in a realm of its own (realm.mjs).

'use strict'

const { openPage } = require('./page.cjs')

/** What an error tells a program; the rest are texts for developers, random ids and stacks. */
const ERROR_FIELDS = [
  'error', 'error_code', 'error_description', 'error_uri',
  'code', 'errorCode', 'status', 'category', 'retryAfter', 'message',
]

/** What the js-sdk's user object has for itself: the other objects of the page. */
const OWN = ['cache', 'oauthInstance']

/** JSON values, with null for what is undefined. */
const plain = (value) => JSON.parse(JSON.stringify(value, (name, field) => {
  if (OWN.includes(name)) return undefined
  return field === undefined ? null : field
}))

function describe(error) {
  const fields = ERROR_FIELDS.filter((name) => (error?.[name] ?? null) !== null)
  return Object.fromEntries(fields.map((name) => [name, plain(error[name])]))
}

/** Some methods answer a login state, some { data, error }, some what the server sent. */
function outcome(answer) {
  const user = answer?.user
  if (user?.getLocalUserInfo) return { result: { user: plain(user.getLocalUserInfo()) } }
  if (answer?.error) return { error: describe(answer.error) }
  const wrapped = answer?.error === null && answer.data !== undefined
  return { result: plain(wrapped ? answer.data : answer) }
}

/** In place of a function that returns a ticket, a scenario has the ticket. */
const TAKES_A_FUNCTION = ['signInWithCustomTicket']

/** Finds the method that a step names: of auth, of an owner that it begins with, or of what step n answered ("$n."). */
function method(call, auth, owners, answers) {
  const names = call.split('.')
  const step = /^\$(\d+)$/.exec(names[0])
  let owner = auth
  if (step) owner = answers[step[1]]
  else if (names[0] in owners) owner = owners[names[0]]
  if (owner !== auth) names.shift()
  const last = names.pop()
  for (const name of names) owner = owner[name]
  return (args) => owner[last](...(TAKES_A_FUNCTION.includes(last) ? args.map((answer) => async () => answer) : args))
}

exports.run = async (text, loadSDK, turn) => {
  const { clock, env, device_id, given, init, steps, responses } = JSON.parse(text)
  const { timers, storage, server, settle, advance } = openPage(clock, responses, turn)
  const client = init?.clientId ?? env
  const keys = { credentials: `credentials_${client}`, captcha: `captcha_${client}` }
  storage.setItem('device_id', device_id)
  for (const [name, key] of Object.entries(keys)) if (given[name]) storage.setItem(key, JSON.stringify(given[name]))

  const app = loadSDK().init({ env, ...init })
  await settle(Promise.resolve()) // INITIAL_SESSION is fired before recording starts
  timers.waits.length = 0
  const events = []
  app.auth.config.eventBus.on('authStateChanged', ({ data }) => events.push(data.event))

  const owners = { api: app.oauthInstance.authApi, clock: { advance } }
  const answers = []
  const outcomes = []
  let stuck = null
  for (const { call, args } of steps) {
    const answer = (async () => method(call, app.auth, owners, answers)(args))()
    if (!(await settle(answer))) {
      stuck = call
      break
    }
    try {
      answers.push(await answer)
      outcomes.push(outcome(answers.at(-1)))
    } catch (error) {
      answers.push(undefined)
      outcomes.push({ error: describe(error) })
    }
  }

  const stored = (key) => JSON.parse(storage.getItem(key) ?? 'null')
  return JSON.stringify({
    outcomes,
    requests: server.requests,
    sleeps_ms: timers.waits,
    events,
    store_after: {
      credentials: stored(keys.credentials),
      captcha: stored(keys.captcha),
      user_info: stored(`user_info_${env}`)?.content ?? null,
    },
    stuck,
    unanswered: server.unanswered,
    unused_responses: server.left.length,
  })
}
