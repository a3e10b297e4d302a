# The front door: what can be done here. How it is done, and with which variables, stands in packaging/build.mk.
# You need make and Python 3.11 or newer; a target sets up whatever else it needs.

.DEFAULT_GOAL := help
include packaging/build.mk

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

# Every day.

run: .venv/.emulator ## Run a function under the emulator: HANDLER=examples/hello/app.handler EVENT=event.json
	@$(emulate)

quick: .venv/.tests ## Run the tests that start no process: under a minute.
	$(pytest) -p tests.support.quick $(TESTS)

test: .venv/.tests .venv/.build .cache/wheels/.made rie ## Run the tests, or TESTS=path: nothing is compiled, and containers need an engine (`make engine`).
	$(test)

test-all: .venv/.tests .venv/.build .cache/lint/.made .cache/schemathesis/.made .cache/wheels/.made rie tree ## Run all tests, as CI does: image, layer and zip too; the interpreter takes 15 minutes to compile, once.
	$(test_all)

matrix: .venv/.tests rie ## Run the tests without containers on Python 3.11 and 3.13 to 3.15: PYTHONS="3.14 3.15" TESTS=path
	@$(matrix)

check: .venv/.tests .venv/.build .cache/lint/.made ## Lint, check types, hold the import graph.
	$(check)

bench: .cache/peers/.made ## Measure this runtime beside its peers, and write docs/performance.md: TABLES="echo logs" ROUNDS=10
	$(bench)

mutants: .venv/.tests .venv/.build .cache/mutants/.made rie ## Break the code, one place at a time, and print what no test notices: MODULES="a.py folder" LIMIT=30 MINUTES=60
	@$(mutants)

conformance: .venv/.tests ## Run this runtime, awslambdaric and a bare loop through the conformance kit: docs/conformance.md
	$(conformance)

fuzz: .cache/fuzz/.made ## Look for bytes that the HTTP parser does not stand: MINUTES=10
	$(fuzz)

docs: .venv/.made .cache/docs/.made ## Build the site, and check its links: build/site
	$(docs)

# What ships.

image: rie base tree ## Build the image: IMAGE=lambda-bootstrap:latest ARCH=arm64
	@$(image)

build-image: image build/installers/$(ARCH) ## Build the image with pip and uv, for the build stage of a function's Dockerfile: IMAGE-build
	@$(build_image_with_installers)

emulator: base .venv/.made .cache/wheels/.made ## Build the Runtime API as an image, for tests of any runtime: EMULATOR_IMAGE=lambda-bootstrap-emulator:latest ARCH=arm64
	@$(emulator)

layer: tree .venv/.emulator ## Build the layer: build/lambda-bootstrap-layer-ARCH.zip, or OUTPUT=file.zip or a folder
	@$(layer)

zip: tree .venv/.emulator ## Build a function's zip: FUNCTION=examples/hello ARCH=arm64 OUTPUT=..; GLIBC=2.26 for provided.al2
	@$(zip)

wheels: .venv/.build ## Build the wheels lambda-bootstrap and lambda-bootstrap-dev, in seconds: dist/
	$(wheels)

python-wheels: .venv/.build ## Build the interpreter's wheels, lambda-bootstrap-python, for both architectures: dist/
	$(python_wheels)

release: .venv/.build .cache/release/.made ## Build all that would be published, with checksums: dist/
	$(release)

tree: build/interpreter/$(ARCH)/.made ## Build what all packages carry, interpreter included: ARCH=x86_64 or arm64 PYTHON_VERSION=3.13

# What that takes.

engine: ## Make sure that a container engine answers; on Debian as root, install and start one.
	@packaging/engine.sh

base: ## Make sure that the base image is there: pull it, or build it from Debian's packages.
	@packaging/base.sh $(BASE_IMAGE) $(ARCH)

arm64: ## Build the image for arm64 too, for the tests on a machine of another kind: lambda-bootstrap:arm64
	@$(arm64)

sources: .venv/.made ## Pin the newest sources of the interpreter that Debian's archive has: PYTHON_VERSION=3.14
	@$(sources) --update

sources-check: .venv/.made ## Fail if Debian's archive, its security updates included, has newer sources than are pinned.
	@$(sources) --check

profile: .venv/.build .venv/.emulator fetch ## Count anew what the interpreter does most, which it is optimised by; with clang-19.
	@$(profile)

lock: .venv/.build ## Resolve pyproject.toml's dependency groups anew.
	@$(lock)

clean: ## Remove what was made, but keep the compiled interpreter and its sources.
	@$(clean)

distclean: clean ## Remove everything that was made.
	rm -rf .cache
