-- What producers send: one event of one user, as JSON, in any order and sometimes twice.
-- Feeds no metric by itself. PROPERTIES is a reserved word, so it stands in backticks, in upper case: field
-- names are matched in any case, and an unquoted name is upper case too.
-- Event time is the field timestamp in milliseconds. A row whose timestamp is missing, null, negative or text
-- is dropped and reported in the processing log; so is a row that is no JSON object.
-- The topic must exist before this statement, with so many partitions.
CREATE STREAM IF NOT EXISTS raw_events (
    user_id VARCHAR,
    event_type VARCHAR,
    timestamp BIGINT,
    `PROPERTIES` MAP<VARCHAR, VARCHAR>
) WITH (
    KAFKA_TOPIC = 'raw-events',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp'
);
