#!/usr/bin/env bash
# Builds the base images of demo and tests from this machine's own binaries, so that no registry is needed.
# Each image is built again only when its binary or this script has changed. Needs a Docker engine that answers.
# Usage: images.sh [busybox|node|haproxy|nginx|socat]...   (all of them without arguments)
#        images.sh postgres temporal   stand-ins for the official images of docker-compose.temporal.yml, to try that
#                                      without a registry (scripts/temporal-compose.sh)
# Env: SPILLWAY_CACHE
set -euo pipefail
cache=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}
# BuildKit would need the buildx plugin, which Debian 12 does not have.
export DOCKER_BUILDKIT=0
shopt -s nullglob
if [ $# -eq 0 ]; then set -- busybox node haproxy nginx socat; fi

# Two builders at once would only do the same work twice.
exec 9>"${TMPDIR:-/tmp}/spillway-images.lock"
flock 9
contexts=$(mktemp -d)
trap 'rm -rf "$contexts"' EXIT

# Where Debian puts daemons is not on every user's path.
binary_of() {
  case $1 in
    node) node -p process.execPath ;;
    postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1 ;;
    # Built by scripts/temporal-postgres.sh, scripts/temporal-ui.sh and scripts/temporal.sh.
    temporal) compgen -G "$cache/temporal-postgres/*/server" | sort -V | tail -n 1 ;;
    temporal-sql-tool) compgen -G "$cache/temporal-postgres/*/sql" | sort -V | tail -n 1 ;;
    temporal-ui) compgen -G "$cache/temporal-ui/*/server" | sort -V | tail -n 1 ;;
    temporal-cli) command -v temporal || compgen -G "$cache/temporal/*/temporal" | sort -V | tail -n 1 ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" || {
      echo "images.sh: expected $1 on this machine, found none; run scripts/packages.sh" >&2
      return 1
    } ;;
  esac
}

