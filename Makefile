# make demo and make test do all the set-up themselves. PYTHON names the interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --generate-hashes

.PHONY: demo test check bench prompts docs screenshots lock test-freeswitch clean

demo: .venv/ready
	$(BIN)/ivr-fsm demo --once

# As many at once as there are cores; those of one file one after the other, the longest files first.
test: .venv/ready
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m ivr_fsm.speech.generate --check prompts

bench: .venv/ready
	$(BIN)/python -m tests.bench

# Re-records the prompts whose text has changed (needs RHVoice, see docs/speech.md).
prompts: .venv/ready
	$(BIN)/python -m ivr_fsm.speech.generate prompts

# Regenerates what is generated in docs/ and in the README: diagram, tables, played calls, messages.
docs: .venv/ready
	$(BIN)/python -m tests.docs

# The pictures of the inspector in docs/ (needs Debian's chromium).
screenshots: .venv/ready
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

# End to end on a real FreeSWITCH with SIP phones; IVR_TEST_FREESWITCH names it, see docs/operating.md.
test-freeswitch: .venv/ready
	$(BIN)/pip install --quiet --requirement tests/e2e/requirements.txt
	$(BIN)/pytest tests/e2e -m freeswitch -s

# requirements.lock is what serving calls needs, requirements-otel.lock the same with OpenTelemetry;
# requirements-dev.lock has the tools of tests and checks besides.
lock: .venv/ready
	$(COMPILE) --extra dev --extra otel --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --extra otel --output-file requirements-otel.lock pyproject.toml

.venv/ready: pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
