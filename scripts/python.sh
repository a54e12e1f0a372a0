#!/usr/bin/env bash
# Installs packages from PyPI into an environment of their own in the cache, and says its folder.
# Usage: python.sh NAME VERSION PACKAGE...    Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}/$1/$2
shift 2

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -e "$dir/complete" ]; then
  "$here/packages.sh" python3 >/dev/null
  /usr/bin/python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@" >&2
  touch "$dir/complete"
fi
echo "$dir"
