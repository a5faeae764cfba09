#!/bin/bash
# Creates the source topics, which ksqlDB's statements refuse to read where they are missing, and the bridge's
# dead-letter topic. Safe to run again.
# The partitions are those of the topics that ksql/migrations writes.
set -euo pipefail

create() {
  local topic=$1 partitions=$2
  shift 2
  local settings=()
  for setting in "$@"; do settings+=(--config "$setting"); done
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$KAFKA_BROKERS" --create --if-not-exists \
    --topic "$topic" --partitions "$partitions" --replication-factor 1 "${settings[@]}"
}

create raw-events 1 retention.ms=604800000
create user-profiles 1 cleanup.policy=compact
create streamkpi-dead-letters 1 retention.ms=604800000
