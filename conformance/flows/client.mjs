import { equal, has, match, rejects } from '../lib/assert.mjs'
import { flow, nodeFlow, pageFlow } from '../lib/flow.mjs'
import { ming, password, phone } from './people.mjs'

const header = (request, name) => request.header[name]?.[0]

flow('client', 'what every request carries', async (t) => {
  await t.control.addUser(ming)
  const { app, auth } = t.open({ lang: 'en-US' })
  await auth.signIn({ username: ming.username, password })
  app.updateLang('zh-CN')
  await auth.getProviders()
  const requests = await t.control.requests()
  equal(requests.map((request) => request.operation), ['signin', 'user/me', 'user/provider'], 'the operations')
  equal(requests.map((request) => header(request, 'Accept-Language')), ['en-US', 'en-US', 'zh-CN'], 'the languages')
  const device = t.storage.getItem('device_id')
  for (const request of requests) {
    match(header(request, 'X-Sdk-Version'), /^@cloudbase\/js-sdk\/\d+\.\d+\.\d+$/, 'X-SDK-Version')
    equal(header(request, 'X-Device-Id'), device, 'x-device-id')
    match(header(request, 'X-Request-Id'), /^[0-9a-f]{32}$/, 'x-request-id')
  }
  equal(new Set(requests.map((request) => header(request, 'X-Request-Id'))).size, 3, 'request ids')
  equal(requests.map((request) => [Object.keys(request.query), header(request, 'Authorization')?.split(' ')[0]]), [
    [['client_id'], undefined], [[], 'Bearer'], [[], 'Bearer'],
  ], 'how the calls say who makes them')
})

flow('client', 'a client id that the environment does not have', async (t) => {
  const { auth } = t.open({ clientId: 'another-client' })
  await rejects(auth.getVerification({ phone_number: phone }), { error: 'unauthorized_client', error_code: 4022 })
})

flow('client', 'an access key stands in until somebody signs in', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open({ accessKey: 'publishable-key' })
  equal(await auth.getAccessToken(), { accessToken: 'publishable-key', env: t.env }, 'getAccessToken')
  equal(await auth.loginScope(), 'accessKey', 'loginScope')
  equal(await auth.getSession(), { data: { session: null, user: null }, error: null }, 'getSession')
  equal(await auth.getUser(), { data: { user: null }, error: null }, 'getUser')
  await auth.getVerification({ phone_number: phone })
  match(header((await t.control.requests('verification'))[0], 'Authorization'), /^Bearer /, 'the authorization')
  has(await auth.signInWithPassword({ username: ming.username, password }), {
    error: null, data: { user: { id: ming.sub } },
  })
  await t.expectSession({ sub: ming.sub })
  await auth.signOut()
  equal(await auth.loginScope(), 'accessKey', 'loginScope')
})

flow('client', 'a lost connection is tried again', async (t) => {
  await t.control.addUser(ming)
  await t.control.fault({ operation: 'signin', times: 1, close: 'before_commit' })
  const { auth } = t.open()
  has(await auth.signInWithPassword({ username: ming.username, password }), {
    error: null, data: { user: { id: ming.sub } },
  })
  equal((await t.control.requests('signin')).map((request) => request.status), [0, 200], 'the answers')
})

flow('client', 'an answer cut short is asked for again, though the server has done its part', async (t) => {
  await t.control.addUser(ming)
  await t.control.fault({ operation: 'signin', times: 1, body: 'cut_body' })
  const { auth } = t.open()
  has(await auth.signInWithPassword({ username: ming.username, password }), {
    error: null, data: { user: { id: ming.sub } },
  })
  equal((await t.control.requests('signin')).map((request) => request.status), [200, 200], 'the answers')
})

flow('client', 'after three attempts the js-sdk gives up', async (t) => {
  await t.control.fault({ operation: 'signin', body: 'bad_json' })
  await t.control.addUser(ming)
  const { auth } = t.open()
  const { data, error } = await auth.signInWithPassword({ username: ming.username, password })
  equal(data, { user: null, session: null }, 'the data')
  has(error, { code: 'unreachable', category: 'SERVICE_ERROR', requestId: /^[0-9a-f]{32}$/ })
  equal((await t.control.requests('signin')).length, 3, 'attempts')
  t.expectNoSession()
})

