# Everything a newcomer, CI and the maintainers run. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help
# Installed packages are compiled once, at install: `import torch` takes 3 s instead of 8.
unexport PYTHONDONTWRITEBYTECODE

# Override what does not fit: `make setup PYTHON=python3.12 TORCH=torch==2.14.0`.
SUPPORTED := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
PYTHON ?= $(firstword $(foreach python,python3 python3.11 python3.12,\
	$(shell $(python) -c '$(SUPPORTED)' 2>/dev/null && echo $(python))))
TORCH ?= torch==2.13.0
VERSION ?= HEAD
# They ask for torch, which is not in the lock.
WITHOUT_DEPENDENCIES := zuko==1.6.0 captum==0.9.0

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

POETRY_VENV := .venv-poetry
POETRY := POETRY_VIRTUALENVS_CREATE=false $(POETRY_VENV)/bin/poetry
POETRY_PINS := poetry==2.5.1 poetry-plugin-export==1.10.1 poetry-plugin-pypi-mirror==0.6.5
EXPORT := $(POETRY) export --without-hashes --without-urls --all-extras --all-groups \
	--format constraints.txt

# The chain, in order. `make demo` and `make smoke` run it with `experiment=demo|smoke`.
define CHAIN
simulate
calibrate
features
train
calibrate-temp
calibrate-corel
predict
score
audit
diagnose dashboard
submit bundle
gate
endef
export CHAIN

.PHONY: help setup dev test lint types unit demo smoke chain diagnostics consistency gates docs audit wheel release notes \
	web web-check repro lock check-lock clean distclean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup dev: $(VENV)/.installed  ## .venv with torch, the package and its tools

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "setup: no Python 3.11 or 3.12 with venv here: set PYTHON="; exit 1; }
	@echo "setup: virtual environment $(VENV) ($$($(PYTHON) --version))"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) 'pip>=25.1'
	@if $(BIN)/python -c 'import torch' 2>/dev/null; then echo "setup: torch is there already"; \
	else echo "setup: $(TORCH)"; $(PIP_INSTALL) --constraint constraints.txt '$(TORCH)'; fi
	@echo "setup: the package and its tools, in the versions of constraints.txt (minutes)"
	@$(PIP_INSTALL) --constraint constraints.txt --editable '.[dask,dvc,explain,science,server]' --group dev
	@$(PIP_INSTALL) --no-deps $(WITHOUT_DEPENDENCIES)
	@touch $@
	@echo "setup: done ($$($(BIN)/python -c 'import torch; print("torch", torch.__version__)'))"

test: setup lint types unit  ## lint, types and tests

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup  ## mypy, strict on src/
	$(BIN)/mypy

unit: setup  ## pytest; ARGS="-k name" narrows it
	$(BIN)/pytest $(ARGS)

demo: setup  ## raw frames to validated submission, about ten minutes on two cores
smoke: setup  ## the same chain at its smallest size
demo smoke:
	@while read -r stage; do \
		printf '\n── spectramind %s experiment=$@ $(ARGS)\n' "$$stage"; start=$$SECONDS; \
		$(BIN)/spectramind $$stage experiment=$@ $(ARGS) </dev/null \
		|| { echo "$@: '$$stage' failed; 'make $@' goes on from there"; exit 1; }; \
		printf -- '── %d s\n' $$((SECONDS - start)); \
	done <<<"$$CHAIN"; \
	printf '\n$@: whole chain in %d s\n' $$SECONDS

chain:  ## print the chain's stages
	@echo "$$CHAIN"

# What `make smoke` left; CI calls them one by one.
SMOKE_TOPICS := overview coverage symbolic

diagnostics: setup  ## the report and some of its topics, of what smoke left
	$(BIN)/spectramind diagnose dashboard experiment=smoke
	$(BIN)/spectramind audit experiment=smoke
	for topic in $(SMOKE_TOPICS); do $(BIN)/spectramind diagnose $$topic experiment=smoke; done

consistency: setup check-lock  ## lock, DAG, commands and configs agree
	$(BIN)/spectramind check-pipeline paths.work=runs/check

gates: setup  ## what smoke left reaches its bounds, and its bundle may be handed in
	$(BIN)/spectramind gate experiment=smoke
	$(BIN)/spectramind submit validate experiment=smoke --submission runs/smoke/outputs/submission_bundle.zip

