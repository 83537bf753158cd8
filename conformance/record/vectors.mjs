// Records the vectors: plays every scenario and puts together what went in and what came out.

import { runInRealm } from './realm.mjs'
import { clock, device_id, env } from './scenarios/index.mjs'

/** Where the script and the SDK disagree: then what was recorded says nothing about the SDK. */
function complaints(name, { stuck, unanswered, unused_responses }) {
  const found = []
  if (stuck) found.push(`${name}: ${stuck} never finishes`)
  for (const request of unanswered) found.push(`${name}: no scripted answer is left for ${request}`)
  if (unused_responses > 0) found.push(`${name}: scripted answers left over: ${unused_responses}`)
  return found
}

/**
 * @param {{ version: string, entry: string }} sdk see sdk.mjs
 * @param {object[]} played scenarios
 * @returns {Promise<{ vectors: object, complaints: string[] }>} what goes into vectors.json, and what is wrong with it
 */
export async function recordVectors(sdk, played) {
  const vectors = []
  const wrong = []
  for (const { name, given = { credentials: null }, init, steps: calls, responses } of played) {
    const steps = calls.map(([call, ...args]) => ({ call, args }))
    const seen = await runInRealm('player.cjs', sdk.entry, { clock, env, device_id, given, init, steps, responses })
    wrong.push(...complaints(name, seen))
    vectors.push({
      name,
      given,
      ...(init && { init }),
      steps: steps.map((step, i) => ({ ...step, outcome: seen.outcomes[i] })),
      responses,
      requests: seen.requests,
      unused_responses: seen.unused_responses,
      sleeps_ms: seen.sleeps_ms,
      events: seen.events,
      store_after: seen.store_after,
    })
  }
  return { vectors: { sdk: `@cloudbase/js-sdk@${sdk.version}`, clock, env, device_id, vectors }, complaints: wrong }
}
