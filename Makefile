# The front door. Needs make and Python 3.11 or newer; whatever else a target needs, it sets up itself.

PYTHON ?= python3
HANDLER ?= examples/hello/app.handler
EVENT ?=
TESTS ?=
IMAGE ?= lambda-bootstrap:latest
BASE_IMAGE ?= debian:trixie-slim

machine := $(shell uname -m)
arch := $(if $(filter aarch64 arm64,$(machine)),arm64,amd64)
pip := .venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes

.PHONY: help run test check bench engine base image rie lock clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: .venv/.emulator ## Run a function under the emulator: HANDLER=examples/hello/app.handler EVENT=event.json
	@.venv/bin/python -m emulator $(if $(EVENT),--event $(EVENT)) $(HANDLER)

test: .venv/.tests rie ## Run all tests, or TESTS=path; without a container engine (`make engine`) not the image's.
	@if docker info >/dev/null 2>&1; then $(MAKE) --no-print-directory image; fi
	.venv/bin/python -m pytest $(TESTS)

check: .venv/.tests ## Lint, check types, hold the import graph.
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/python -m pytest --quiet tests/test_graph.py
	.venv/bin/hadolint Dockerfile
	@# DL3006: a function's image follows the runtime's latest, as the example is meant to be read.
	.venv/bin/hadolint --ignore DL3006 examples/*/Dockerfile

bench: .venv/.bench ## Print the table of figures: this runtime beside its peers.
	.venv/bin/python benchmarks

engine: ## See to it that a container engine answers; on Debian as root, install and start one.
	@packaging/engine.sh

base: ## See to it that the base image is there: pull it, or build it from Debian's packages.
	@packaging/base.sh $(BASE_IMAGE)

image: rie base build/site-packages ## Build the image: IMAGE=lambda-bootstrap:latest
	docker build --quiet --tag $(IMAGE) \
		--build-arg BASE_IMAGE=$(BASE_IMAGE) \
		--build-arg TARGETARCH=$(arch) \
		--build-arg VERSION="$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)" \
		--build-arg REVISION="$$(git describe --always --dirty --exclude '*' 2>/dev/null)" .

rie: .venv/.made
	@.venv/bin/python packaging/rie.py

lock: .venv/.made ## Resolve pyproject.toml's dependency groups anew.
	@packaging/lock.sh emulator:emulator shipped:packaging tests:tests bench:benchmarks

clean: ## Remove what the other targets made.
	rm -rf .venv .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if docker image inspect $(IMAGE) >/dev/null 2>&1; then docker image rm --force $(IMAGE); fi

.venv/.made:
	@packaging/venv.sh $(PYTHON)
	@touch $@

.venv/.emulator: emulator/requirements.txt .venv/.made
	@$(pip) -r $<
	@touch $@

.venv/.tests: tests/requirements.txt .venv/.made
	@$(pip) -r $<
	@touch $@

.venv/.bench: benchmarks/requirements.txt .venv/.tests
	@$(pip) -r $<
	@touch $@

# Pure Python only: the same folder serves every architecture.
build/site-packages: packaging/requirements.txt .venv/.made
	@rm -rf $@
	@$(pip) --no-deps --no-compile --only-binary=:all: --platform=any --target=$@ -r $<
	@touch $@
