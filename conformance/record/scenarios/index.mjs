// The scenarios: what is stored at first, which methods are called, what the server answers. All else in a vector comes
// of running the SDK.

import email from './email.mjs'
import expiry from './expiry.mjs'
import other from './other.mjs'
import rest from './rest.mjs'
import session from './session.mjs'
import signin from './signin.mjs'
import unknown from './unknown.mjs'
import user from './user.mjs'
import verification from './verification.mjs'

export const clock = '2000-01-01T00:00:00.000Z'
export const env = 'env-1'
export const device_id = '0123456789abcdef0123456789abcdef'

/**
 * In the order of the vectors. `given` is what is stored, by default nothing; `init` are options of cloudbase.init
 * beside the environment; a step is the name of a method (player.cjs says of what) and its arguments. The step
 * clock.advance lets seconds pass; without it the clock stands.
 */
export const scenarios = [...verification, ...signin, ...session, ...user, ...other, ...email, ...expiry, ...unknown, ...rest]
