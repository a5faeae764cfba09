#!/bin/bash
# Creates the source topics of ksqlDB's statements, which would otherwise create them with the broker's retention, and
# the bridge's dead-letter topic. Safe to run again.
# The partitions are those that ksql/migrations declares.
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
