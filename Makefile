# The front door. Needs make and Python 3.11 or newer; whatever else a target needs, it sets up itself.

PYTHON ?= python3
HANDLER ?= examples/hello/app.handler
EVENT ?=
TESTS ?=
IMAGE ?= lambda-bootstrap:latest
FUNCTION ?= examples/hello
GLIBC ?= 2.34

native := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ARCH ?= $(native)
ifeq ($(filter x86_64 arm64,$(ARCH)),)
$(error ARCH is "$(ARCH)": it has to be x86_64 or arm64)
endif
foreign := $(filter-out $(native),$(ARCH))
# Another machine's base has a name of its own, Docker's, or it would take the place of this machine's.
BASE_IMAGE ?= $(patsubst x86_64,amd64/,$(patsubst arm64,arm64v8/,$(foreign)))debian:trixie-slim
pip := .venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes

# The interpreter is compiled anew when anything that it is made of has changed, and by nothing else.
recipe := $(addprefix packaging/,interpreter.sh interpreter.profile.xz launcher.c store.c)
key := $(shell { cat $(recipe); grep -v '^\#' packaging/sources.txt; grep ^ziglang= packaging/build.txt; } | sha256sum | cut -c 1-12)
interpreter := .cache/interpreter/$(ARCH)-$(key)
python3.13 := .cache/interpreter/$(native)-$(key)/bin/python3.13
OUTPUT ?=
# The package, and beside it what it is made of; none of that where `sam build` asks for a folder.
pack = .venv/bin/python packaging/archive.py $(1) $(ARCH) $(3) $(if $(OUTPUT),--output "$(OUTPUT)", \
	&& $(sbom) $(2).zip $(ARCH) $(2).cdx.json)
sbom := .venv/bin/python packaging/sbom.py
# It asks nobody, but wants to know where.
sam := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .cache/lint/bin/sam

.PHONY: help run test check bench engine base tree image layer zip rie arm64 fetch sources profile lock clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: .venv/.emulator ## Run a function under the emulator: HANDLER=examples/hello/app.handler EVENT=event.json
	@PYTHONPATH=runtime:dev .venv/bin/python -m lambda_bootstrap_dev.cli.run $(if $(EVENT),--event $(EVENT)) $(HANDLER)

test: .venv/.tests .venv/.build .cache/lint/.made rie ## Run all tests, or TESTS=path; without a container engine (`make engine`) not the image's.
	@if docker info >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory image; packaging/base.sh debian:bullseye-slim $(native); fi
	.venv/bin/python -m pytest $(TESTS)

check: .venv/.tests .venv/.build .cache/lint/.made ## Lint, check types, hold the import graph.
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/python -m pytest --quiet tests/test_graph.py
	.venv/bin/hadolint Dockerfile
	@# DL3006: a function's image follows the runtime's latest, as the example is meant to be read.
	.venv/bin/hadolint --ignore DL3006 examples/*/Dockerfile
	.cache/lint/bin/cfn-lint examples/deploy/template.yaml
	$(sam) validate --template examples/deploy/template.yaml
	packaging/terraform.sh examples/deploy

bench: .venv/.bench ## Print the table of figures: this runtime beside its peers.
	PYTHONPATH=runtime:dev:. .venv/bin/python benchmarks
	PYTHONPATH=runtime:dev:. .venv/bin/python benchmarks --soak

engine: ## See to it that a container engine answers; on Debian as root, install and start one.
	@packaging/engine.sh

base: ## See to it that the base image is there: pull it, or build it from Debian's packages.
	@packaging/base.sh $(BASE_IMAGE) $(ARCH)

tree: build/tree/$(ARCH)/bootstrap ## Build what all packages carry, interpreter included: ARCH=x86_64 or arm64

image: rie base tree ## Build the image: IMAGE=lambda-bootstrap:latest ARCH=arm64
	@install -m 755 packaging/lambda-entrypoint.sh build/
	docker build --quiet --tag $(IMAGE) --platform linux/$(ARCH:x86_64=amd64) \
		--build-arg BASE_IMAGE=$(BASE_IMAGE) \
		--build-arg ARCH=$(ARCH) \
		--build-arg VERSION="$$(sed -n 's/^__version__ = "\([^"]*\)".*/\1/p' runtime/lambda_bootstrap/__init__.py)" \
		--build-arg REVISION="$$(git describe --always --dirty --exclude '*' 2>/dev/null)" .
	@$(sbom) build/tree/$(ARCH) $(ARCH) build/lambda-bootstrap-image-$(ARCH).cdx.json --rie

