// What several scenarios give and answer.

/** Answers of the scripted server: a body with status 200, or an error in its form. */
export const ok = (body) => ({ body })
export const refused = (status, error, error_code, error_description) =>
  ({ status, body: { error, error_code, error_description } })

/** No answer: nothing listens, so nothing was sent. */
export const unreachable = { network: 'connect ECONNREFUSED' }

export const tokens = {
  token_type: 'Bearer',
  access_token: 'at-1',
  refresh_token: 'rt-1',
  expires_in: 7200,
  sub: 'uid-1',
  scope: 'user',
  groups: ['g1'],
}

export const user = {
  sub: 'uid-1',
  name: 'Mobile user',
  username: 'username',
  phone_number: '+86 13800000000',
  email: 'a@b.cn',
  gender: 'MALE',
  picture: 'https://p/1.png',
  locale: 'zh-cn',
  groups: [{ id: 'g1' }],
  providers: [{ id: 'wx', provider_user_id: 'o-1', name: 'WX' }],
  created_at: '1999-01-01T00:00:00.000Z',
  updated_at: '1999-06-01T00:00:00.000Z',
  created_from: 'sms',
}

export const done = ok({})
export const sent = (is_user) => ok({ verification_id: 'vid-1', expires_in: 600, is_user })
export const verified = ok({ verification_token: 'vtok-1', expires_in: 600 })
export const signedIn = ok(tokens)
export const profile = ok(user)
export const sudoGranted = ok({ sudo_token: 'sudo-1', expires_in: 600 })

/** What the store holds at first: a session with an hour left, or one that ended an hour ago. */
export const session = {
  token_type: 'Bearer',
  access_token: 'at-0',
  refresh_token: 'rt-0',
  expires_in: 7200,
  sub: 'uid-0',
  scope: 'user',
  expires_at: '2000-01-01T01:00:00.000Z',
}
export const expired = { ...session, expires_at: '1999-12-31T23:00:00.000Z' }
export const captcha = { captcha_token: 'cap-0', expires_in: 600, expires_at: '2000-01-01T00:09:50.000Z' }
