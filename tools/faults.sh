#!/usr/bin/env bash
# Fault injection: kills at random under load, on SQLite and, where they can be started, on
# PostgreSQL and RabbitMQ; there, too, every service replaced by its next release and every key
# changed while calls run. Arguments go to tests/faults (--kills, --seed, --on sqlite|backends).
set -uo pipefail
cd "$(dirname "$0")/.."
if urls=$(tools/backends.sh start); then
  set -a; eval "$(echo "$urls" | sed "s/=\(.*\)/='\1'/")"; set +a
fi
status=0
.venv/bin/pytest -q -s tests/system -m campaign || status=$?
.venv/bin/python tests/faults "$@" || status=$?
exit $status
