-- Everything that changes a metric in Redis, one step each. All keys of a metric share one hash tag, so that
-- a step is atomic on a cluster too; KEYS[1] is the metric's meta hash, the others follow from its name. KEYS[2] never
-- exists: with two keys of which one is missing, a node that hands over or receives the slot refuses the call (ASK,
-- TRYAGAIN) before anything of it runs. Else a step could find half of the metric's keys there, and stop in the middle.
-- The layout of keys and bytes is described in domain/packed-point.ts, write-request.ts and change-message.ts.
-- The first argument of every function is the store's epoch: a metric under another one was lost.

local NULL = -9007199254740991 -- an absent time, as a number that no time can be
local READER_LOST_MS = 10000
local STATE = '<ddddd' -- applied offset, newest event, at the end since, last at the end, reported
local EPOCH_BYTES = 16
local SWEEP_STEP = 100
local SWEEP_MARGIN_MS = 60000
local CLOCK_KEPT_MS = 10000 -- a bridge that was not heard of for so long is gone

local function base_of(meta)
  return string.sub(meta, 1, -5)
end

local function number_text(value)
  return string.format('%.0f', value)
end

local function number_or_null(text)
  return text and tonumber(text) or NULL
end

-- Partition states by number; unknown partitions are absent.
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

-- What this Redis process remembers of the change numbers that it issued itself, by meta key: the run of numbers, the
-- newest of them, and series ids by their keys (write.lua). A server that was restarted or promoted, that received the
-- slot, or that has loaded other data has no entry, or one that disagrees with the data. It then accepts no change until
-- a bridge has compared what it saw with what is stored (open), so that lost numbers are never issued twice unnoticed.
local runs = {}

-- The run that may continue, or nil. Another version of this library may have issued further numbers meanwhile.
local function run_of(meta, run, number)
  local mine = runs[meta]
  return mine and mine.run == run and (tonumber(number) or 0) >= mine.number and mine or nil
end

-- Begins a run of numbers at a multiple of RUN_NUMBERS, so that a number alone identifies its run. Returns what `open`
-- returns. Earlier reports of readers no longer count: a partition is idle or read to its end only once its reader has
-- reported its position in these data.
local RUN_NUMBERS = 4294967296
local function begin_run(meta, epoch, run, before, number)
  local base = base_of(meta)
  local newest = redis.call('ZRANGE', base .. 'series', -1, -1, 'WITHSCORES')
  local given = tonumber(redis.call('HGET', meta, 'next_series') or 0)
  local states = read_states(base .. 'parts')
  if newest[2] and tonumber(newest[2]) > given then redis.call('HSET', meta, 'next_series', newest[2]) end
  for partition, state in pairs(states) do
    state.since, state.last, state.reported = NULL, NULL, NULL
    save_state(base .. 'parts', partition, state)
  end
  local first = (math.floor(number / RUN_NUMBERS) + 1) * RUN_NUMBERS
  local from = number_text(number)
  redis.call('HSET', meta, 'run', run, 'run_before', before, 'run_from', from, 'chan', number_text(first))
  redis.call('HSET', meta, 'run_epoch', epoch)
  runs[meta] = { run = run, number = first, forgotten = nil, count = 0, ids = {} }
  return { 'known', number_text(first), run, before, from }
end

-- Milliseconds, whole.
local function server_time()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whether a bridge's own clock is that of this server. The progress waits for one that is.
local function clocks_agree(own, tolerance)
  return math.abs(tonumber(own) - server_time()) <= tonumber(tolerance)
end

local PROGRESS_ONLY, POINTS, FORGOTTEN = 0, 1, 2
local take_history -- history.lua

-- Numbered per metric, so that a reader sees when it missed one.
local function publish(meta, epoch, kind, watermark, final_before, body)
  local number = redis.call('HINCRBY', meta, 'chan', 1)
  local head = struct.pack('<I1dddc0', kind, number, watermark, final_before, string.sub(epoch, 1, EPOCH_BYTES))
  redis.call('PUBLISH', base_of(meta) .. 'changes', head .. body)
  runs[meta].number = number
  return number
