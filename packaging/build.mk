# What stands behind the targets of the Makefile: variables, recipes of several lines, and the files that are made.

PYTHON ?= python3
HANDLER ?= examples/hello/app.handler
EVENT ?=
TESTS ?=
PYTHONS ?=
OPTIONS ?=
TABLES ?=
ROUNDS ?= 10
OLD ?=
NODE ?=
GO_SOURCE ?=
MODULES ?=
LIMIT ?= 30
MINUTES ?= $(if $(filter fuzz,$(MAKECMDGOALS)),10,60)
IMAGE ?= lambda-bootstrap:latest
EMULATOR_IMAGE ?= lambda-bootstrap-emulator:latest
FUNCTION ?= examples/hello
GLIBC ?= 2.34
OUTPUT ?=

native := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ARCH ?= $(native)
ifeq ($(filter x86_64 arm64,$(ARCH)),)
$(error ARCH is "$(ARCH)": it has to be x86_64 or arm64)
endif
# Before the interpreter is compiled for it.
ifneq ($(filter zip,$(MAKECMDGOALS)),)
ifneq ($(shell test -d "$(FUNCTION)" && echo there),there)
$(error FUNCTION is "$(FUNCTION)": there is no such folder)
endif
endif
foreign := $(filter-out $(native),$(ARCH))
# From make's own command line only: images with Python in them have a variable of this name in their environment.
ifneq ($(origin PYTHON_VERSION),command line)
PYTHON_VERSION := 3.13
endif
ifeq ($(filter 3.13 3.14 3.15,$(PYTHON_VERSION)),)
$(error PYTHON_VERSION is "$(PYTHON_VERSION)": it has to be 3.13, 3.14 or 3.15)
endif
export PYTHON_VERSION
# Another machine's base has a name of its own, Docker's, or it would take the place of this machine's.
BASE_IMAGE ?= $(patsubst x86_64,amd64/,$(patsubst arm64,arm64v8/,$(foreign)))debian:trixie-slim
# Images for the tests: for arm64, with Debian's Python in place of ours, and one with an old C library.
arm64_image := lambda-bootstrap:arm64
debian_image := lambda-bootstrap:debian
old_image := debian:bullseye-slim

