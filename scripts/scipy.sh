#!/usr/bin/env bash
# Installs SciPy, with which tests compare the judge's statistics, from PyPI.
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=1.15.3
dir=$cache/scipy/$version
python=$dir/bin/python

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -e "$dir/complete" ]; then
  "$here/packages.sh" python3 >/dev/null
  /usr/bin/python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "scipy==$version" >&2
  touch "$dir/complete"
fi
echo "SciPy $("$python" -c 'import scipy; print(scipy.__version__)'): $python"