end

-- args: epoch, shape, a new run, the run that the caller has seen in this epoch ('' for none), its newest number seen,
-- '1' when rotate_epoch made the epoch.
-- Registers the metric, or compares it with what is registered. A process that does not know the metric's run takes it
-- over if the caller has seen nothing that is not there; else the metric is 'lost', and needs a new epoch.
-- A bridge of the first release may have put the metric under this epoch, or under the one before: it begins no run.
local function enter_run(meta, args)
  local stored = redis.call('HMGET', meta, 'epoch', 'shape', 'chan', 'run', 'run_before', 'run_from', 'run_epoch')
  if not stored[2] then
    redis.call('HSET', meta, 'epoch', args[1], 'shape', args[2])
    local first = begin_run(meta, args[1], args[3], '', 0)
    first[1] = 'new'
    return first
  end
  if stored[2] ~= args[2] then return { 'shape', stored[2] } end
  local number = tonumber(stored[3] or 0)
  if stored[1] ~= args[1] then redis.call('HSET', meta, 'epoch', args[1]) end
  local fresh = stored[1] ~= args[1] or (args[6] == '1' and args[4] == '')
  if fresh and stored[7] ~= args[1] then return begin_run(meta, args[1], args[3], '', number) end
  if run_of(meta, stored[4], stored[3]) then
    return { 'known', number_text(number), stored[4], stored[5], stored[6] }
  end
  if args[4] == '' or args[4] ~= stored[4] or tonumber(args[5]) > number then return { 'lost' } end
  return begin_run(meta, args[1], args[3], args[4], number)
end

-- args: those of enter_run, then the caller's history, '1' when it was just started, lifetime, retention, span of a
-- bucket.
local function open(keys, args)
  local reply = enter_run(keys[1], args)
  if reply[1] == 'new' or reply[1] == 'known' then
    local lifetime, retention, span_ms = tonumber(args[9]), tonumber(args[10]), tonumber(args[11])
    take_history(keys[1], reply[1] == 'new', args[7], args[8] == '1', lifetime, retention, span_ms)
  end
  return reply
end

-- args: expected epoch, next epoch. On the store's own hash; answers with the epoch that holds now.
local function rotate_epoch(keys, args)
  local stored = redis.call('HGET', keys[1], 'epoch')
  if stored and stored ~= args[1] then return stored end
  redis.call('HSET', keys[1], 'epoch', args[2], 'rotated', args[2])
  return args[2]
end

-- Whether this process may change the metric; `stored` begins with epoch, run, chan.
local function entered(meta, stored, epoch)
  return stored[1] == epoch and run_of(meta, stored[2], stored[3]) ~= nil
end

-- Refused where the user may not do what a step does in its middle: it would stop there, and what it had stored by then
-- would be taken for records that came again. Changes nothing; `none` is the key that never exists.
local function rehearse(meta, none, epoch)
  local call = redis.call
  call('DEL', none)
  call('APPEND', none, '')
  call('DEL', none)
  call('SETRANGE', none, 0, '')
  call('PEXPIREAT', none, 1)
  call('ZADD', none, 'XX', 0, '')
  call('HLEN', none)
  call('TIME')
  call('HSET', meta, 'epoch', epoch)
  call('HINCRBY', meta, 'chan', 0)
end

-- args: epoch, topic text expected ('' for none), next text, topic id, partitions, '1' when the id is new.
local function set_topic(keys, args)
  local meta = keys[1]
  local stored = redis.call('HMGET', meta, 'epoch', 'run', 'chan', 'topic')
  if not entered(meta, stored, args[1]) then return { 'store_lost' } end
  if (stored[4] or '') ~= args[2] then return { 'changed' } end
  redis.call('HSET', meta, 'topic', args[3], 'topic_id', args[4], 'partitions', args[5])
  if args[6] == '1' then redis.call('DEL', base_of(meta) .. 'parts') end
  return { 'set' }
end

