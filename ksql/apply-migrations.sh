#!/bin/bash
# Applies ksql/migrations to the server that the given properties file names, and ends with an error when a
# statement fails or a query does not run: `ksql -f` would end with 0 all the same. Safe to run again.
#
#   apply-migrations.sh ksql-migrations.properties [--all | --until N]
#
# Needs ksql-migrations (part of the ksqlDB server and CLI images) and curl.
set -euo pipefail

config=${1:?name the ksql-migrations.properties file}
shift
if [ $# -eq 0 ]; then set -- --all; fi
server=$(sed -n 's/^ksql\.server\.url=//p' "$config")

ask() {
  curl --fail --silent --show-error --max-time 30 "$server/ksql" \
    --header 'Content-Type: application/vnd.ksql.v1+json' --data "{\"ksql\": \"$1\"}"
}

if ! streams=$(ask 'LIST STREAMS;'); then
  echo "ksqlDB at $server does not answer" >&2
  exit 1
fi
case $streams in
  *'"MIGRATION_EVENTS"'*) ;;
  *) ksql-migrations --config-file "$config" initialize-metadata ;;
esac

ksql-migrations --config-file "$config" apply "$@"

# The statements were accepted; now their queries must run.
for attempt in $(seq 1 "${QUERY_ATTEMPTS:-30}"); do
  queries=$(ask 'LIST QUERIES;')
  case $queries in
    *'"state":"ERROR"'* | *'"ERROR":'* | *'"state":"UNRESPONSIVE"'*)
      echo "a query failed: $queries" >&2
      exit 1
      ;;
    *'"RUNNING"'*)
      echo 'migrations applied, queries running'
      exit 0
      ;;
  esac
  [ "$attempt" = "${QUERY_ATTEMPTS:-30}" ] || sleep 1
done
echo "no query runs: $queries" >&2
exit 1
