import { equal, has, match, rejects } from '../lib/assert.mjs'
import { flow, nodeFlow, pageFlow } from '../lib/flow.mjs'
import { hong, ming, phone, signedIn } from './people.mjs'

const wechat = { provider_id: 'wx_open', sub: 'o-ming', name: '明', picture: 'https://example.com/wx.png' }

// grant gives the provider_token for a person whom the third party has let through.
async function grant(t, auth, person = wechat) {
  const { provider_token } = await auth.grantProviderToken({
    provider_id: person.provider_id, provider_code: await t.control.providerCode(person),
  })
  return provider_token
}

flow('provider', 'from the address of the third party to a session', async (t) => {
  const { auth, events } = t.open()
  await t.control.providerCode(wechat) // from now on the third party knows the person
  const { uri } = await auth.genProviderRedirectUri({
    provider_id: 'wx_open', provider_redirect_uri: 'https://example.com/back?x=1', state: 'state-1', scope: 'snsapi_login',
    other_params: { login_hint: wechat.sub, sign_out_uri: '' },
  })
  const page = new URL(uri)
  has(Object.fromEntries(page.searchParams), {
    redirect_uri: 'https://example.com/back?x=1', state: 'state-1', scope: 'snsapi_login', login_hint: wechat.sub,
    sign_out_uri: undefined,
  })
  const back = await followThirdParty(t, uri)
  equal([back.searchParams.get('state'), back.searchParams.get('x')], ['state-1', '1'], 'what came back')

  const granted = await auth.grantProviderToken({
    provider_id: 'wx_open', provider_redirect_uri: 'https://example.com/back', provider_code: back.searchParams.get('code'),
  })
  has(granted, {
    provider_token: /^\S{16,}$/, expires_in: 3600,
    provider_profile: { provider_id: 'wx_open', sub: wechat.sub, name: wechat.name, picture: wechat.picture },
  })
  const state = await auth.signInWithProvider({ provider_token: granted.provider_token })
  has(state.user, { name: wechat.name, picture: wechat.picture })
  equal(state.user.providers, [{ id: 'wx_open', provider_user_id: wechat.sub, name: wechat.name }], 'the providers')
  await t.expectSession({ version: 'v1', sub: state.user.uid })
  await t.expectEvents(events, 'SIGNED_IN')

  await rejects(auth.grantProviderToken({ provider_id: 'wx_open', provider_code: back.searchParams.get('code') }), {
    error: 'provider_error',
  })
  const again = await auth.signInWithIdToken({ token: await grant(t, auth) })
  equal(again.error, null, 'the error')
  equal(again.data.user.id, state.user.uid, 'who signed in')
  equal(again.data.user.identities.map((known) => known.identity_data.provider_user_id), [wechat.sub], 'the identities')
})

// followThirdParty returns the address that the third party's page leads to. A page may not see it, so there it is made.
async function followThirdParty(t, uri) {
  if (!t.inPage) return new URL((await fetch(uri, { redirect: 'manual' })).headers.get('location'))
  const back = new URL(new URL(uri).searchParams.get('redirect_uri'))
  back.searchParams.set('state', new URL(uri).searchParams.get('state'))
  back.searchParams.set('code', await t.control.providerCode(wechat))
  return back
}

flow('provider', 'what is refused', async (t) => {
  const { auth } = t.open()
  await rejects(auth.genProviderRedirectUri({ provider_id: 'nobody', provider_redirect_uri: 'https://example.com/' }), {
    error: 'provider_not_enabled',
  })
  await rejects(auth.grantProviderToken({ provider_id: 'wx_open', provider_code: 'x' }), {
    error: 'provider_error', error_code: 4019, error_uri: '/auth/v1/provider/token',
  })
  await rejects(auth.signInWithProvider({ provider_token: 'x' }), { error: 'invalid_argument', error_code: 3 })
  has(await auth.signInWithIdToken({ token: 'x' }), {
    data: { user: null, session: null }, error: { code: 'invalid_argument' },
  })
  has(await auth.signInWithIdToken({}), { error: { message: 'Token is required' } })
  await rejects(auth.signInWithProvider({ provider_token: await grant(t, auth), force_disable_sign_up: true }), {
    error: 'not_found', error_code: 5,
  })
  const late = await grant(t, auth)
  await t.advance(3600)
  await rejects(auth.signInWithProvider({ provider_token: late }), { error: 'invalid_argument' })
  t.expectNoSession()
})

flow('provider', 'signing up with a phone number binds the third party', async (t) => {
  const { auth } = t.open()
  const state = await auth.signUp({
    phone_number: phone, verification_token: await t.prove(auth, phone), provider_token: await grant(t, auth),
  })
  await auth.signOut()
  has(await auth.signInWithProvider({ provider_token: await grant(t, auth), sync_profile: true }), {
    user: { uid: state.user.uid, name: wechat.name },
  })
})

