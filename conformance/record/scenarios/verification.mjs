// Codes that are sent and checked.

import { expired, refused, sent, session, signedIn, verified } from './shared.mjs'

export default [
  {
    name: 'getVerification/phone',
    steps: [['getVerification', { phone_number: '+86 13800000000' }]],
    responses: [sent(false)],
  },
  {
    name: 'getVerification/phone-without-country-code',
    steps: [['getVerification', { phone_number: '13800000000' }]],
    responses: [sent(true)],
  },
  {
    name: 'getVerification/phone-without-space',
    steps: [['getVerification', { phone_number: '+8613800000000' }]],
    responses: [sent(true)],
  },
  {
    name: 'getVerification/email-target-usage',
    steps: [['getVerification', { email: 'a@b.cn', target: 'USER', usage: 'PASSWORD_RESET' }]],
    responses: [sent(true)],
  },
  {
    name: 'getVerification/logged-in-sends-bearer',
    given: { credentials: session },
    steps: [['getVerification', { phone_number: '+86 13800000000' }]],
    responses: [sent(true)],
  },
  {
    name: 'getVerification/current-user-when-expired-refreshes-first',
    given: { credentials: expired },
    steps: [['getVerification', { phone_number: '+86 13800000000', target: 'CUR_USER' }]],
    responses: [signedIn, sent(true)],
  },
  {
    name: 'getVerification/rate-limited',
    steps: [['getVerification', { phone_number: '+86 13800000000' }]],
    responses: [refused(429, 'resource_exhausted', 8, 'send too frequently')],
  },
  {
    name: 'verify/ok',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000' }]],
    responses: [verified],
  },
  {
    name: 'verify/wrong-code',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '999999' }]],
    responses: [refused(400, 'invalid_argument', 3, 'verification code does not match')],
  },
  {
    name: 'verify/v2-signs-in',
    steps: [['verify', { verification_id: 'vid-1', verification_code: '000000', version: 'v2' }]],
    responses: [signedIn],
  },
]
