-- revenue_per_minute as one record per closed window.
-- A window closes when an event comes whose time is past its end and grace, and is written with the next event that
-- comes a second or more after the last writing: a stream that falls silent leaves its last windows unwritten.
-- RETENTION is longer than raw-events is kept (7 days): a replay reads all of it within some seconds, and what the
-- state does not hold until then is never written. A metric that reads this topic says final_only: true. Not needed
-- by the default metrics.yaml; leave it out to save its state and its work.
CREATE TABLE IF NOT EXISTS revenue_per_minute_final
WITH (
    KAFKA_TOPIC = 'revenue_per_minute_final',
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
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 8 DAYS, GRACE PERIOD 30 SECONDS)
GROUP BY segment
EMIT FINAL;
