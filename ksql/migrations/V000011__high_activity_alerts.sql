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
