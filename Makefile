# make up     run the portal          make test   everything that must pass
# make lint   style and types         make bench  figures in seconds and megabytes
# make demo   reset to the demo organisation
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: up test lint bench demo lock screenshots setup setup-dev unit browser stack
.DEFAULT_GOAL := up

up: setup
	@exec $(BIN)/python manage.py up

test: setup-dev
	@.ci/test all

lint: setup-dev
	@.ci/test lint

unit: setup-dev
	@.ci/test unit

browser: setup-dev
	@.ci/test browser

stack: setup-dev
	@.ci/test stack

bench: setup-dev
	@for name in $(basename $(notdir $(wildcard bench/[a-z]*.py))); do \
		[ $$name = screenshots ] || { echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; }; done

screenshots: setup-dev
	@.ci/test screenshots

demo: setup
	@$(BIN)/python manage.py demo --reset --wait

setup:
	@PYTHON="$(PYTHON)" .ci/setup requirements.txt

setup-dev:
	@PYTHON="$(PYTHON)" .ci/setup requirements.txt requirements-dev.txt

lock: setup-dev
	@for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $$name.in -o $$name.txt \
		|| exit 1; done
