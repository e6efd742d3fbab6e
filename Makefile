# `make demo` and `make test` need Python 3.11+ and make, nothing else: the first call sets up .venv.
PYTHON ?= python3
PORT ?= 8600
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := $(CURDIR):$(CURDIR)/lti:$(CURDIR)/xblocks

.DEFAULT_GOAL := help
.PHONY: help demo workbench test test-fast check lint types format bench messages clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

# The MySQL driver is compiled, so it is installed where its headers are; without them its tests are left out.
$(VENV)/.ready: pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Course Companion needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --upgrade pip
	@$(BIN)/pip install --quiet -e '.[standalone,dev]'
	@if pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mysqlclient 2>/dev/null; then \
	   $(BIN)/pip install --quiet -e '.[mysql]' || echo "The MySQL driver could not be built; its tests will be left out."; fi
	@touch $@

demo: $(VENV)/.ready ## A small LMS with a course, and the Companion in it (PORT=8600)
	@$(BIN)/companion demo --port $(PORT)

workbench: $(VENV)/.ready ## The XBlock workbench with sample units (PORT=8620)
	@$(BIN)/python -m examples.workbench.run --port $(if $(filter 8600,$(PORT)),8620,$(PORT))

test: $(VENV)/.ready ## All tests, on every database found, with the coverage gate
	@$(BIN)/python -m tests.everywhere

test-fast: $(VENV)/.ready ## The tests on SQLite, without a browser and without building packages
	@$(BIN)/python -m pytest -q -n 2 -m "not browser and not packaging" tests

lint: $(VENV)/.ready ## Style, templates and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet companion lti examples
	$(BIN)/lint-imports

types: $(VENV)/.ready ## mypy, strict, on the source
	$(BIN)/mypy companion lti/companion_lti xblocks/companion_xblocks examples/demo_lms/seed_companion.py
	DJANGO_SETTINGS_MODULE=examples.demo_lms.settings $(BIN)/mypy --config-file examples/mypy.ini examples/demo_lms

check: lint types ## Everything that .ci/run insists on
	$(BIN)/pip check
	$(BIN)/django-admin makemigrations --check --dry-run --settings tests.settings
	$(MAKE) test

format: $(VENV)/.ready ## Put the code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.ready ## Measurements, one JSON line a figure
	@$(BIN)/python -m tests.benchmarks

messages: $(VENV)/.ready ## Collect and compile the texts to translate (needs gettext)
	cd companion && ../$(BIN)/django-admin makemessages --all --no-location --settings tests.settings --pythonpath ..
	cd lti/companion_lti && ../../$(BIN)/django-admin makemessages --all --no-location --settings tests.settings --pythonpath ../..
	cd xblocks/companion_xblocks && ../../$(BIN)/django-admin makemessages --all --no-location --settings tests.settings --pythonpath ../..
	$(BIN)/django-admin compilemessages --settings tests.settings --ignore .venv

clean: ## Remove what this file made
	rm -rf $(VENV) .nox build dist var *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage* htmlcov
