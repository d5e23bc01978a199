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
$bin/pytest -q -n 2 --dist loadfile sdk services gateway plugins tests/architecture tests/contract "$@" || status=$?
# The whole-suite tests start Envoy, browsers and many processes: one after the other.
$bin/pytest -q tests/system "$@" || status=$?
exit $status