-- args: epoch, topic id, partition, offset at which the log begins.
local function skip(keys, args)
  local meta = keys[1]
  local parts = base_of(meta) .. 'parts'
  local stored = redis.call('HMGET', meta, 'epoch', 'run', 'chan', 'topic_id')
  if not entered(meta, stored, args[1]) then return { 'store_lost' } end
  if stored[4] ~= args[2] then return { 'stale_topic' } end
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

-- Forgets series whose newest bucket, or step, expired before a time; a few a call. Returns their ids, packed.
local function forget(meta, before)
  local base = base_of(meta)
  local dead = redis.call('ZRANGEBYSCORE', base .. 'expiry', '-inf', before, 'LIMIT', 0, SWEEP_STEP)
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

-- Forgets series, and the index entries of buckets that are gone. Goes by this server's clock, as expiry does.
local function sweep(meta)
  local base = base_of(meta)
  local buckets = redis.call('ZRANGE', base .. 'buckets', 0, 7)
  for i = 1, #buckets do
    if redis.call('EXISTS', base .. 'x:' .. buckets[i]) == 0 then
      redis.call('ZREM', base .. 'buckets', buckets[i])
    end
  end
  return forget(meta, server_time() - SWEEP_MARGIN_MS)
end

-- args: epoch, topic id, now, idle, final only, the bridge's own time, tolerance, then for each report: partition, '1' at
-- the end or '0', the reader's next offset. Returns the partitions that lack records before it, each with the
-- offset needed.
local function report(keys, args)
  local meta = keys[1]
  local parts = base_of(meta) .. 'parts'
  local epoch = args[1]
  local stored =
    redis.call('HMGET', meta, 'epoch', 'run', 'chan', 'topic_id', 'partitions', 'watermark', 'final_before')
  if not entered(meta, stored, epoch) then return { 'store_lost' } end
  if stored[4] ~= args[2] then return { 'stale_topic' } end
  local now, idle_ms, final_only = tonumber(args[3]), tonumber(args[4]), args[5] == '1'
  local states = read_states(parts)
  local reply = { 'reported' }
  for i = 8, #args, 3 do
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
  local watermark, final_before = number_or_null(stored[6]), number_or_null(stored[7])
  local next_watermark, next_final =
    advance(watermark, final_before, states, tonumber(stored[5]), now, idle_ms, final_only)
  if not clocks_agree(args[6], args[7]) then next_watermark, next_final = watermark, final_before end
  if next_watermark ~= watermark or next_final ~= final_before then
    save_progress(meta, next_watermark, next_final)
    publish(meta, epoch, PROGRESS_ONLY, next_watermark, next_final, '')
  end
  local forgotten = sweep(meta)
  if forgotten then publish(meta, epoch, FORGOTTEN, next_watermark, next_final, forgotten) end
  return reply
end

