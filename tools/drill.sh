#!/usr/bin/env bash
# The backup drill on a demo district of its own: load, backup, more load, loss, restore; prints RPO and RTO.
# Arguments go to tests/faults/drill.py (--before, --after, --on sqlite|backends).
set -uo pipefail
cd "$(dirname "$0")/.."
if urls=$(tools/backends.sh start); then
  set -a; eval "$(echo "$urls" | sed "s/=\(.*\)/='\1'/")"; set +a
fi
exec .venv/bin/python tests/faults/drill.py "$@"
