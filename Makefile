# The front door: every habit is a target. `make` alone lists them.
#
# Variables: PYTHON (another Python 3.11 or newer, for the set-up), DEMO_ARGS, PYTEST_ARGS,
# BENCH_ARGS, CAMPAIGN_ARGS (handed on to the program), LIBCBV2G (that library, to be measured beside our codec),
# FUZZ_S and FUZZ_JOBS (seconds for each libFuzzer target of `make fuzz`, and how many at once),
# FUZZ_N (inputs for each of its other targets).

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory

export PYTHON
DEMO_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
LIBCBV2G ?=
CAMPAIGN_ARGS ?=
FUZZ_N ?= 100000
FUZZ_S ?= 60
FUZZ_JOBS ?= 1

BIN := .venv/bin
SCRIPTS := tools/setup tools/lock .ci/run rootfs-overlay/usr/sbin/plc-network

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

# --- use it ---------------------------------------------------------------------------------------

.PHONY: setup setup-test
setup: ## only the set-up: Debian packages, .venv, the compiled codec, the program .venv/bin/pyplc
	@tools/setup

setup-test:
	@tools/setup --test

.PHONY: demo
demo: setup ## set-up, then a whole charging session on the desk (DEMO_ARGS="--soc 40 ...")
	@$(BIN)/pyplc demo $(DEMO_ARGS)

# --- test it --------------------------------------------------------------------------------------

.PHONY: test
test: setup-test ## set-up, then unit and session tests (PYTEST_ARGS="-k slac ...")
	@$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: test-net campaign-net
test-net: setup-test ## real sockets and raw frames in network namespaces (needs root; PYTEST_ARGS)
	@$(BIN)/pytest tests/net $(PYTEST_ARGS)

campaign-net: setup-test ## whole sessions over a bad powerline in real time: a table (root; CAMPAIGN_ARGS)
	@$(BIN)/python -m tests.net.campaign $(CAMPAIGN_ARGS)

.PHONY: check check-format check-lint check-types check-layers check-tables check-c check-lock check-manual check-scripts
check: check-format check-lint check-types check-layers check-tables check-c check-lock check-manual check-scripts ## format, lint, strict types, import layers, generated files, the C code's warnings, lock file, scripts

check-format: setup
	@echo "check: format"
	@$(BIN)/ruff format --check --quiet .

check-lint: setup
	@echo "check: lint"
	@$(BIN)/ruff check --quiet .

check-types: setup
	@echo "check: types"
	@$(BIN)/mypy

check-layers: setup
	@echo "check: layers"
	@$(BIN)/pytest -q tests/unit/test_imports.py

check-tables: setup
	@echo "check: generated tables of the codec"
	@$(BIN)/python exi/generate.py --check

check-c:
	@echo "check: warnings and analysis of the C code"
	@$(MAKE) -s -C exi all command fuzz bench analysed

check-lock: setup
	@echo "check: lock file"
	@$(BIN)/python tools/check_lock.py

check-manual: setup
	@echo "check: generated tables of the manual"
	@$(BIN)/python tools/manual_tables.py --check

check-scripts:
	@if command -v shellcheck >/dev/null; then echo "check: scripts"; shellcheck $(SCRIPTS); \
	else echo "check: scripts: skipped, there is no shellcheck (Debian package shellcheck)"; fi

.PHONY: fuzz
fuzz: setup ## the C codec under libFuzzer, FUZZ_S seconds a target, FUZZ_JOBS at once; FUZZ_N inputs into each Python decoder
	@status=0; $(BIN)/python -m tests.fuzz.fuzz_library $(FUZZ_S) $(FUZZ_JOBS) || status=1; \
	for module in $(filter-out %fuzz_library.py,$(wildcard tests/fuzz/fuzz_*.py)); do \
		$(BIN)/python -m "tests.fuzz.$$(basename "$$module" .py)" $(FUZZ_N) || status=1; \
	done; exit $$status

.PHONY: analyse
analyse: ## static analysis of the C code: the compiler's own and, where it is installed, clang-tidy
	@$(MAKE) -s -C exi analyse

.PHONY: coverage
coverage: setup ## which lines of the C library the vectors and their mutations reach
	@$(BIN)/python -m tests.fuzz.coverage

.PHONY: cross
cross: setup ## pyplc-exi and its Python wheels for aarch64 and armv7, all vectors through them under qemu
	@status=0; $(BIN)/python -m tests.unit.exi.cross || status=1; \
	$(BIN)/python tools/cross_wheels.py || status=1; exit $$status

.PHONY: bench
bench: setup ## how fast: codec, frames, whole sessions (docs/performance.md has the table)
	@$(BIN)/python -m tests.bench $(if $(LIBCBV2G),--library "$(LIBCBV2G)") $(BENCH_ARGS)

# --- keep it --------------------------------------------------------------------------------------

.PHONY: lock
lock: ## make requirements.lock anew from requirements.in (needs the network)
	@tools/lock

.PHONY: manual
manual: setup ## write the generated tables of docs/manual.md anew
	@$(BIN)/python tools/manual_tables.py

.PHONY: clean distclean
clean: ## remove what was built, and caches; the set-up stays
	@rm -rf build dist demo fuzz-* exi/build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find exi pyplc_fw tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the set-up too
	@rm -rf .venv ./*.egg-info exi/*.egg-info
