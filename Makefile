# One word each: make run, make test. Both set up first, which costs nothing once it is done.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
SWIFT_FLAGS := -j $(JOBS) --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release --static-swift-stdlib --scratch-path .build-release $(SWIFT_FLAGS)
SERVE_FLAGS ?= --policies policies --db headgate.db

.PHONY: help setup smollm2 promtool schemathesis bench-tools build release run test lint clean

help: ## What can be made
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | awk -F '\t' '{ printf "%-12s %s\n", $$1, $$2 }'

setup: ## Installs what is missing and builds libllama once, into ~/.cache/headgate
	@.setup/debian
	@.setup/libllama

smollm2: setup ## Fetches the general model that the tests load (93 MB, once)
	@.setup/smollm2

promtool: setup ## Fetches the program that checks /metrics in the tests (once)
	@.setup/promtool

schemathesis: setup ## Installs the program that fuzzes both planes in the tests (once)
	@.setup/schemathesis

bench-tools: smollm2 ## Builds llama.cpp's own benchmark and server and two more weight formats, for `headgate bench`
	@.setup/bench-tools

build: setup ## Debug build into .build
	@swift build $(SWIFT_FLAGS)

release: setup ## Optimised build into .build-release
	@swift build $(RELEASE_FLAGS) --product headgate

run: release ## Serves the embedded model; SERVE_FLAGS changes how
	@exec .build-release/release/headgate serve $(SERVE_FLAGS)

test: smollm2 promtool schemathesis lint ## Lint, then every test
	@swift build $(SWIFT_FLAGS) --build-tests
	@# One at a time: tests that decode or commit hold threads, and on few cores would starve those on sockets.
	@swift test $(SWIFT_FLAGS) --skip-build --no-parallel

lint: ## Format check and the search for banned constructs
	@.setup/lint

clean: ## Removes what was built here; the cache in ~/.cache/headgate stays
	@rm -rf .build .build-release
