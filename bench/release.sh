#!/usr/bin/env bash
# What a careful person would write by hand: the same steps as Spillway for the same app, with docker, curl, psql and
# socat, and nothing that survives a crash or undoes anything. The benchmark's yardstick.
# Usage: release.sh VERSION    Env: APP PROJECT STATE PORT SUBNET DATABASE_URL SOAK (seconds) ROUTER_IMAGE
set -euo pipefail
export DOCKER_BUILDKIT=0
version=$1 network=script-$APP router=script-$APP-router
blue=$SUBNET.11 green=$SUBNET.12

ask() { printf '%s\n' "$1" | socat - "UNIX-CONNECT:$STATE/admin.sock"; }
fail() {
  echo "release.sh: $1" >&2
  exit 1
}
until_true() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited in vain for: $*"
    sleep 0.05
  done
}
up() { ask 'show stat' | grep -q "^$1,web,.*,UP,.*,L7OK,"; }
share() { # green's share, read back
  echo "green $1" >"$STATE/share.map.new"
  mv "$STATE/share.map.new" "$STATE/share.map"
  ask "set map /router/share.map green $1" >/dev/null
  [ "$(ask 'show map /router/share.map' | awk '$2 == "green" { print $3 }')" = "$1" ] || fail "the share is not $1"
}
sessions() { ask 'show stat' | awk -F, -v b="$1" '$1 == b && $2 == "web" { print $5 }'; }
errors() { ask 'show stat' | awk -F, -v b="$1" '$1 == b && $2 == "web" { print $44 + $14 }'; }
idle() { [ "$(sessions "$1")" = 0 ]; }

set_up() {
  mkdir -p "$STATE"
  docker network create --subnet "$SUBNET.0/24" "$network" >/dev/null
  echo 'green 0' >"$STATE/share.map"
  cat >"$STATE/haproxy.cfg" <<CONFIG
global
  stats socket /router/admin.sock mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1h
frontend in
  bind :$PORT
  http-request set-var(txn.green) str(green),map_str_int(/router/share.map,0)
  http-request set-var(txn.draw) rand(100)
  use_backend green if { var(txn.draw),sub(txn.green) lt 0 }
  default_backend blue
backend blue
  option httpchk GET /health
  server web $blue:8080 check inter 200ms
backend green
  option httpchk GET /health
  server web $green:8080 check inter 200ms
CONFIG
  docker run --detach --name "$router" --network host --user 0:0 --volume "$STATE:/router" "$ROUTER_IMAGE" \
    haproxy -f /router/haproxy.cfg >/dev/null
  until_true 10 test -S "$STATE/admin.sock"
}

# preflight
docker version >/dev/null
psql "$DATABASE_URL" -qAtc 'select 1' >/dev/null
old=''
if [ -e "$STATE/live" ]; then old=$(<"$STATE/live"); else set_up; fi
if [ "$old" = blue ]; then new=green address=$green; else new=blue address=$blue; fi

# build
docker build --quiet --tag "$APP-web:$version" "$PROJECT/app" >/dev/null
docker tag "$APP-web:$version" "$APP-job:$version"

# backup
pg_dump --format custom --file "$STATE/$version.dump" "$DATABASE_URL"
pg_restore --list "$STATE/$version.dump" >/dev/null

# migrate, then smoke the old version on the new schema
psql "$DATABASE_URL" -q -c 'create table if not exists applied (name text primary key)'
for up in "$PROJECT"/migrations/*.up.sql; do
  name=$(basename "$up" .up.sql)
  if [ -z "$(psql "$DATABASE_URL" -qAtc "select 1 from applied where name = '$name'")" ]; then
    psql "$DATABASE_URL" -q -v ON_ERROR_STOP=1 --single-transaction -f "$up" -c "insert into applied values ('$name')"
  fi
done
if [ -n "$old" ]; then curl -fsS "http://${!old}:8080/status" >/dev/null; fi

# deploy
common=(--network "$network" --read-only --restart unless-stopped --env "SPILLWAY_SLOT=$new" --env SECRET=x)
docker run --detach --name "$APP-web-$new" --ip "$address" "${common[@]}" "$APP-web:$version" >/dev/null
docker create --name "$APP-job-$new" "${common[@]}" "$APP-job:$version" job.js >/dev/null
until_true 10 curl -fsS "http://$address:8080/health"
until_true 10 up "$new"

# smoke
curl -fsS "http://$address:8080/status" >/dev/null

# canary
percent() { if [ "$new" = green ]; then echo "$1"; else echo $((100 - $1)); fi; }
if [ -n "$old" ]; then
  before=$(errors "$new")
  share "$(percent 50)"
  sleep "$SOAK"
  [ "$(errors "$new")" = "$before" ] || fail "$version answers errors"
fi

# switch
share "$(percent 100)"
if [ -n "$old" ]; then docker stop --time 2 "$APP-job-$old" >/dev/null; fi
docker start "$APP-job-$new" >/dev/null

# verify
curl -fsS "http://127.0.0.1:$PORT/status" >/dev/null

# drain and retire
if [ -n "$old" ]; then
  until_true 10 idle "$old"
  docker stop --time 2 "$APP-web-$old" >/dev/null
  docker rm "$APP-web-$old" "$APP-job-$old" >/dev/null
fi
echo "$new" >"$STATE/live"
