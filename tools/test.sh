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
if ! command -v promtool >/dev/null && [ "$(id -u)" = 0 ]; then
  # promtool alone is wanted: the package's own service stays off.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
  rm -f /usr/sbin/policy-rc.d
fi
status=0
spent=()
tell() { spent+=("$(printf '%4d s  %s' "$1" "$2")"); }
step() { # what, command …
  local what=$1 begin=$SECONDS; shift
  "$@" || status=$?
  tell $((SECONDS - begin)) "$what"
}

# First what begins and ends in milliseconds and mostly waits: four at a time on two cores.
step "unit and contract tests in the process" \
  $bin/pytest -q -n 4 --dist loadfile sdk services gateway plugins tests/contract tests/matrix "$@"
step "alert rules by promtool" $bin/pytest -q -n 2 tests/architecture/test_alerts.py "$@"
# Of each domain one; `make tiers` runs them all.
step "plugins' own tests outside of the process" env TIERS="1 2" tools/tiers.sh \
  eldercare-fall identity-http-sms notify-webpush parking-concessions parking-parkapi public-playbooks sensing-gps-locator
# Tables over all services (every RPC, consent by family …) run in the process alone: they are not about storage.
if [ -n "${XIANBAN_TEST_DATABASE:-}" ]; then
  step "contract tests on PostgreSQL and RabbitMQ" \
    env XIANBAN_TEST_TARGET=backends $bin/pytest -q -n 4 --dist loadfile tests/contract/[a-z]*/ \
    tests/contract/test_migrations.py tests/contract/test_personal_data.py "$@"
else
  spent+=("skipped  contract tests on PostgreSQL and RabbitMQ: neither is here")
fi

# Then whole suites, one to a core: those that share PostgreSQL and RabbitMQ beside those that need neither.
lane=$(mktemp)
trap 'rm -f "$lane"' EXIT
alone() {
  local bad=0
  # The pages' suite lives as long as its run: others' are not started beside it.
  $bin/pytest -q tests/system -m "browser and not backends" "$@" || bad=$?
  $bin/pytest -q tests/system --ignore tests/system/test_api.py -m "not browser and not backends and not campaign" "$@" || bad=$?
  $bin/pytest -q tests/release "$@" || bad=$?
  return $bad
}
on_backends() {
  local bad=0
  $bin/pytest -q tests/system -m "backends and not campaign" "$@" || bad=$?
  $bin/pytest -q tests/system/test_api.py "$@" || bad=$?
  return $bad
}
begun=$SECONDS
( alone "$@" >"$lane" 2>&1 ) &
step "whole suites on PostgreSQL and RabbitMQ, then the interface" on_backends "$@"
wait $! || status=$?
cat "$lane"
tell $((SECONDS - begun)) "these, and beside them whole suites on SQLite, every page, and a release without a clone"
printf '%s\n' "${spent[@]}"
exit $status
