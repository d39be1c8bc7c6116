# Every target with a line of help: `make help`.
# The first of these that can make an environment; jwst's next versions need 3.12.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3; do $$p -c 'import ensurepip' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
DEMO := demo
QUICK := tests/house tests/config tests/observation tests/record tests/plan tests/runtime

.DEFAULT_GOAL := help
include containers.mk slurm.mk
.PHONY: help env dev demo example test test-wheel test-faults test-faults-all check lint docs site audit bench lock clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-17s %s\n", $$1, $$2}'

env: $(VENV)/.done  ## Make .venv from the locked requirements, with the command jwst-lv3 in it

$(VENV)/.done: requirements/build.txt requirements/run.txt pyproject.toml setup.py app/pipeline/divided/compiled/one_pass.c
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Python 3.11 to 3.13 is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --no-build-isolation --require-hashes -r requirements/run.txt
	$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

dev: $(VENV)/.dev  ## Add to .venv what tests and checks need

$(VENV)/.dev: $(VENV)/.done requirements/dev.txt
	$(PIP) --no-build-isolation --require-hashes -r requirements/dev.txt
	@touch $@

demo: env  ## Simulate a small MIRI observation, make its mosaic without network, say where it is
	$(BIN)/jwst-lv3 action=demo out_dir=$(DEMO)

example: env  ## A survey of two simulated galaxies in three bands, from a download to a release (docs/example.md)
	docs/examples/survey.sh example

test: dev  ## Run all tests but those of the slow stages
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not container and not slurm and not faults and not bench"

test-wheel: dev  ## Build the wheel, install it and the locked packages into an empty environment, make the demo there
	rm -rf build/wheel && $(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	tests/container/test-wheel.sh build/wheel/*.whl

test-faults: dev  ## Run the tests in which calls of the kernel fail, each in its turn (needs strace)
	$(BIN)/python -m pytest -n 2 -m faults

test-faults-all: dev  ## The same for every tenth call, every rename, every target of a signal, where test-faults takes some (an hour)
	LV3_FAULTS_SHARE=1 $(BIN)/python -m pytest -n 2 -m faults

check: lint  ## Lint and the quick tests, in under two minutes
	$(BIN)/python -m pytest -n 2 -q -m "not container and not slurm and not faults and not bench and not slow" $(QUICK)

lint: dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/make_configuration_docs.py --check

docs: dev  ## Make docs/configuration.md anew, from the schema and conf/
	$(BIN)/python scripts/make_configuration_docs.py

site: build/site-env/.done  ## Make a site of docs/ in build/site; a warning, such as a dead link, is an error
	build/site-env/bin/sphinx-build -q -W --keep-going -n -E docs build/site
	@echo "build/site/index.html"

build/site-env/.done: requirements/docs.txt
	$(PYTHON) -m venv build/site-env
	build/site-env/bin/pip install --disable-pip-version-check --quiet --require-hashes -r requirements/docs.txt
	@touch $@

bench: dev  ## Measure speed and memory against jwst's own pipeline, write docs/performance.md
	$(BIN)/python scripts/bench.py build/bench $(ARGS)

audit: build/audit-env/.done  ## Ask PyPI for known faults of all locked packages (needs a network)
	build/audit-env/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	    $(patsubst %.in,--requirement %.txt,$(wildcard requirements/*.in)) || { status=$$?; \
	    echo "make audit: faults are listed above; where a package was not found, or no connection made, nothing was checked:" \
	        "pypi.org itself is needed, a mirror of its packages is not enough" >&2; exit $$status; }

build/audit-env/.done: requirements/audit.txt
	$(PYTHON) -m venv build/audit-env
	build/audit-env/bin/pip install --disable-pip-version-check --quiet --require-hashes -r requirements/audit.txt
	@touch $@

LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-header --no-emit-index-url --no-annotate

lock:  ## Renew the locked requirements (needs uv)
	cd requirements && $(LOCK) --upgrade run.in -o run.txt && $(LOCK) --upgrade build.in -o build.txt \
	    && $(LOCK) --upgrade -c build.txt dev.in -o dev.txt && $(LOCK) -c run.txt login.in -o login.txt \
	    && $(LOCK) -c build.txt sbom.in -o sbom.txt && $(LOCK) docs.in -o docs.txt \
	    && $(LOCK) audit.in -o audit.txt && $(LOCK) compiler.in -o compiler.txt

clean:  ## Remove the environment and what the demo made
	rm -rf $(VENV) $(DEMO) example build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
