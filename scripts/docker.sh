#!/usr/bin/env bash
# Makes sure that a Docker engine answers, and builds the base images. Where none answers it is installed from
# Debian and started by hand, without systemd; that needs root. Further arguments go to dockerd.
# The engine is stopped with: kill "$(cat PID_FILE)"
# Env: SPILLWAY_CACHE, DOCKER_HOST
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
state=$cache/docker pid_file=$cache/docker/dockerd.pid log=$cache/docker/dockerd.log

answers() { timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null; }

start() {
  mkdir -p "$state"
  # One engine, however many scripts want it.
  exec 9>"$state/lock"
  flock 9
  if answers >/dev/null; then return; fi
  # dockerd refuses to start over a pid file whose process number is in use again.
  rm -f "$pid_file"
  setsid dockerd --pidfile "$pid_file" "$@" </dev/null >"$log" 2>&1 9>&- &
  for _ in $(seq 150); do
    if answers >/dev/null; then return; fi
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  echo "docker.sh: expected an engine to answer within 30 s, it did not; its log is $log" >&2
  exit 1
}

if ! command -v docker >/dev/null || ! answers >/dev/null; then
  if [ -n "${DOCKER_HOST:-}" ]; then
    echo "docker.sh: expected an engine at DOCKER_HOST=$DOCKER_HOST, none answers; start it or unset DOCKER_HOST" >&2
    exit 1
  fi
  "$here/packages.sh" dockerd iptables ip >/dev/null
  start "$@"
fi
"$here/packages.sh" busybox haproxy nginx socat >/dev/null
"$here/images.sh" >/dev/null
echo "Docker engine $(answers), images spillway/{busybox,node,haproxy,nginx,socat}:local"