-- On a key of its own. args: name of a bridge, its wall clock, tolerance. Returns this server's time, then name and
-- difference of each other bridge whose clock differs by more.
local function clock(keys, args)
  local now, tolerance = server_time(), tonumber(args[3])
  local flat = redis.call('HGETALL', keys[1])
  local kept = { args[1], number_text(args[2] - now) .. ' ' .. number_text(now) }
  local reply = { number_text(now) }
  for i = 1, #flat, 2 do
    local ahead, at = string.match(flat[i + 1], '^(%S+) (%S+)$')
    if flat[i] ~= args[1] and math.abs(now - at) <= CLOCK_KEPT_MS then
      kept[#kept + 1] = flat[i]
      kept[#kept + 1] = flat[i + 1]
      if math.abs(ahead) > tolerance then
        reply[#reply + 1] = flat[i]
        reply[#reply + 1] = ahead
      end
    end
  end
  redis.call('DEL', keys[1])
  redis.call('HSET', keys[1], unpack(kept))
  redis.call('PEXPIREAT', keys[1], number_text(now + CLOCK_KEPT_MS))
  return reply
end

-- args: epoch (unused: the caller opens the metric afterwards), shape expected, next shape, grace of the expected one.
-- Takes over another retention, grace or idle time.
-- Windows that are final stay final: the newest end among them is kept.
local function adopt(keys, args)
  local meta = keys[1]
  local stored = redis.call('HMGET', meta, 'shape', 'final_before', 'final_ends')
  if stored[1] ~= args[2] then return { 'changed' } end
  redis.call('HSET', meta, 'shape', args[3])
  if stored[2] then
    local ends = math.max(tonumber(stored[2]) - tonumber(args[4]), tonumber(stored[3] or '0'))
    redis.call('HSET', meta, 'final_ends', number_text(ends))
  end
  return { 'adopted' }
end

local ALIGN_BUCKETS, ALIGN_SERIES = 64, 1000

-- When the newest session of a key expires; nil when it has none.
local function session_expiry(key, end_at, tail_ms)
  local newest
  for _, slot in ipairs(redis.call('HVALS', key)) do
    local end_ms = struct.unpack('<I6', slot, end_at + 1)
    if not newest or end_ms > newest then newest = end_ms end
  end
  return newest and newest + tail_ms
end

-- args: epoch, shape, first bucket, series of it already done, span, tail, byte position of a session's end (-1: fixed
-- windows), history, tail of what is sealed, '1' to look at each series of a bucket that seems aligned. Gives stored buckets the expiry that the retention asks for, some at a time: after a change of the
-- retention, and after writes of a bridge that still has the other one. Returns where to go on, or 'done'.
local function align_expiry(keys, args)
  local meta = keys[1]
  local base = base_of(meta)
  local stored = redis.call('HMGET', meta, 'epoch', 'shape', 'history', 'sealed_before')
  if stored[1] ~= args[1] then return { 'store_lost' } end
  if stored[2] ~= args[2] or (stored[3] or '') ~= args[8] then return { 'other_shape' } end
  local sealed_before, sealed_tail_ms = tonumber(stored[4] or 0), tonumber(args[9])
  local done, span_ms, tail_ms, end_at = tonumber(args[4]), tonumber(args[5]), tonumber(args[6]), tonumber(args[7])
  local is_session = end_at >= 0
  local prefix = base .. (is_session and 's:' or 'b:')
  local room = ALIGN_SERIES
  local buckets = redis.call('ZRANGEBYSCORE', base .. 'buckets', args[3], '+inf', 'LIMIT', 0, ALIGN_BUCKETS)
  for i = 1, #buckets do
    local bucket, index = buckets[i], base .. 'x:' .. buckets[i]
    local end_ms = (tonumber(bucket) + 1) * span_ms
    -- Windows that are steps now need not be kept; that they have expired deletes them.
    local fixed = end_ms + (end_ms <= sealed_before and sealed_tail_ms or tail_ms)
    local aligned = not is_session and args[10] ~= '1' and redis.call('PEXPIRETIME', index) == fixed
    local packed = aligned and '' or redis.call('GETRANGE', index, 4 * done, 4 * (done + room) - 1)
    local newest = fixed
    for at = 1, #packed, 4 do
      local id = struct.unpack('<I4', packed, at)
      local key = prefix .. number_text(id) .. ':' .. bucket
      local expiry = is_session and session_expiry(key, end_at, tail_ms) or fixed
      newest = math.max(newest, expiry)
      if redis.call('PEXPIRETIME', key) ~= expiry and redis.call('PEXPIREAT', key, number_text(expiry)) == 1 then
        local name = redis.call('ZRANGEBYSCORE', base .. 'series', id, id)[1]
        if name then redis.call('ZADD', base .. 'expiry', 'GT', number_text(expiry), name) end
      end
    end
    room = room - #packed / 4
    -- The index of sessions outlives each of them. That of fixed windows comes last: it says that all is aligned.
    if is_session and done > 0 then redis.call('PEXPIREAT', index, number_text(newest), 'GT') end
    if is_session and done == 0 then redis.call('PEXPIREAT', index, number_text(newest)) end
    if room <= 0 then return { 'more', bucket, number_text(done + #packed / 4) } end
    if not is_session and not aligned then redis.call('PEXPIREAT', index, number_text(fixed)) end
    done = 0
  end
  if #buckets < ALIGN_BUCKETS then return { 'done' } end
  return { 'more', number_text(tonumber(buckets[#buckets]) + 1), '0' }
end
