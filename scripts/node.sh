#!/usr/bin/env bash
# Finds a version of Node.js: the one on the path, else one from npm in the cache. Prints only the path of the program.
# Usage: node.sh VERSION     such as 20.19, or 24
# Env: SPILLWAY_CACHE
set -euo pipefail
wanted=${1:?expected a version of Node.js, such as 20.19}
here=$(node -p process.versions.node)
if [[ $here == "$wanted".* ]]; then
  node -p process.execPath
  exit
fi
dir=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}/node/$wanted
node=$dir/node_modules/node/bin/node
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -x "$node" ]; then
  npm install --prefix "$dir" --no-audit --no-fund --loglevel error "node@$wanted" >&2
fi
readlink -f "$node"
