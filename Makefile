# Two commands do everything: `make up` (the platform on the local AWS) and `make test` (all tests).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A company proxy has a certificate of its own, which the system knows.
UV := $(BIN)/uv --system-certs

.PHONY: up serve dev test lint lock clean

up: $(VENV)/.ready
	@$(BIN)/corral up dev --local

serve: $(VENV)/.ready
	@$(BIN)/corral up dev --local --serve

# What tests and linters need, installed.
dev: $(VENV)/.ready-dev

test: $(VENV)/.ready-dev lint
	@$(BIN)/pytest -n 2 --dist loadgroup

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy corral components policies functions

# What people install to run Corral, and what tests need on top. Both from hashes, nothing resolved at install time.
$(VENV)/.ready: requirements/corral.lock $(VENV)/.uv
	@echo "Installing Corral into $(VENV) ..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/corral.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.ready-dev: requirements/dev.lock $(VENV)/.ready
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.uv: requirements/uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Corral needs Python 3.11 to 3.13, this is %d.%d: make PYTHON=python3.13 up" % v)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

# Resolve anew. Commit the result.
lock: $(VENV)/.uv
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade \
	  pyproject.toml --extra deploy --extra local --group build -o requirements/corral.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade \
	  pyproject.toml --extra deploy --extra local --extra dev --group build -c requirements/corral.lock -o requirements/dev.lock

clean:
	rm -rf $(VENV) .corral
