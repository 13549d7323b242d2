"""What must happen in Redis in one step, in Lua: see `admission`."""

from __future__ import annotations

from typing import Final

from apps.usage.services import counters

LUA: Final = """
local parts, window = tonumber(ARGV[4]), tonumber(ARGV[3])
local now, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
if now < 0 then
    local time = redis.call('TIME')
    now = time[1] + time[2] / 1000000
end
local length = window / parts
local part = math.floor(now / length)

-- What is used of a limit, the oldest part of that and the newest; older ones than count are
-- dropped once a part.
local function used(key)
    local known = redis.call('HMGET', key, 'part', 'sum', 'first')
    if known[1] and tonumber(known[1]) >= part then
        return tonumber(known[2]), tonumber(known[3]), known[1]
    end
    local sum, first, all = 0, part, redis.call('HGETALL', key)
    for i = 1, #all, 2 do
        local number = tonumber(all[i])
        if number and number < part - parts then
            redis.call('HDEL', key, all[i])
        elseif number then
            sum = sum + tonumber(all[i + 1])
            if number < first then first = number end
        end
    end
    redis.call('HSET', key, 'part', part, 'sum', sum, 'first', first)
    redis.call('EXPIRE', key, math.ceil(window + 2 * length) + 1)
    return sum, first, part
end

-- Seconds until a part no longer counts.
local function ends(number) return (number + parts + 1) * length - now end

-- Seconds until so much of a limit has come back.
local function wait(key, wanted)
    local all, numbers = redis.call('HGETALL', key), {}
    local amounts = {}
    for i = 1, #all, 2 do
        local number = tonumber(all[i])
        if number then
            numbers[#numbers + 1] = number
            amounts[number] = tonumber(all[i + 1])
        end
    end
    table.sort(numbers)
    for _, number in ipairs(numbers) do
        wanted = wanted - amounts[number]
        if wanted <= 0 then return ends(number) end
    end
    return window
end

local function look(first_key, first_quota)
    local answer, open, newest = {}, true, {}
    for i = first_key, #KEYS do
        local sum, first
        sum, first, newest[i] = used(KEYS[i])
        local quota = tonumber(ARGV[first_quota + i - first_key])
        local over, seconds = sum + cost - quota, ends(first)
        if over > 0 then
            open = false
            seconds = wait(KEYS[i], over)
        end
        answer[#answer + 1] = sum
        answer[#answer + 1] = math.ceil(seconds)
    end
    return open, answer, newest
end

local function consume(first_key, newest)
    for i = first_key, #KEYS do
        redis.call('HINCRBY', KEYS[i], newest[i], cost)
        redis.call('HINCRBY', KEYS[i], 'sum', cost)
    end
end
"""
# KEYS: the day's calls, then the limits. ARGV: as above, with five for `take` before the quotas.
ADMIT: Final = f"""
{counters.LUA}{LUA}
local open, answer, newest = look(2, 10)
local taken, calls = -1, 0
if open then
    taken, calls = take(KEYS[1], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9])
    if taken == 1 then consume(2, newest) end
end
return {{taken, calls, unpack(answer)}}
"""
# KEYS: the limits. ARGV: now in seconds (-1 for that of Redis), cost, window, parts, quotas.
HIT: Final = f"""
{LUA}
local open, answer, newest = look(1, 5)
if open then consume(1, newest) end
return answer
"""