# The built front end is committed below the package, so that users need no node; what builds it does.
STATIC := src/spectramind/server/static
NODE_FITS := node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null

web:  ## the front end: its checks, then the built files anew (node >= 20.19)
	@$(NODE_FITS) || { echo "web: node >= 20.19 (of 20), >= 22.12 or later is needed"; exit 1; }
	cd web && npm ci --no-audit --no-fund && npm run check && npm run build

web-check:  ## the front end passes its checks, and the built files are those of web/
	@if ! $(NODE_FITS); then echo "web-check: node is not here: the built files are taken as they are"; exit 0; fi; \
	if ! (cd web && npm ci --no-audit --no-fund); then \
		echo "web-check: npm's packages cannot be had here: the built files are taken as they are"; \
		test -z "$$GITHUB_ACTIONS"; exit; \
	fi; \
	(cd web && npm run check && npm run build -- --outDir ../build/web) && \
	diff -rq build/web $(STATIC) || { echo "web-check: the built files are stale: make web"; exit 1; }

docs: setup $(VENV)/.docs  ## the site, into site/; a warning or a dead link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

$(VENV)/.docs: $(VENV)/.installed
	@$(PIP_INSTALL) --constraint constraints.txt --group docs
	@touch $@

audit: setup $(VENV)/.supply  ## SBOM into dist/, and what is known against the locked packages (network)
	$(BIN)/python .ci/audit.py dist/sbom.cdx.json '$(TORCH)'

$(VENV)/.supply: $(VENV)/.installed
	@$(PIP_INSTALL) --constraint constraints.txt --group supply
	@touch $@

wheel: setup  ## the wheel, into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

release: wheel audit  ## wheel, SBOM, notes and digests into dist/, of a tag: make release VERSION=v0.1.0
	test '$(VERSION)' = "v$$($(BIN)/python -c 'import spectramind; print(spectramind.__version__)')" \
		|| { echo "release: the tag $(VERSION) is not the package's version"; exit 1; }
	$(BIN)/python .ci/release_notes.py '$(VERSION)' >dist/NOTES.md
	cd dist && sha256sum *.whl sbom.cdx.json NOTES.md >SHA256SUMS

notes:  ## notes of a release from its commits: make notes VERSION=v0.1.0
	@python3 .ci/release_notes.py '$(VERSION)'

repro: setup  ## the demo chain through DVC: only what changed
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro

lock: $(POETRY_VENV)/.installed  ## poetry.lock and constraints.txt anew from pyproject.toml
	POETRY_PYPI_MIRROR_URL="$$($(POETRY_VENV)/bin/python -c "$$INDEX_OF_PIP")" $(POETRY) lock
	$(EXPORT) --output constraints.txt

check-lock: $(POETRY_VENV)/.installed  ## poetry.lock follows pyproject.toml, constraints.txt the lock
	$(POETRY) check --lock
	$(EXPORT) | diff -u constraints.txt - || { echo "constraints.txt is stale: make lock"; exit 1; }

# Poetry asks pip's own index: some mirrors serve pip's pages but not the JSON that Poetry wants.
# The address stays in the environment, so none gets into poetry.lock.
define INDEX_OF_PIP
from pip._internal.commands import create_command
print(create_command("download").parse_args([])[0].index_url)
endef
export INDEX_OF_PIP

$(POETRY_VENV)/.installed: Makefile
	@test -n "$(PYTHON)" || { echo "lock: no Python 3.11 or 3.12 with venv here: set PYTHON="; exit 1; }
	@echo "lock: Poetry in $(POETRY_VENV)"
	@test -x $(POETRY_VENV)/bin/python || $(PYTHON) -m venv $(POETRY_VENV)
	@$(POETRY_VENV)/bin/python -m pip install -qq --disable-pip-version-check $(POETRY_PINS)
	@touch $@

clean:  ## caches, wheels and the runs of demo and smoke
	rm -rf dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis runs/demo runs/smoke
	find spectramind.py src tests configs schemas -name __pycache__ -prune -exec rm -rf {} +

distclean: clean  ## and the virtual environments
	rm -rf $(VENV) $(POETRY_VENV)
