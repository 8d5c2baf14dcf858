# `make` alone lists what there is. Everything it does is a script in scripts/ or a swift command.
.DEFAULT_GOAL := help
.PHONY: help build release test test-examples simulate lint format run demo bench bench-schedule bench-capacity chaos chaos-long clean services-up services-down
SHELL := /bin/bash

DATA ?= data
ARGS ?=
SEEDS ?= 0..<300
MINUTES ?= 10

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 20

# A debug build of everything takes half the time of a release build, and a newcomer wants to see the thing run.
run: ## Build and start everything in one process; data in ./data (DATA=, ARGS="--port 8081")
	@scripts/install-dependencies
	swift build --product scheduler
	@echo "Data is kept in $(abspath $(DATA)); Ctrl-C ends the scheduler."
	@exec .build/debug/scheduler standalone --data "$(DATA)" $(ARGS)

build: ## Build everything for development
	@scripts/install-dependencies
	swift build

release: ## Build the scheduler for production into .build/release
	@scripts/install-dependencies
	swift build -c release --product scheduler

test: ## Run every test against private servers (ARGS="--filter Cron")
	@scripts/test $(ARGS)

test-examples: ## Build and run the packages in examples/ as their users would
	@scripts/test-examples

simulate: ## Simulate the system with other seeds (SEEDS="300..<1000", or one seed; SIMULATION_TRACE=1 shows its steps)
	@scripts/install-dependencies
	@SIMULATION_SEEDS="$(SEEDS)" scripts/simulate

lint: ## Check the form of the code, the scripts and the embedded migrations
	@scripts/lint

format: ## Bring the Swift code into form
	swift format format --in-place --parallel --recursive Package.swift Sources Tests examples/*/Package.swift examples/*/Sources

demo: ## Start the distributed form on this machine until Ctrl-C
	@scripts/install-dependencies --servers
	swift build --product scheduler
	@exec scripts/demo

bench: release ## Measure runs per second on the distributed form
	@scripts/install-dependencies --servers
	@exec scripts/bench $(ARGS)

bench-schedule: release ## Measure how punctual the distributed form is (takes some ten minutes)
	@scripts/install-dependencies --servers
	@exec scripts/bench-schedule

bench-capacity: release ## Measure what one worker holds at once
	@scripts/install-dependencies --servers
	@exec scripts/bench-capacity

chaos: ## Let everything fail at random under load, then check that nothing is lost (MINUTES=10, ARGS="--seed 42")
	@scripts/install-dependencies --servers
	swift build --product scheduler
	@exec python3 scripts/chaos --minutes $(MINUTES) $(ARGS)

chaos-long: ## The same with outages of five minutes, one after the other
	@scripts/install-dependencies --servers
	swift build --product scheduler
	@exec python3 scripts/chaos --long $(ARGS)

services-up: ## Start PostgreSQL and RabbitMQ for development and print their URLs
	@scripts/install-dependencies --servers
	@scripts/dev-services up

services-down: ## Stop them
	@scripts/dev-services down

clean: ## Remove what was built (not the data)
	rm -rf .build
