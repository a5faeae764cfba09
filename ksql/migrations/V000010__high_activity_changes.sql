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
