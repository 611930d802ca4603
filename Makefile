# Every target makes the virtual environment it needs; a second run is quick.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help serve test check audit-deps bench bench-http train clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: $(VENV)/.serve ## install what serving needs (no torch) and start the service on port 8000
	$(BIN)/triage serve

test: $(VENV)/.all ## install every extra and run the tests
	$(BIN)/python -m pytest

check: $(VENV)/.all ## lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory audit-deps

# pip-audit passes what a registry does not know. So one that cannot tell of any release is told of.
AUDITED := https://pypi.org/pypi/pip/24.0/json
audit-deps: $(VENV)/.all ## look for known vulnerabilities in what is installed
	@if $(BIN)/python -c 'import urllib.request as u; u.urlopen("$(AUDITED)", timeout=5)' 2>/dev/null; \
	then $(BIN)/pip-audit --skip-editable --progress-spinner off; \
	else echo "audit-deps: skipped: no registry reached that knows vulnerabilities"; fi

bench: $(VENV)/.all ## measure speed and quality; public data from TRIAGE_BENCH_DATA
	$(BIN)/python -m pytest tests/benchmarks --ignore=tests/benchmarks/test_http.py --no-header -rs -s -n 0 -o addopts=""

bench-http: $(VENV)/.all ## measure the service beside a straightforward one, on this machine alone
	$(BIN)/python -m pytest tests/benchmarks/test_http.py --no-header -rs -s -n 0 -o addopts=""

train: $(VENV)/.serve ## train the starter model from datasets/
	$(BIN)/triage train datasets/tickets.jsonl

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Triage needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Triage into $(VENV) ..."
	$(PIP) --editable .
	@touch $@

# torch first: its CPU build is enough, and a bare requirement would fetch gigabytes of CUDA.
$(VENV)/.all: $(VENV)/.serve
	@echo "Installing every extra and the development tools into $(VENV) ..."
	$(PIP) $(TORCH_INDEX) 'torch==2.13.0'
	$(PIP) --editable '.[encoders,otel]' --requirement requirements-dev.txt
	@touch $@
