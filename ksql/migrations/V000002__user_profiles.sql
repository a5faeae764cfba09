-- The newest profile of each user. The user id is the record's key, and only there; a null value removes
-- the profile. Feeds no metric by itself: it gives events their segment.
-- A profile holds from the moment it is written (the record's own timestamp), so there is no timestamp column.
-- The topic is compacted (ksqlDB creates it so where it is missing), has as many partitions as raw-events, and is
-- written with Java's partitioner (murmur2): otherwise the join finds nothing and says nothing.
CREATE TABLE IF NOT EXISTS user_profiles (
    user_id VARCHAR PRIMARY KEY,
    segment VARCHAR,
    registration_date BIGINT,
    total_value DOUBLE
) WITH (
    KAFKA_TOPIC = 'user-profiles',
    PARTITIONS = 1,
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON'
);
