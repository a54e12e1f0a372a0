#!/usr/bin/env bash
# All tests, on real parts. Ends with the line `N passed, N failed`, and with exit code 1 when anything failed.
# Usage: npm test                              everything: set-up, check, build, then the tests in groups
#        npm test -- tests/domain -t semver    only what these arguments of jest select, without check
# Env: SPILLWAY_CACHE; SPILLWAY_SKIP_SETUP=1 on a machine that is known to be ready
set -euo pipefail
cd "$(dirname "$0")/.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
code=0
# A group that hangs is ended after this, so that every run says how many failed. No group that works comes near it.
limit=45m
if [ "${CRASH_FULL:-}" = 1 ]; then limit=7h; fi

# run NAME JEST_ARGUMENT...
run() {
  local name=$1 TIMEFORMAT='%R %U %S'
  shift
  echo "test: $name …"
  {
    time timeout --foreground --kill-after=30s "$limit" node node_modules/jest/bin/jest.js \
      --json --outputFile "$results/$name.json" "$@" >"$results/$name.out" 2>&3 || code=1
  } 3>&2 2>"$results/$name.time"
  # A run that was killed left no result, and that is a failure.
  if [ ! -s "$results/$name.json" ]; then
    cat "$results/$name.out"
    echo '{"numPassedTests": 0, "numFailedTests": 1}' >"$results/$name.json"
    code=1
  fi
  awk -v name="$name" '{ printf "test: %s took %.0f s, %.0f s of processor time\n", name, $1, $2 + $3 }' "$results/$name.time"
}
summary() {
  node --input-type=commonjs --eval '
    const { readdirSync, readFileSync } = require("node:fs");
    const [folder] = process.argv.slice(1);
    const runs = readdirSync(folder).filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")));
    const sum = (key) => runs.reduce((total, run) => total + (run[key] ?? 0), 0);
    // Their names stand once more at the end, because a long output may be cut in its middle.
    for (const file of runs.flatMap((run) => run.testResults ?? []).filter(({ status }) => status === "failed")) {
      const tests = file.assertionResults.filter(({ status }) => status === "failed");
      const messages = tests.map(({ fullName, failureMessages: [text = ""] }) => `${fullName}\n${text}`);
      for (const message of tests.length > 0 ? messages : [file.message]) {
        const lines = require("node:util").stripVTControlCharacters(message).split("\n").slice(0, 12);
        console.log(`failed: ${require("node:path").relative("", file.name)}: ${lines.join("\n  ")}`);
      }
    }
    // A file that does not even load has no test that could fail.
    console.log(`${sum("numPassedTests")} passed, ${sum("numFailedTests") + sum("numRuntimeErrorTestSuites")} failed`);
  ' "$results"
}
# Processor time has all that a group started and waited for: workers, commands, traffic, Temporal, PostgreSQL of its own.
# The engine, its containers and a database that runs anyway are not counted.
record() {
  node --input-type=commonjs --eval '
    const { readFileSync, writeFileSync } = require("node:fs");
    const [folder, ...names] = process.argv.slice(1);
    const groups = names.map((name) => {
      const [seconds, user, system] = readFileSync(`${folder}/${name}.time`, "utf8").trim().split(" ").map(Number);
      const { numTotalTests: tests = 0 } = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
      return [name, { tests, seconds: Math.round(seconds), processorSeconds: Math.round(user + system) }];
    });
    const processors = require("node:os").availableParallelism();
    const sum = (key) => groups.reduce((total, [, group]) => total + group[key], 0);
    const all = { tests: sum("tests"), seconds: sum("seconds"), processorSeconds: sum("processorSeconds") };
    writeFileSync("bench/tests.json", `${JSON.stringify({ processors, all, ...Object.fromEntries(groups) }, null, 2)}\n`);
  ' "$results" "$@"
}

if [ "${SPILLWAY_SKIP_SETUP:-}" != 1 ]; then scripts/setup.sh; fi
if [ $# -gt 0 ]; then
  npm run --silent build
  run selected --maxWorkers=2 "$@"
  summary
  exit "$code"
fi

scripts/check.sh
npm run --silent build
# Decisions use both cores. What holds real parts mostly waits for them, so more of it runs at once than there are cores.
# The crash matrix releases several apps at once by itself, and needs all there is.
decisions='tests/(domain|workflows)/'
matrix='tests/crash/matrix'
whole='tests/(e2e|crash|browser)/'
run decisions --maxWorkers=2 --testPathPatterns "$decisions"
run parts --maxWorkers=4 --testPathIgnorePatterns "$decisions" "$whole" /node_modules/
run whole --maxWorkers=3 --testPathPatterns "$whole" --testPathIgnorePatterns "$matrix" /node_modules/
run matrix --runInBand --testPathPatterns "$matrix"
record decisions parts whole matrix
summary
exit "$code"
