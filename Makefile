# Every target sets up what it needs: on a fresh machine with Python 3.11 and pip, start anywhere.
.DEFAULT_GOAL := help
.PHONY: help setup data lint demo test check bench deep clean

# Modules are compiled once, not by each of the processes that tests and benchmarks start.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv/bin
JOBS ?= 2
READY := .venv/.ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh

TOOLS := .venv/.tools
$(TOOLS): scripts/setup.sh | $(READY)
	@scripts/setup.sh tests

setup: $(READY) ## make .venv from the hashed lock and install the project into it

data: $(READY) ## fetch the pinned data sets into .cache/data
	@$(VENV)/python scripts/fetch_data.py

lint: $(READY) ## style, types and layers
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/mypy scripts benchmarks
	$(VENV)/lint-imports --no-logo

demo: $(READY) ## from a table of flights to an explained and proved prediction
	@$(VENV)/python scripts/fetch_data.py flights_late
	$(VENV)/mlw demo --data .cache/data/flights_late.csv

test: lint data $(TOOLS) ## everything: style, types, layers and all tests but the deep ones
	$(VENV)/pytest -n $(JOBS)

check: lint data $(TOOLS) ## as make test, without the slow command-line stories
	$(VENV)/pytest -n $(JOBS) -m "not slow and not deep"

bench: data ## measure; prints one table a benchmark
	$(VENV)/python benchmarks/run.py

deep: data $(TOOLS) ## long searches for faults, and every property on newly drawn examples
	DRAW=new $(VENV)/pytest -n $(JOBS) -m "deep or not slow"

clean: ## remove the environment and what was fetched or cached
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
