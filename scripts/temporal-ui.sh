#!/usr/bin/env bash
# Builds Temporal's Web UI, as a server of its own, from Go modules. (The CLI's development server carries one too.)
# Env: SPILLWAY_CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=v2.55.0 module=github.com/temporalio/ui-server/v2
dir=$cache/temporal-ui/$version

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -x "$dir/server" ] || [ ! -e "$dir/docker.yaml" ]; then
  go=$("$here/go.sh")
  # As a dependency of an empty module: `go install` refuses it for the replace directive in its go.mod.
  empty=$(mktemp -d)
  trap 'rm -rf "$empty"' EXIT
  cd "$empty"
  "$go" mod init ui >/dev/null 2>&1
  "$go" get "$module/cmd/server@$version" >/dev/null
  "$go" build -buildvcs=false -o "$dir/server.new" "$module/cmd/server"
  # The configuration of the official image, which reads the variables that a composition sets.
  install -m 644 "$("$go" list -m -f '{{.Dir}}' "$module")/config/docker.yaml" "$dir/docker.yaml"
  mv "$dir/server.new" "$dir/server"
fi
echo "Temporal Web UI $version: $dir/server"
