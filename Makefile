# One command each; every target sets up what it needs, once.
#   make demo         install, then solve the bundled sample into demo/out/
#   make quick        lint, types, import contracts, tests that are not slow
#   make test         the same with all tests, and the first notebook
#   make test-full    only what make test samples, in full: 500 enumerated cases, four
#                     times the drawn ones, every benchmark twice by work, sixty
#                     cases killed half way, a Dask cluster, a PostgreSQL server
#                     (installed where apt-get can); and all notebooks
#   make bench        the short protocol of all benchmarks, under half an hour
#   make bench-centres   drawn centres in full: hours; goes on where it stopped
#   make bench-env    .bench-venv: other packages, for forecast and peers
#   make docs         remake README's table and pictures, and the notebooks' outputs
#   make clean        remove what the others made

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .bench-venv
BENCH_READY := $(BENCH_VENV)/.ready
PYTHON ?= $(shell for one in python3.11 python3 python3.12 python3.13; do \
	$$one -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && { echo $$one; break; }; done)

# Real call histories, where they lie beside the checkout; tests skip without them.
ifndef ROSTERWRIGHT_DATA
ifneq ($(wildcard ../shared/data/.),)
export ROSTERWRIGHT_DATA := $(abspath ../shared/data)
endif
endif

# Tests that draw or count; make test has run all others whole.
SAMPLED = $(shell grep -rlE "hypothesis|import FULL" tests --include='test_*.py')

.PHONY: demo quick test test-full postgres bench bench-centres bench-env check docs clean
.DELETE_ON_ERROR:

demo: $(READY)
	$(BIN)/roster demo --out demo/out

quick: check
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test: check
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q -n auto --durations 12
	$(BIN)/python -m pytest -q --nbmake notebooks/01_quickstart.ipynb -W default

test-full: $(READY) postgres
	ROSTERWRIGHT_FULL=1 HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -q -n auto \
		--durations 25 $(SAMPLED)
	$(BIN)/python -m pytest -q --nbmake notebooks -W default --durations 8

# For tests of the ledger on a server; they skip where there is none.
postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -qq -y postgresql >/dev/null; } \
		|| echo "No PostgreSQL here: its tests are skipped."

bench: $(READY)
	$(BIN)/python -m benchmarks --short --fresh

bench-centres: $(READY)
	$(BIN)/python -m benchmarks centre instances

bench-env: $(BENCH_READY)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python docs/readme.py
	$(BIN)/python docs/pictures.py
	$(BIN)/python docs/notebooks.py

# The stamp is newer than both files it was made from, or is made again.
$(READY): pyproject.toml pins.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint pins.txt --editable '.[dev]'
	@touch $@

# Apart from the other, as some of these packages need pandas below 3.
$(BENCH_READY): benchmarks/others-pins.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed." >&2; exit 1; }
	test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement benchmarks/others-pins.txt
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH_VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
