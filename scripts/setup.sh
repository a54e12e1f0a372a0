#!/usr/bin/env bash
# Prepares this machine for demo, tests and benchmarks: packages, engine with base images, PostgreSQL, the Temporal
# CLI and test server, alembic, SciPy. Only what is missing; Debian with Node.js and root is all it expects.
# Usage: setup.sh [docker|postgres|temporal|temporal-test-server|alembic|scipy]...   (all of them without arguments)
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
logs=$cache/setup
mkdir -p "$logs"

run() {
  local since=$SECONDS
  echo "setup: $1 …"
  if "$here/$1.sh" >"$logs/$1.log" 2>&1; then
    echo "setup: $(tail -n 1 "$logs/$1.log") ($((SECONDS - since)) s)"
  else
    sed "s/^/setup: $1: /" "$logs/$1.log" | tail -n 30 >&2
    echo "setup: $1 failed; all it said is in $logs/$1.log" >&2
    return 1
  fi
}

steps=("$@")
if [ $# -eq 0 ]; then
  steps=(docker postgres temporal temporal-test-server alembic scipy)
  # First and alone: packages cannot be installed side by side.
  run packages
fi
# The bridge, on which PostgreSQL listens, comes with the engine.
pids=()
(
  for step in "${steps[@]}"; do
    case $step in docker | postgres) run "$step" || exit 1 ;; esac
  done
) &
pids+=($!)
for step in "${steps[@]}"; do
  case $step in
    docker | postgres) ;;
    *)
      run "$step" &
      pids+=($!)
      ;;
  esac
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
if [ "$failed" = 1 ]; then exit 1; fi
echo "setup: this machine is ready"
