#!/usr/bin/env bash
# Fault injection: kills at random under load, on SQLite and, where they can be started, on
# PostgreSQL and RabbitMQ. Arguments go to tests/faults (--kills, --seed, --on sqlite|backends).
set -uo pipefail
cd "$(dirname "$0")/.."
if urls=$(tools/backends.sh start); then
  set -a; eval "$(echo "$urls" | sed "s/=\(.*\)/='\1'/")"; set +a
fi
exec .venv/bin/python tests/faults "$@"
