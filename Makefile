# Her2Desk: what a newcomer types. `make run` opens the window, `make test` passes the tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation -c constraints.txt
# two halves in the files' order, so that what a file's tests share is made once
IN_PARALLEL := -n 2 --dist worksteal
# hundreds of processes start in the tests; none shall compile what another compiled
test test-slow: export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup run test test-slow lint format bench demo-pack contour-network images messages clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt installer/system_libraries.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Her2Desk needs Python 3.11; set PYTHON=/path/to/python3.11")'
	-$(PYTHON) installer/system_libraries.py --install
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Her2Desk needs into $(VENV); the first time takes a few minutes."
	$(PIP) setuptools wheel
	$(PIP) numpy hatchling editables
	$(PIP) pyradiomics
	$(PIP) -e '.[train,dev]'
	@touch $@

run: setup
	$(BIN)/her2desk --demo

test: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(IN_PARALLEL) $(PYTEST_ARGS)

test-slow: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(IN_PARALLEL) -m slow $(PYTEST_ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks.performance $(BENCH_ARGS)

demo-pack: setup
	$(BIN)/python -m her2desk.training.demo assets/demo

contour-network: setup
	$(BIN)/python -m benchmarks.assist --ship

images: setup
	PYTHONPATH=. QT_QPA_PLATFORM=offscreen $(BIN)/python docs/make_images.py docs/images

messages: setup
	$(BIN)/pybabel extract --no-wrap -k tr -k trn:1,2 -k msg -k msgn:1,2 -o assets/translations/her2desk.pot her2desk

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
