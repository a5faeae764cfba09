-- Revenue of each segment in each minute of event time: metric revenue_per_minute.
-- transaction_count counts every purchase, amount_count those with a usable amount. The average is
-- total_revenue by amount_count; with both counts at hand it can be combined across segments and minutes,
-- and a bad amount shows as the difference between them. A window of bad amounts only has revenue 0.0.
-- Amounts are doubles and carry their noise (371.06999999999994); for exact cents cast to DECIMAL(12, 2).
CREATE TABLE IF NOT EXISTS revenue_per_minute
WITH (
    KAFKA_TOPIC = 'revenue_per_minute',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    RETENTION_MS = 172800000
) AS
SELECT
    segment AS segment_key,
    AS_VALUE(segment) AS segment,
    SUM(amount) AS total_revenue,
    COUNT(*) AS transaction_count,
    COUNT(amount) AS amount_count,
    AVG(amount) AS avg_transaction_value,
    WINDOWSTART AS window_start,
    WINDOWEND AS window_end
FROM revenue_events
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 HOURS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT CHANGES;