# Copies what programs and libraries need into $root, at the same paths: the loader's path is written in the
# program, and it searches these folders itself.
libraries() {
  local file library
  for file in "$@"; do
    { ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
      if [ "$library" != "$file:" ]; then install -D "$library" "$root$library"; fi
    done
  done
}
copy() {
  local file
  for file in "$@"; do install -D "$file" "$root$file"; done
  libraries "$@"
}
# Users by number as well as by name: Kubernetes' runAsNonRoot cannot check a name.
accounts() {
  mkdir -p "$root/etc" "$root/bin"
  printf 'root:x:0:0::/:/bin/sh\napp:x:10001:10001::/:/bin/sh\nhaproxy:x:10002:10002::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n' \
    >"$root/etc/passwd"
  printf 'root:x:0:\napp:x:10001:\nhaproxy:x:10002:\nwww-data:x:33:\n' >"$root/etc/group"
}
open_folders() { (cd "$root" && mkdir -p "$@" && chmod 1777 "$@"); }
with_shell() { cp "$(binary_of busybox)" "$root/bin/busybox"; }

# What each image holds besides accounts and /tmp; answers the rest of its Dockerfile.
fill_busybox() {
  with_shell
  echo 'USER 10001:10001'
}
fill_node() {
  local node
  node=$(binary_of node)
  copy "$node"
  # One path, wherever this machine keeps its Node.
  if [ "$node" != /usr/bin/node ]; then install -D "$node" "$root/usr/bin/node" && rm "$root$node"; fi
  printf 'USER 10001:10001\nENTRYPOINT ["/usr/bin/node"]\n'
}
fill_haproxy() {
  with_shell
  # libgcc_s is opened at run time, when a thread ends.
  copy "$(binary_of haproxy)" /lib/*-linux-gnu/libgcc_s.so.1
  open_folders run var/lib/haproxy var/run
  printf 'USER 10001:10001\nCMD ["haproxy", "-v"]\n'
}
fill_nginx() {
  with_shell
  copy "$(binary_of nginx)" /usr/lib/nginx/modules/*.so
  install -D /etc/nginx/mime.types "$root/etc/nginx/mime.types"
  open_folders run var/log/nginx var/lib/nginx usr/share/nginx etc/nginx/conf.d
  printf 'USER 10001:10001\nSTOPSIGNAL SIGQUIT\nCMD ["nginx", "-v"]\n'
}
# Behaves as the official one does with POSTGRES_USER and POSTGRES_PASSWORD.
fill_postgres() {
  local postgres home share
  with_shell
  postgres=$(binary_of postgres)
  home=${postgres%/bin/postgres} share=/usr/share/postgresql/$(basename "${postgres%/bin/postgres}")
  copy "$home"/bin/{postgres,initdb,pg_isready} "$home"/lib/{dict_snowball,plpgsql,btree_gin}.so
  mkdir -p "$root$share" "$root/usr/share/zoneinfo"
  cp -r "$share/." "$root$share"
  cp -r /usr/share/zoneinfo/. "$root/usr/share/zoneinfo"
  cat >"$root/bin/start-postgres" <<'SH'
#!/bin/sh
set -eu
data=/var/lib/postgresql/data
if [ ! -e $data/PG_VERSION ]; then
  echo "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata $data --username "$POSTGRES_USER" --pwfile /tmp/password --auth scram-sha-256 --encoding UTF8 --locale C
  echo 'host all all all scram-sha-256' >>$data/pg_hba.conf
fi
exec postgres -D $data -c 'listen_addresses=*' -c unix_socket_directories=/tmp
SH
  chmod +x "$root/bin/start-postgres"
  # A new volume takes over the owner of the folder that it is mounted on.
  echo 'RUN ["/bin/sh", "-c", "mkdir -p /var/lib/postgresql && cd /var/lib/postgresql && mkdir -m 700 data && chown 10001 data"]'
  printf 'ENV PATH=%s:/bin\nUSER 10001:10001\nSTOPSIGNAL SIGINT\nCMD ["start-postgres"]\n' "$home/bin"
}
# Server, schema tool, Web UI and CLI in one, under the names they have in the official images.
fill_temporal() {
  local name
  with_shell
  mkdir -p "$root/usr/local/bin"
  cp "$(binary_of temporal)" "$root/usr/local/bin/temporal-server"
  cp "$(binary_of temporal-cli)" "$root/usr/local/bin/temporal"
  for name in temporal-sql-tool temporal-ui; do cp "$(binary_of "$name")" "$root/usr/local/bin/$name"; done
  libraries "$root"/usr/local/bin/*
  install -D -m 644 "$(dirname "$(binary_of temporal-ui)")/docker.yaml" "$root/etc/temporal-ui/config/docker.yaml"
  printf 'USER 10001:10001\nCMD ["temporal-ui", "--root", "/etc/temporal-ui", "--env", "docker", "start"]\n'
}
fill_socat() {
  with_shell
  copy "$(binary_of socat)"
  printf 'USER 10001:10001\nCMD ["socat", "-V"]\n'
}

build() {
  local image=spillway/$1:local stamp output
  stamp=$(cat "$(binary_of "$1")" "$(binary_of busybox)" "$0" | sha256sum | cut -c1-16)
  if [ "$(docker image inspect --format '{{index .Config.Labels "stamp"}}' "$image" 2>/dev/null)" = "$stamp" ]; then
    return
  fi
  context=$contexts/$1 root=$contexts/$1/rootfs
  mkdir -p "$root"
  accounts
  open_folders tmp
  {
    printf 'FROM scratch\nCOPY rootfs /\n'
    "fill_$1" >"$context/tail"
    if [ -e "$root/bin/busybox" ]; then echo 'RUN ["/bin/busybox", "--install", "-s", "/bin"]'; fi
    cat "$context/tail"
  } >"$context/Dockerfile"
  # Shown only on failure: every classic build warns that it is deprecated.
  output=$(docker build --tag "$image" --label "stamp=$stamp" "$context" 2>&1) || {
    echo "$output" >&2
    return 1
  }
}

for name in "$@"; do build "$name"; done
echo "images $(printf 'spillway/%s:local ' "$@")"
