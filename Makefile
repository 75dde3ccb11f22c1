# Her2Desk: what a newcomer types. `make run` opens the window, `make test` passes the tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation -c constraints.txt
PO_FILES := $(wildcard assets/translations/*/LC_MESSAGES/her2desk.po)
CATALOGUES := $(PO_FILES:.po=.mo)
# two halves in the files' order, so that what a file's tests share is made once
IN_PARALLEL := -n 2 --dist worksteal
# hundreds of processes start in the tests; none shall compile what another compiled
test test-slow: export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup run test test-slow bundle test-bundle lint format bench demo-pack contour-network enhancer images help help-pictures help-words messages clean

setup: $(INSTALLED) $(CATALOGUES)

$(INSTALLED): pyproject.toml constraints.txt installer/system_libraries.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Her2Desk needs Python 3.11; set PYTHON=/path/to/python3.11")'
	-$(PYTHON) installer/system_libraries.py --install
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Her2Desk needs into $(VENV); the first time takes a few minutes."
	$(PIP) setuptools wheel
	$(PIP) numpy hatchling editables Babel
	$(PIP) pyradiomics
	$(PIP) -e '.[train,dev]'
	@touch $@

run: setup help
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

# the super-resolution that ships, from simulated phantoms; about ten minutes
enhancer: setup
	$(BIN)/her2desk phantom build/enhancer/phantoms --patients 150 --seed 20261122
	$(BIN)/her2desk train-enhancer build/enhancer/phantoms --out build/enhancer/phantom-gan.h2enhancer \
		--seed 1 --device cpu --jobs 1 --name phantom-gan --enhancer-version 1 --licence Apache-2.0 \
		--population 'Simulated phantoms (her2desk phantom --patients 150 --seed 20261122), no patients.'
	mkdir -p assets/enhancement
	cp build/enhancer/phantom-gan.h2enhancer assets/enhancement/

images: setup
	PYTHONPATH=. QT_QPA_PLATFORM=offscreen $(BIN)/python docs/make_images.py docs/images

# the help of the window, in both languages; where no page changed, nothing is built
HELP := build/help-read/.built
HELP_PAGES := $(shell find docs -name '*.md' -o -name '*.po' -o -name '*.webp') docs/conf.py docs/help_pages.py CHANGELOG.md
SPHINX := $(BIN)/python -m sphinx -q -b html

help: $(HELP)

$(HELP): $(INSTALLED) $(HELP_PAGES)
	$(SPHINX) -d build/help-read/en -D language=en docs build/help/en
	$(SPHINX) -d build/help-read/zh_CN -D language=zh_CN docs build/help/zh_CN
	@touch $@

# a minute or two: the guide's pictures in both languages, which the help then takes
help-pictures: setup
	PYTHONPATH=. QT_QPA_PLATFORM=offscreen $(BIN)/python docs/make_images.py --language en build/pictures/en
	PYTHONPATH=. QT_QPA_PLATFORM=offscreen $(BIN)/python docs/make_images.py --language zh_CN build/pictures/zh_CN
	rm -f $(HELP)

# what is to be translated of the help, into docs/locales
help-words: setup
	$(BIN)/python -m sphinx -q -b gettext -d build/help-read/words docs build/help-words
	$(BIN)/python docs/help_words.py

messages: $(INSTALLED)
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --no-wrap --sort-by-file --add-location=file \
		-k tr -k trn:1,2 -k msg -k msgn:1,2 -o build/her2desk.pot her2desk
	$(BIN)/pybabel --quiet update --no-wrap --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date -D her2desk -i build/her2desk.pot -d assets/translations
	$(BIN)/python installer/catalogues.py check

%.mo: %.po | $(INSTALLED)
	$(BIN)/python installer/catalogues.py compile

# an offline bundle of this system in build/bundle; VARIANT=gpu, KEY=an OpenSSH key that signs it
VARIANT ?= cpu
bundle: $(CATALOGUES) help
	nice $(PYTHON) -m installer.build --variant $(VARIANT) $(if $(KEY),--key '$(KEY)') $(BUNDLE_ARGS)

# installs the bundle as an ordinary user without a network, and works with it; needs root, xvfb, strace
test-bundle: setup help
	$(BIN)/python -m pytest -n 0 -m bundle tests/bundle $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
