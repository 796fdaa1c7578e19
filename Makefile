# The front door. Each target installs what it needs the first time; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# npm stays with the Node that it came with; everything else runs on the one that is new enough.
export SYSTEM_PATH := $(PATH)
NODE_BIN := $(shell scripts/node-bin.sh)
export PATH := $(NODE_BIN):$(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:/sbin

SOURCES := $(shell find src scripts/build scripts/build.ts -name '*.ts' -o -name '*.js') package.json package-lock.json

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: node-packages ## install Node (where it is too old), the npm packages and the Debian packages (as root)
	@scripts/setup-debian.sh

.PHONY: node-packages
node-packages:
	@scripts/setup-node.sh

.PHONY: build
build: node-packages dist/build.json ## bundle the program and the child into dist/

dist/build.json: $(SOURCES)
	@echo "building dist/"
	@node scripts/build.ts

.PHONY: control-plane
control-plane: setup
	@node test/control-plane/main.ts --install

.PHONY: object-store
object-store: setup
	@node test/object-store/main.ts --install

.PHONY: test
test: setup build control-plane object-store ## run all tests; T=path a file or folder, WSC_TEST=pattern those whose name matches
	@scripts/test.sh

.PHONY: model
model: node-packages ## play ROUNDS random interleavings of the controller from SEED on, or from a fresh one
	@$(if $(SEED),WSC_SEED=$(SEED)) $(if $(ROUNDS),WSC_ROUNDS=$(ROUNDS)) node test/controller/model/main.ts

.PHONY: lint
lint: node-packages ## types, lint rules, format, unused code, import rules, shell syntax
	@scripts/lint.sh

.PHONY: format
format: node-packages ## format the sources
	@oxfmt

.PHONY: generate
generate: node-packages ## write the generated files from the CRD and the protobuf messages
	@node scripts/generate.ts

.PHONY: check-generated
check-generated: node-packages ## fail when a generated file is not what its source gives
	@scripts/check-generated.sh

.PHONY: demo
demo: setup build control-plane object-store ## apply the samples to a real API server and watch them get ready; Ctrl-C ends it
	@exec node scripts/demo/main.ts

.PHONY: bench
bench: setup build control-plane object-store ## measure, side by side with the plain tools; RECORD=1 writes docs/benchmarks.md, SNAPSHOTS=1 adds archives
	@exec node test/bench/main.ts $(if $(RECORD),--record) $(if $(SNAPSHOTS),--snapshots)

.PHONY: fault
fault: setup build control-plane object-store ## kill the daemon at every transition and at random moments (some minutes); RECORD=1 writes docs/reliability.md
	@exec node test/fault/main.ts $(if $(RECORD),--record)

.PHONY: soak
soak: setup build control-plane object-store ## 1,000 resources through one daemon (some minutes); RECORD=1 writes docs/reliability.md
	@exec node test/fault/soak/main.ts $(if $(RECORD),--record)

.PHONY: outage
outage: setup build control-plane ## the API server is away for ten minutes; RECORD=1 writes docs/reliability.md
	@exec node test/fault/outage/main.ts $(if $(RECORD),--record)

.PHONY: audit
audit: node-packages ## ask the npm registry for known vulnerabilities
	@PATH=$$SYSTEM_PATH npm audit

.PHONY: clean
clean: ## remove what was built here; the caches in ~/.cache/workspace-content stay
	@rm -rf dist dist.* .make
