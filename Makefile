# Every target does its own set-up. Start with `make demo`.

.PHONY: help setup build demo test check format release bench clean

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup: ## install what the build and the demo need, from Debian's packages
	@scripts/setup

build: setup ## the debug build that demo and test share
	@scripts/build

demo: build ## the chapter's incident, on two registries on this machine
	@scripts/demo

test: ## the whole suite; installs the programs that Assay is compared with
	@scripts/setup --tests
	@scripts/peers
	@scripts/build --tests
	@echo "test: swift test"
	@ASSAY_PYTHON=$$PWD/.build-peers/bin/python3 swift test

check: ## format, sizes, words, documents, the Flux tree; compiles nothing
	@scripts/check

format: ## format the sources in place
	@scripts/format

release: setup ## one stripped binary with Swift inside, in .build-release
	@scripts/release

bench: release ## the release binary beside skopeo
	@scripts/bench

clean: ## forget everything that was built
	rm -rf .build .build-release .build-peers
