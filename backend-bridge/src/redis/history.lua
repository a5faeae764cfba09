-- Steps that outlive their windows (domain/history). Continues functions.lua in the same library.
-- In the metric's meta hash: history (its tiers as `windows in a step:step:keep`, with commas between), lifetime,
-- sealed_before (windows that begin before it are steps), sealing_to (up to here they are becoming steps, and take no
-- record any more), sealed_series (the last series of which that is done).
-- In `tiers`: since:<windows> (the first step that has all its windows), steps:<windows>:<block> and
-- bytes:<windows>:<block> (of all series). In each `t:<windows>:<block>`: series id -> its packed block.

local STEPS_PER_BLOCK = 256
local BLOCK_SPARE_MS = 86400000 -- bridges delete expired blocks; where none is left, Redis does, a day later
local SWEEP_BLOCKS = 64

local function tiers_of(text)
  local tiers = {}
  for windows, step, keep in string.gmatch(text, '(%d+):(%d+):(%d+)') do
    tiers[windows] = { step = tonumber(step), keep = tonumber(keep) }
  end
  return tiers
end

local function block_expiry(tier, block)
  return (tonumber(block) + 1) * STEPS_PER_BLOCK * tier.step + tier.keep
end

local function block_key(base, windows, block)
  return base .. 't:' .. windows .. ':' .. block
end

-- Every tier and block of the hash `tiers`: kind, windows, block ('' for since).
local function each_field(flat)
  local at = -1
  return function()
    at = at + 2
    if flat[at] then return string.match(flat[at], '^(%a+):(%d+):?(%d*)$') end
  end
end

-- From where on no window has expired: the first bucket that is not about to.
local function complete_from(base, span_ms)
  local soon = server_time() + SWEEP_MARGIN_MS
  local buckets = redis.call('ZRANGE', base .. 'buckets', 0, -1)
  for i = 1, #buckets do
    if redis.call('PEXPIRETIME', base .. 'x:' .. buckets[i]) > soon then return tonumber(buckets[i]) * span_ms end
  end
  return #buckets > 0 and (tonumber(buckets[#buckets]) + 1) * span_ms or 0
end

-- Series are kept as long as their steps.
local function move_expiry(base, by_ms)
  if by_ms == 0 then return end
  local flat = redis.call('ZRANGE', base .. 'expiry', 0, -1, 'WITHSCORES')
  for i = 1, #flat, 2 do
    redis.call('ZADD', base .. 'expiry', number_text(tonumber(flat[i + 1]) + by_ms), flat[i])
  end
end

-- Takes over the history that a bridge was started with: a tier that is new begins where all its windows are still to
-- be sealed, one that is gone is deleted. A bridge that only comes back leaves what another one was started with.
function take_history(meta, is_new, text, starting, lifetime, retention, span_ms)
  local base = base_of(meta)
  local stored = redis.call('HMGET', meta, 'history', 'lifetime', 'sealed_before', 'sealing_to')
  local before = stored[1] or ''
  if before == text or (before ~= '' and not starting) then return end
  local kept = redis.call('HGETALL', base .. 'tiers')
  local sealed = tonumber(stored[3] or 0)
  local complete = (before ~= '' or is_new) and sealed or complete_from(base, span_ms)
  local tiers = tiers_of(text)
  for kind, windows, block in each_field(kept) do
    local tier = tiers[windows]
    if kind == 'since' then
      if tier then tier.known = true end
      if not tier then redis.call('HDEL', base .. 'tiers', 'since:' .. windows) end
    elseif kind == 'steps' then
      local key = block_key(base, windows, block)
      if tier then
        redis.call('PEXPIREAT', key, number_text(block_expiry(tier, block) + BLOCK_SPARE_MS))
      else
        redis.call('UNLINK', key)
        redis.call('HDEL', base .. 'tiers', 'steps:' .. windows .. ':' .. block, 'bytes:' .. windows .. ':' .. block)
      end
    end
  end
  for windows, tier in pairs(tiers) do
    if not tier.known then
      local since = math.ceil(complete / tier.step) * tier.step
      redis.call('HSET', base .. 'tiers', 'since:' .. windows, number_text(since))
    end
  end
  move_expiry(base, lifetime - tonumber(stored[2] or retention))
  if text == '' then
    redis.call('HDEL', meta, 'history', 'lifetime', 'sealed_before', 'sealing_to', 'sealed_series')
    return
  end
  redis.call('HSET', meta, 'history', text, 'lifetime', number_text(lifetime))
  -- What is under way begins again: it may have more tiers now.
  local sealing = number_text(tonumber(stored[4] or sealed))
  redis.call('HSET', meta, 'sealed_before', number_text(sealed), 'sealing_to', sealing, 'sealed_series', '0')
end

