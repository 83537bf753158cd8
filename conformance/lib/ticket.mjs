import { createSign } from 'node:crypto'

// signTicket makes a custom-login ticket as the node-sdk does: its times are milliseconds. over replaces claims.
export function signTicket(key, uid, over = {}) {
  const now = Date.now()
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    alg: 'RS256', env: key.env_id, iat: now, exp: now + 600_000, uid, refresh: 3_600_000, expire: now + 7 * 86_400_000,
    ...over,
  }
  const content = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  const signature = createSign('RSA-SHA256').update(content).sign(key.private_key, 'base64url')
  return `${key.private_key_id}/@@/${content}.${signature}`
}
