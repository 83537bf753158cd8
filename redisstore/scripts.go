package redisstore

import (
	"crypto/sha1" //nolint:gosec // it is how Redis names scripts
	"encoding/hex"
)

// The key of a lock is a hash, which outlives the lock. It says who has the lock, who had it last, and which writes of that
// caller were done. A script that takes, renews or releases a lock uses no other key. A script is one step: no other
// command runs in between. The fields:
//
//	fence   the latest fencing token, which grows with every new lock
//	before  the fencing token before it
//	token   the random token of the caller that got the latest fencing token
//	free    exists if that caller has released the lock
//	beat    the number of its last renewal
//	lease   in ms: how long the lock lasts without a renewal
//	gone    released tokens of other callers, the last ones first, each of tokenSize
//	did:KEY <fence>:<number> of the last write of KEY
//
// The key has a time to live only while the lock is free. A lock that is held does not depend on Redis's clock, and is not
// one of the keys that Redis evicts first.
//
// The scripts write after they have read the time; Redis allows that from version 5 on.

type script struct{ source, hash string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see above
	return script{source, hex.EncodeToString(sum[:])}
}

// The first element of an answer.
const (
	answerNo  = 0 // another has the lock, or the caller has lost it
	answerYes = 1
)

// acquire gives a free lock to a caller's token, with a fencing token: {1, fence, the fence before it}. If another caller
// has the lock, the answer is the state of the lock and its lease: {0, sight, lease}. A caller that already has the lock
// gets the same fence again, since it asks once more after a lost answer. A token that was released gets nothing: this is
// an old copy of a request.
//
// sight is the state that the caller has seen unchanged for a whole lease, by its own clock. If the lock still has that
// state, it was not renewed, and the caller gets it.
//
// The answer also has the values of further keys.
//
// KEYS: lock, values. ARGV: token, lease in ms, sight or "".
var acquire = newScript(`
local function got(fence, before)
  local answer = {1, fence, before}
  for i = 2, #KEYS do answer[i + 2] = redis.call('GET', KEYS[i]) end
  return answer
end
local s = redis.call('HMGET', KEYS[1], 'fence', 'token', 'free', 'beat', 'lease', 'gone', 'before')
local fence, token, free, before = s[1], s[2], s[3], s[1] or '0'
if s[6] and string.find(s[6], ARGV[1], 1, true) then return {0, '', '0'} end
if token == ARGV[1] then
  if free then return {0, '', '0'} end
  return got(fence, s[7] or '0')
end
if token and not free then
  local sight = fence .. ':' .. s[4]
  if sight ~= ARGV[3] then return {0, sight, s[5]} end
end
local now = redis.call('TIME')
local number = now[1] * 1000000 + now[2]
number = math.max(number, tonumber(before) + 1)
fence = string.format('%.0f', number)
redis.call('HSET', KEYS[1], 'fence', fence)
redis.call('HSET', KEYS[1], 'before', before)
redis.call('HSET', KEYS[1], 'token', ARGV[1])
redis.call('HSET', KEYS[1], 'beat', 0)
redis.call('HSET', KEYS[1], 'lease', ARGV[2])
redis.call('HDEL', KEYS[1], 'free')
redis.call('PERSIST', KEYS[1])
return got(fence, before)
`)

// release releases a token: the lock becomes free if the token has it, and the token can never get it again. Released
// tokens are remembered only if an old copy of their requests may still be under way.
//
// KEYS: lock. ARGV: token, how long a free lock is remembered in ms, "1" if a copy may be under way, how long gone may be.
var release = newScript(`
local s = redis.call('HMGET', KEYS[1], 'token', 'free', 'gone')
local free = s[2] or not s[1]
if s[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'free', 1)
  free = true
end
if ARGV[3] == '1' and not (s[3] and string.find(s[3], ARGV[1], 1, true)) then
  redis.call('HSET', KEYS[1], 'gone', string.sub(ARGV[1] .. (s[3] or ''), 1, tonumber(ARGV[4])))
end
if free then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {1}
`)

// guard is the beginning of every script that works with a lock. The lock is lost if it was released, or if the hash has a
// fence that is neither this lock's nor an earlier one. If the fence is an earlier one, Redis has forgotten this lock, for
// example in a failover. Then the caller keeps the lock if it is sure that no other can have taken it for a lease.
//
// KEYS: lock. ARGV: token, fence, the fence before it, lease in ms, "1" if the caller is sure.
const guard = `
local s = redis.call('HMGET', KEYS[1], 'fence', 'token', 'free')
local known = s[1] == ARGV[2] and s[2] == ARGV[1]
if known then
  if s[3] then return {0} end
elseif s[1] and tonumber(s[1]) > tonumber(ARGV[3]) or ARGV[5] ~= '1' then
  return {0}
end
`

// remember restores the fields that Redis may have forgotten.
const remember = `
if not known then
  redis.call('HSET', KEYS[1], 'fence', ARGV[2])
  redis.call('HSET', KEYS[1], 'before', ARGV[3])
  redis.call('HSET', KEYS[1], 'token', ARGV[1])
  redis.call('HSET', KEYS[1], 'beat', 0)
  redis.call('HSET', KEYS[1], 'lease', ARGV[4])
  redis.call('HDEL', KEYS[1], 'free')
  redis.call('PERSIST', KEYS[1])
end
`

// numbered does f for a key, unless this write or a later one was done already: then this is an old copy that came late.
const numbered = `
local function done(key)
  local fence, last = string.match(redis.call('HGET', KEYS[1], 'did:' .. key) or '', '^(%d+):(%d+)$')
  return fence == ARGV[2] and tonumber(last) >= tonumber(ARGV[6])
end
local function once(key, f)
  if done(key) then return end
  redis.call('HSET', KEYS[1], 'did:' .. key, ARGV[2] .. ':' .. ARGV[6])
  f()
end
local function set(key, value, ms)
  once(key, function()
    if ms == '0' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', ms) end
  end)
end
`

var (
	// renew shows waiting callers that the lock is in use. ARGV[6]: the number of the renewal.
	renew = newScript(guard + remember + `redis.call('HSET', KEYS[1], 'beat', ARGV[6])
return {1}`)

	// read returns the value. KEYS[2]: value.
	read = newScript(guard + `return {1, redis.call('GET', KEYS[2])}`)

	// write replaces the value. KEYS[2]: value. ARGV[7]: the new one. ARGV[8]: how long it is kept, in ms, 0 for ever.
	write = newScript(guard + remember + numbered + `set(KEYS[2], ARGV[7], ARGV[8])
return {1}`)

	// remove deletes values. KEYS: lock, values.
	remove = newScript(guard + remember + numbered + `
for i = 2, #KEYS do once(KEYS[i], function() redis.call('DEL', KEYS[i]) end) end
return {1}`)

	// swap replaces values if the first one is still the one that the caller has read: {1, 1}, or {1, 0} if it is not.
	// KEYS: lock, values. ARGV[7]: the old value. ARGV[8]: how long all are kept, in ms, 0 for ever. From ARGV[9] on: the
	// new ones.
	swap = newScript(guard + remember + numbered + `
if not done(KEYS[2]) and redis.call('GET', KEYS[2]) ~= ARGV[7] then return {1, 0} end
for i = 2, #KEYS do set(KEYS[i], ARGV[i + 7], ARGV[8]) end
return {1, 1}`)
)
