# make demo: the collector and a sample shop.   make test: everything that must hold.   Both set up what they need.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
BIN := .venv/bin
PORT ?= 8000
SHOP_PORT ?= 8001
# A process each, for two processors: browser tests, each file with a browser and a collector of its own, leave
# none idle; the others often wait.
WORKERS ?= 2
UNIT_WORKERS ?= 3
# Hundreds of processes are started: compiled modules are kept, also where the machine says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types sdk vocabulary node-test unit e2e sample recordings bench bench-readme format lock clean

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

# --- set-up: each stamp is made anew when what it stands for changes ----------------------------------------------------------------

.venv/.python: pyproject.toml .ci/requirements.lock .ci/set-up
	@.ci/set-up python
	@touch $@

.venv/.dev: pyproject.toml .ci/requirements.lock .ci/set-up
	@.ci/set-up dev
	@touch $@ .venv/.python

sdk_js/node_modules/.done: sdk_js/package.json sdk_js/package-lock.json .ci/set-up
	@.ci/set-up node
	@touch $@

.venv/.chromium: .ci/set-up | .venv/.dev
	@.ci/set-up chromium
	@touch $@

# --- what people run ----------------------------------------------------------------------------------------------------------------

demo: .venv/.python ## Start the collector and, on another origin, a sample shop (Python alone is enough)
	@$(BIN)/visitreel demo --port $(PORT) --shop-port $(SHOP_PORT)

# What takes one processor goes beside others; what is set up comes first, as apt does one thing at a time.
test: .venv/.dev sdk_js/node_modules/.done .venv/.chromium ## Check everything
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint types sdk vocabulary
	@$(MAKE) --no-print-directory node-test
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory e2e

lint: .venv/.dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev sdk_js/node_modules/.done ## Check types: Python, the script, the player
	$(BIN)/mypy
	npm --prefix sdk_js run --silent types
	sdk_js/node_modules/.bin/tsc -p collector/web

sdk: sdk_js/node_modules/.done ## Check that the committed scripts are what their sources build
	npm --prefix sdk_js run --silent build
	@git diff --exit-code --stat -- sdk_js/dist replay/player/dist || \
	  { echo "these are not what their sources build: commit them" >&2; exit 1; }

vocabulary: .venv/.dev ## Check that what is printed from replay/ops.py is current
	$(BIN)/python -m replay.vocabulary --check

node-test: sdk_js/node_modules/.done ## Run the tests of the script and of the player's modules
	npm --prefix sdk_js run --silent test

unit: .venv/.dev sdk_js/node_modules/.done ## Run the Python tests that need no browser
	$(BIN)/pytest -q -n $(UNIT_WORKERS) -m "not browser and not e2e"

e2e: .venv/.dev sdk_js/node_modules/.done .venv/.chromium ## Run the tests in a real browser
	$(BIN)/pytest -q -n $(WORKERS) -m "browser or e2e" --dist loadfile --no-loadscope-reorder

sample: .venv/.dev .venv/.chromium ## Record anew the visit that the demo brings
	$(BIN)/python -m tests.e2e.make_sample collector/sample.reel

recordings: .venv/.dev .venv/.chromium ## Record anew the visits that the player is tested with
	$(BIN)/python -m tests.e2e.make_recordings tests/player/recordings

screenshots: .venv/.dev .venv/.chromium ## Picture anew the way to the first alert
	$(BIN)/python -m tests.e2e.make_screenshots examples/first-alert

bench: .venv/.dev sdk_js/node_modules/.done .venv/.chromium ## Measure (ONLY=name for a part)
	@test -d tests/bench || { echo "visitreel: there are no benchmarks here" >&2; exit 2; }
	$(BIN)/python -m tests.bench $(ONLY)

bench-readme: .venv/.dev ## Copy what was measured last into the README
	$(BIN)/python -m tests.bench --readme

format: .venv/.dev ## Format the Python code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

lock: .venv/.dev ## Write down the exact versions that are installed
	{ sed -n '/^#/p' .ci/requirements.lock; $(BIN)/pip freeze --exclude-editable | grep -vE '^(pip|setuptools)='; } > .venv/lock
	mv .venv/lock .ci/requirements.lock

clean: ## Remove all that was made
	rm -rf .venv node_modules sdk_js/node_modules .demo .e2e dist build .mypy_cache .ruff_cache .hypothesis test-results
