-- write: one slice of one partition. Continues functions.lua in the same library.

local REQUEST = '<I2I2I6I6dddI1dI4I1I2I1ddI2I2I2'
local RECORD = '<I2I6I2xxxxxxI6B' -- series index, bucket, slot, (start), end, flags' low byte
local RECORD_START = '<I6'
local RECORD_START_AT = 10
local RECORD_HEAD = 22 -- the slot's bytes follow
local HEADER = '<I2I2I2I6I4xxxxxxI4'
local HEADER_BYTES = 26
local FIRST_SEEN_BYTES = 6
local END_BYTES = 6
local REVISION_AT, REVISION_END = 12, 16 -- within a slot

-- Texts of the byte positions of slots: made once for a slot size, not once a point.
local positions_of_size = {}
local function positions(slot_bytes, header_bytes)
  local key = slot_bytes * 64 + header_bytes
  local made = positions_of_size[key]
  if not made then
    made = { from = {}, to = {} }
    for slot = 0, 63 do
      made.from[slot] = number_text(slot * slot_bytes)
      made.to[slot] = number_text(slot * slot_bytes + header_bytes - 1)
    end
    positions_of_size[key] = made
  end
  return made
end

local formats = {}
local function pack_u32s(numbers)
  local count = #numbers
  if count == 0 then return '' end
  local format = formats[count]
  if not format then
    format = '<' .. string.rep('I4', count)
    formats[count] = format
  end
  return struct.pack(format, unpack(numbers))
end

-- domain/revision.ts, compareProvenance(). 1 newer, 0 older, -1 a conflict.
local function compare(inc, part, offset, hash, old_inc, old_part, old_offset, old_hash, partitions)
  if inc ~= old_inc then return inc > old_inc and 1 or 0 end
  if hash ~= old_hash then return -1 end
  if part == old_part then return offset > old_offset and 1 or 0 end
  if hash == 0 then return -1 end
  local home = hash % 2147483648 % partitions
  if part == home then return 1 end
  if old_part == home then return 0 end
  return part > old_part and 1 or 0
end

-- Ids that were looked up before are kept with the run. An id is only ever taken back when its series is forgotten,
-- which the metric counts.
local KNOWN_IDS = 20000

local function known_ids_of(meta, forgotten)
  local known = runs[meta]
  if known.forgotten ~= forgotten or known.count > KNOWN_IDS then
    known.forgotten, known.count, known.ids = forgotten, 0, {}
  end
  return known
end

-- Finds the ids of these series, or makes them; nil past the cap.
local function look_up(base, meta, missing, ids, known, max_series)
  local asked = {}
  for i = 1, #missing do
    asked[i] = missing[i].name
  end
  local found = redis.call('ZMSCORE', base .. 'series', unpack(asked))
  local room
  for i = 1, #missing do
    local name, id = asked[i], found[i] and tonumber(found[i])
    if not id then
      room = room or max_series - redis.call('ZCARD', base .. 'series')
      if room > 0 then
        room = room - 1
        id = redis.call('HINCRBY', meta, 'next_series', 1)
        redis.call('ZADD', base .. 'series', id, name)
        -- Points that are refused must not leave a series behind.
        redis.call('ZADD', base .. 'expiry', redis.call('TIME')[1] * 1000, name)
      end
    end
    if id then
      ids[missing[i].at] = id
      known.ids[name] = id
      known.count = known.count + 1
    end
  end
end

