#!/bin/bash
# Applies ksql/migrations to the server that the given properties file names, and ends with an error when a
# statement fails or a query does not run: `ksql -f` would end with 0 all the same. Safe to run again.
#
#   apply-migrations.sh ksql-migrations.properties [--all | --until N]
#
# Watches the queries for half a minute (QUERY_ATTEMPTS looks, one a second), because one that fails at its first
# record is started again and again and has the state RUNNING all the while: only its errors give it away.
#
# Needs ksql-migrations (part of the ksqlDB server and CLI images) and curl.
set -euo pipefail

config=${1:?name the ksql-migrations.properties file}
shift
if [ $# -eq 0 ]; then set -- --all; fi
attempts=${QUERY_ATTEMPTS:-30}
# Looks in a row without a fault that are enough. A query fails within seconds of its start or not at once.
enough=15

# The value of a property, read as Java reads the file: spaces, `=` or `:`, an escaped colon, Windows line ends.
property() {
  sed -nE "s/^[[:space:]]*${1//./\\.}[[:space:]]*[=:[:space:]][[:space:]]*//p" "$config" |
    tail -n 1 | sed -E 's/[[:space:]]+$//; s/\\([:=])/\1/g'
}

server=$(property ksql.server.url)
server=${server%/}
if [ -z "$server" ]; then
  echo "$config names no ksql.server.url; add e.g. ksql.server.url=http://localhost:8088" >&2
  exit 1
fi
stream=$(property ksql.migrations.stream.name)
table=$(property ksql.migrations.table.name)
migrations=$(property ksql.migrations.dir.override)
migrations=${migrations:-$(dirname "$config")/migrations}

ask() {
  curl --fail --silent --show-error --max-time 30 "$server/ksql" \
    --header 'Content-Type: application/vnd.ksql.v1+json' --data "{\"ksql\": \"$1\"}"
}

# Whether the answer lists the object of this name; ksqlDB writes names in upper case.
lists() {
  local name=\"${2^^}\"
  [[ $1 == *"$name"* ]]
}

if ! streams=$(ask 'LIST STREAMS;'); then
  echo "ksqlDB at $server does not answer" >&2
  exit 1
fi

# A line for each topic that the migrations only read and that has other partitions than those they write. ksqlDB
# refuses to join such a topic, but reads it otherwise: a replay is then ahead in one partition, and the events of the
# others are dropped as late.
misfits() (
  cd "$migrations"
  number=$(sed -nE 's/^ *PARTITIONS *= *([0-9]+).*/\1/p' ./*.sql | sort -u)
  [[ $number =~ ^[0-9]+$ ]] || exit 0
  topic="s/.*KAFKA_TOPIC *= *'([^']+)'.*/\\1/p"
  # Unquoted, since names of migrations have no spaces.
  written=$(sed -nE "$topic" $(grep -lE '^ *PARTITIONS *=' ./*.sql) | sort -u)
  all=$(sed -nE "$topic" ./*.sql | sort -u)
  for name in $(comm -23 <(echo "$all") <(echo "$written")); do
    replicas=$(grep -oE "\"name\":\"${name//./\\.}\",\"replicaInfo\":\[[0-9,]+" <<<"$1" | sed 's/.*\[//') || continue
    count=$(tr , '\n' <<<"$replicas" | wc -l)
    [ "$count" = "$number" ] || echo "$name has $count partitions; the migrations say PARTITIONS = $number"
  done
)

wrong=$(misfits "$(ask 'LIST TOPICS;')")
if [ -n "$wrong" ]; then
  {
    echo "$wrong"
    echo 'Create these topics with that number, or change PARTITIONS in every file (README.md, Partitions). Nothing was applied.'
  } >&2
  exit 1
fi

if ! lists "$streams" "${stream:-MIGRATION_EVENTS}"; then
  ksql-migrations --config-file "$config" initialize-metadata
else
  tables=$(ask 'LIST TABLES;')
  if ! lists "$tables" "${table:-MIGRATION_SCHEMA_VERSIONS}"; then
    # An earlier run was ended between the two. The tool can neither go on from here nor begin again.
    ksql-migrations --config-file "$config" destroy-metadata
    ksql-migrations --config-file "$config" initialize-metadata
  fi
fi

# What to do about a statement that the server refused. ksqlDB's own text advises what would do harm, or nothing.
advice() {
  case $1 in
    *"Topic '"*"' does not exist"*)
      echo 'Create the missing topic (docker/create-topics.sh shows how), then run this again.'
      echo 'Do not add PARTITIONS, as ksqlDB advises: the statement would then create an empty topic and read that.'
      ;;
    *'already exists, with different partition/replica/retention configuration'*)
      echo 'The topic is there from before. If no other program uses it, delete it and run this again: the query fills it'
      echo 'from the start. If only its retention differs, set retention.ms to the expected number with kafka-configs instead.'
      ;;
  esac
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! ksql-migrations --config-file "$config" apply "$@" 2>&1 | tee "$log"; then
  advice "$(<"$log")" >&2
  exit 1
fi

# What is wrong with the queries, one line each; nothing when all run. `LIST QUERIES EXTENDED` is compact JSON, in
# which quotes inside a text are escaped, so that these patterns meet fields only.
faults() {
  local id= field
  grep -oE '"id":"[^"]*"|"state":"[^"]*"|"ksqlHostQueryStatus":\{[^}]*\}|"queryErrors":\[\{[^]]*' <<<"$1" |
    while IFS= read -r field; do
      case $field in
        '"id":'*) id=${field#*:} ;;
        '"queryErrors":'*) echo "$id failed: ${field#*:}" ;;
        *'"ERROR"'* | *'"UNRESPONSIVE"'*) echo "$id: $field" ;;
      esac
    done || true
}

good=0
for attempt in $(seq 1 "$attempts"); do
  queries=$(ask 'LIST QUERIES EXTENDED;')
  failed=$(faults "$queries")
  if [ -n "$failed" ]; then
    {
      echo 'a query failed:'
      echo "$failed"
      echo 'ksqlDB reports the errors of the last hour. If the cause is gone, run this again after that, or restart ksqlDB.'
    } >&2
    exit 1
  fi
  case $queries in
    *'"RUNNING"'*) good=$((good + 1)) ;;
    *) good=0 ;;
  esac
  [ "$good" -lt "$enough" ] || break
  [ "$attempt" = "$attempts" ] || sleep 1
done
if [ "$good" -eq 0 ]; then
  echo "no query runs: $queries" >&2
  exit 1
fi
echo 'migrations applied, queries running'
