# Oncue. `make` lists the targets; uv is used when it is on the PATH, and never needed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CRATE  := .venv-crate
VENDOR := src/oncue/web/static/vendor/htmx.min.js
AXE    := tests/browser/vendor/axe.min.js
WORKERS ?= 2
CODE   := $(wildcard src tests tools benchmarks)
GENERATORS := $(patsubst tools/%.py,tools.%,$(wildcard tools/*_report.py tools/schemas.py tools/cli_help.py tools/api_reference.py))
UV     := $(shell command -v uv 2>/dev/null)

# A lock names everything, so nothing is resolved: a resolver may prefer a release that came out since, and has no hash for it.
locked = $(call install,--no-deps --require-hashes -r requirements/$(1).lock)

# Byte code is wanted: it is half of the start-up time.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

COMPILE := uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 --quiet --upgrade
EXTRAS  := --extra llm --extra mcp --extra otlp --extra postgres --extra research

ifdef UV
install = uv pip install --quiet --python $(BIN)/python $(1)
else
install = $(BIN)/python -m pip install --quiet --no-compile $(1)
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev vendor browser demo test lint format bench lock schemas docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run  ## install Oncue and what it needs into .venv
	@$(MAKE) --no-print-directory vendor || echo "Everything but the pages works; 'make vendor' fetches what they lack." >&2

setup-dev: $(VENV)/.dev $(VENDOR)  ## install the tools of the gate as well
	@:

vendor: $(VENDOR)  ## fetch the front-end files of the pages
	@:

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Oncue needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Name another one: make setup PYTHON=python3.12" >&2; exit 1; }
ifdef UV
	@uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
else
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "The environment could not be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  rm -rf $(VENV); exit 1; }
endif

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	@echo "Installing the dependencies ..."
	@$(call locked,run)
	@$(call install,--no-deps --no-build-isolation --editable .)
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src/oncue >/dev/null || true
	@touch $@
	@echo "Ready: $(BIN)/oncue"

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the dependencies and the tools of the gate ..."
	@$(call locked,dev)
	@$(call install,--no-deps --no-build-isolation --editable .)
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src/oncue >/dev/null || true
	@touch $(VENV)/.run $@
	@echo "Ready: make test"

# Packed into the wheel and not committed: their addresses are nobody's, their hashes are in the lock and in vendor.json.
$(VENDOR): package.json package-lock.json src/oncue/web/static/vendor.json requirements/node.lock | $(BIN)/python
	@echo "Fetching the front-end files of the pages ..."
	@$(BIN)/python -m tools.vendor
	@touch $@

$(AXE): package.json package-lock.json tests/browser/vendor.json requirements/node.lock | $(BIN)/python
	@$(BIN)/python -m tools.vendor --tests
	@touch $@

browser: $(AXE)  ## make sure that the browser tests have a Chromium
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests ..." && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "The browser tests need Chromium on the PATH. On Debian: sudo apt-get install chromium" >&2; exit 1; \
	  fi; }

$(CRATE)/.done: requirements/crate.lock | $(BIN)/python
	@echo "Installing what checks exported crates ..."
	@rm -rf $(CRATE)
	@$(BIN)/python -m venv $(CRATE)
ifdef UV
	@uv pip install --quiet --python $(CRATE)/bin/python --no-deps --require-hashes -r requirements/crate.lock
else
	@$(CRATE)/bin/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements/crate.lock
endif
	@$(CRATE)/bin/python -m compileall -q -j 0 $(CRATE)/lib >/dev/null || true
	@touch $@

demo: setup  ## show what Oncue does, in one minute
	@bash scripts/demo.sh

test: lint $(CRATE)/.done browser  ## everything of the gate: format, lint, types, layers, tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

lint: setup-dev  ## format, lint, types and layers only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

format: setup-dev  ## format the code and apply the safe fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: setup-dev  ## measure against the budgets
	$(BIN)/python -m benchmarks

lock:  ## pin the newest allowed versions (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(COMPILE) $(EXTRAS) pyproject.toml requirements/run.in --output-file requirements/run.lock
	$(COMPILE) $(EXTRAS) pyproject.toml requirements/dev.in --constraints requirements/run.lock \
	  --output-file requirements/dev.lock
	$(COMPILE) requirements/crate.in --output-file requirements/crate.lock
	$(COMPILE) requirements/node.in --output-file requirements/node.lock

docs: setup-dev  ## regenerate every committed file that is made from the code
	@for generator in $(GENERATORS); do echo "python -m $$generator"; $(BIN)/python -m $$generator || exit 1; done

schemas: docs  ## the same: the wire schemas are among them

clean:  ## remove the environment, caches and builds
	rm -rf $(VENV) $(CRATE) $(dir $(VENDOR)) $(dir $(AXE)) .screenshots dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
