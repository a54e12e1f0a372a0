#!/usr/bin/env bash
# Measures on this machine what Spillway promises, and writes bench/results.json. Expects scripts/setup.sh to have run.
# Usage: bench.sh [judge|switch|release|back|step|resume|worker]...   (all of them without arguments)
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent build
exec node -r ./tests/support/typescript.js bench/run.ts "$@"
