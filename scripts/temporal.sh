#!/usr/bin/env bash
# Finds the Temporal CLI, which carries the development server and the Web UI: a `temporal` on the path, else
# the one in the cache, else the official download, else it builds one from Go modules (2 to 3 minutes on two cores).
# Env: SPILLWAY_CACHE, TEMPORAL_CLI_VERSION
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
# Newer ones (v1.9.1 for one) have a replace directive in go.mod, which `go install` refuses.
version=${TEMPORAL_CLI_VERSION:-v1.5.1}
dir=$cache/temporal/$version
temporal=$(command -v temporal || true)

if [ -z "$temporal" ]; then
  temporal=$dir/temporal
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9
  if [ ! -x "$temporal" ]; then
    # Made aside and renamed: what was interrupted leaves no half program.
    mkdir -p "$dir/new"
    case $(uname -m) in aarch64) arch=arm64 ;; *) arch=amd64 ;; esac
    url="https://temporal.download/cli/archive/$version?platform=linux&arch=$arch"
    if ! curl --silent --fail --location --connect-timeout 5 --max-time 120 "$url" 2>/dev/null |
      tar -xzf - -C "$dir/new" temporal 2>/dev/null; then
      go=$("$here/go.sh")
      GOBIN=$dir/new GOFLAGS=-buildvcs=false "$go" install "github.com/temporalio/cli/cmd/temporal@$version"
    fi
    mv "$dir/new/temporal" "$temporal"
  fi
fi
# A program from `go install` does not know its own version.
if [ "$temporal" = "$dir/temporal" ]; then echo "Temporal CLI $version: $temporal"; else echo "Temporal CLI: $temporal"; fi
