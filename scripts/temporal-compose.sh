#!/usr/bin/env bash
# Tries docker-compose.temporal.yml where no registry can be reached: its services, order, health checks and
# configuration as they are, with stand-ins for the four official images, built from the same programs.
# The worker takes part when an image of it exists (docker build --tag spillway:local .).
# Usage: temporal-compose.sh up       returns once every service is healthy
#        temporal-compose.sh down     removes all it made, its volumes too
#        temporal-compose.sh ARGUMENT…   of docker compose, such as ps or logs
# Env: SPILLWAY_CACHE, TEMPORAL_PORT (7633), TEMPORAL_UI_PORT (8633), SPILLWAY_HEALTH_PORT (9864), SPILLWAY_PROJECTS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
# The last without replace or exclude directives in its go.mod, which `go install` refuses.
version=v2.33.1
state=$cache/compose

find_compose() {
  if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
    return
  fi
  compose=("$state/$version/compose")
  if [ -x "${compose[0]}" ]; then return; fi
  mkdir -p "$state/$version"
  GOBIN=$state/new GOFLAGS=-buildvcs=false "$("$here/go.sh")" install "github.com/docker/compose/v2/cmd@$version"
  mv "$state/new/cmd" "${compose[0]}"
}
find_compose
mkdir -p "$state/projects"
if [ ! -e "$state/password" ]; then (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$state/password"); fi
TEMPORAL_POSTGRES_PASSWORD=$(<"$state/password")
export TEMPORAL_POSTGRES_PASSWORD COMPOSE_PROJECT_NAME=spillway-temporal-try
export TEMPORAL_PORT=${TEMPORAL_PORT:-7633} TEMPORAL_UI_PORT=${TEMPORAL_UI_PORT:-8633}
export SPILLWAY_HEALTH_PORT=${SPILLWAY_HEALTH_PORT:-9864} SPILLWAY_PROJECTS=${SPILLWAY_PROJECTS:-$state/projects}
export POSTGRES_IMAGE=spillway/postgres:local TEMPORAL_UI_IMAGE=spillway/temporal:local
export TEMPORAL_SERVER_IMAGE=spillway/temporal:local TEMPORAL_ADMIN_TOOLS_IMAGE=spillway/temporal:local
compose+=(--file "$here/../docker-compose.temporal.yml")

case ${1:-up} in
  up)
    "$here/temporal.sh" >/dev/null
    "$here/temporal-postgres.sh" build >/dev/null
    "$here/temporal-ui.sh" >/dev/null
    "$here/images.sh" postgres temporal >/dev/null
    services=(temporal-ui)
    if docker image inspect spillway:local >/dev/null 2>&1; then services+=(worker); fi
    "${compose[@]}" up --detach --no-build --wait --wait-timeout 300 "${services[@]}"
    echo "Temporal on 127.0.0.1:$TEMPORAL_PORT, Web UI http://127.0.0.1:$TEMPORAL_UI_PORT, from: ${services[*]}"
    ;;
  down) "${compose[@]}" down --volumes --timeout 20 ;;
  *) "${compose[@]}" "$@" ;;
esac
