#!/usr/bin/env bash
# Fetches Temporal's test server, which skips time, with Maven and wraps it in one executable, for
# TestWorkflowEnvironment.createTimeSkipping({server: {executable: {type: 'existing-path', path}}}).
# Env: SPILLWAY_CACHE, TEMPORAL_TEST_SERVER_VERSION
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
version=${TEMPORAL_TEST_SERVER_VERSION:-1.31.0} slf4j=2.0.16
dir=$cache/temporal-test-server/$version
server=$dir/temporal-test-server

command -v java >/dev/null || "$here/packages.sh" default-jre-headless >/dev/null
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -x "$server" ]; then
  command -v mvn >/dev/null || "$here/packages.sh" maven >/dev/null
  cat >"$dir/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>temporal-test-server-libs</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>$slf4j</version></dependency>
  </dependencies>
</project>
XML
  mvn --batch-mode --quiet -Dstyle.color=never --file "$dir/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/lib"
  # The SDK kills the process it started, so the wrapper must become the JVM.
  cat >"$server.new" <<'SH'
#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$(readlink -f "$0")")/lib/*" \
  io.temporal.testserver.TestServer "$@"
SH
  chmod +x "$server.new"
  mv "$server.new" "$server"
fi
echo "Temporal test server $version: $server"