# The interpreter is compiled anew when anything that it is made of has changed, and by nothing else.
recipe := $(addprefix packaging/,interpreter.sh interpreter.profile.xz launcher.c store.c) $(sort $(wildcard packaging/patches/*))
# Of the Pythons that may be pinned, only the chosen one counts.
pinned := ^(python$(subst .,\.,$(PYTHON_VERSION))|[^p\#])
key := $(shell { cat $(recipe); grep -E '$(pinned)' packaging/sources.txt; grep ^ziglang= packaging/build.txt; } | sha256sum | cut -c 1-12)
interpreter := .cache/interpreter/$(ARCH)-$(key)
program := bin/python$(PYTHON_VERSION)
native_python := .cache/interpreter/$(native)-$(key)/$(program)
compiled := $(wildcard $(native_python))

pip := .venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes
pytest := .venv/bin/python -m pytest
make := $(MAKE) --no-print-directory
version = $(shell sed -n 's/^__version__ = "\([^"]*\)".*/\1/p' runtime/lambda_bootstrap/__init__.py)
revision = $(shell git describe --always --dirty --exclude '*' 2>/dev/null)
engine_answers := docker info >/dev/null 2>&1
sbom := .venv/bin/python packaging/sbom.py
# The day trixie came out. Any constant makes two builds of the same sources the same bytes.
hatchling := SOURCE_DATE_EPOCH=1754697600 $(CURDIR)/.venv/bin/python -m hatchling build --directory $(CURDIR)/dist
# `sam validate` calls nobody, but refuses to start without a region.
sam := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .cache/lint/bin/sam

# No target that the Makefile explains is a file.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST))) rie fetch debian always
always:

# Recipes.

emulate = PYTHONPATH=runtime:dev .venv/bin/python -m lambda_bootstrap_dev run --python "$(PYTHON)" \
	$(if $(EVENT),--event "$(EVENT)") $(HANDLER)

# Where the interpreter is compiled already, its image, layer and zip are tested too. Where it is not, containers run
# Debian's Python, and a tree that an earlier interpreter has left behind must not be taken for this one's.
define test
@$(if $(compiled),$(make) tree,rm -rf build/tree/$(native))
@if $(engine_answers); then $(if $(compiled),$(images),$(make) debian); fi
IMAGE=$(if $(compiled),$(IMAGE),$(debian_image)) $(pytest) $(TESTS)
endef

define test_all
@if $(engine_answers); then $(images); fi
IMAGE=$(IMAGE) $(pytest) $(TESTS)
endef

matrix = .venv/bin/python packaging/matrix.py --pythons "$(PYTHONS)" --options=" $(OPTIONS)" -- $(TESTS)

images = $(make) build-image && packaging/base.sh $(old_image) $(native)

define check
.venv/bin/ruff check
.venv/bin/ruff format --check
.venv/bin/mypy
$(pytest) --quiet tests/test_graph.py
.venv/bin/hadolint Dockerfile packaging/debian.Dockerfile packaging/build.Dockerfile packaging/emulator.Dockerfile
@# DL3006: a function's image follows the runtime's latest, as the example is meant to be read.
.venv/bin/hadolint --ignore DL3006 examples/*/Dockerfile
.cache/lint/bin/cfn-lint examples/deploy/template.yaml
@# It does not know customer-managed runtimes yet: their resources (E3006), and SAM's property (E3002). Tests ask AWS's API.
.cache/lint/bin/cfn-lint --ignore-checks E3002 E3006 -- examples/deploy/runtime.yaml examples/deploy/function.yaml
$(sam) validate --template examples/deploy/template.yaml
packaging/terraform.sh examples/deploy
endef

fuzz = .cache/fuzz/bin/python tests/support/fuzz.py --minutes $(MINUTES)

mutants = .cache/mutants/bin/python packaging/mutants.py --limit $(LIMIT) --minutes $(MINUTES) $(MODULES)

# Peers that not every machine has: an older commit of this runtime, a folder with AWS's client for Node, a checkout of
# aws-lambda-go.
bench = OLD=$(OLD) NODE=$(NODE) GO_SOURCE=$(GO_SOURCE) PYTHONPATH=runtime:dev:.:.cache/peers .venv/bin/python benchmarks --rounds $(ROUNDS) $(TABLES)

conformance = .venv/bin/python docs/conformance.py

define docs
.venv/bin/python docs/options.py
.venv/bin/python docs/lifecycle.py
NO_MKDOCS_2_WARNING=true .cache/docs/bin/mkdocs build --clean --strict --config-file packaging/mkdocs.yml
@echo build/site/index.html
endef

# Build an image called $(1) with the tree build/tree/$(2), on the base $(3).
define build_image
install -m 755 packaging/lambda-entrypoint.sh build/
docker build --quiet --tag $(1) --platform linux/$(ARCH:x86_64=amd64) \
	--build-arg BASE_IMAGE=$(3) --build-arg ARCH=$(ARCH) --build-arg TREE=$(2) \
	--build-arg VERSION="$(version)" --build-arg REVISION="$(revision)" .
endef

define image
$(call build_image,$(IMAGE),$(ARCH),$(BASE_IMAGE))
@$(sbom) build/tree/$(ARCH) $(ARCH) build/lambda-bootstrap-image-$(ARCH).cdx.json --rie
endef

build_image_with_installers = docker build --quiet --tag $(IMAGE)-build --platform linux/$(ARCH:x86_64=amd64) \
	--build-arg IMAGE=$(IMAGE) --build-arg ARCH=$(ARCH) --build-arg PYTHON=python$(PYTHON_VERSION) --file packaging/build.Dockerfile .

# `serve HOST:PORT` needs these three libraries, and no runtime.
define emulator
@rm -rf build/emulator && mkdir -p build/emulator
@.venv/bin/python -m pip --quiet --disable-pip-version-check install --no-index --find-links .cache/wheels --no-deps \
	--no-compile --target build/emulator click h11 rich
@cp -R dev/lambda_bootstrap_dev build/emulator/ && find build/emulator -name __pycache__ -prune -exec rm -rf {} +
@chmod -R a+rX build/emulator
docker build --quiet --tag $(EMULATOR_IMAGE) --platform linux/$(ARCH:x86_64=amd64) --build-arg BASE_IMAGE=$(BASE_IMAGE) \
	--file packaging/emulator.Dockerfile .
endef

# As users do it, with the interpreter that is compiled here. The bill of materials comes with the package.
build = PYTHONPATH=runtime:dev .venv/bin/python -m lambda_bootstrap_dev build $(1) --arch $(ARCH) \
	--find-links build/interpreter/$(ARCH) --output "$(or $(OUTPUT),build/$(2)-$(ARCH).zip)"
layer = $(call build,layer,lambda-bootstrap-layer)
zip = $(call build,zip "$(FUNCTION:/=)/" --glibc $(GLIBC),$$(basename "$(FUNCTION)"))

# The two distributions with nothing but modules of ours; beside each wheel what it is made of.
define wheels
@rm -f dist/lambda_bootstrap-* dist/lambda_bootstrap_dev-*
@for folder in . dev; do (cd $$folder && $(hatchling) --target wheel) || exit 1; done
@for wheel in dist/*-none-any.whl; do $(sbom) $$wheel any $${wheel%.whl}.cdx.json || exit 1; done
endef

define python_wheels
@rm -f dist/lambda_bootstrap_python-*
@for arch in x86_64 arm64; do $(make) tree ARCH=$$arch && .venv/bin/python packaging/wheel.py $$arch dist || exit 1; done
@.venv/bin/python packaging/pin.py dist/lambda_bootstrap_python-*.whl
endef

define release
@rm -rf dist
@$(make) python-wheels
@$(make) wheels
@for folder in . dev; do (cd $$folder && $(hatchling) --target sdist) || exit 1; done
@.cache/release/bin/twine check --strict dist/*.whl dist/*.tar.gz
@cd dist && sha256sum -- *.whl *.tar.gz *.json >SHA256SUMS
@cat dist/SHA256SUMS
endef

sources = .venv/bin/python packaging/sources.py --python $(PYTHON_VERSION)

define arm64
packaging/arm64.sh
@$(make) image ARCH=arm64 IMAGE=$(arm64_image)
endef

define profile
packaging/tools.sh gcc:gcc perl:perl tclsh:tcl xz:xz-utils \
	clang-19:clang-19 clang-19:libclang-rt-19-dev llvm-profdata-19:llvm-19
@packaging/profile.sh $(native)
endef

lock = packaging/lock.sh emulator:dev shipped:dev/lambda_bootstrap_dev/lent.txt tests:tests frameworks:tests/web \
	bench:benchmarks packaging/build.in packaging/docs.in packaging/fuzz.in packaging/installers.in \
	packaging/interpreter.in packaging/lint.in packaging/mutants.in packaging/release.in packaging/schemathesis.in

# The interpreter takes a quarter of an hour to compile, and has byte code of its own.
kept := .cache/interpreter .cache/sources
define clean
rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist $(filter-out $(kept),$(wildcard .cache/*))
@find . -path ./.cache -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
@for image in $(IMAGE)-build $(IMAGE) $(arm64_image) $(debian_image) $(debian_image)-base; do \
	if docker image inspect $$image >/dev/null 2>&1; then docker image rm --force $$image >/dev/null; fi; done
endef

# What recipes need beforehand.

rie: .venv/.made
	@.venv/bin/python packaging/rie.py

fetch: .venv/.made
	@$(sources)

debian: ARCH := $(native)
debian: rie build/site-packages
	@packaging/base.sh debian:trixie-slim $(native)
	@packaging/debian.sh $(debian_image)-base
	@$(call build_image,$(debian_image),debian,$(debian_image)-base)

.venv/.made:
	@packaging/venv.sh $(PYTHON)
	@touch $@

.venv/.emulator: dev/requirements.txt .venv/.made
	@$(pip) -r $<
	@touch $@

.venv/.tests: tests/requirements.txt .venv/.made
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

# Apart too: some tests ask what happens without awslambdaric.
.cache/peers/.made: benchmarks/requirements.txt .venv/.tests
	@rm -rf $(@D)
	@$(pip) --target=$(@D) -r $<
	@touch $@

# Apart too: it brings a keyring along.
.cache/release/.made: packaging/release.txt .venv/.made
	@.venv/bin/python -m venv .cache/release
	@.cache/release/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# Apart too: its plugin would slow every start of pytest.
.cache/schemathesis/.made: packaging/schemathesis.txt .venv/.made
	@.venv/bin/python -m venv .cache/schemathesis
	@.cache/schemathesis/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# Apart too: it brings a web server and a database along.
.cache/mutants/.made: packaging/mutants.txt .venv/.made
	@.venv/bin/python -m venv .cache/mutants
	@.cache/mutants/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# Apart too: its compiled module is of use to nobody else.
.cache/fuzz/.made: packaging/fuzz.txt .venv/.made
	@.venv/bin/python -m venv .cache/fuzz
	@.cache/fuzz/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# What the developer's side needs and what a layer lends, for builds and environments of the tests without an index.
.cache/wheels/.made: dev/requirements.txt dev/lambda_bootstrap_dev/lent.txt .venv/.made
	@.venv/bin/python -m pip --quiet --disable-pip-version-check download --require-hashes --only-binary=:all: \
		--dest .cache/wheels -r $< -r $(word 2,$^)
	@touch $@

# Apart too: nothing of it is needed by code.
.cache/docs/.made: packaging/docs.txt .venv/.made
	@.venv/bin/python -m venv .cache/docs
	@.cache/docs/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# Pure Python only: the same folders serve every architecture.
build/site-packages build/extras: | .venv/.made
	@rm -rf $@
	@$(pip) --no-deps --no-compile --only-binary=:all: --platform=any --target=$@ -r $<
	@touch $@
build/site-packages: dev/lambda_bootstrap_dev/lent.txt
build/extras: packaging/interpreter.txt

# Their programs name this machine's Python, so pip gets another one.
build/installers/$(ARCH): packaging/installers.txt | .venv/.made
	@rm -rf $@
	@$(pip) --no-deps --no-compile --only-binary=:all: --platform=manylinux2014_$(ARCH:arm64=aarch64) --target=$@/lib -r $<
	@mv $@/lib/bin $@/bin
	@rm $@/bin/pip*
	@printf '#!/bin/sh\nexec python3 -m pip "$$@"\n' >$@/bin/pip
	@chmod 755 $@/bin/*
	@touch $@

# For another architecture than this machine's, this machine's interpreter freezes modules and makes byte code.
.cache/interpreter/%-$(key)/$(program): | .venv/.build
	@packaging/tools.sh gcc:gcc perl:perl tclsh:tcl xz:xz-utils bzip2:bzip2 patch:patch
	@$(sources)
	@mkdir -p .cache/interpreter
	@packaging/interpreter.sh $* $(@:/$(program)=) $(if $(filter-out $(native),$*),$(CURDIR)/$(native_python))
$(if $(foreign),$(interpreter)/$(program): | $(native_python))

# The interpreter as a wheel for packages that are built here.
build/interpreter/$(ARCH)/.made: build/tree/$(ARCH)/bootstrap $(addprefix packaging/,wheel.py sbom.py) | .venv/.build
	@rm -rf $(@D)
	@.venv/bin/python packaging/wheel.py $(ARCH) $(@D) --preset 0
	@touch $@

build/tree/$(ARCH)/bootstrap: packaging/tree.py bootstrap $(shell find runtime -name "*.py") build/site-packages build/extras \
		$(interpreter)/$(program) build/tree/$(ARCH).interpreter
	@.venv/bin/python packaging/tree.py $(ARCH) $(interpreter) $(native_python) build/extras build/site-packages
	@touch $@

# Another interpreter than the tree's may be older than the tree.
build/tree/$(ARCH).interpreter: always
	@mkdir -p $(@D)
	@echo $(interpreter) | cmp --quiet - $@ || echo $(interpreter) >$@
