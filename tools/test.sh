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
step() { # what, command …
  local what=$1 begin=$SECONDS; shift
  "$@" || status=$?
  spent+=("$(printf '%4d s  %s' $((SECONDS - begin)) "$what")")
}
spent=()
step "unit and contract tests in the process" \
  $bin/pytest -q -n 2 --dist loadfile sdk services gateway plugins tests/architecture tests/contract "$@"
if [ -n "${XIANBAN_TEST_DATABASE:-}" ]; then
  step "contract tests on PostgreSQL and RabbitMQ" \
    env XIANBAN_TEST_TARGET=backends $bin/pytest -q -n 2 --dist loadfile tests/contract "$@"
else
  spent+=("skipped  contract tests on PostgreSQL and RabbitMQ: neither is here")
fi
# The whole-suite tests start Envoy, browsers and many processes: one after the other.
step "whole-suite tests" $bin/pytest -q tests/system "$@"
printf '%s\n' "${spent[@]}"
exit $status