flow('provider', 'patchProviderToken gets the phone number from WeChat', async (t) => {
  const { auth } = t.open()
  const provider_token = await grant(t, auth, { ...wechat, phone_number: phone })
  const patched = await auth.patchProviderToken({
    provider_token, provider_id: 'wx_open',
    provider_params: { encryptedData: 'x', iv: 'x', code: 'x', provider_code_type: 'phone' },
  })
  has(patched, { provider_token, expires_in: 3600, provider_profile: { sub: wechat.sub, phone_number: phone } })
  await rejects(auth.patchProviderToken({ provider_token, provider_params: {} }), {
    error: 'invalid_argument', error_code: 3,
  })
})

flow('provider', 'bind, list and unbind', async (t) => {
  const { auth, api } = await signedIn(t)
  has(await auth.getUserIdentities(), { data: { identities: [] }, error: null })
  equal(await auth.bindWithProvider({ provider_token: await grant(t, auth) }), {}, 'bindWithProvider')
  equal(await auth.getProviders(), {
    total: 2,
    data: [
      { id: 'wx_open', name: 'wx_open', bind: true, provider_user_name: wechat.name },
      { id: 'wx_mp', name: 'wx_mp', bind: false },
    ],
  }, 'getProviders')
  equal((await auth.getUserIdentities()).data.identities.map((identity) => identity.id), ['wx_open'], 'the identities')
  equal((await auth.getUser()).data.user.identities.map((identity) => identity.identity_data), [
    { provider_id: 'wx_open', provider_user_id: wechat.sub, name: wechat.name },
  ], 'the identities of the user')
  equal(await auth.unbindProvider({ provider_id: 'wx_open' }), {}, 'unbindProvider')
  await rejects(auth.unbindProvider({ provider_id: 'wx_open' }), { error: 'not_found', error_code: 5 })

  await api.bindWithProvider({ provider_token: await grant(t, auth) })
  equal(await auth.unlinkIdentity({ provider: 'wx_open' }), { data: {}, error: null }, 'unlinkIdentity')
  has(await auth.unlinkIdentity({ provider: 'wx_open' }), { data: {}, error: { code: 'not_found' } })
  has(await auth.unlinkIdentity({}), { error: { message: 'Provider is required' } })
  equal((await api.getProviders()).data.map((provider) => provider.bind), [false, false], 'what is bound')
})

flow('provider', 'what somebody else has bound', async (t) => {
  await t.control.addUser({ ...hong, identities: { wx_open: wechat.sub } })
  const { auth, api } = await signedIn(t)
  await rejects(auth.bindWithProvider({ provider_token: await grant(t, auth) }), {
    error: 'failed_precondition', error_code: 9,
  })
  has(await api.toBindIdentity({ provider_token: await grant(t, auth), provider: 'wx_open' }), {
    data: { type: 'bind_identity', provider: undefined },
    error: { code: 'failed_precondition', category: 'PRECONDITION_FAILED' },
  })
  has(await api.transByProvider({ provider_token: await grant(t, auth) }), { sub: hong.sub, token_type: 'Bearer' })
  await t.expectSession({ sub: ming.sub }) // the js-sdk leaves it to the application to store the other session
  equal(await api.changeBoundProvider({ provider_id: 'wx_open', trans_token: await grant(t, auth) }), {
    client_id: t.env,
  }, 'changeBoundProvider')
  equal(Object.fromEntries((await t.control.users()).map((user) => [user.sub, user.identities])), {
    [ming.sub]: { wx_open: wechat.sub }, [hong.sub]: undefined,
  }, 'the identities')
  equal(await api.toBindIdentity({ provider_token: await grant(t, auth), provider: 'wx_open', fireEvent: true }), {
    data: { type: 'bind_identity', provider: 'wx_open' }, error: null,
  }, 'toBindIdentity')
})

nodeFlow('oauth', 'signInWithOAuth outside of a page gives the address, and the rest is the application\'s', async (t) => {
  await t.control.providerCode(wechat)
  const { auth } = t.open()
  const { data, error } = await auth.signInWithOAuth({
    provider: 'wx_open',
    options: { redirectTo: 'https://example.com/back?x=1#y', state: 'state-1', queryParams: { login_hint: wechat.sub } },
  })
  equal(error, null, 'the error')
  equal(data.provider, 'wx_open', 'the provider')
  has(Object.fromEntries(new URL(data.url).searchParams), {
    redirect_uri: 'https://example.com/back', state: 'state-1', login_hint: wechat.sub,
  })
  const back = await followThirdParty(t, data.url)
  equal(back.searchParams.get('state'), 'state-1', 'the state')
  // verifyOAuth looks for the state in the page's sessionStorage and for its own address in location
  has(await auth.verifyOAuth({ code: back.searchParams.get('code'), state: 'state-1', provider: 'wx_open' }), {
    data: { user: null, session: null, redirectUrl: null }, error: { name: 'AuthError' },
  })
  const { provider_token } = await auth.grantProviderToken({
    provider_id: 'wx_open', provider_redirect_uri: 'https://example.com/back', provider_code: back.searchParams.get('code'),
  })
  has(await auth.signInWithProvider({ provider_token }), { user: { name: wechat.name } })
  has(await auth.linkIdentity({}), { data: { provider: null }, error: { message: 'Provider is required' } })
  has(await auth.signInWithOAuth({ provider: 'nobody', options: { redirectTo: 'https://example.com/' } }), {
    data: { url: null, provider: null }, error: { code: 'provider_not_enabled', category: 'PROVIDER_NOT_ENABLED' },
  })
})

