-- The newest profile of each user. The user id is the record's key, and only there; a null value removes
-- the profile. Feeds no metric by itself: it gives events their segment.
-- A profile holds from the moment it is written (the record's own timestamp), so there is no timestamp column.
-- Create the topic first, compacted and with as many partitions as raw-events: no PARTITIONS stands here, so that
-- ksqlDB refuses the statement where it is missing. Write it with Java's partitioner (murmur2): otherwise the join
-- finds nothing and says nothing.
CREATE TABLE IF NOT EXISTS user_profiles (
    user_id VARCHAR PRIMARY KEY,
    segment VARCHAR,
    registration_date BIGINT,
    total_value DOUBLE
) WITH (
    KAFKA_TOPIC = 'user-profiles',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON'
);
