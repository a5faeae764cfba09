-- Everything that changes a metric in Redis, one step each. All keys of a metric share one hash tag, so that
-- a step is atomic on a cluster too; KEYS[1] is the metric's meta hash, the others follow from its name.
-- The layout of keys and bytes is described in domain/packed-point.ts, write-request.ts and change-message.ts.
-- The first argument of every function is the store's epoch: a metric under another one was lost.

local NULL = -9007199254740991 -- an absent time, as a number that no time can be
local READER_LOST_MS = 10000
local STATE = '<ddddd' -- applied offset, newest event, at the end since, last at the end, reported
local EPOCH_BYTES = 16
local SWEEP_STEP = 100
local SWEEP_MARGIN_MS = 60000

local function base_of(meta)
  return string.sub(meta, 1, -5)
end

local function number_text(value)
  return string.format('%.0f', value)
end

local function number_or_null(text)
  return text and tonumber(text) or NULL
end

-- Partition states by number; partitions that nothing is known of are absent.
local function read_states(parts)
  local flat = redis.call('HGETALL', parts)
  local states = {}
  for i = 1, #flat, 2 do
    local applied, newest, since, last, reported = struct.unpack(STATE, flat[i + 1])
    states[tonumber(flat[i])] =
      { applied = applied, newest = newest, since = since, last = last, reported = reported }
  end
  return states
end

local function fresh_state()
  return { applied = -1, newest = NULL, since = NULL, last = NULL, reported = NULL }
end

local function save_state(parts, partition, state)
  local packed =
    struct.pack(STATE, state.applied, state.newest, state.since, state.last, state.reported)
  redis.call('HSET', parts, partition, packed)
end

-- domain/progress.ts, advance(); the stores' conformance suite holds both to the same answers.
local function advance(watermark, final_before, states, partitions, now, idle_ms, final_only)
  local smallest, largest = math.huge, NULL
  local read_to_end = partitions > 0 and math.huge or NULL
  local all_idle = true
  for p = 0, partitions - 1 do
    local state = states[p]
    local newest = state and state.newest or NULL
    local idle = false
    if state then
      local owned = state.reported ~= NULL and now - state.reported <= READER_LOST_MS
      idle = owned and state.since ~= NULL and now - state.since >= idle_ms
    end
    if newest > largest then largest = newest end
    if not idle then
      all_idle = false
      if newest < smallest then smallest = newest end -- NULL is smaller than every time
    end
    local last = state and state.last or NULL
    if last < read_to_end then read_to_end = last end
  end
  local seen = smallest
  if all_idle or final_only then seen = largest end
  if seen ~= NULL then watermark = math.max(watermark, math.min(seen, now)) end
  final_before = math.max(final_before, watermark)
  if read_to_end ~= NULL then final_before = math.max(final_before, math.min(read_to_end, now) - idle_ms) end
  return watermark, final_before
end

local function save_progress(meta, watermark, final_before)
  if watermark ~= NULL then redis.call('HSET', meta, 'watermark', number_text(watermark)) end
  if final_before ~= NULL then redis.call('HSET', meta, 'final_before', number_text(final_before)) end
end

local PROGRESS_ONLY, POINTS, FORGOTTEN = 0, 1, 2

-- Numbered per metric, so that a reader sees when it missed one.
local function publish(meta, epoch, kind, watermark, final_before, body)
  local number = redis.call('HINCRBY', meta, 'chan', 1)
  local head = struct.pack('<I1dddc0', kind, number, watermark, final_before, string.sub(epoch, 1, EPOCH_BYTES))
  redis.call('PUBLISH', base_of(meta) .. 'changes', head .. body)
end

-- args: epoch, shape. Registers the metric, or compares it with what is registered.
local function open(keys, args)
  local meta = keys[1]
  local stored = redis.call('HMGET', meta, 'epoch', 'shape')
  if not stored[2] then
    redis.call('HSET', meta, 'epoch', args[1], 'shape', args[2])
    return { 'new' }
  end
  if stored[2] ~= args[2] then return { 'shape', stored[2] } end
  if stored[1] ~= args[1] then redis.call('HSET', meta, 'epoch', args[1]) end
  return { 'known' }
end

-- args: expected epoch, next epoch. On the store's own hash; answers with the epoch that holds now.
local function rotate_epoch(keys, args)
  local stored = redis.call('HGET', keys[1], 'epoch')
  if stored and stored ~= args[1] then return stored end
  redis.call('HSET', keys[1], 'epoch', args[2])
  return args[2]
end

