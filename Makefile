# Everything runs from the project's own virtual environment; only Python >= 3.11 and make are needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
SOURCES := platform form_engine flow_engine apps web migrations tests wsgi.py hatch_build.py build_fonts.py
CLIENT := $(shell find web/client web/styles web/templates form_engine flow_engine -type f 2>/dev/null)

.PHONY: demo test check lint format types arch client pytest soak shots bench build messages lock clean

demo: $(VENV)/.ready build/.assets ## set up and open the product with the leasing app and believable data
	$(BIN)/formloom demo

test: check client pytest ## set up and pass the whole suite

check: lint types arch

lint: $(VENV)/.ready
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

format: $(VENV)/.ready
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

types: $(VENV)/.ready
	$(BIN)/mypy platform/formloom form_engine flow_engine apps web migrations wsgi.py build_fonts.py tests

arch: $(VENV)/.ready
	$(BIN)/lint-imports

client: $(VENV)/.ready node_modules/.ready
	npm run --silent check
	npm run --silent test

pytest: $(VENV)/.ready build/.assets
	$(BIN)/python tests/prepare_machine.py
	$(BIN)/python -m pytest -q -n $${FORMLOOM_TEST_WORKERS:-2} --dist loadfile -m "not soak" --ignore tests/e2e
	$(BIN)/python -m pytest -q -m "not soak" tests/e2e

soak: $(VENV)/.ready build/.assets ## the full form of what `make test` runs quickly: faults, load, properties
	$(BIN)/python tests/prepare_machine.py
	FORMLOOM_SOAK=1 $(BIN)/python -m pytest -q

shots: $(VENV)/.ready build/.assets ## every page in both themes on a desk and a phone, for eyes: build/shots/*.png
	$(BIN)/python -m tests.e2e.shots

bench: $(VENV)/.ready build/.assets ## our figures as ratios against stated baselines; writes build/bench.json
	$(BIN)/python -m tests.bench

build: $(VENV)/.ready build/.assets ## the wheel, with built assets inside
	$(BIN)/python -m hatchling build

messages: $(VENV)/.ready ## bring the catalogues up to date with the sources
	$(BIN)/python -m web.build_translations --update

lock: $(VENV)/.ready ## refresh both locks (hashes, no addresses)
	$(BIN)/uv lock
	$(BIN)/uv export --quiet --no-emit-project --no-header -o requirements-dev.lock
	$(BIN)/uv export --quiet --no-dev --no-emit-project --no-header -o requirements.lock

clean:
	rm -rf build dist web/static/dist form_engine/documents/fonts

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Formloom needs Python 3.11 or newer: make PYTHON=python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment here; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.ready: package-lock.json $(VENV)/.ready
	npm ci --silent
	@touch $@

build/.assets: node_modules/.ready build_fonts.py vite.config.ts $(CLIENT) $(wildcard web/translations/*/LC_MESSAGES/*.po)
	npm run --silent build
	$(BIN)/python build_fonts.py
	$(BIN)/python -m web.build_translations
	@mkdir -p build && touch $@
