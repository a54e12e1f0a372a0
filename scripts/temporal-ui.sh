#!/usr/bin/env bash
# Builds Temporal's Web UI, as a server of its own, from Go modules. (The CLI's development server carries one too.)
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=v2.34.0 package=github.com/temporalio/ui-server/v2/cmd/server
dir=$cache/temporal-ui/$version

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -x "$dir/server" ]; then
  go=$("$here/go.sh")
  # As a dependency of an empty module: `go install` refuses it for the replace directive in its go.mod.
  module=$(mktemp -d)
  trap 'rm -rf "$module"' EXIT
  cd "$module"
  "$go" mod init ui >/dev/null 2>&1
  "$go" get "$package@$version" >/dev/null
  "$go" build -buildvcs=false -o "$dir/server.new" "$package"
  mv "$dir/server.new" "$dir/server"
fi
echo "Temporal Web UI $version: $dir/server"
