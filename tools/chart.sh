#!/usr/bin/env bash
# All that must hold of the chart and the Dockerfile: `tools/chart.sh`; `tools/chart.sh readme` writes its table.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/chart_tools.sh
bin=.venv-chart/bin chart=helm/xianban
if [ "${1:-}" = readme ]; then exec .venv/bin/python tools/chart_readme.py; fi
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
.venv/bin/pytest -q -p no:cacheprovider $chart/tests > "$out/pytest.log" 2>&1 & tests=$!
.venv/bin/python tools/chart_readme.py --check
for values in "" $chart/ci/*-values.yaml; do
  named=${values:+-f $values}
  name=$(basename "${values:-default}" -values.yaml)
  # shellcheck disable=SC2086 # nothing, or -f and a file
  $bin/helm lint --strict --quiet $chart $named
  # shellcheck disable=SC2086
  $bin/helm template xianban $chart -n district $named > "$out/$name.yaml"
done
LOG_LEVEL=ERROR $bin/checkov --config-file $chart/.checkov.yaml -f "$out/default.yaml" "$out/production.yaml" \
  > "$out/checkov.log" 2>&1 & rules=$!
# The oldest supported minor (Chart.yaml) and the newest one; no schemas are there of others' kinds.
for minor in 1.34.0 1.37.0; do
  $bin/kubernetes-validate -k $minor --strict --quiet --no-warn "$out"/*.yaml
done
if [ -f Dockerfile ]; then $bin/hadolint --config .hadolint.yaml Dockerfile; fi
wait $rules || { tail -40 "$out/checkov.log"; exit 1; }
wait $tests || { cat "$out/pytest.log"; exit 1; }