pageFlow('oauth', 'signInWithOAuth leaves the page, and verifyOAuth signs in when it is back', async (t) => {
  await t.control.providerCode(wechat)
  const { auth } = t.open()
  const { error } = await auth.signInWithOAuth({ provider: 'wx_open', options: { state: 'state-1' } })
  equal(error, null, 'the error')
}, async (t) => {
  const here = new URL(location.href)
  equal(here.searchParams.get('state'), 'state-1', 'the state')
  match(here.searchParams.get('code'), /^\S{16,}$/, 'the code')
  const { auth, events } = t.open()
  const { data, error } = await auth.verifyOAuth()
  equal(error, null, 'the error')
  has(data, { type: 'sign_in', user: { user_metadata: { name: wechat.name } }, session: { scope: 'user sso' } })
  await t.expectSession({ version: 'v1', sub: data.user.id })
  await t.expectEvents(events, 'SIGNED_IN')
  equal([data.redirectUrl, new URL(location.href).searchParams.get('code')], [location.href, null], 'the address')
  equal(sessionStorage.getItem('state-1'), null, 'what is left of the way there')
})

pageFlow('oauth', 'verifyOAuth without a code, a state or a provider', async (t) => {
  const { auth } = t.open()
  const nothing = { user: null, session: null, redirectUrl: null }
  has(await auth.verifyOAuth(), { data: nothing, error: { message: 'Code is required' } })
  has(await auth.verifyOAuth({ code: 'x' }), { data: nothing, error: { message: 'State is required' } })
  has(await auth.verifyOAuth({ code: 'x', state: 'x' }), { data: nothing, error: { message: 'Provider is required' } })
  has(await auth.verifyOAuth({ code: 'x', state: 'x', provider: 'wx_open' }), {
    data: nothing, error: { code: 'provider_error', errorCode: 4019 },
  })
  t.expectNoSession()
})

pageFlow('oauth', 'linkIdentity leaves the page, and verifyOAuth binds when it is back', async (t) => {
  await t.control.providerCode(wechat)
  const { auth } = await signedIn(t)
  has(await auth.linkIdentity({ provider: 'wx_open' }), { data: { provider: 'wx_open' }, error: null })
}, async (t) => {
  const { auth } = t.open()
  const { data, error } = await auth.verifyOAuth()
  equal(error, null, 'the error')
  has(data, { type: 'bind_identity', provider: 'wx_open', redirectUrl: location.href })
  equal((await auth.getUserIdentities()).data.identities.map((identity) => identity.id), ['wx_open'], 'the identities')
  await t.expectSession({ sub: ming.sub })
})

pageFlow('oauth', 'detectSessionInUrl signs in by itself', async (t) => {
  await t.control.providerCode(wechat)
  const { auth } = t.open()
  await auth.signInWithOAuth({ provider: 'wx_open' })
}, async (t) => {
  const { auth } = t.openFromURL() // it loads the page again under its old address, which is the next stage
  await auth.getSession()
  await new Promise(() => {})
}, async (t) => {
  equal(new URL(location.href).searchParams.get('code'), null, 'the code in the address')
  const { auth, events } = t.openFromURL()
  await t.expectEvents(events, 'INITIAL_SESSION')
  const { data } = await auth.getUser()
  equal(data.user.user_metadata.name, wechat.name, 'who signed in')
  await t.expectSession({ sub: data.user.id, version: undefined })
})

pageFlow('oauth', 'detectSessionInUrl binds by itself', async (t) => {
  await t.control.providerCode(wechat)
  const { auth } = await signedIn(t)
  await auth.linkIdentity({ provider: 'wx_open' })
}, async (t) => {
  const { auth } = t.openFromURL()
  await auth.getSession()
  await new Promise(() => {})
}, async (t) => {
  const { auth } = t.openFromURL()
  equal((await auth.getUserIdentities()).data.identities.map((identity) => identity.id), ['wx_open'], 'the identities')
  await t.expectSession({ sub: ming.sub })
})
