// Records the categories of errors, and lists an SDK's methods.

import { errors } from './errors.mjs'
import { runInRealm } from './realm.mjs'
import { clock, env } from './scenarios/index.mjs'
import { session, user } from './scenarios/shared.mjs'

/**
 * @param {{ version: string, entry: string }} sdk see sdk.mjs
 * @returns {Promise<{ categories: object, methods: Record<string, string[]> }>} what goes into categories.json, and the
 *   methods' names by layer
 */
export async function survey(sdk) {
  const { cases, methods } = await runInRealm('survey.cjs', sdk.entry, { clock, env, session, user, errors })
  return { categories: { sdk: `@cloudbase/js-sdk@${sdk.version}`, cases }, methods }
}
