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
