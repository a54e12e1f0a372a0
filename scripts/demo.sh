#!/usr/bin/env bash
# From a bare machine to three releases of examples/fx under traffic: 1.0.0, 1.1.0 with a migration by canary, and 1.2.0,
# which is bad, is caught and undone. Ends with a summary, and exit code 1 when a request was lost.
# Usage: demo.sh [--keep]     --keep leaves all of it running, and opens the last picture where there is a desktop
# Env: SPILLWAY_CACHE; SPILLWAY_SKIP_SETUP=1 on a machine that is known to be ready
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ]; then npm ci --no-audit --no-fund; fi
if [ "${SPILLWAY_SKIP_SETUP:-}" != 1 ]; then scripts/setup.sh docker postgres temporal; fi
npm run --silent build
FX_DATABASE_URL=$(scripts/postgres.sh url fx_demo)
export FX_DATABASE_URL
exec node -r ./tests/support/typescript.js examples/demo.ts "$@"