-- Reads the series' keys from the request; returns them, their ids and where the points begin.
local function resolve_series(base, meta, blob, at, count, max_series, known)
  local names, ids, missing = {}, {}, {}
  for i = 1, count do
    local length = struct.unpack('<I4', blob, at)
    local name = string.sub(blob, at + 4, at + 3 + length)
    names[i] = name
    ids[i] = known.ids[name]
    if not ids[i] then missing[#missing + 1] = { at = i, name = name } end
    at = at + 4 + length
  end
  if #missing > 0 then look_up(base, meta, missing, ids, known, max_series) end
  return names, ids, at
end

-- args: epoch, topic id, request (write-request.ts), '1' when the slice had records, stored or not, the bridge's own
-- time, tolerance, retention of a metric with a history ('' for none, or where clocks disagree).
local function write(keys, args)
  local call, unpack_bytes, sub, byte = redis.call, struct.unpack, string.sub, string.byte
  local meta, epoch, blob = keys[1], args[1], args[3]
  local base = base_of(meta)
  local parts = base .. 'parts'
  local stored = call(
    'HMGET',
    meta,
    'epoch',
    'run',
    'chan',
    'topic_id',
    'partitions',
    'watermark',
    'final_before',
    'forgotten',
    'sealing_to'
  )
  if not entered(meta, stored, epoch) then return { 'store_lost' } end
  local partition, partitions, from_offset, to_offset, newest, now, idle_ms, final_only, grace_ms, max_series, session, slot_bytes, has_first_seen, span_ms, tail_ms, windows, series_count, point_count, at =
    unpack_bytes(REQUEST, blob)
  if stored[4] ~= args[2] or tonumber(stored[5]) ~= partitions or partition >= partitions then
    return { 'stale_topic' }
  end
  local states = read_states(parts)
  local state = states[partition] or fresh_state()
  if from_offset > state.applied + 1 then return { 'gap', number_text(state.applied + 1) } end
  rehearse(meta, keys[2], epoch)

  local watermark, final_before = number_or_null(stored[6]), number_or_null(stored[7])
  local corrected_before = final_before - grace_ms -- window ends at or before this were final
  local first_seen, is_session, only_final = has_first_seen == 1, session == 1, final_only == 1
  local header_bytes = first_seen and HEADER_BYTES + FIRST_SEEN_BYTES or HEADER_BYTES
  local place = positions(slot_bytes, header_bytes)
  local names, ids
  names, ids, at = resolve_series(base, meta, blob, at, series_count, max_series, known_ids_of(meta, stored[8]))
  local record_bytes = RECORD_HEAD + slot_bytes
  local accepted, ignored, corrected = 0, 0, 0
  local conflicts, over_cap, revisions, overrides = {}, {}, {}, {}
  -- A window of a metric with a history takes records until the stream's own time has passed its retention too, so that
  -- a topic which reaches further back fills the history; and none once it is becoming a step.
  local sealing_to, retention, expired = tonumber(stored[9]), tonumber(args[7]), 0
  local frozen = retention and math.min(now, final_before) - retention or NULL
  local prefix = base .. (is_session and 's:' or 'b:')
  local series_prefix, bucket_text = {}, {}

  local function new_bucket(id, series, bucket, key, expires)
    local expiry = number_text(expires)
    call('PEXPIREAT', key, expiry)
    local index = base .. 'x:' .. number_text(bucket)
    if call('APPEND', index, struct.pack('<I4', id)) == 4 then
      call('ZADD', base .. 'buckets', number_text(bucket), number_text(bucket))
      call('PEXPIREAT', index, expiry)
    elseif is_session then
      call('PEXPIREAT', index, expiry, 'GT')
    end
    call('ZADD', base .. 'expiry', 'GT', expiry, names[series])
  end

  for i = 1, point_count do
    local series, bucket, slot, end_ms, flags = unpack_bytes(RECORD, blob, at)
    local record_at, slot_at = at, at + RECORD_HEAD
    at = at + record_bytes
    revisions[i] = 0
    series = series + 1
    local id = ids[series]
    if end_ms <= frozen or (sealing_to and unpack_bytes(RECORD_START, blob, record_at + RECORD_START_AT) < sealing_to) then
      expired = expired + 1
    elseif not id then
      over_cap[#over_cap + 1] = i - 1
    else
      local key_start, key_end = series_prefix[series], bucket_text[bucket]
      if not key_start then
        key_start = prefix .. id .. ':'
        series_prefix[series] = key_start
      end
      if not key_end then
        key_end = number_text(bucket)
        bucket_text[bucket] = key_end
      end
      local key = key_start .. key_end
      local field, old
      if is_session then
        field = number_text(unpack_bytes(RECORD_START, blob, record_at + RECORD_START_AT))
        old = call('HGET', key, field) or ''
      else
        old = call('GETRANGE', key, place.from[slot], place.to[slot])
      end
      local old_flags, old_revision, verdict = 0, 0, 1
      if (byte(old) or 0) ~= 0 then
        local old_inc, old_part, old_offset, old_hash
        old_flags, old_inc, old_part, old_offset, old_revision, old_hash = unpack_bytes(HEADER, old)
        local _, inc, _, offset, _, hash = unpack_bytes(HEADER, blob, slot_at)
        verdict = compare(inc, partition, offset, hash, old_inc, old_part, old_offset, old_hash, partitions)
      end
      local removal = flags % 4 >= 2
      if verdict == 1 and is_session and removal and old_flags ~= 0 then
        -- Its tombstone takes away only the session with that end.
        if unpack_bytes('<I6', old, header_bytes + 1) ~= end_ms then verdict = 0 end
      end
      if verdict == 1 then
        local revision = old_revision + 1
        local bytes
        if old_flags == 0 then
          bytes = sub(blob, slot_at, slot_at + slot_bytes - 1)
        else
          local revision_text = struct.pack('<I4', revision)
          if removal or first_seen then
            local flag_text = sub(blob, slot_at, slot_at + 1)
            local rest = sub(blob, slot_at + header_bytes, slot_at + slot_bytes - 1)
            if removal then
              -- The marker keeps the last values: an event stays listed with them.
              flag_text = struct.pack('<I2', old_flags - old_flags % 4 + 3)
              rest = is_session and sub(old, header_bytes + 1)
                or call('GETRANGE', key, slot * slot_bytes + header_bytes, (slot + 1) * slot_bytes - 1)
            end
            bytes = flag_text
              .. sub(blob, slot_at + 2, slot_at + REVISION_AT - 1)
              .. revision_text
              .. sub(blob, slot_at + REVISION_END, slot_at + HEADER_BYTES - 1)
              .. sub(old, HEADER_BYTES + 1, header_bytes)
              .. rest
            overrides[#overrides + 1] = struct.pack('<I2', i - 1) .. bytes
          else
            bytes = sub(blob, slot_at, slot_at + REVISION_AT - 1)
              .. revision_text
              .. sub(blob, slot_at + REVISION_END, slot_at + slot_bytes - 1)
          end
        end
        if is_session then
          local expires = end_ms + tail_ms
          if call('HSET', key, field, bytes) == 1 and call('HLEN', key) == 1 then
            new_bucket(id, series, bucket, key, expires)
          elseif call('PEXPIREAT', key, number_text(expires), 'GT') == 1 then
            call('PEXPIREAT', base .. 'x:' .. number_text(bucket), number_text(expires), 'GT')
            call('ZADD', base .. 'expiry', 'GT', number_text(expires), names[series])
          end
        else
          if old == '' then
            call('SETRANGE', key, windows * slot_bytes - 1, '\0')
          end
          call('SETRANGE', key, place.from[slot], bytes)
          -- Last: where this server's clock is past the expiry, nothing may be left that never expires.
          if old == '' then new_bucket(id, series, bucket, key, (bucket + 1) * span_ms + tail_ms) end
        end
        revisions[i] = revision
        accepted = accepted + 1
        if only_final then
          if old_flags ~= 0 then corrected = corrected + 1 end
        elseif end_ms <= corrected_before then
          corrected = corrected + 1
        end
      elseif verdict == 0 then
        ignored = ignored + 1
      else
        conflicts[#conflicts + 1] = i - 1
      end
    end
  end

  if to_offset > state.applied then
    state.applied = to_offset
    if args[4] == '1' then state.since = NULL end -- something came: not idle
  end
  -- No further than the clock now: one record stamped ahead must not let the watermark run along with the clock.
  if newest ~= NULL then state.newest = math.max(state.newest, math.min(newest, now)) end
  states[partition] = state
  save_state(parts, partition, state)
  local next_watermark, next_final =
    advance(watermark, final_before, states, partitions, now, idle_ms, only_final)
  if not clocks_agree(args[5], args[6]) then next_watermark, next_final = watermark, final_before end
  local moved = next_watermark ~= watermark or next_final ~= final_before
  if moved then save_progress(meta, next_watermark, next_final) end
  if #over_cap > 0 then call('HSET', meta, 'series_refused', number_text(now)) end
  local number = runs[meta].number
  if accepted > 0 then
    for i = 1, series_count do
      ids[i] = ids[i] or 0
    end
    local body = pack_u32s(revisions)
      .. pack_u32s(ids)
      .. struct.pack('<I2', #overrides)
      .. table.concat(overrides)
      .. blob
      .. struct.pack('<I4', #blob)
    number = publish(meta, epoch, POINTS, next_watermark, next_final, body)
  elseif moved then
    number = publish(meta, epoch, PROGRESS_ONLY, next_watermark, next_final, '')
  end
  local newest_series = 0
  for i = 1, series_count do
    if ids[i] and ids[i] > newest_series then newest_series = ids[i] end
  end
  return { 'applied', accepted, ignored, corrected, conflicts, over_cap, newest_series, number, expired }
end

-- Changes nothing, but is refused wherever a write would be.
local function ready(keys, args)
  return redis.call('HGET', keys[1], 'epoch')
end

redis.register_function('__PREFIX___open', open)
redis.register_function('__PREFIX___rotate_epoch', rotate_epoch)
redis.register_function('__PREFIX___set_topic', set_topic)
redis.register_function('__PREFIX___skip', skip)
redis.register_function('__PREFIX___report', report)
redis.register_function('__PREFIX___adopt', adopt)
redis.register_function('__PREFIX___align_expiry', align_expiry)
redis.register_function('__PREFIX___write', write)
redis.register_function('__PREFIX___ready', ready)
redis.register_function('__PREFIX___seal_turn', seal_turn)
redis.register_function('__PREFIX___seal', seal)
redis.register_function('__PREFIX___clock', clock)