-- Numbered like a change: a bridge that has seen the boundary there notices a Redis that lost the move.
local function tell_boundary(meta, epoch, stored_watermark, stored_final)
  publish(meta, epoch, PROGRESS_ONLY, number_or_null(stored_watermark), number_or_null(stored_final), '')
end

-- args: epoch, history, now, where the boundary may be ('' where none), span of a bucket, the longest step, how far it
-- moves at once. Deletes blocks and series that have expired, and begins to seal where nothing is under way. Returns
-- the boundary, how far windows are becoming steps, and the last series done.
local function seal_turn(keys, args)
  local meta = keys[1]
  local base = base_of(meta)
  local stored = redis.call('HMGET', meta, 'epoch', 'run', 'chan', 'history', 'sealed_before', 'sealing_to',
    'sealed_series', 'watermark', 'final_before')
  if not entered(meta, stored, args[1]) then return { 'store_lost' } end
  if stored[4] ~= args[2] then return { 'other_history' } end
  local now, target, span_ms, unit = tonumber(args[3]), tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local before, to = tonumber(stored[5]), tonumber(stored[6])
  local kept = redis.call('HGETALL', base .. 'tiers')
  local begins = to == before and target and target > before
  local oldest = begins
    and redis.call('ZRANGEBYSCORE', base .. 'buckets', math.floor(before / span_ms), '+inf', 'LIMIT', 0, 1)[1]

  local tiers, deleted = tiers_of(args[2]), 0
  for kind, windows, block in each_field(kept) do
    local tier = kind == 'steps' and tiers[windows]
    if tier and deleted < SWEEP_BLOCKS and block_expiry(tier, block) <= now then
      redis.call('UNLINK', block_key(base, windows, block))
      redis.call('HDEL', base .. 'tiers', 'steps:' .. windows .. ':' .. block, 'bytes:' .. windows .. ':' .. block)
      deleted = deleted + 1
    end
  end
  local forgotten = forget(meta, now - SWEEP_MARGIN_MS)
  if forgotten then
    publish(meta, args[1], FORGOTTEN, number_or_null(stored[8]), number_or_null(stored[9]), forgotten)
  end
  if not begins then return { 'turn', stored[5], stored[6], stored[7] } end
  -- Nothing lies before the oldest bucket: the boundary moves there at once.
  local from = target
  if oldest then
    from = math.min(target, math.max(before, math.floor(tonumber(oldest) * span_ms / unit) * unit))
  end
  to = math.min(target, math.floor(from / unit) * unit + tonumber(args[7]))
  local from_text, to_text = number_text(from), number_text(to)
  redis.call('HSET', meta, 'sealed_before', from_text, 'sealing_to', to_text, 'sealed_series', '0')
  if from ~= before then tell_boundary(meta, args[1], stored[8], stored[9]) end
  return { 'turn', from_text, to_text, '0' }
end

-- args: epoch, history, boundary, how far windows are becoming steps, the last series done, the next last one ('' when
-- all are done), then for each block: windows, block, steps more, bytes more, number of series, and for each the id and
-- the packed block. Stores what a bridge packed if nobody else has meanwhile: whoever seals, each series is done once.
-- The inputs do not change until the boundary has moved, so a bridge that ends in between leaves nothing half done.
local function seal(keys, args)
  local meta = keys[1]
  local tiers_key = base_of(meta) .. 'tiers'
  local stored = redis.call('HMGET', meta, 'epoch', 'run', 'chan', 'history', 'sealed_before', 'sealing_to',
    'sealed_series', 'watermark', 'final_before')
  if not entered(meta, stored, args[1]) then return { 'store_lost' } end
  for i = 2, 5 do
    if stored[i + 2] ~= args[i] then return { 'moved' } end
  end
  local tiers = tiers_of(args[2])
  local at = 7
  while at <= #args do
    local windows, block, count = args[at], args[at + 1], tonumber(args[at + 4])
    local key = block_key(base_of(meta), windows, block)
    redis.call('HSET', key, unpack(args, at + 5, at + 4 + 2 * count))
    redis.call('PEXPIREAT', key, number_text(block_expiry(tiers[windows], block) + BLOCK_SPARE_MS))
    redis.call('HINCRBY', tiers_key, 'steps:' .. windows .. ':' .. block, args[at + 2])
    redis.call('HINCRBY', tiers_key, 'bytes:' .. windows .. ':' .. block, args[at + 3])
    at = at + 5 + 2 * count
  end
  if args[6] ~= '' then
    redis.call('HSET', meta, 'sealed_series', args[6])
  else
    redis.call('HSET', meta, 'sealed_before', args[4], 'sealed_series', '0')
    tell_boundary(meta, args[1], stored[8], stored[9])
  end
  return { 'sealed' }
end
