#!/usr/bin/env bash
# Everything that must hold before a commit: about two minutes.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()
step() {
  local name=$1 output; shift
  if output=$("$@" 2>&1); then printf '✓ %s\n' "$name"; else printf '✗ %s\n%s\n' "$name" "$output"; failed+=("$name"); fi
}
drift() {
  local before after
  before=$(find protos/src docs/api docs/plugins docs/operations/metrics.md helm/xianban/dashboards sdk/src/xianban_sdk/plugins/carried -type f -not -name '*.pyc' -exec sha256sum {} + | sort)
  $bin/python protos/generate.py >/dev/null 2>&1 && $bin/python tools/reference.py >/dev/null && $bin/python tools/dashboards.py || return 1
  after=$(find protos/src docs/api docs/plugins docs/operations/metrics.md helm/xianban/dashboards sdk/src/xianban_sdk/plugins/carried -type f -not -name '*.pyc' -exec sha256sum {} + | sort)
  [ "$before" = "$after" ] || { echo "generated files differ from what is committed: run make proto"; diff <(echo "$before") <(echo "$after"); return 1; }
}
breaking() {
  # The baseline is the API that clients were promised; it moves with a release (make proto-baseline).
  # As images: a workspace of two modules can't be held against one file.
  local now; now=$(mktemp --suffix .binpb)
  $bin/buf build -o "$now" && $bin/buf breaking "$now" --against protos/baseline.binpb
  local outcome=$?
  rm -f "$now"
  return $outcome
}
contracts() {
  local config; config=$(mktemp --suffix .ini)
  $bin/python tools/import_contracts.py > "$config" && $bin/lint-imports --config "$config"
  local outcome=$?
  rm -f "$config"
  return $outcome
}
step "ruff check" $bin/ruff check .
step "ruff format" $bin/ruff format --check .
step "one version" $bin/python tools/version.py
step "buf lint" $bin/buf lint
step "buf format" $bin/buf format --diff --exit-code
step "buf breaking" breaking
step "generated code" drift
step "import contracts" contracts
step "pyright" $bin/pyright
step "architecture" $bin/pytest -q tests/architecture
step "chart" tools/chart.sh
if [ ${#failed[@]} -gt 0 ]; then printf '\nfailed: %s\n' "$(IFS=,; echo "${failed[*]}")"; exit 1; fi
