#!/usr/bin/env bash
# A private PostgreSQL cluster, reached under one URL by this machine's processes and by containers.
# Usage: postgres.sh            starts it unless it runs already
#        postgres.sh url [DB]   the same; prints only the URL, with its password, of the database DB, made if missing
#        postgres.sh stop       stops it, at once; what was committed stays
# Env: SPILLWAY_CACHE, SPILLWAY_POSTGRES_PORT (25432), SPILLWAY_POSTGRES_HOST (address of the Docker bridge)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
port=${SPILLWAY_POSTGRES_PORT:-25432}
"$here/packages.sh" postgres >/dev/null
bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
state=$cache/postgres-$port

# PostgreSQL refuses to run as root, and its user often may not enter root's folders.
as_owner=()
if [ "$(id -u)" = 0 ]; then
  as_owner=(runuser -u postgres --)
  mkdir -p "$cache"
  if ! "${as_owner[@]}" test -x "$cache"; then state=/var/lib/spillway/postgres-$port; fi
fi
data=$state/data password_file=$state/password log=$state/postgres.log

initialise() {
  local password
  rm -rf "$data.new"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >"$password_file")
  if [ "$(id -u)" = 0 ]; then chown -R postgres "$state"; fi
  "${as_owner[@]}" "$bin/initdb" --pgdata "$data.new" --username spillway --pwfile "$password_file" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >/dev/null
  # Containers come from networks in which this machine has an address.
  echo 'host all all samenet scram-sha-256' | "${as_owner[@]}" tee -a "$data.new/pg_hba.conf" >/dev/null
  mv "$data.new" "$data"
}
bridge() { ip -4 -o address show docker0 2>/dev/null | sed -n 's/.* inet \([0-9.]*\).*/\1/p'; }
ready() { "$bin/pg_isready" --quiet --host "$host" --port "$port"; }
control() { "${as_owner[@]}" "$bin/pg_ctl" --pgdata "$data" --silent "$@"; }
# A process that was killed but not yet waited for still has its number, and PostgreSQL would take it for alive.
forget_the_dead() {
  local pid
  pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 0
  if grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; then rm -f "$data/postmaster.pid"; fi
}
stop() {
  forget_the_dead
  if control status >/dev/null; then control --mode fast --timeout 30 stop; fi
}
launch() {
  # fsync off: what was committed survives a `kill -9`, not a power cut; that is enough for tests, and much faster.
  control --log "$log" --wait --timeout 30 start --options "\
    -p $port -c listen_addresses=$(printf '127.0.0.1\n%s\n' "$host" | sort -u | paste -sd,) \
    -c unix_socket_directories= -c max_connections=200 -c fsync=off" >/dev/null 2>&1 9>&-
}
start() {
  # After a `kill -9` its children hold the shared memory a little longer.
  for _ in $(seq 20); do
    if launch; then return; fi
    sleep 0.5
  done
  tail -n 20 "$log" >&2
  echo "postgres.sh: expected PostgreSQL to start on port $port, it did not; its log is $log" >&2
  exit 1
}
query() { PGPASSWORD=$(<"$password_file") "$bin/psql" -h "$host" -p "$port" -U spillway -d postgres -v ON_ERROR_STOP=1 -Atqc "$1"; }

mkdir -p "$state"
# The cluster's user may not be allowed into the folder this was called from.
cd "$state"
exec 9>"$state/lock"
flock 9
if [ "${1:-}" = stop ]; then
  stop
  echo "PostgreSQL on port $port is stopped"
  exit
fi
host=${SPILLWAY_POSTGRES_HOST:-$(bridge)}
host=${host:-127.0.0.1}
if ! ready; then
  if [ ! -e "$data" ]; then initialise; fi
  # Without the bridge when it was started: containers could not reach it.
  stop
  start
elif [ ! -e "$password_file" ]; then
  echo "postgres.sh: expected port $port to be free or to have the cluster in $state, seen another PostgreSQL there; stop it, or set SPILLWAY_POSTGRES_PORT" >&2
  exit 1
fi
if [ "${1:-}" = url ]; then
  database=${2:-postgres}
  if [ -z "$(query "select 1 from pg_database where datname = '$database'")" ]; then query "create database \"$database\""; fi
  echo "postgres://spillway:$(<"$password_file")@$host:$port/$database"
else
  echo "PostgreSQL $(query 'show server_version' | cut -d' ' -f1): postgres://spillway@$host:$port/postgres, password in $password_file"
fi
