# The work is in scripts/; each of these is its name.
.PHONY: help run build dev test bench image

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: ## build it and open it: REGISTRY=http://host:5000 make run, or plain, as a registry with example content
	@scripts/run.sh

build: ## the product, one file: target/release/supercargo
	@scripts/build.sh

dev: ## the same as run, rebuilt at every change
	@scripts/dev.sh

test: ## everything: formatting, lints, licences, unit, router, registry and browser tests
	@scripts/test.sh

bench: ## the measurements of bench/README.md
	@scripts/bench.sh

image: ## the container image supercargo:dev, by docker, podman or buildah
	@scripts/image.sh
