# One command from nothing: every target below makes the environment first if it is not there.
#
#   make sweep [CATEGORY=...]     make test     make ui     make report     make help

.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV   ?= .venv
# faiss comes for CPUs or for CUDA, never both.
FAISS  ?= $(shell command -v nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready-$(FAISS)
CLAIRO := $(BIN)/clairo

CATEGORY ?= demo
DATA     ?= data
PROFILE  ?= quick
SPACE    ?= full
EXPERIMENT ?= modality_masking
SEED     ?= 0
OUT      ?= runs
REPORTS  ?= reports/output

export MLFLOW_DISABLE_TELEMETRY := true
export RAY_USAGE_STATS_ENABLED := 0
export RAY_ENABLE_UV_RUN_RUNTIME_ENV := 0

# Only what was given is passed on, so that the defaults live in one place, the CLI.
given = $(if $($(1)),--$(2) "$($(1))")
COMMON := --out "$(OUT)" $(call given,MLFLOW_TRACKING_URI,tracking-uri)
OPTIONS = --category "$(CATEGORY)" $(call given,RELEASE,release) --data "$(DATA)" \
	$(if $(filter 0,$(FETCH)),--no-fetch) $(call given,FILTERS,filters) \
	$(if $(filter 1,$(SALVAGE)),--salvage) $(call given,TRIALS,trials) \
	$(call given,TIME_BUDGET,time-budget) $(call given,WORKERS,workers) --profile "$(PROFILE)" \
	--space "$(SPACE)" --seed "$(SEED)" $(if $(filter 0,$(ABLATE)),--no-ablate) $(COMMON) \
	--reports "$(REPORTS)" $(call given,RAY_ADDRESS,ray-address) \
	$(call given,EMBED_ON_CLUSTER,embed-on-cluster) $(if $(VERBOSE),--verbose)

.PHONY: help setup sweep ablate data images card dry-run report leaderboard compare ui doctor test check lint types layers bench clean

help: ## Show this
	@echo "CLAIRO: sweeps, tracking, ablations and reports for multimodal generative recommendation"
	@echo
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'
	@echo
	@echo "Variables (VARIABLE=value after the target):"
	@echo "  CATEGORY             demo, beauty, sports, toys, cds, gift_cards ..., or an official name  [$(CATEGORY)]"
	@echo "  RELEASE              Amazon release 2014, 2018 or 2023                     [the alias's own]"
	@echo "  DATA                 folder with raw files, amazon/<release>/<Category>/   [$(DATA)]"
	@echo "  FETCH                0 never downloads                                     [1]"
	@echo "  FILTERS              YAML with filters and split, see experiments/data     [none]"
	@echo "  SALVAGE              1 keeps the whole lines of a file that ends early     [0]"
	@echo "  IMAGES               options of 'clairo data images', such as --dry-run     [none]"
	@echo "  TRIALS               number of trials                                      [the profile's: 8, 64]"
	@echo "  TIME_BUDGET          start no trial after 90s, 30m, 2h ...                 [none]"
	@echo "  WORKERS              trials at a time                                      [CPUs, at most 8 and TRIALS/2]"
	@echo "  PROFILE              quick (2 CPU cores, minutes) or paper (GPUs)          [$(PROFILE)]"
	@echo "  SPACE                a file in search_spaces/, by name, or a path          [$(SPACE)]"
	@echo "  EXPERIMENT           an ablation in experiments/, by name, or a path       [$(EXPERIMENT)]"
	@echo "  BASE                 sweep whose best an ablation starts from, or latest   [the definition's]"
	@echo "  SEEDS                paired seeds of an ablation                           [the definition's: 5]"
	@echo "  DRY_RUN              1 prints an ablation's arms and cost only             [0]"
	@echo "  ONLY                 leaderboard of this category alone                    [all]"
	@echo "  RUNS                 two to twelve runs to compare: SWEEP, SWEEP:3, run id  [none]"
	@echo "  SEED                 root seed                                             [$(SEED)]"
	@echo "  ABLATE               0 leaves the ablation out                             [1]"
	@echo "  REPORTS              where pages and tables are written                    [$(REPORTS)]"
	@echo "  OUT                  database, artifacts, stage store, study               [$(OUT)]"
	@echo "  MLFLOW_TRACKING_URI  an MLflow server or database                          [sqlite in OUT]"
	@echo "  RAY_ADDRESS          a running Ray cluster                                 [one is started here]"
	@echo "  EMBED_ON_CLUSTER     items from which on that cluster embeds as a whole    [20000]"
	@echo "  VERBOSE              1 shows the log                                       [0]"

setup: $(READY) ## Make the environment only

$(READY): pyproject.toml .ci/constraints-$(FAISS).txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints-$(FAISS).txt --editable '.[$(FAISS),dev]'
	$(BIN)/python -m clairo.merging.warm_up
	@touch $@

sweep: $(READY) ## Search, confirm, ablate and report (CATEGORY=demo needs no data)
	@$(CLAIRO) sweep $(OPTIONS)

ABLATION = "$(EXPERIMENT)" --category "$(CATEGORY)" $(call given,RELEASE,release) --data "$(DATA)" \
	$(if $(filter 0,$(FETCH)),--no-fetch) $(call given,FILTERS,filters) \
	$(if $(filter 1,$(SALVAGE)),--salvage) $(call given,BASE,base) $(call given,SEEDS,seeds) \
	$(call given,WORKERS,workers) --profile "$(PROFILE)" --seed "$(SEED)" $(COMMON) \
	--reports "$(REPORTS)" $(call given,RAY_ADDRESS,ray-address) $(if $(VERBOSE),--verbose)

ablate: $(READY) ## Run the arms of EXPERIMENT on paired seeds, test and report them (DRY_RUN=1 only plans)
	@$(CLAIRO) ablate $(ABLATION) $(if $(filter 1,$(DRY_RUN)),--dry-run)

dry-run: $(READY) ## Print space, stages, cache, hours and disk; run nothing
	@$(CLAIRO) sweep $(OPTIONS) --dry-run

DATASET = "$(CATEGORY)" $(RELEASE) --data "$(DATA)" --out "$(OUT)" $(call given,FILTERS,filters) \
	$(if $(filter 1,$(SALVAGE)),--salvage)

data: $(READY) ## Fetch, filter and split CATEGORY into the store; print sizes and digest
	@$(CLAIRO) data prepare $(DATASET) $(if $(filter 0,$(FETCH)),--no-fetch)

images: $(READY) ## Fetch the pictures that CATEGORY's metadata names; say what is missing and why
	@$(CLAIRO) data images "$(CATEGORY)" $(RELEASE) --data "$(DATA)" \
		$(call given,FILTERS,filters) $(if $(filter 1,$(SALVAGE)),--salvage) \
		$(if $(filter 0,$(FETCH)),--no-fetch) $(IMAGES)

card: $(READY) ## The page of CATEGORY: sizes, ties, coverage, sample items, leak checks
	@$(CLAIRO) data card $(DATASET) --reports "$(REPORTS)"

report: $(READY) ## Rebuild the last sweep's pages from MLflow
	@$(CLAIRO) report $(COMMON) --reports "$(REPORTS)"

leaderboard: $(READY) ## Best configuration per data set beside published rows (ONLY=beauty for one)
	@$(CLAIRO) leaderboard $(COMMON) --reports "$(REPORTS)" $(call given,ONLY,category)

compare: $(READY) ## What changed between RUNS="ID ID ...", stage by stage, and what it did
	@$(CLAIRO) compare $(RUNS) $(COMMON) --reports "$(REPORTS)"

ui: $(READY) ## Open MLflow on http://127.0.0.1:5000
	@$(CLAIRO) ui $(COMMON)

doctor: $(READY) ## Versions, devices, threads, disk, optional parts
	@$(CLAIRO) doctor --out "$(OUT)"

test: $(READY) ## All tests and doctests
	$(BIN)/python -m pytest

check: lint types layers test ## Lint, format, types, layers, docstrings, tests, doctests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

bench: $(READY) ## Speed and findings, as ratios within one run
	$(BIN)/python -m pytest tests/benchmarks -s --override-ini "addopts=-q" --override-ini "timeout=3600"

clean: ## Remove the environment and caches; keeps runs and reports
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
