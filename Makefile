# make run   the first ten minutes: SmolLM2-135M with stored adapters, measured, and the entities of a few texts
# make reproduce  both methods with compact models on the project's own text, trained and measured from nothing,
#   with three seeds; with SmolLM2-135M: python -m spacy project run all
# make test  formatting, lint, types, layers, docstrings and tests
# make test-slow  the tests from end to end: commands, pages of docs/, packages, processes, kills, benchmarks
# make fuzz  long campaigns of hostile texts, labels, files and replies of servers
# make soak  thousands of documents through servers that fail at random
# make test-transformers5  tests that use transformers, with version 5 and without spacy-transformers
# make test-ray  tests of annotation on Ray Data and in other data engines: Dask, DuckDB, Polars
# make dist  sdist and wheel, checked, and the wheel tried in an empty environment
# make site  the documentation as a site, in build/site; fails on a dead link
# make docs  the generated pages of docs/
# make browser  Chromium for tests of the report page, if missing (as root, on Debian)
# Targets create .venv first if it is missing, and test-transformers5 creates .venv5.

PYTHON ?= python3.11
BIN := .venv/bin
BIN5 := .venv5/bin
TESTS5 := tests/backends tests/catalogue tests/ensemble tests/fusion tests/packaging tests/servers tests/pipeline tests/training tests/retrieval tests/slm tests/voters tests/test_configs.py
NAME ?= sample_en
COMPACT := --vars.backbones configs/voters/compact.cfg --vars.sft " --config configs/sft_en.cfg" --vars.dtype auto \
	--vars.package compact
BEGAN := $(shell date +%s)
CHARACTERS ?= 100000
DOCUMENTS ?= 5000
PIP := --quiet --disable-pip-version-check --no-compile

.PHONY: run reproduce test test-slow fuzz soak test-transformers5 test-ray browser check dist site docs install clean

run: .venv/runs
	@echo "== 2/3  fetch SmolLM2-135M, assemble the ensemble of its adapters, measure it: minutes on two cores"
	@$(BIN)/python -m spacy project run start . --vars.name $(NAME)
	@echo "== 3/3  results on a part of the test split"
	@cat metrics/$(NAME)/start.md
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/start assets/texts_en.txt
	@echo
	@echo "Where to look next:"
	@echo "  metrics/$(NAME)/start.md, start.png   the full tables and the plot"
	@echo "  training/$(NAME)/start                load this with spacy.load() for your own text"
	@echo "  $(BIN)/python -m spacy el4ner explain training/$(NAME)/start 'Your text.'   how it came to its entities"
	@echo "  README.md, docs/start.md              your own labels and data, models of the hub, a GPU"
	@echo "  $(BIN)/python -m spacy project run all   training and measuring of both methods with SmolLM2-135M: hours"
	@echo "  make reproduce                        the same with compact models"
	@seconds=$$(($$(date +%s) - $(BEGAN))); echo "make run took $$((seconds / 60)) min $$((seconds % 60)) s"

reproduce: .venv/runs
	@echo "== 2/3  train and measure both methods, in English and Literary Chinese, the fusion with three seeds:"
	@echo "        hours on two cores, not timed as a whole (each step shows its progress; run it again to continue)"
	@$(BIN)/python -m spacy project run all . --vars.name $(NAME) --vars.llm training/$(NAME)/base $(COMPACT)
	@for seed in 0 1 2; do $(BIN)/python -m spacy project run fusion . --vars.name $(NAME)_$$seed --vars.seed $$seed \
		--vars.llm training/$(NAME)_$$seed/base $(COMPACT) || exit 1; done
	@$(BIN)/python -m spacy el4ner seeds $(foreach seed,0 1 2,metrics/$(NAME)_$(seed)/fusion.json) metrics/$(NAME)/seeds.md
	@$(BIN)/python -m spacy project run fusion_zh . --vars.dtype auto
	@echo "== 3/3  results"
	@cat metrics/$(NAME)/report.md metrics/$(NAME)/fusion.md metrics/$(NAME)/seeds.md
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/pipeline assets/texts_en.txt
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/fusion assets/texts_en.txt

test: check
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-slow: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow --numprocesses 2 --dist loadfile

# CHARACTERS: length of the longest texts; a hundred thousand take minutes each on a CPU
fuzz: install
	@EL4NER_FUZZ=fuzz EL4NER_FUZZ_CHARACTERS=$(CHARACTERS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest \
		--numprocesses 2 --hypothesis-show-statistics tests/pipeline/test_campaigns.py \
		tests/pipeline/test_server_campaigns.py tests/corpora/test_campaigns.py

soak: install
	@EL4NER_SOAK=$(DOCUMENTS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests/bulk/test_soak.py

test-transformers5: .venv5/installed
	@EL4NER_TRANSFORMERS_SERVE=$(BIN5)/transformers OMP_NUM_THREADS=1 $(BIN5)/python -m pytest -m '' --numprocesses 2 --dist loadfile $(TESTS5)

test-ray: install
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[ray]' 'dask[dataframe]' duckdb polars
	@$(BIN)/python -m pytest tests/bulk/test_ray.py tests/bulk/test_annotator.py tests/examples/test_data_engines.py \
		tests/examples/test_killed_engines.py

# Not an error if it cannot be installed: the tests of the page are then skipped, and say so.
browser:
	@if ! command -v chromedriver >/dev/null; then \
		echo "== install Chromium for tests of the report page"; \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium chromium-driver; } \
			>/dev/null 2>&1 || echo "Chromium cannot be installed here: tests of the page will be skipped"; \
	fi

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python docs/check_docstrings.py

# -I: Python imports the installed wheel, never this checkout.
dist: install
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[release]'
	@rm -rf dist build/empty build/lib build/bdist*
	@$(BIN)/python -m build --no-isolation >/dev/null
	@$(BIN)/python -m twine check --strict dist/*
	@$(PYTHON) -m venv build/empty
	@build/empty/bin/python -m pip install $(PIP) -c constraints.txt dist/*.whl
	@build/empty/bin/python -I tests/check_wheel.py dist/*.whl
	@build/empty/bin/python -I -m spacy el4ner --help >/dev/null

site: install
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo build/site/index.html

docs: install
	@$(BIN)/python docs/generate.py

install: .venv/installed

# What `run` needs. --no-compile: Python compiles modules on import, and most of them are never imported.
.venv/runs: setup.cfg constraints.txt
	@echo "== 1/3  create .venv and install: about a minute (CPU torch, spaCy, transformers)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[offline,trf,plots,gguf]'
	@touch .venv/runs

.venv/installed: .venv/runs
	@echo "== install the requirements of the tests"
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[offline,trf,plots,gguf,gliner,bench,dev]'
	@touch .venv/installed

.venv5/installed: setup.cfg constraints-transformers5.txt
	@echo "== create .venv5 and install: about 2 minutes (CPU torch, spaCy, transformers 5)"
	@test -x $(BIN5)/python || $(PYTHON) -m venv .venv5
	@$(BIN5)/python -m pip install $(PIP) -c constraints-transformers5.txt \
		-e '.[offline,plots,dev]' 'transformers[serving]>=5' requests
	@touch .venv5/installed

clean:
	rm -rf .venv .venv5 build dist *.egg-info corpus training metrics packages project.lock
