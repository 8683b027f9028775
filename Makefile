# `make demo` and `make test` need git, make and Python 3.11 or newer, nothing else.
# Everything is installed into .venv, and again only when what it is made from has changed.

ARGS :=

# Another interpreter, in an environment of its own: make test PYTHON=/path/to/python
PYTHON :=
VERSION := import sys; print("-%d.%d" % sys.version_info[:2])
VENV := .venv$(if $(PYTHON),$(shell $(PYTHON) -c '$(VERSION)'))
BIN := $(VENV)/bin
CANDIDATES := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

# pyright finds the environment that it checks in by the first `python` of the path.
PYRIGHT := PATH="$(CURDIR)/$(BIN):$$PATH" pyright

.PHONY: help demo test coverage bench guard baseline lint format types clean

help:
	@echo "make demo      run examples/quickstart.py against a server in memory"
	@echo "make test      run all tests; make test ARGS='-k planner -x' passes options to pytest"
	@echo "make coverage  run all tests and show the lines and branches that none of them reached"
	@echo "make bench     measure round trips and CPU beside other clients (ten minutes)"
	@echo "make guard     count calls, memory and instructions, and compare with the baseline"
	@echo "make baseline  make the present counts the baseline"
	@echo "make lint      check style, formatting and layers"
	@echo "make format    mend what can be mended by itself"
	@echo "make types     check types: mypy and pyright, both strict"
	@echo "make clean     remove .venv, caches and build results"

demo: $(VENV)/installed
	@$(BIN)/python examples/quickstart.py

test: $(VENV)/test-installed
	$(BIN)/python -m pytest $(ARGS)

coverage: $(VENV)/test-installed
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/bench-installed
	$(BIN)/python -m benchmarks --save

guard: $(VENV)/installed
	$(BIN)/python -m benchmarks.guard

baseline: $(VENV)/installed
	$(BIN)/python -m benchmarks.guard --save

lint: $(VENV)/dev-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

format: $(VENV)/dev-installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/dev-installed
	$(BIN)/mypy
	$(PYRIGHT)

clean:
	rm -rf .venv .venv-* dist htmlcov .coverage .coverage.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The pip of an older Python does not know dependency groups.
$(VENV)/created: Makefile
	@for python in $(CANDIDATES); do \
	  if $$python -c '$(SUITABLE)' 2>/dev/null; then \
	    echo "Creating $(VENV) with $$($$python --version)"; \
	    $$python -m venv --clear $(VENV) && \
	    $(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' && \
	    touch $@; exit; \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with its venv module was found (tried: $(CANDIDATES))." >&2; \
	echo "Install one (on Debian and Ubuntu also the package python3-venv)," >&2; \
	echo "or name it: make PYTHON=/path/to/python" >&2; \
	exit 1

$(VENV)/installed: $(VENV)/created pyproject.toml jmap_async/_version.py
	@echo "Installing jmap_async into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/test-installed: $(VENV)/installed
	@echo "Installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/dev-installed: $(VENV)/installed
	@echo "Installing the tests' and the checkers' needs into $(VENV)"
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@ $(VENV)/test-installed

$(VENV)/bench-installed: $(VENV)/installed
	@echo "Installing the other clients into $(VENV)"
	@$(BIN)/python -m pip install --quiet --group bench
	@touch $@
