// Answers with fields that no SDK knows, and words that are none.

import { expired, ok, profile, refused, sent, session, tokens, user, verified } from './shared.mjs'

const novel = {
  x_text: 'new',
  x_number: 1.5,
  x_flag: true,
  x_null: null,
  x_list: [1, { a: 'b' }],
  x_object: { deep: { er: [] } },
}
const withNovel = ({ status, body }) => ({ ...(status && { status }), body: { ...body, ...novel } })

export default [
  {
    name: 'unknown/tokens',
    steps: [['signIn', { username: 'user_01', password: 'passw0rd' }], ['getCredentials']],
    responses: [withNovel(ok({ ...tokens, id_token: 'id-1' })), profile],
  },
  {
    name: 'unknown/tokens-of-a-refresh',
    given: { credentials: { ...expired, x_old: 'kept?' } },
    steps: [['getAccessToken'], ['getCredentials']],
    responses: [withNovel(ok(tokens))],
  },
  {
    name: 'unknown/code-sent',
    steps: [['signInWithOtp', { email: 'a@b.cn' }], ['$0.data.verifyOtp', { token: '000000' }]],
    responses: [withNovel(sent(true)), withNovel(verified), withNovel(ok(tokens)), withNovel(profile)],
  },
  {
    name: 'unknown/verification',
    steps: [
      ['getVerification', { email: 'a@b.cn' }],
      ['verify', { verification_id: 'vid-1', verification_code: '000000' }],
    ],
    responses: [withNovel(sent(true)), withNovel(verified)],
  },
  {
    name: 'unknown/user',
    given: { credentials: session },
    steps: [['getUser']],
    responses: [withNovel(ok({ ...user, providers: [{ ...user.providers[0], ...novel }] }))],
  },
  {
    name: 'unknown/fields-of-an-error',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '999999' }]],
    responses: [withNovel(refused(400, 'invalid_argument', 3, 'verification code does not match'))],
  },
  {
    name: 'unknown/word-of-an-error',
    steps: [['signIn', { username: 'user_01', password: 'passw0rd' }]],
    responses: [refused(400, 'something_new', 4999, 'a new rule')],
  },
  {
    name: 'unknown/number-in-place-of-a-word',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [{ status: 400, body: { code: 40001, message: 'a number', requestId: 'r-1' } }],
  },
  {
    name: 'unknown/number-in-place-of-an-error-word',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [{ status: 400, body: { error: 4014, error_description: 'a number' } }],
  },
]