flow('client', 'what the server does not know how to do', async (t) => {
  const { auth } = t.open()
  await rejects(auth.getVerification({ email: ming.email, email_redirect_to: 'https://example.com/' }), {
    error: 'unimplemented', error_code: 12,
  })
  has(await auth.signInWithOtp({ email: ming.email, options: { emailRedirectTo: 'https://example.com/' } }), {
    data: { user: null, session: null }, error: { code: 'unimplemented', errorCode: 12, category: 'SERVICE_ERROR' },
  })
})

flow('client', 'server errors of every kind are AuthErrors with a category', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  for (const [status, word, number, category] of [
    [500, 'internal', 13, 'SERVICE_ERROR'],
    [503, 'unavailable', 14, 'SERVICE_ERROR'],
    [429, 'resource_exhausted', 8, 'RATE_LIMITED'],
    [400, 'mfa_phone_required', 4042, 'MFA_REQUIRED'],
    [403, 'permission_denied', 7, 'PROVIDER_NOT_ENABLED'],
    [409, 'aborted', 10, 'SERVICE_ERROR'],
  ]) {
    await t.control.fault({
      operation: 'signin', times: 1, status, error: word, error_code: number, error_description: 'no',
    })
    has(await auth.signInWithPassword({ username: ming.username, password }), {
      error: { code: word, errorCode: number, category, message: 'no' },
    })
  }
})

flow('deprecated', 'methods that do nothing, and those of v1 that only say what to use instead', async (t) => {
  await t.control.addUser(ming)
  const { auth } = t.open()
  equal(auth.getAuthHeader(), {}, 'getAuthHeader')
  equal(await auth.exchangeCodeForSession(), undefined, 'exchangeCodeForSession')
  const wechat = auth.weixinAuthProvider({ appid: 'wx1', scope: 'snsapi_login' })
  await rejects((async () => wechat.signInWithRedirect())(), { message: /signInWithOAuth/ })
  await rejects(wechat.getRedirectResult(), { message: /verifyOAuth/ })
  await rejects(wechat.getLinkRedirectResult(), { message: /linkIdentity/ })
  await rejects((async () => auth.shouldRefreshAccessToken(() => true))(), { message: /onAuthStateChange/ })
  await auth.signInWithPassword({ username: ming.username, password })
  for (const [method, instead] of [
    ['linkWithTicket', /signInWithCustomTicket/],
    ['linkWithRedirect', /linkIdentity/],
    ['linkWithPhoneNumber', /bindPhoneNumber/],
    ['updatePhoneNumber', /updateUser/],
    ['unlink', /unlinkIdentity/],
  ]) {
    await rejects((async () => auth.currentUser[method]())(), { message: instead }, method)
  }
  equal(auth.currentUser.getLocalUserInfo('name'), ming.name, 'getLocalUserInfo')
})

nodeFlow('deprecated', 'the hosted login page is for pages', async (t) => {
  const { auth } = t.open()
  has(await auth.toDefaultLoginPage({}), { data: {}, error: { name: 'AuthError' } })
})

pageFlow('client', 'toDefaultLoginPage leaves the page for the hosted one', async (t) => {
  const { auth } = t.open()
  equal(await auth.toDefaultLoginPage({ app_id: 'app-1', query: { x: '1' } }), {
    data: {}, error: null,
  }, 'toDefaultLoginPage')
}, async (t) => {
  const here = new URL(location.href)
  equal(here.pathname, '/__auth/', 'the path')
  has(Object.fromEntries(here.searchParams), {
    app_id: 'app-1', env_id: t.env, client_id: t.env, config_version: 'env', redirect_uri: /^http/, x: '1',
  })
})

flow('client', 'the lines that the emulator prints point the js-sdk at it', async (t) => {
  await t.control.addUser(ming)
  const { snippets } = await t.control.call('GET', 'snippets')
  const { text } = snippets.find(({ name }) => name === (t.inPage ? 'js-sdk in a page' : 'js-sdk in Node'))
  const { adapter } = t.inPage ? {} : await import('../lib/adapter.mjs')
  const auth = new Function('cloudbase', 'adapter', `${text}\nreturn auth`)(t.sdk, adapter)
  await auth.getVerification({ phone_number: phone })
  equal((await t.control.messages(phone)).length, 1, 'the messages')
  await auth.signIn({ username: ming.username, password })
  await t.expectSession({ sub: ming.sub })
})
