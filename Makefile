# The two commands a newcomer needs: `make demo` and `make test`.

PORT ?= 8000
EMULATOR_PORT ?= 8001
VENV := .venv
BIN := $(VENV)/bin
export PORT EMULATOR_PORT

.PHONY: demo demo-reset test test-full lint mutants bench chaos lock clean

demo: $(VENV)/runtime  ## Emulator, dashboard and worker with lifelike data
	@exec $(BIN)/python -m scripts.demo

demo-reset:  ## Forget the demo's data; the next `make demo` makes it anew
	rm -rf .demo .demo-*

test: $(VENV)/development  ## Everything: style, types, tests, and PostgreSQL and Chromium where they are
	@exec $(BIN)/python -m scripts.test

test-full: $(VENV)/development  ## The same with the whole of each product of parameters
	@exec $(BIN)/python -m scripts.test --full

lint: $(VENV)/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

mutants: $(VENV)/development  ## One defense taken out at a time: a test notices each
	@MUTANTS="$(MUTANTS)" $(BIN)/python -m scripts.mutants

bench: $(VENV)/development  ## How fast, as ratios within one run
	@exec $(BIN)/python -m bench

chaos: $(VENV)/development  ## Servers killed, an API that fails, full disks: nothing is done twice, and nothing is lost
	@exec $(BIN)/python -m chaos $(CHAOS)

lock: $(VENV)/development  ## Make the two locks from the short lists
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements-dev.in -o requirements-dev.txt

clean: demo-reset
	rm -rf $(VENV) staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@sh scripts/venv.sh $(VENV)

$(VENV)/runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the application runs on …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/development: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what the tests need …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/runtime
