-- What producers send: one event of one user, as JSON, in any order and sometimes twice.
-- Feeds no metric by itself. PROPERTIES is a reserved word, so it stands in backticks, in upper case: field
-- names are matched in any case, and an unquoted name is upper case too.
-- Event time is the field timestamp: milliseconds, as a number or as its digits in text. A row is dropped and
-- reported in the processing log when its timestamp is missing, null, negative or other text, when it is not a
-- JSON object, or when its properties are neither an object nor null.
-- Create the topic first: this statement names no PARTITIONS, so that ksqlDB refuses it where the topic is missing.
CREATE STREAM IF NOT EXISTS raw_events (
    user_id VARCHAR,
    event_type VARCHAR,
    timestamp BIGINT,
    `PROPERTIES` MAP<VARCHAR, VARCHAR>
) WITH (
    KAFKA_TOPIC = 'raw-events',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = 'timestamp'
);
