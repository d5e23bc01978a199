#!/usr/bin/env bash
# Docker where no image registry is reached, from Debian's packages alone (docs/operations/images.md):
# tools/docker_local.sh [engine] [plugins] [base] [backends]; without words all four, what is there is kept.
# CA_BUNDLE=FILE puts certificate authorities into the local base (never into the product's images by itself);
# by default that of SSL_CERT_FILE. SUITE (trixie) is the Debian suite of base and CLI plugins.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
suite=${SUITE:-trixie}
ca=${CA_BUNDLE-${SSL_CERT_FILE:-}}
home=${XIANBAN_DOCKER:-${TMPDIR:-/tmp}/xianban-docker-$(id -u)}
mkdir -p "$home"

asked() { [ -z "$words" ] || [[ " $words " = *" $1 "* ]]; }
has() { docker image inspect "$1" >/dev/null 2>&1; }
packages() {
  if [ "$(id -u)" != 0 ]; then echo "install first: apt-get install $*" >&2; exit 1; fi
  # The packages' own services stay off: the engine is started by hand.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null
  rm -f /usr/sbin/policy-rc.d
}

engine() {
  if ! docker info >/dev/null 2>&1; then
    command -v dockerd >/dev/null && command -v iptables >/dev/null || packages docker.io iptables
    setsid nohup dockerd --storage-driver=overlay2 ${DOCKER_HOST:+--host "$DOCKER_HOST"} > "$home/dockerd.log" 2>&1 < /dev/null &
    echo $! > "$home/dockerd.pid"
    for _ in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 0.5; done
    docker info >/dev/null 2>&1 || { tail -5 "$home/dockerd.log" >&2; exit 1; }
  fi
  echo "✓ engine $(docker version -f '{{.Server.Version}}')"
}

# compose and buildx are newer than this Debian may be; they are single programs that need libc alone.
plugins() {
  local root=$home/apt folder=/usr/local/lib/docker/cli-plugins site
  [ "$(id -u)" = 0 ] || folder=$HOME/.docker/cli-plugins
  if ! docker compose version >/dev/null 2>&1 || ! docker buildx version >/dev/null 2>&1; then
    site=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | head -1)
    mkdir -p "$root"/{lists/partial,cache/archives/partial,found} "$folder"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite main" > "$root/sources.list"
    chmod -R a+rX "$home"
    local options=(-qq -o "Dir::Etc::sourcelist=$root/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::lists=$root/lists" -o "Dir::Cache=$root/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    (cd "$root" && apt-get "${options[@]}" download docker-compose docker-buildx)
    for one in "$root"/*.deb; do dpkg -x "$one" "$root/found"; done
    find "$root/found" -path '*cli-plugins/docker-*' -type f -exec install -m 755 {} "$folder" \;
  fi
  echo "✓ $(docker compose version) · buildx $(docker buildx version | cut -d' ' -f2)"
}

# imported NAME VARIANT PACKAGES: an image straight from Debian's packages.
imported() {
  has "$1" && return
  local bundle=/etc/ssl/certs/ca-certificates.crt
  command -v mmdebstrap >/dev/null || packages mmdebstrap
  # What a container never reads stays out: manuals and other languages' texts.
  mmdebstrap --quiet --variant="$2" --include="$3" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin' "$suite" "$home/image.tar" 2>/dev/null
  docker import "$home/image.tar" "$1" >/dev/null
  rm -f "$home/image.tar"
  [ -n "$ca" ] || return 0
  cp "$ca" "$home/ca.crt"
  printf '%s\n' "FROM $1" "COPY ca.crt $bundle" "ENV SSL_CERT_FILE=$bundle PIP_CERT=$bundle" > "$home/Dockerfile"
  tar -C "$home" -c ca.crt Dockerfile | docker build -q -t "$1" - >/dev/null
}

base() {
  imported xianban-base:local essential python3,python3-venv,libstdc++6,ca-certificates,tzdata
  echo "✓ xianban-base:local $(megabytes xianban-base:local)"
}

backends() {
  local one
  imported xianban-debian:local apt ca-certificates,tzdata
  for one in postgres rabbitmq mosquitto; do
    has "xianban-$one:local" || docker build -q ${DOCKER_BUILD:---network host} -t "xianban-$one:local" \
      -f "tools/local_images/$one.Dockerfile" tools/local_images >/dev/null
    echo "✓ xianban-$one:local $(megabytes "xianban-$one:local")"
  done
}
megabytes() { echo "$(( $(docker image inspect -f '{{.Size}}' "$1") / 1000000 )) MB"; }

words="$*"
for step in engine plugins base backends; do asked $step && $step; done
