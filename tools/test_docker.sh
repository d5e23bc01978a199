#!/usr/bin/env bash
# Contract and system tests against containers of compose.yaml: pytest-docker brings them up and takes them down.
# Needs a Docker engine and the images (tools/docker_local.sh where no registry is reached, make images).
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
export XIANBAN_TEST_TARGET=docker
# The services under test run beside the test, their database and broker in containers.
.venv/bin/pytest -q tests/contract/[a-z]*/ "$@" || status=$?
# The whole suite in containers, through Envoy: interface, examples, an independent OIDC client, people's stories.
.venv/bin/pytest -q -m docker tests/system --ignore tests/system/test_api.py "$@" || status=$?
# Of its own: it leaves behind whatever a stranger may write.
.venv/bin/pytest -q -m docker tests/system/test_api.py "$@" || status=$?
exit $status
