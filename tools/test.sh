#!/usr/bin/env bash
# All tests. Real PostgreSQL, RabbitMQ and Chromium are installed and started where the machine allows;
# what is skipped is told with its reason by pytest's own summary (-ra).
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
if urls=$(tools/backends.sh start); then
  set -a; eval "$(echo "$urls" | sed "s/=\(.*\)/='\1'/")"; set +a
else
  echo "no PostgreSQL and RabbitMQ here: tests that need them will say that they are skipped"
fi
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
fi
status=0
spent=()
tell() { spent+=("$(printf '%4d s  %s' "$1" "$2")"); }
step() { # what, command …
  local what=$1 begin=$SECONDS; shift
  "$@" || status=$?
  tell $((SECONDS - begin)) "$what"
}

# The browser's tests have a suite of their own, on SQLite: they go beside the packages'. Both mostly wait.
pages=$(mktemp)
trap 'rm -f "$pages"' EXIT
$bin/pytest -q tests/system -m "browser and not backends" "$@" >"$pages" 2>&1 &
browser=$!
step "unit and contract tests in the process" \
  $bin/pytest -q -n 2 --dist loadfile sdk services gateway plugins tests/architecture tests/contract "$@"
if [ -n "${XIANBAN_TEST_DATABASE:-}" ]; then
  step "contract tests on PostgreSQL and RabbitMQ" \
    env XIANBAN_TEST_TARGET=backends $bin/pytest -q -n 2 --dist loadfile tests/contract "$@"
else
  spent+=("skipped  contract tests on PostgreSQL and RabbitMQ: neither is here")
fi
wait $browser || status=$?
cat "$pages"
tell $SECONDS "all of these, and beside them the whole-suite tests in a browser"
# Kills, cut networks and bounds in seconds: alone on the machine.
step "whole-suite tests of processes" $bin/pytest -q tests/system -m "not browser or backends" "$@"
printf '%s\n' "${spent[@]}"
exit $status
