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
