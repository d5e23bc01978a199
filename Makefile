# Python 3.11, git and make are all that a newcomer needs; everything else comes into .venv.
PYTHON ?= python3
PORT ?= 8080
DATA ?= data
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := .venv-uv/bin/uv

# Compiled code is kept: every process of the suite starts faster.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup up check format proto proto-baseline freeze release test test-fast test-docker tiers bench faults backends backends-stop images docs clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is younger than every file that says what belongs into the environment.
setup: $(BIN)/.stamp ## Brings the project's own environment about
$(BIN)/.stamp: uv.lock pyproject.toml $(wildcard */pyproject.toml */*/pyproject.toml)
	@test -x $(UV) || { $(PYTHON) -m venv .venv-uv && .venv-uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) sync --quiet --locked --all-packages --compile-bytecode --python $(PYTHON)
	@touch $@

up: setup ## Starts the suite with the demo district (PORT=, DATA=)
	@exec $(BIN)/xianban up --port $(PORT) --data $(DATA)

check: setup ## Lint, types, architecture, protos, generated code
	@tools/check.sh

format: setup ## Formats code and protos
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet . ; $(BIN)/buf format -w

proto: setup ## Generates code from protos and docs from code
	@$(BIN)/buf lint && $(BIN)/python protos/generate.py && $(BIN)/python tools/reference.py && $(BIN)/python tools/dashboards.py

proto-baseline: setup ## Promises the present API to clients (with a release)
	@$(BIN)/buf build -o protos/baseline.binpb

freeze: setup ## Keeps plugins as this release builds them, for tests/matrix (with a release)
	@$(BIN)/python tools/freeze_plugins.py

release: setup ## Builds all that is released, twice, into dist/ (KEY= signs it; docs/operations/release.md)
	@tools/chart_tools.sh && $(BIN)/python tools/release.py $(if $(KEY),--key $(KEY))

test: setup ## All tests; installs and starts what they need, tells what was skipped
	@tools/test.sh

test-fast: setup ## Unit and contract tests only
	@$(BIN)/pytest -q -n 2 sdk services gateway plugins tests/contract tests/architecture tests/matrix

test-docker: setup ## Contract and system tests against compose.yaml's containers, after `make images`
	@tools/test_docker.sh

tiers: setup ## Plugins' own tests in all three tiers (PLUGINS="notify-sms …", TIERS="0 1 2"): seven minutes for all
	@tools/tiers.sh $(PLUGINS)

bench: setup ## Benchmarks; writes bench/results/latest.json
	@$(BIN)/python -m bench

faults: setup ## Fault injection; writes tests/faults/results/latest.json
	@tools/faults.sh

backends: ## Starts PostgreSQL and RabbitMQ and prints their URLs
	@tools/backends.sh start

backends-stop: ## Stops them
	@tools/backends.sh stop

images: setup ## Builds an image of every service, portal and edge (BASE_IMAGE=, REGISTRY=, TAG=)
	@tools/images.sh

clean: ## Removes environment and data
	@rm -rf .venv .venv-uv .venv-chart data
