-- The topics of ksql/migrations from Flink SQL: one job. Tried on Flink 2.2.1 with its Kafka connector 5.0.0.
--
-- What differs from ksqlDB:
-- * A window aggregation gives each window once, when the watermark passes its end: final results, no revisions.
--   The watermark stays 30 s (one grace for all) behind the newest event; what comes later is dropped.
--   The topics are therefore named *_final, as ksqlDB's final-only variants, and metrics.yaml says final_only.
-- * Keys are JSON objects with all columns of the primary key; the window's bounds are columns of key and value.
-- * COUNT(DISTINCT ...) is exact.
--
-- Make the topics first, with cleanup.policy=compact,delete and a retention of two days: raw-events,
-- user-profiles, events_per_minute_by_segment_final, revenue_per_minute_final, high_activity_users_final,
-- active_users_per_minute_final.

-- Window bounds are written in this zone; the bridge takes times without a zone as UTC.
SET 'table.local-time-zone' = 'UTC';
-- A partition without traffic would hold the watermark back for ever.
SET 'table.exec.source.idle-timeout' = '60 s';
SET 'execution.checkpointing.interval' = '10 s';

-- An event more than a minute ahead of the clock has no event time: it moves no watermark, and is left out below.
-- Otherwise it would close every window before its time.
CREATE TABLE raw_events (
    user_id STRING,
    event_type STRING,
    `timestamp` BIGINT,
    properties MAP<STRING, STRING>,
    event_time AS CASE
        WHEN `timestamp` BETWEEN 0 AND UNIX_TIMESTAMP() * 1000 + 60000 THEN TO_TIMESTAMP_LTZ(`timestamp`, 3)
    END,
    WATERMARK FOR event_time AS event_time - INTERVAL '30' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'raw-events',
    'properties.bootstrap.servers' = 'kafka:9092',
    'properties.group.id' = 'streamkpi-flink',
    'scan.startup.mode' = 'earliest-offset',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true'
);

-- The newest profile of each user: the key holds the user id as plain text, a null value removes it.
-- Its record's timestamp says from when it holds.
CREATE TABLE user_profiles (
    user_id STRING,
    segment STRING,
    registration_date BIGINT,
    total_value DOUBLE,
    updated TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
    WATERMARK FOR updated AS updated,
    PRIMARY KEY (user_id) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'user-profiles',
    'properties.bootstrap.servers' = 'kafka:9092',
    'properties.group.id' = 'streamkpi-flink',
    'key.format' = 'raw',
    'value.format' = 'json',
    'value.fields-include' = 'EXCEPT_KEY'
);

-- The events that count: with a user and a time of their own.
CREATE TEMPORARY VIEW valid_events AS
SELECT user_id, event_type, properties, event_time
FROM raw_events
WHERE user_id IS NOT NULL AND event_time IS NOT NULL;

-- Each event with its user's segment at that time; 'unknown' where there is none, so that no event vanishes.
CREATE TEMPORARY VIEW enriched_events AS
SELECT
    e.user_id,
    e.event_type,
    e.properties,
    e.event_time,
    COALESCE(u.segment, 'unknown') AS segment
FROM valid_events AS e
LEFT JOIN user_profiles FOR SYSTEM_TIME AS OF e.event_time AS u ON e.user_id = u.user_id;

-- Purchases with their amount as a number. What is none, NaN and the infinities included, becomes null: it adds
-- nothing to the sum, and the two counts below tell it apart.
CREATE TEMPORARY VIEW purchases AS
SELECT
    segment,
    event_time,
    CASE WHEN ABS(amount) <= 1.7976931348623157E308 THEN amount END AS amount
FROM (
    SELECT segment, event_time, TRY_CAST(TRIM(properties['amount']) AS DOUBLE) AS amount
    FROM enriched_events
    WHERE event_type = 'purchase'
);

CREATE TABLE events_per_minute_by_segment_final (
    segment STRING,
    window_start TIMESTAMP(3),
    window_end TIMESTAMP(3),
    event_count BIGINT,
    PRIMARY KEY (segment, window_start) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'events_per_minute_by_segment_final',
    'properties.bootstrap.servers' = 'kafka:9092',
    'key.format' = 'json',
    'value.format' = 'json'
);

CREATE TABLE revenue_per_minute_final (
    segment STRING,
    window_start TIMESTAMP(3),
    window_end TIMESTAMP(3),
    total_revenue DOUBLE,
    transaction_count BIGINT,
    amount_count BIGINT,
    avg_transaction_value DOUBLE,
    PRIMARY KEY (segment, window_start) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'revenue_per_minute_final',
    'properties.bootstrap.servers' = 'kafka:9092',
    'key.format' = 'json',
    'value.format' = 'json'
);

CREATE TABLE high_activity_users_final (
    user_id STRING,
    window_start TIMESTAMP(3),
    window_end TIMESTAMP(3),
    event_count BIGINT,
    PRIMARY KEY (user_id, window_start) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'high_activity_users_final',
    'properties.bootstrap.servers' = 'kafka:9092',
    'key.format' = 'json',
    'value.format' = 'json'
);

CREATE TABLE active_users_per_minute_final (
    window_start TIMESTAMP(3),
    window_end TIMESTAMP(3),
    active_users BIGINT,
    PRIMARY KEY (window_start) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = 'active_users_per_minute_final',
    'properties.bootstrap.servers' = 'kafka:9092',
    'key.format' = 'json',
    'value.format' = 'json'
);

EXECUTE STATEMENT SET BEGIN

INSERT INTO events_per_minute_by_segment_final
SELECT segment, window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE enriched_events, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY segment, window_start, window_end;

INSERT INTO revenue_per_minute_final
SELECT
    segment,
    window_start,
    window_end,
    COALESCE(SUM(amount), 0),
    COUNT(*),
    COUNT(amount),
    COALESCE(AVG(amount), 0)
FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY segment, window_start, window_end;

INSERT INTO high_activity_users_final
SELECT user_id, window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE enriched_events, DESCRIPTOR(event_time), INTERVAL '5' MINUTE))
GROUP BY user_id, window_start, window_end
HAVING COUNT(*) > 100;

INSERT INTO active_users_per_minute_final
SELECT window_start, window_end, COUNT(DISTINCT user_id)
FROM TABLE(TUMBLE(TABLE enriched_events, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

END;
