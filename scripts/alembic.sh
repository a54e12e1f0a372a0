#!/usr/bin/env bash
# Installs alembic, a migration tool that teams use and tests try, with its PostgreSQL driver, from PyPI.
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=1.16.5 psycopg=3.2.10
dir=$cache/alembic/$version
alembic=$dir/bin/alembic

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -e "$dir/complete" ]; then
  "$here/packages.sh" python3 >/dev/null
  /usr/bin/python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check "alembic==$version" "psycopg[binary]==$psycopg" >&2
  touch "$dir/complete"
fi
echo "$("$alembic" --version): $alembic"
