"""What must happen in Redis in one step, in Lua. Times are Redis' own, so clocks need not agree."""

from __future__ import annotations

from typing import Final

# Versions are microseconds: they keep rising when Redis comes back empty.
_VERSION: Final = """
local function version()
  local now = redis.call('TIME')
  return string.format('%d%06d', now[1], now[2])
end
"""
_USER_HAS_CONNECTION: Final = """
local function connected(key, user)
  for _, value in ipairs(redis.call('HVALS', key)) do
    if string.sub(value, string.find(value, ' ', 1, true) + 1) == user then return true end
  end
  return false
end
"""

# KEYS nodes; ARGV process, lease in seconds. 1: the lease was still held. 0: it had run out.
RENEW: Final = """
local now = tonumber(redis.call('TIME')[1])
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return (ends and tonumber(ends) >= now) and 1 or 0
"""

# KEYS nodes. Processes whose lease has run out.
EXPIRED: Final = """
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. redis.call('TIME')[1])
"""

# KEYS connections, members; ARGV socket, process, user, info, most members.
# {1 when the user is new here, 0 when known, -1 when the channel is full; version; roll...}
JOIN: Final = (
    _VERSION
    + """
local known = redis.call('HEXISTS', KEYS[2], ARGV[3])
if known == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[5]) then
  return {-1, version()}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
if known == 0 then redis.call('HSET', KEYS[2], ARGV[3], ARGV[4]) end
local answer = {1 - known, version()}
for _, value in ipairs(redis.call('HGETALL', KEYS[2])) do answer[#answer + 1] = value end
return answer
"""
)

# KEYS members of several channels. {version; 1 for each that has members, else 0...}
LOOK: Final = (
    _VERSION
    + """
local answer = {version()}
for _, key in ipairs(KEYS) do answer[#answer + 1] = redis.call('EXISTS', key) end
return answer
"""
)

# KEYS connections, members; ARGV socket, user. {1 when it was the user's last, version}
LEAVE: Final = (
    _VERSION
    + _USER_HAS_CONNECTION
    + """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 or connected(KEYS[1], ARGV[2]) then
  return {0, version()}
end
return {redis.call('HDEL', KEYS[2], ARGV[2]), version()}
"""
)

# KEYS nodes, connections, members; ARGV process. {version, users who are gone...}
EVICT: Final = (
    _VERSION
    + _USER_HAS_CONNECTION
    + """
local gone = {version()}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ends and tonumber(ends) >= tonumber(redis.call('TIME')[1]) then return gone end
local users = {}
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true)
  if string.sub(all[i + 1], 1, space - 1) == ARGV[1] then
    redis.call('HDEL', KEYS[2], all[i])
    users[string.sub(all[i + 1], space + 1)] = true
  end
end
for user, _ in pairs(users) do
  if not connected(KEYS[2], user) and redis.call('HDEL', KEYS[3], user) == 1 then
    gone[#gone + 1] = user
  end
end
return gone
"""
)

_COUNT: Final = """
local now = redis.call('TIME')[1]
local count = 0
for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
  count = count + tonumber(redis.call('HGET', ARGV[1] .. process, ARGV[2]) or 0)
end
"""

# KEYS nodes; ARGV what a process's name is appended to, address, Redis channel, message in two
# parts. Says to those in the channel how many they are, over all processes, and returns it.
TELL_COUNT: Final = (
    _COUNT
    + """
if count > 0 then
  redis.call('PUBLISH', ARGV[3], ARGV[4] .. string.format('%d', count) .. ARGV[5])
end
return count
"""
)

# KEYS nodes, tally, news; ARGV what a process's name is appended to, address, channel, most
# entries. Writes down for webhooks what has changed since the last time, and returns the number.
NOTE_COUNT: Final = (
    _COUNT
    + """
local before = tonumber(redis.call('HGET', KEYS[2], ARGV[3]) or 0)
if count == before then return count end
local function note(event)
  event['channel'] = ARGV[3]
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'event', cjson.encode(event))
end
if count > 0 then
  redis.call('HSET', KEYS[2], ARGV[3], count)
else
  redis.call('HDEL', KEYS[2], ARGV[3])
end
if before == 0 then note({name = 'channel_occupied'}) end
if count > 0 then note({name = 'subscription_count', subscription_count = count}) end
if count == 0 then note({name = 'channel_vacated'}) end
return count
"""
)

# KEYS nodes, node; ARGV process. Forget a process, unless it lives again.
FORGET: Final = """
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ends and tonumber(ends) >= tonumber(redis.call('TIME')[1]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2])
"""

# KEYS nodes, node, peaks; ARGV process, prefix of nodes, field, its new number, most or -1,
# workspace, seconds. 0: with the other living processes that would be too many; nothing is written.
HOLD: Final = """
local total = tonumber(ARGV[4])
local living = redis.call('ZRANGEBYSCORE', KEYS[1], redis.call('TIME')[1], '+inf')
for _, name in ipairs(living) do
  if name ~= ARGV[1] then
    total = total + tonumber(redis.call('HGET', ARGV[2] .. name, ARGV[3]) or '0')
  end
end
if tonumber(ARGV[5]) >= 0 and total > tonumber(ARGV[5]) then return 0 end
if ARGV[4] == '0' then
  redis.call('HDEL', KEYS[2], ARGV[3])
else
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
end
if total > tonumber(redis.call('HGET', KEYS[3], ARGV[6]) or '0') then
  redis.call('HSET', KEYS[3], ARGV[6], total)
  redis.call('EXPIRE', KEYS[3], ARGV[7])
end
return 1
"""
