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
