// Asks an SDK, in a realm of its own (realm.mjs), which methods it has and how it categorizes errors.

'use strict'

const { openPage } = require('./page.cjs')

/** The methods and getters of an object and its classes. */
function methods(object) {
  const names = new Set()
  for (let holder = object; holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value === 'function' || get) names.add(name)
    }
  }
  names.delete('constructor')
  return [...names].sort()
}

/** What the SDK makes of an error that the layer below throws: it exports no AuthError to be asked itself. */
async function categorize(app, thrown) {
  app.oauthInstance.authApi.signIn = async () => {
    throw thrown
  }
  const { error } = await app.auth().signInWithPassword({ username: 'user_01', password: 'passw0rd' })
  const { category, code, errorCode, retryAfter } = error
  if (!category) throw new Error(`no category for ${JSON.stringify(thrown)}`)
  return { in: thrown, category, code, errorCode, retryAfter }
}

exports.run = async (text, loadSDK, turn) => {
  const { clock, env, session, user, errors } = JSON.parse(text)
  const { storage, settle } = openPage(clock, [], turn)
  storage.setItem(`credentials_${env}`, JSON.stringify(session))
  storage.setItem(`user_info_${env}`, JSON.stringify({ version: 'localCachev1', content: user }))
  const app = loadSDK().init({ env })
  await settle(Promise.resolve())
  const auth = app.auth()
  const layers = { 'app.auth()': auth, 'the class below it': app.oauthInstance.authApi, 'its user': auth.currentUser }
  const found = Object.entries(layers).map(([layer, object]) => [layer, methods(object)])
  const cases = []
  for (const thrown of errors) cases.push(await categorize(app, thrown))
  return JSON.stringify({ cases, methods: Object.fromEntries(found) })
}
