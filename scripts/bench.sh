#!/usr/bin/env bash
# Measures on this machine what Spillway promises, and writes bench/results.json.
# Usage: bench.sh [judge|soak|scale|stall|switch|release|back|answers|step|resume|worker]...   (all of them without arguments)
# Env: SPILLWAY_SKIP_SETUP=1 on a machine that is known to be ready
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${SPILLWAY_SKIP_SETUP:-}" != 1 ]; then scripts/setup.sh; fi
npm run --silent build
exec node -r ./tests/support/typescript.js bench/run.ts "$@"
