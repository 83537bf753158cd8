// The errors whose categories are recorded (categories.json).

/** Every word of a server's that the SDK knows, and one that it does not. */
const words = [
  'unauthenticated', 'resource_exhausted', 'failed_precondition', 'invalid_argument', 'deadline_exceeded',
  'not_found', 'already_exists', 'permission_denied', 'aborted', 'out_of_range', 'unimplemented', 'internal',
  'unavailable', 'data_loss', 'invalid_password', 'password_not_set', 'invalid_status', 'user_pending',
  'user_blocked', 'invalid_verification_code', 'two_factor_required', 'invalid_two_factor',
  'invalid_two_factor_recovery', 'under_review', 'invalid_request', 'unauthorized_client', 'access_denied',
  'unsupported_response_type', 'invalid_scope', 'invalid_grant', 'server_error', 'temporarily_unavailable',
  'interaction_required', 'login_required', 'account_selection_required', 'consent_required', 'invalid_request_uri',
  'invalid_request_object', 'request_not_supported', 'request_uri_not_supported', 'registration_not_supported',
  'captcha_required', 'captcha_invalid', 'provider_not_enabled', 'login_method_disabled',
  'invalid_username_or_password', 'invalid_credentials', 'wrong_password', 'user_not_found', 'mfa_phone_required',
  'login_type_disabled', 'provider_error', 'something_new',
]

/** The numbers that it knows, then some that it does not. */
const numbers = [3, 5, 7, 8, 9, 10, 12, 13, 14, 16, 4001, 4002, 4019, 4022, 4042, 4045, 4026, 4029, 4043]

/** Texts that say more than the word: error, error_code, error_description, further fields. */
const told = [
  ['invalid_argument', 3, 'verification code does not match'],
  ['invalid_argument', 3, '验证码不正确'],
  ['invalid_argument', 3, 'invalid SignUpRequest.Username: value does not match regex pattern'],
  ['failed_precondition', 9, '用户不存在'],
  ['failed_precondition', 9, 'phone already bound'],
  ['failed_precondition', 9, 'send error code FailedOperation.PhoneNumberInBlacklist msg number on the blacklist'],
  ['not_found', 5, 'User not exist'],
  ['invalid_username_or_password', 4043, 'Username or password incorrect.'],
  ['password_not_set', 4029, 'user password not set'],
  ['resource_exhausted', 8, 'Your phone can receive up to 1 text message per minute.'],
  ['RESOURCE_EXHAUSTED', 8, 'Your phone can receive up to 1 text message per minute.'],
  ['resource_exhausted', 8, 'x', { retry_after: 17 }],
  ['invalid_grant', 4026, 'invalid refresh token.  for it may be has been refreshed by other process'],
  ['permission_denied', 7, 'anonymous login is not enabled'],
  ['internal', 13, 'smtp is not set'],
  ['something_new', undefined, 'account is locked'],
  ['something_new', undefined, '请联系开发者'],
  ['something_new', undefined, 'timeout'],
]

const error = (word, number, text, more) => ({
  error: word,
  ...(number && { error_code: number }),
  error_description: text,
  ...more,
})

export const errors = [
  ...words.map((word) => error(word, undefined, 'x')),
  ...numbers.map((number) => error('something_new', number, 'x')),
  ...told.map((fields) => error(...fields)),
]
