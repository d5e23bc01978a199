#!/usr/bin/env bash
# Builds images: tools/images.sh [NAME…]; without names one for each service, portal and edge.
# BASE_IMAGE, REGISTRY (with /), TAG, PLUGINS (further packages for services) as variables; DOCKER_BUILD for options.
set -euo pipefail
cd "$(dirname "$0")/.."
services=$(.venv/bin/python -c 'from importlib.metadata import entry_points as e; print(*sorted(p.name for p in e(group="xianban.services")))')
# A service comes with the project's plugins for its domain; who wants fewer builds with --build-arg PACKAGES.
plugins_of() { grep -l "\"xianban.$1\"" plugins/*/pyproject.toml | sed -E 's#plugins/(.*)/.*# xianban-plugin-\1#' | tr -d '\n'; }
all() { printf ' xianban-%s' $services; }
packages() {
  case $1 in
    edge) echo xianban-edge ;;
    # The portal shows every domain's pages.
    portal) printf 'xianban-portal xianban-edge%s%s' "$(all)" "$(plugins_of portal)" ;;
    # Identity issues tokens for each service and façade, notify words each domain's messages: they look in the packages.
    identity | notify) printf 'xianban-%s%s%s%s' "$1" "$(all)" "$(plugins_of "$1")" "${PLUGINS:+ $PLUGINS}" ;;
    *) printf 'xianban-%s%s%s' "$1" "$(plugins_of "$1")" "${PLUGINS:+ $PLUGINS}" ;;
  esac
}
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
# shellcheck disable=SC2086 # lists of words
for name in ${*:-$services portal edge}; do
  begin=$(date +%s)
  docker build --quiet ${DOCKER_BUILD:-} ${BASE_IMAGE:+--build-arg BASE_IMAGE=$BASE_IMAGE} \
    --build-arg PACKAGES="$(packages "$name")" --build-arg REVISION="$revision" --build-arg VERSION="$(cat VERSION)" \
    -t "${REGISTRY:-}xianban-$name:${TAG:-local}" . >/dev/null
  size=$(docker image inspect -f '{{.Size}}' "${REGISTRY:-}xianban-$name:${TAG:-local}")
  echo "✓ ${REGISTRY:-}xianban-$name:${TAG:-local}: $(( $(date +%s) - begin )) s, $(( size / 1000000 )) MB"
done
