#!/usr/bin/env bash
# Runs just the tests that prove one thing: those whose titles end in a tag such as ` [proves E]` or ` [proves E, D9]`.
# Ends with the line `ID: N tests ran, N passed, N failed`, and with exit code 1 when one failed or none ran.
# Usage: npm run proof            lists what is proved, with the number of titles of each; a table of cases is one title
#        npm run proof -- ID      runs the tests of one: a row such as E or 12, or a requirement such as D9
# Env: SPILLWAY_CACHE; SPILLWAY_SKIP_SETUP=1 on a machine that is known to be ready
set -euo pipefail
cd "$(dirname "$0")/.."
tag='\[proves [A-Za-z0-9]+(, [A-Za-z0-9]+)*\]'

# Looked for in the text, so that no test has to be loaded.
tags() { { grep -rhoE --include='*.ts' "$tag" tests || true; } | sed -E 's/^\[proves //; s/\]$//; s/, /\n/g'; }

if [ $# -eq 0 ]; then
  tags | sort -V | uniq -c | while read -r count id; do echo "$id: $count"; done
  exit 0
fi
id=$1
if [ $# -gt 1 ] || ! [[ $id =~ ^[A-Za-z0-9]+$ ]]; then
  echo "expected one ID such as E or D9, seen \"$*\": npm run proof lists them" >&2
  exit 64
fi
only="\[proves ([A-Za-z0-9]+, )*$id(, [A-Za-z0-9]+)*\]"
if ! tags | grep -qxF "$id"; then
  echo "expected a test whose title ends in [proves $id], seen none: npm run proof lists what is proved" >&2
  exit 1
fi

# tests_of FILE...: the files themselves, and in place of a table of cases the tests that import it.
tests_of() {
  local file name
  for file; do
    if [[ $file == *.test.ts ]]; then echo "$file" && continue; fi
    name=$(basename "$file" .ts)
    # shellcheck disable=SC2046 # no name of a file has spaces
    tests_of $(grep -rlE --include='*.ts' "from '(\.\.?/)+([a-z-]+/)*$name'" tests)
  done
}
mapfile -t holding < <(grep -rlE --include='*.ts' "$only" tests)
mapfile -t files < <(tests_of "${holding[@]}" | sort -u)

said=$(mktemp)
trap 'rm -f "$said"' EXIT
code=0
scripts/test.sh --runTestsByPath "${files[@]}" --testNamePattern "$only\$" | tee "$said" || code=1
read -r passed failed < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$said") || true
ran=$((${passed:-0} + ${failed:-0}))
echo "$id: $ran tests ran, ${passed:-0} passed, ${failed:-0} failed"
if [ "$ran" = 0 ]; then
  echo "expected a test whose title ends in [proves $id] to run, seen none: look where the tag stands in its title" >&2
  exit 1
fi
exit "$code"
