package redisstore

import "github.com/redis/go-redis/v9"

// Every key that a script uses is in one slot, and a script is one step: nothing comes between its commands.
//
// A lock's key holds the token of its holder. A fence's key holds the last fence that was given out for that lock, as
// <number>-<token>. The scripts write after they asked for the time, which Redis allows from version 5 on.

// acquire gives the lock to a token that asks for it, and the fence that goes with it; nothing while another has it.
// A token that has it already, since the client asks again when an answer was lost, gets a new fence.
//
// KEYS: lock, fence. ARGV: token, lease and how long a fence is remembered, in ms.
var acquire = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
local last = redis.call('GET', KEYS[2])
local now = redis.call('TIME')
local number = now[1] * 1000000 + now[2]
if last then number = math.max(number, tonumber(string.match(last, '^%d+')) + 1) end
local fence = string.format('%.0f', number) .. '-' .. ARGV[1]
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], fence, 'PX', ARGV[3])
return fence
`)

// release deletes the lock if it is still the token's.
//
// KEYS: lock. ARGV: token.
var release = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

// lost is what a script answers to a holder that must not do what it asked for.
const lost = "LOCKLOST"

// guard is how every script begins that acts for a holder. The lock is lost if it is another's, or if the last fence is
// not the holder's and not older. If no fence is remembered, either Redis has lost it or it was too long ago.
//
// KEYS: lock, fence. ARGV: token, fence, how long a fence is remembered, in ms.
const guard = `
local number = tonumber(string.match(ARGV[2], '^%d+'))
local holder = redis.call('GET', KEYS[1])
local last = redis.call('GET', KEYS[2])
local lost
if holder then
  lost = holder ~= ARGV[1]
elseif last then
  lost = last ~= ARGV[2] and tonumber(string.match(last, '^%d+')) >= number
else
  local now = redis.call('TIME')
  lost = now[1] * 1000000 + now[2] - number > ARGV[3] * 1000
end
if lost then return redis.error_reply('` + lost + `') end
`

// remember makes the holder's fence the last one again, in case Redis has lost it, and the longest-lived.
const remember = `redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
`

var (
	// renew lets the lock live for another lease. ARGV[4]: lease in ms.
	renew = redis.NewScript(guard + remember + `redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return 1`)

	// read returns the value. KEYS[3]: value.
	read = redis.NewScript(guard + `return redis.call('GET', KEYS[3])`)

	// write replaces the value. KEYS[3]: value. ARGV[4]: the new one. ARGV[5]: how long it is kept, in ms, 0 for ever.
	write = redis.NewScript(guard + remember + `
if ARGV[5] == '0' then
  redis.call('SET', KEYS[3], ARGV[4])
else
  redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5])
end
return 1`)

	// remove deletes the value. KEYS[3]: value.
	remove = redis.NewScript(guard + remember + `return redis.call('DEL', KEYS[3])`)
)
