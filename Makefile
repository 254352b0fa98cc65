# `make demo` and `make test` need python3 with pip, and nothing else.
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help demo test install peers format lock docs translations clean

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

# A Debian python3 may come without venv's own pip: virtualenv, fetched by pip, stands in.
.venv/bin/python:
	$(PYTHON) -m venv .venv || { rm -rf .venv && $(PYTHON) -m pip install --quiet --target .venv-bootstrap virtualenv \
	  && PYTHONPATH=.venv-bootstrap $(PYTHON) -m virtualenv --quiet .venv; }

.venv/installed: .venv/bin/python requirements.lock pyproject.toml
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: .venv/installed  ## the locked dependencies and the command, in .venv

demo: install  ## ask real questions of the starter catalogue
	@.venv/bin/pilotlight demo

test: install  ## every check there is
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/pilotlight docs --check
	.venv/bin/pytest --cov --cov-report=term

peers: install  ## what the end-to-end tests talk to; without it they are skipped
	.venv/bin/python -m tests.end_to_end.peers

format: install  ## put the code in its layout
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: install  ## write the generated reference pages anew
	.venv/bin/pilotlight docs
	.venv/bin/python -m tests.parity

translations: install  ## bring the catalogues of the bot's languages in step with what it says
	.venv/bin/python -m tests.bot.catalogues

lock: install  ## choose dependency versions anew (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --quiet --output-file requirements.lock

clean:  ## remove what was made, but no data
	rm -rf .venv .venv-bootstrap .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