layer: tree ## Build the layer: build/lambda-bootstrap-layer-ARCH.zip, or OUTPUT=file.zip or a folder
	@$(call pack,layer,build/lambda-bootstrap-layer-$(ARCH))

zip: tree ## Build a function's zip: FUNCTION=examples/hello ARCH=arm64 OUTPUT=..; GLIBC=2.26 for provided.al2
	@$(call pack,function,build/$(notdir $(FUNCTION:/=))-$(ARCH),$(FUNCTION) --glibc $(GLIBC))

rie: .venv/.made
	@.venv/bin/python packaging/rie.py

arm64: ## Build the image for arm64 too, for the tests on a machine of another kind: lambda-bootstrap:arm64
	@packaging/arm64.sh
	@$(MAKE) --no-print-directory image ARCH=arm64 IMAGE=lambda-bootstrap:arm64

fetch: .venv/.made
	@.venv/bin/python packaging/sources.py

sources: .venv/.made ## Pin the newest sources of the interpreter that Debian's archive has.
	@.venv/bin/python packaging/sources.py --update

profile: .venv/.build .venv/.emulator fetch ## Count anew what the interpreter does most, which it is optimised by; with clang-19.
	@packaging/tools.sh gcc:gcc perl:perl tclsh:tcl xz:xz-utils \
		clang-19:clang-19 clang-19:libclang-rt-19-dev llvm-profdata-19:llvm-19
	@packaging/profile.sh $(native)

lock: .venv/.made ## Resolve pyproject.toml's dependency groups anew.
	@packaging/lock.sh emulator:dev shipped:packaging tests:tests bench:benchmarks \
		packaging/build.in packaging/interpreter.in packaging/lint.in

clean: ## Remove what the other targets made.
	rm -rf .venv .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if docker image inspect $(IMAGE) >/dev/null 2>&1; then docker image rm --force $(IMAGE); fi

.venv/.made:
	@packaging/venv.sh $(PYTHON)
	@touch $@

.venv/.emulator: dev/requirements.txt .venv/.made
	@$(pip) -r $<
	@touch $@

.venv/.tests: tests/requirements.txt .venv/.made
	@$(pip) -r $<
	@touch $@

.venv/.bench: benchmarks/requirements.txt .venv/.tests
	@$(pip) -r $<
	@touch $@

.venv/.build: packaging/build.txt .venv/.made
	@$(pip) -r $<
	@touch $@

# Apart, as it brings much along. All of that is in the list; pip does not know boto3[crt] for boto3 where hashes are due.
.cache/lint/.made: packaging/lint.txt .venv/.made
	@.venv/bin/python -m venv .cache/lint
	@.cache/lint/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r $<
	@touch $@

# Pure Python only: the same folders serve every architecture.
build/site-packages build/extras: | .venv/.made
	@rm -rf $@
	@$(pip) --no-deps --no-compile --only-binary=:all: --platform=any --target=$@ -r $<
	@touch $@
build/site-packages: packaging/requirements.txt
build/extras: packaging/interpreter.txt

# For another architecture than this machine's, this machine's interpreter freezes modules and makes byte code.
.cache/interpreter/%-$(key)/bin/python3.13: | .venv/.build
	@packaging/tools.sh gcc:gcc perl:perl tclsh:tcl xz:xz-utils
	@.venv/bin/python packaging/sources.py
	@mkdir -p .cache/interpreter
	@packaging/interpreter.sh $* $(@:/bin/python3.13=) $(if $(filter-out $(native),$*),$(CURDIR)/$(python3.13))
$(if $(foreign),$(interpreter)/bin/python3.13: | $(python3.13))

build/tree/$(ARCH)/bootstrap: packaging/tree.py bootstrap $(shell find runtime -name "*.py") build/site-packages build/extras \
		$(interpreter)/bin/python3.13
	@.venv/bin/python packaging/tree.py $(ARCH) $(interpreter) $(python3.13) build/extras build/site-packages
