#!/usr/bin/env bash
# Starts the Temporal of docker-compose.temporal.yml without containers: the same server and schema tool, built from
# Go modules, with the same configuration, on a real PostgreSQL. For trying a production-like Temporal, and for tests.
# Usage: temporal-postgres.sh          builds (about 3 minutes, once), sets up the schema, starts it unless it answers
#        temporal-postgres.sh build    only builds server and schema tool
#        temporal-postgres.sh stop     stops it; everything stays in PostgreSQL
# Env: SPILLWAY_CACHE, TEMPORAL_PORT (7433), TEMPORAL_DATABASE (temporal_PORT), and those of postgres.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=v1.32.1
export TEMPORAL_PORT=${TEMPORAL_PORT:-7433}
export TEMPORAL_DATABASE=${TEMPORAL_DATABASE:-temporal_$TEMPORAL_PORT}
bin=$cache/temporal-postgres/$version state=$cache/temporal-postgres/state-$TEMPORAL_PORT
log=$state/server.log pid_file=$state/server.pid address=127.0.0.1:$TEMPORAL_PORT

mkdir -p "$bin" "$state/config"
exec 8>"$state/start.lock"
flock 8

running() { ! flock --nonblock "$state/lock" true; }
if [ "${1:-}" = stop ]; then
  if running; then kill "$(<"$pid_file")"; fi
  # The server itself holds this lock.
  flock --wait 30 "$state/lock" true
  echo "Temporal on $address is stopped"
  exit
fi

build() {
  local go
  exec 9>"$bin/lock"
  flock 9
  if [ -x "$bin/sql" ] && [ -x "$bin/server" ]; then return; fi
  go=$("$here/go.sh")
  GOBIN=$bin/new GOFLAGS=-buildvcs=false "$go" install \
    "go.temporal.io/server/cmd/server@$version" "go.temporal.io/server/cmd/tools/sql@$version"
  mv "$bin/new/server" "$bin/new/sql" "$bin/"
}
# The same commands as in docker-compose.temporal.yml.
schema() {
  local database=$1 name=$2
  {
    "$bin/sql" --database "$database" create &&
      "$bin/sql" --database "$database" setup-schema --version 0.0 &&
      "$bin/sql" --database "$database" update-schema --schema-name "postgresql/v12/$name"
  } >"$state/schema.log" 2>&1 || {
    tail -n 20 "$state/schema.log" >&2
    return 1
  }
}
healthy() { "$temporal" operator cluster health --address "$address" >/dev/null 2>&1; }

build
if [ "${1:-}" = build ]; then
  echo "Temporal server $version: $bin/server, schema tool: $bin/sql"
  exit
fi
temporal=$("$here/temporal.sh" | sed 's/.*: //')
if ! running; then
  url=$("$here/postgres.sh" url) # postgres://USER:PASSWORD@HOST:PORT/postgres
  at=${url#postgres://} at=${at%/*}
  export POSTGRES_USER=${at%%:*} POSTGRES_ADDRESS=${at#*@}
  POSTGRES_PASSWORD=${at#*:}
  export POSTGRES_PASSWORD=${POSTGRES_PASSWORD%%@*}
  export SQL_PLUGIN=postgres12_pgx SQL_HOST=${POSTGRES_ADDRESS%:*} SQL_PORT=${POSTGRES_ADDRESS#*:}
  export SQL_USER=$POSTGRES_USER SQL_PASSWORD=$POSTGRES_PASSWORD
  schema "$TEMPORAL_DATABASE" temporal
  schema "${TEMPORAL_DATABASE}_visibility" visibility
  cp "$here/temporal/production.yaml" "$state/config/production.yaml"
  export TEMPORAL_DYNAMIC_CONFIG=$here/temporal/dynamic.yaml TEMPORAL_BIND=127.0.0.1
  setsid flock --nonblock --no-fork "$state/lock" "$bin/server" --root / --config "${state#/}/config" --env production \
    --allow-no-auth start </dev/null >"$log" 2>&1 8>&- 9>&- &
  echo $! >"$pid_file"
fi
for _ in $(seq 600); do
  if healthy; then break; fi
  if ! running; then break; fi
  sleep 0.1
done
healthy || {
  tail -n 20 "$log" >&2
  echo "temporal-postgres.sh: expected Temporal to be healthy on $address, it is not; its log is $log" >&2
  exit 1
}
# A namespace is known to all of the server's caches some seconds after it was made.
"$temporal" operator namespace describe --namespace default --address "$address" >/dev/null 2>&1 ||
  "$temporal" operator namespace create --namespace default --retention 30d --address "$address" >/dev/null
echo "Temporal $version on PostgreSQL: $address, pid file $pid_file"
