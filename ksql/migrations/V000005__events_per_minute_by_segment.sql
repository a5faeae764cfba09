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