-- args: epoch, topic text expected ('' for none), next text, topic id, partitions, '1' when the id is new.
local function set_topic(keys, args)
  local meta = keys[1]
  local stored = redis.call('HMGET', meta, 'epoch', 'topic')
  if stored[1] ~= args[1] then return { 'store_lost' } end
  if (stored[2] or '') ~= args[2] then return { 'changed' } end
  redis.call('HSET', meta, 'topic', args[3], 'topic_id', args[4], 'partitions', args[5])
  if args[6] == '1' then redis.call('DEL', base_of(meta) .. 'parts') end
  return { 'set' }
end

-- args: epoch, topic id, partition, offset at which the log begins.
local function skip(keys, args)
  local meta = keys[1]
  local parts = base_of(meta) .. 'parts'
  local stored = redis.call('HMGET', meta, 'epoch', 'topic_id')
  if stored[1] ~= args[1] then return { 'store_lost' } end
  if stored[2] ~= args[2] then return { 'stale_topic' } end
  local packed = redis.call('HGET', parts, args[3])
  local state = fresh_state()
  if packed then
    state.applied, state.newest, state.since, state.last, state.reported = struct.unpack(STATE, packed)
  end
  local offset = tonumber(args[4]) - 1
  if offset > state.applied then
    state.applied = offset
    save_state(parts, args[3], state)
  end
  return { 'skipped' }
end

-- Forgets series whose newest bucket is gone, and the index entries of buckets that are gone; a few a call.
-- Goes by this server's clock, as expiry does.
local function sweep(meta)
  local base = base_of(meta)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 - SWEEP_MARGIN_MS
  local buckets = redis.call('ZRANGE', base .. 'buckets', 0, 7)
  for i = 1, #buckets do
    if redis.call('EXISTS', base .. 'x:' .. buckets[i]) == 0 then
      redis.call('ZREM', base .. 'buckets', buckets[i])
    end
  end
  local dead = redis.call('ZRANGEBYSCORE', base .. 'expiry', '-inf', now, 'LIMIT', 0, SWEEP_STEP)
  if #dead == 0 then return nil end
  redis.call('HINCRBY', meta, 'forgotten', 1)
  local ids = redis.call('ZMSCORE', base .. 'series', unpack(dead))
  redis.call('ZREM', base .. 'series', unpack(dead))
  redis.call('ZREM', base .. 'expiry', unpack(dead))
  local packed = {}
  for i = 1, #ids do
    if ids[i] then packed[#packed + 1] = struct.pack('<I4', tonumber(ids[i])) end
  end
  return table.concat(packed)
end

-- args: epoch, topic id, now, idle, final only, then for each report: partition, '1' at the end or '0', the reader's
-- next offset. Answers with the partitions that lack records before it, each with the offset needed.
local function report(keys, args)
  local meta = keys[1]
  local parts = base_of(meta) .. 'parts'
  local epoch = args[1]
  local stored = redis.call('HMGET', meta, 'epoch', 'topic_id', 'partitions', 'watermark', 'final_before')
  if stored[1] ~= epoch then return { 'store_lost' } end
  if stored[2] ~= args[2] then return { 'stale_topic' } end
  local now, idle_ms, final_only = tonumber(args[3]), tonumber(args[4]), args[5] == '1'
  local states = read_states(parts)
  local reply = { 'reported' }
  for i = 6, #args, 3 do
    local partition = tonumber(args[i])
    local state = states[partition] or fresh_state()
    states[partition] = state
    local needed = state.applied + 1
    local behind = needed < tonumber(args[i + 2])
    if behind then
      reply[#reply + 1] = args[i]
      reply[#reply + 1] = number_text(needed)
    end
    if args[i + 1] == '1' and not behind then
      -- A reader that was gone for a while has not stood at the end all that time.
      local gone = state.reported == NULL or now - state.reported > READER_LOST_MS
      if state.since == NULL or gone then state.since = now end
      state.last = math.max(state.last, now)
    else
      state.since = NULL
    end
    state.reported = math.max(state.reported, now)
    save_state(parts, args[i], state)
  end
  local watermark, final_before = number_or_null(stored[4]), number_or_null(stored[5])
  local next_watermark, next_final =
    advance(watermark, final_before, states, tonumber(stored[3]), now, idle_ms, final_only)
  if next_watermark ~= watermark or next_final ~= final_before then
    save_progress(meta, next_watermark, next_final)
    publish(meta, epoch, PROGRESS_ONLY, next_watermark, next_final, '')
  end
  local forgotten = sweep(meta)
  if forgotten then publish(meta, epoch, FORGOTTEN, next_watermark, next_final, forgotten) end
  return reply
end
