# SPDX-License-Identifier: Apache-2.0
# Every target is one line of what a person would type; `. tools/env.sh` is how a shell of yours gets the same environment.
SHELL := /bin/bash
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help setup demo pseudo-demo test test-all tutorials gallery fuzz soak bench benchmark-table train ablations lint build doctor api docs clean

SIZE ?= full
MINUTES ?= 3
MESSAGES ?= 20000
WORKERS ?= 2
RECIPE ?= ours
METHODS ?= chance,dino-224,dino-448,soft-argmax,mutual,oracle-mask+dino

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

setup: ## environment, pinned packages, ROS 2, workspace; silent when there is nothing to do
	@command -v $(PYTHON) > /dev/null || { echo "set-up: Python 3.11 or 3.12 is needed: sudo apt install python3 python3-venv python3-dev"; exit 1; }
	@$(PYTHON) tools/set_up.py

demo: setup ## the main job, through running ROS 2 nodes; writes build/demo/report.html (SHORT=1: fewer frames)
	@. tools/env.sh && func-corr demo $(if $(SHORT),--short)

pseudo-demo: setup ## pseudo-labels of 24 objects and 6 strangers' files from a simulated annotator; build/pseudo-demo/report.html
	@. tools/env.sh && func-corr label demo --out build/pseudo-demo

test: setup ## every test but the slow ones and those that need a GPU, in WORKERS=2 processes
	@. tools/env.sh && python -m pytest -q -m "not slow and not gpu" -n $(WORKERS) --dist loadfile

test-all: setup ## every test; those that need a GPU skip without one
	@. tools/env.sh && python -m pytest -q

tutorials: setup ## every command of the tutorials that can be run without a robot, made short
	@. tools/env.sh && python -m pytest -q test/test_documented_commands.py -k tutorials

gallery: setup ## the pictures of docs/gallery.md made anew in build/gallery; fails where the page shows something else
	@. tools/env.sh && python tools/gallery.py --check --out build/gallery

fuzz: setup ## MESSAGES=20000 mutated messages into every subscription and service, some 7 minutes of CPU time
	@. tools/env.sh && MESSAGES=$(MESSAGES) python -m pytest -q -s test/nodes/test_fuzz.py -k twenty_thousand

soak: setup ## a camera at 30 Hz for MINUTES=3, watched for growth, staleness and losses
	@. tools/env.sh && python benchmarks/soak.py --minutes $(MINUTES)

# That which trains heads on labels of your own choice takes folders, and hours: benchmarks/pseudo_training.py says how.
bench: setup ## the benchmarks, one after the other; each prints a table and writes it to build/benchmarks
	@. tools/env.sh && failed=; for benchmark in $(filter-out benchmarks/pseudo_training.py,$(sort $(wildcard benchmarks/*.py))); do \
	python $$benchmark || failed="$$failed $$benchmark"; done; [ -z "$$failed" ] || { echo "failed, or not as fast as asked:$$failed"; exit 1; }

benchmark-table: setup ## classic methods on functional-v1, side by side: build/functional-v1-full/table.md (SIZE=mini, METHODS=NAME,NAME)
	@. tools/env.sh && folder=build/functional-v1-$(SIZE) && { [ -f $$folder/benchmark/manifest.json ] || \
	func-corr benchmark build --name functional-v1 --size $(SIZE) --out $$folder/benchmark; } && \
	func-corr evaluate --benchmark $$folder/benchmark --method $(METHODS) --out $$folder

train: setup ## the head func-corr-s from nothing, as it ships: build/training/func-corr-s/head.safetensors (RECIPE=paper for the paper's)
	@. tools/env.sh && func-corr train --recipe $(RECIPE) --out build/training/$(if $(filter ours,$(RECIPE)),func-corr-s,$(RECIPE))

ablations: setup ## what each ingredient of training is worth, a day on 2 cores, goes on where it stopped: build/ablations/table.md
	@. tools/env.sh && for name in functional-v1 functional-v1-tabletop; do folder=build/$$name-$(SIZE)/benchmark; [ -f $$folder/manifest.json ] || \
	func-corr benchmark build --name $$name --size $(SIZE) --out $$folder || exit 1; done && \
	func-corr ablate --benchmark build/functional-v1-$(SIZE)/benchmark build/functional-v1-tabletop-$(SIZE)/benchmark --out build/ablations

lint: setup ## ruff and mypy
	@. tools/env.sh && ruff check . && mypy src/func_corr_ros

build: setup ## `colcon build` again from nothing, whatever has changed
	@rm -rf build/func_corr_ros install && $(PYTHON) tools/set_up.py --again workspace

doctor: setup ## what is installed, what is missing and what to do about it
	@. tools/env.sh && func-corr doctor

api: setup ## docs/ros_api.md, cli.md and error_codes.md anew, from what the code declares
	@. tools/env.sh && python -m func_corr_ros.nodes.api_page docs/ros_api.md && python -m func_corr_ros.cli.reference docs

docs: setup ## the documentation as a site: build/site/index.html
	@. tools/env.sh && mkdocs build --quiet

clean: ## everything that the other targets made
	rm -rf build install log .venv
