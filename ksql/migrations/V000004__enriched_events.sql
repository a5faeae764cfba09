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
