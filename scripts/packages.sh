#!/usr/bin/env bash
# Installs the Debian packages that demo and tests work on, those that are missing only. Needs root for that.
# Usage: packages.sh [PROGRAM]...   (all of them without arguments; PROGRAM as in the list below)
set -euo pipefail

# PROGRAM:PACKAGE
all=(dockerd:docker.io iptables:iptables ip:iproute2 busybox:busybox-static haproxy:haproxy nginx:nginx-light
  socat:socat postgres:postgresql chromium:chromium python3:python3-venv curl:curl runuser:util-linux
  docker-registry:docker-registry htpasswd:apache2-utils sshd:openssh-server openssl:openssl prometheus:prometheus
  pgbouncer:pgbouncer)
if [ $# -gt 0 ]; then wanted=("$@"); else wanted=("${all[@]%%:*}"); fi

present() {
  case $1 in
    postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
    # Debian's own Python, since it packages venv apart.
    python3) /usr/bin/python3 -c 'import ensurepip' 2>/dev/null ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}
package_of() {
  local pair
  for pair in "${all[@]}"; do
    if [ "${pair%%:*}" = "$1" ]; then echo "${pair#*:}" && return; fi
  done
  echo "$1"
}

missing=()
for program in "${wanted[@]}"; do
  present "$program" || missing+=("$(package_of "$program")")
done
if [ ${#missing[@]} -gt 0 ]; then
  exec 9>"${TMPDIR:-/tmp}/spillway-packages.lock"
  flock 9
  if [ "$(id -u)" != 0 ]; then
    echo "packages.sh: expected ${missing[*]} on this machine; install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  # Nothing that is installed here shall start by itself: nginx would take port 80, PostgreSQL 5432.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  options=(-qq -o DPkg::Lock::Timeout=300)
  apt-get update "${options[@]}"
  apt-get install -y "${options[@]}" --no-install-recommends "${missing[@]}" >/dev/null
fi
echo "packages installed: ${wanted[*]}"
