#!/usr/bin/env bash
# All tests. Real PostgreSQL, RabbitMQ and Chromium are installed and started where the machine allows;
# what is skipped is told with its reason by pytest's own summary (-ra).
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
# URLs of a PostgreSQL and a RabbitMQ into the environment; without them tests say that they are skipped.
backends() {
  local urls
  urls=$(tools/backends.sh start) || return
  set -a; eval "$(echo "$urls" | sed "s/=\(.*\)/='\1'/")"; set +a
}
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
fi

# Most tests wait more than they reckon: three lanes side by side. Each lane's words come when it is through.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
lanes=()
lane() { # name, what, command …
  local name=$1 what=$2 begin=$SECONDS; shift 2
  lanes+=("$name")
  {
    "$@" >"$folder/$name.out" 2>&1
    echo $? >"$folder/$name.status"
    printf '%4d s  %s\n' $((SECONDS - begin)) "$what" >"$folder/$name.spent"
    cat "$folder/$name.out"
  } &
}
in_the_process() { $bin/pytest -q -n 3 --dist loadfile sdk services gateway plugins tests/architecture tests/contract "$@"; }
on_backends() {
  [ -n "${XIANBAN_TEST_DATABASE:-}" ] || { echo "skipped: neither PostgreSQL nor RabbitMQ is here"; return 0; }
  XIANBAN_TEST_TARGET=backends $bin/pytest -q -n 3 --dist loadfile tests/contract "$@"
}
packages() { local status=0; in_the_process "$@" || status=$?; on_backends "$@" || status=$?; return $status; }
pages() { $bin/pytest -q tests/system -m "browser and not backends" "$@"; }
processes() {
  # This lane stops and starts its RabbitMQ: it has one of its own.
  export COMPOSE_PROJECT_NAME=xianban-system XIANBAN_BACKENDS=${XIANBAN_BACKENDS:-${TMPDIR:-/tmp}/xianban-backends-$(id -u)}-system
  export XIANBAN_PG_PORT=$((${XIANBAN_PG_PORT:-15433} + 10)) XIANBAN_MQ_PORT=$((${XIANBAN_MQ_PORT:-5673} + 10))
  backends
  local status=0
  $bin/pytest -q tests/system -m "not browser or backends" "$@" || status=$?
  tools/backends.sh stop
  return $status
}

backends
lane packages "unit and contract tests in the process, then contract tests on PostgreSQL and RabbitMQ" packages "$@"
lane pages "whole-suite tests in a browser" pages "$@"
lane processes "whole-suite tests of processes, kills and brokers" processes "$@"
wait
status=0
for name in "${lanes[@]}"; do
  cat "$folder/$name.spent"
  [ "$(cat "$folder/$name.status")" = 0 ] || { status=1; echo "failed: $name"; }
done
exit $status
