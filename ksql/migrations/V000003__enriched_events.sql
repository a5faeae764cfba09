-- Each event with the segment its user had at that moment; 'unknown' for a user without profile or segment,
-- so that no event vanishes from a count by segment. An event without a user id is dropped by the join.
-- The key is the user id under a name of its own; AS_VALUE copies it into the value, where readers look.
-- Feeds the three aggregates below.
CREATE STREAM IF NOT EXISTS enriched_events
WITH (
    KAFKA_TOPIC = 'enriched_events',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp',
    RETENTION_MS = 172800000
) AS
SELECT
    e.user_id AS user_key,
    AS_VALUE(e.user_id) AS user_id,
    e.event_type AS event_type,
    e.timestamp AS timestamp,
    e.`PROPERTIES` AS `PROPERTIES`,
    COALESCE(u.segment, 'unknown') AS segment,
    u.total_value AS total_value
FROM raw_events e
LEFT JOIN user_profiles u ON e.user_id = u.user_id
EMIT CHANGES;
