-- Made by `node scripts/build-ksql.mjs` from ksql/migrations; change it there.

-- V000001__raw_events.sql
-- What producers send: one event of one user, as JSON, in any order and sometimes twice.
-- Feeds no metric by itself. PROPERTIES is a reserved word, so it stands in backticks, in upper case: field
-- names are matched in any case, and an unquoted name is upper case too.
-- Event time is the field timestamp: milliseconds, as a number or as its digits in text. A row is dropped and
-- reported in the processing log when its timestamp is missing, null, negative or other text, when it is not a
-- JSON object, or when its properties are neither an object nor null.
-- Create the topic first: this statement names no PARTITIONS, so that ksqlDB refuses it where the topic is missing.
CREATE STREAM IF NOT EXISTS raw_events (
    user_id VARCHAR,
    event_type VARCHAR,
    timestamp BIGINT,
    `PROPERTIES` MAP<VARCHAR, VARCHAR>
) WITH (
    KAFKA_TOPIC = 'raw-events',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp'
);

-- V000002__user_profiles.sql
-- The newest profile of each user. The user id is the record's key, and only there; a null value removes
-- the profile. Feeds no metric by itself: it gives events their segment.
-- A profile holds from the moment it is written (the record's own timestamp), so there is no timestamp column.
-- Create the topic first, compacted and with as many partitions as raw-events: no PARTITIONS stands here, so that
-- ksqlDB refuses the statement where it is missing. Write it with Java's partitioner (murmur2): otherwise the join
-- finds nothing and says nothing.
CREATE TABLE IF NOT EXISTS user_profiles (
    user_id VARCHAR PRIMARY KEY,
    segment VARCHAR,
    registration_date BIGINT,
    total_value DOUBLE
) WITH (
    KAFKA_TOPIC = 'user-profiles',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON'
);

-- V000003__valid_events.sql
-- The events that count: those with a user whose time is at most a minute ahead of the server's clock.
-- One event stamped in the future would close every window before its time: all later events would be late until
-- the clock has caught up, and a broker that refuses records from the future would stop the query.
-- The user id is the key from here on, so that the join below needs no repartition topic of its own.
-- What is left out here is gone without a record: compare the ends of both topics, or watch your producers' clocks.
-- Kept longer than raw-events (7 days): records have the events' times, and the broker would delete what a replay has
-- written before the join reads it. The same holds for enriched_events and revenue_events.
CREATE STREAM IF NOT EXISTS valid_events
WITH (
    KAFKA_TOPIC = 'valid_events',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp',
    RETENTION_MS = 691200000
) AS
SELECT
    user_id AS user_key,
    AS_VALUE(user_id) AS user_id,
    event_type,
    timestamp,
    `PROPERTIES`
FROM raw_events
WHERE user_id IS NOT NULL AND timestamp <= UNIX_TIMESTAMP() + 60000
PARTITION BY user_id
EMIT CHANGES;

-- V000004__enriched_events.sql
-- Each event with the segment its user had at that moment; 'unknown' for a user without profile or segment,
-- so that no event vanishes from a count by segment. Needs ksql.streams.max.task.idle.ms = 2500 on the server: the
-- join waits that long for a profile that is older than the event but not read yet. Without it a replay gives
-- events the newest profile. Feeds the aggregates below.
CREATE STREAM IF NOT EXISTS enriched_events
WITH (
    KAFKA_TOPIC = 'enriched_events',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp',
    RETENTION_MS = 691200000
) AS
SELECT
    e.user_key AS user_key,
    e.user_id AS user_id,
    e.event_type AS event_type,
    e.timestamp AS timestamp,
    e.`PROPERTIES` AS `PROPERTIES`,
    COALESCE(u.segment, 'unknown') AS segment,
    u.total_value AS total_value
FROM valid_events e
LEFT JOIN user_profiles u ON e.user_key = u.user_id
EMIT CHANGES;

-- V000005__events_per_minute_by_segment.sql
-- How many events of any type each segment had in each minute of event time: metric events_per_minute.
-- One record for every change of a window (thinned by the cache), keyed by segment and window start.
-- Events up to 30 s late count; later ones are dropped. The state is kept for 2 hours, the topic for 2 days,
-- so that a bridge that lost its store can fill it again.
CREATE TABLE IF NOT EXISTS events_per_minute_by_segment
WITH (
    KAFKA_TOPIC = 'events_per_minute_by_segment',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    segment AS segment_key,
    AS_VALUE(segment) AS segment,
    COUNT(*) AS event_count,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 HOURS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT CHANGES;

-- V000006__high_activity_users.sql
-- Users with more than 100 events in five minutes of event time: metric high_activity_alert.
-- The first record of a window says 101 or, when the cache swallowed it, more; every further event of that
-- user repeats the record with the new count. A count only grows, so nothing is ever taken back.
-- The bound stands here, in high_activity_users_final and, as 101, in high_activity_alerts.
CREATE TABLE IF NOT EXISTS high_activity_users
WITH (
    KAFKA_TOPIC = 'high_activity_users',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    user_key,
    AS_VALUE(user_key) AS user_id,
    COUNT(*) AS event_count,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 5 MINUTES, RETENTION 2 HOURS, GRACE PERIOD 1 MINUTE)
GROUP BY user_key
HAVING COUNT(*) > 100
EMIT CHANGES;

-- V000007__revenue_events.sql
-- Purchases with their amount as a number, in any notation that Java reads: '1e2' is 100, and '5d' (5) and '0x10p1'
-- (32) count as well. Spaces around it do not matter; a refund is negative. An amount that is null, missing or not
-- a number ('abc', '1,234.50', 'NaN') becomes null and stays visible as such: it poisons no sum.
-- event_type is compared exactly: 'PURCHASE' is another type. Feeds revenue_per_minute.
CREATE STREAM IF NOT EXISTS revenue_events
WITH (
    KAFKA_TOPIC = 'revenue_events',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp',
    RETENTION_MS = 691200000
) AS
SELECT
    user_key,
    user_id,
    CAST(`PROPERTIES`['amount'] AS DOUBLE) AS amount,
    timestamp,
    segment
FROM enriched_events
WHERE event_type = 'purchase'
EMIT CHANGES;

-- V000008__revenue_per_minute.sql
-- Revenue of each segment in each minute of event time: metric revenue_per_minute.
-- transaction_count counts every purchase, amount_count those with a usable amount. The average is
-- total_revenue by amount_count; with both counts at hand it can be combined across segments and minutes,
-- and a bad amount shows as the difference between them. A window of bad amounts only has revenue 0.0.
-- Amounts are doubles and carry their noise (371.06999999999994); for exact cents cast to DECIMAL(12, 2).
CREATE TABLE IF NOT EXISTS revenue_per_minute
WITH (
    KAFKA_TOPIC = 'revenue_per_minute',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    segment AS segment_key,
    AS_VALUE(segment) AS segment,
    SUM(amount) AS total_revenue,
    COUNT(*) AS transaction_count,
    COUNT(amount) AS amount_count,
    AVG(amount) AS avg_transaction_value,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM revenue_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 HOURS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT CHANGES;

-- V000009__active_users_per_minute.sql
-- How many different users had at least one event in each minute of event time: metric
-- active_users_per_minute, one series without dimensions. A table needs a key, so all rows share the
-- constant 'all'; one partition and one task do the whole count.
-- COUNT_DISTINCT is a HyperLogLog sketch: its standard error is under 1 %, and its state is 2,731 integers a
-- window, written again with every change. Flink, Kafka Streams and the bridge's own pipeline count exactly.
-- Distinct counts of segments or minutes do not add up to a distinct count, so none are kept by segment.
CREATE TABLE IF NOT EXISTS active_users_per_minute
WITH (
    KAFKA_TOPIC = 'active_users_per_minute',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    'all' AS scope_key,
    COUNT_DISTINCT(user_id) AS active_users,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 HOURS, GRACE PERIOD 30 SECONDS)
GROUP BY 'all'
EMIT CHANGES;

-- V000010__high_activity_changes.sql
-- The records of high_activity_users read as a plain stream, one row a change. KEY_FORMAT 'NONE' sets the
-- windowed key aside: a stream that declares it cannot be partitioned again. Feeds high_activity_alerts.
CREATE STREAM IF NOT EXISTS high_activity_changes (
    user_id VARCHAR,
    event_count BIGINT,
    window_start BIGINT,
    window_end BIGINT
) WITH (
    KAFKA_TOPIC = 'high_activity_users',
    KEY_FORMAT = 'NONE',
    VALUE_FORMAT = 'JSON'
);

-- V000011__high_activity_alerts.sql
-- One record for each user and window, at the 101st event, keyed by the user id: for pagers and other readers
-- that act on every record. The bridge needs it not; it keeps one event per user and window by itself.
-- Right only with the cache off (cache.max.bytes.buffering = 0, as in docker-compose.yml): with it the 101st
-- change may be swallowed. Where the cache is on, read high_activity_users_final: one record, when it closes.
CREATE STREAM IF NOT EXISTS high_activity_alerts
WITH (
    KAFKA_TOPIC = 'high_activity_alerts',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    user_id AS user_key,
    AS_VALUE(user_id) AS user_id,
    event_count,
    window_start,
    window_end
FROM high_activity_changes
WHERE event_count = 101
PARTITION BY user_id
EMIT CHANGES;

-- V000012__events_per_minute_by_segment_final.sql
-- events_per_minute_by_segment as one record per closed window, for readers that must never see a change.
-- A window closes when an event comes whose time is past its end and grace, and is written with the next event that
-- comes a second or more after the last writing: a stream that falls silent leaves its last windows unwritten.
-- RETENTION is longer than raw-events is kept (7 days): a replay reads all of it within some seconds, and what the
-- state does not hold until then is never written. A metric that reads this topic says final_only: true. Not needed
-- by the default metrics.yaml; leave it out to save its state and its work.
CREATE TABLE IF NOT EXISTS events_per_minute_by_segment_final
WITH (
    KAFKA_TOPIC = 'events_per_minute_by_segment_final',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    segment AS segment_key,
    AS_VALUE(segment) AS segment,
    COUNT(*) AS event_count,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 8 DAYS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT FINAL;

-- V000013__high_activity_users_final.sql
-- high_activity_users as one record per user and closed window: the last count, once.
-- A window closes when an event comes whose time is past its end and grace, and is written with the next event that
-- comes a second or more after the last writing: a stream that falls silent leaves its last windows unwritten.
-- RETENTION is longer than raw-events is kept (7 days): a replay reads all of it within some seconds, and what the
-- state does not hold until then is never written. A metric that reads this topic says final_only: true. Not needed
-- by the default metrics.yaml; leave it out to save its state and its work.
CREATE TABLE IF NOT EXISTS high_activity_users_final
WITH (
    KAFKA_TOPIC = 'high_activity_users_final',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    user_key,
    AS_VALUE(user_key) AS user_id,
    COUNT(*) AS event_count,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 5 MINUTES, RETENTION 8 DAYS, GRACE PERIOD 1 MINUTE)
GROUP BY user_key
HAVING COUNT(*) > 100
EMIT FINAL;

-- V000014__revenue_per_minute_final.sql
-- revenue_per_minute as one record per closed window.
-- A window closes when an event comes whose time is past its end and grace, and is written with the next event that
-- comes a second or more after the last writing: a stream that falls silent leaves its last windows unwritten.
-- RETENTION is longer than raw-events is kept (7 days): a replay reads all of it within some seconds, and what the
-- state does not hold until then is never written. A metric that reads this topic says final_only: true. Not needed
-- by the default metrics.yaml; leave it out to save its state and its work.
CREATE TABLE IF NOT EXISTS revenue_per_minute_final
WITH (
    KAFKA_TOPIC = 'revenue_per_minute_final',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    segment AS segment_key,
    AS_VALUE(segment) AS segment,
    SUM(amount) AS total_revenue,
    COUNT(*) AS transaction_count,
    COUNT(amount) AS amount_count,
    AVG(amount) AS avg_transaction_value,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM revenue_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 8 DAYS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT FINAL;

-- V000015__active_users_per_minute_final.sql
-- active_users_per_minute as one record per closed window.
-- A window closes when an event comes whose time is past its end and grace, and is written with the next event that
-- comes a second or more after the last writing: a stream that falls silent leaves its last windows unwritten.
-- RETENTION is longer than raw-events is kept (7 days): a replay reads all of it within some seconds, and what the
-- state does not hold until then is never written. A metric that reads this topic says final_only: true. Not needed
-- by the default metrics.yaml; leave it out to save its state and its work.
CREATE TABLE IF NOT EXISTS active_users_per_minute_final
WITH (
    KAFKA_TOPIC = 'active_users_per_minute_final',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    'all' AS scope_key,
    COUNT_DISTINCT(user_id) AS active_users,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM enriched_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 8 DAYS, GRACE PERIOD 30 SECONDS)
GROUP BY 'all'
EMIT FINAL;
