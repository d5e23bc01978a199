#!/usr/bin/env bash
# Plugins' own tests, the same files: in process (0), in processes of their own (1), and in processes that they join (2).
# tools/tiers.sh [PLUGIN…]; all of them without. TIERS="1 2" leaves one out.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
[ $# -gt 0 ] && chosen=("${@/#/plugins/}") || chosen=(plugins)
for tier in ${TIERS:-0 1 2}; do
  case $tier in
    0) place= ;;
    1) place='*=1' ;;
    # Where they listen is chosen with each start.
    2) place='*=2@unix:/anywhere/{plugin}.sock' ;;
    *) echo "TIERS: $tier is none of 0, 1 and 2" >&2; exit 2 ;;
  esac
  echo "== plugins' tests in tier $tier"
  XIANBAN_PLUGIN_TIERS=$place .venv/bin/pytest -q "${chosen[@]}" || status=$?
done
exit $status
