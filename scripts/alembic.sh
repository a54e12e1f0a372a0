#!/usr/bin/env bash
# Installs alembic, a migration tool that teams use and tests try, with its PostgreSQL driver, from PyPI.
# Env: SPILLWAY_CACHE
set -euo pipefail
version=1.16.5
alembic=$("$(dirname "$0")/python.sh" alembic "$version" "alembic==$version" 'psycopg[binary]==3.2.10')/bin/alembic
echo "$("$alembic" --version): $alembic"
