# Everything runs from a clone: `make demo` and `make test` set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready node_modules/.ready
PEERS := scripts/bench/peers
JOBS ?= 2
# Alone these are counted line by line, which would take the others half as long again.
CORE := tests/core tests/vc tests/badges tests/standards
# In memory where the system has it: the tests of the stores wait for the disk at every commit.
TEST_TMP := $(shell test -w /dev/shm && echo /dev/shm || echo /tmp)

.PHONY: help demo test test-long test-python test-contracts check setup lock generate bench bench-quick soak clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(READY) ## The main job on a local chain: add, seal, anchor, verify, revoke
	@$(BIN)/python scripts/demo.py

test: test-contracts test-python ## All tests

test-long: export ROOTSEAL_LONG_TESTS = 1
test-long: test ## All tests, with every kill point, every changed byte and long stories; an hour or more

test-contracts: $(READY)
	@echo "== Contract tests (forge)"
	@FORGE_SNAPSHOT_CHECK=true $(BIN)/python scripts/forge.py test

test-python: $(READY)
	@echo "== Python tests of the core, which reach every branch of it (pytest)"
	@TMPDIR=$(TEST_TMP) $(BIN)/pytest -q -n $(JOBS) $(CORE) --cov=registry --cov-report=
	@$(BIN)/coverage report --include='registry/core/*,registry/errors.py' --fail-under=100
	@echo "== All other Python tests (pytest)"
	@TMPDIR=$(TEST_TMP) $(BIN)/pytest -q -n $(JOBS) $(CORE:%=--ignore=%)

check: $(READY) ## Format, lint, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/build_contracts.py --check
	$(BIN)/python scripts/make_vectors.py --check
	$(BIN)/python scripts/make_cases.py --check
	$(BIN)/python scripts/vendor_javascript.py --check
	$(BIN)/python scripts/export_openapi.py --check
	$(BIN)/python scripts/export_report_schema.py --check
	$(BIN)/python scripts/export_findings.py --check

generate: $(READY) ## Make the generated files again
	$(BIN)/python scripts/build_contracts.py
	$(BIN)/python scripts/make_vectors.py
	$(BIN)/python scripts/make_cases.py
	$(BIN)/python scripts/vendor_javascript.py
	$(BIN)/python scripts/export_openapi.py
	$(BIN)/python scripts/export_report_schema.py
	$(BIN)/python scripts/export_findings.py

setup: $(READY) ## Install the locked tools into this folder

lock: $(READY) ## Resolve the dependencies again
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes \
		--no-header --override overrides.txt -o requirements.lock --upgrade
	echo uv | $(BIN)/uv pip compile - --universal --generate-hashes --no-header \
		-o requirements-uv.lock --upgrade

bench: $(READY) $(PEERS)/.venv/.ready ## Us and others at the same work (PARTS="trees proofs" for some); a quarter of an hour
	@PYTHONPATH=scripts $(BIN)/python -m bench $(if $(LARGEST),--largest $(LARGEST)) $(PARTS)

bench-quick: $(READY) ## Fail if a ratio fell below half of what scripts/bench/recorded.json says
	@PYTHONPATH=scripts $(BIN)/python -m bench --quick $(PARTS)

soak: $(READY) ## Ten minutes of load on the API, with nights in between; fails on leaks and errors
	@PYTHONPATH=scripts $(BIN)/python -m load

clean: ## Remove everything that was installed or made
	rm -rf $(VENV) node_modules $(PEERS)/.venv $(PEERS)/node_modules contracts/out contracts/cache demo-output

$(VENV)/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up Python ($(VENV))"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.ready: package.json package-lock.json
	@echo "Setting up Anvil, forge and solc (node_modules)"
	@npm ci --silent --no-audit --no-fund
	@touch $@

# What `make bench` compares with: in environments of its own, since nothing else needs it.
$(PEERS)/.venv/.ready: $(PEERS)/package.json $(PEERS)/package-lock.json $(PEERS)/requirements.lock
	@echo "Setting up what the benchmarks compare with ($(PEERS))"
	@cd $(PEERS) && npm ci --silent --no-audit --no-fund
	@$(PYTHON) -m venv --clear $(PEERS)/.venv
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(PEERS)/.venv $(PEERS)/requirements.lock
	@touch $@
