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
