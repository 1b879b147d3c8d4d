# make run   the whole method on the project's own text, from nothing
# make test  formatting, lint, types, layers and tests
# make test-slow  the tests from end to end: commands, pages of docs/, packages, processes, kills, benchmarks
# make fuzz   the campaigns of hostile texts and labels, long
# make test-transformers5  the tests that touch transformers, with version 5 and without spacy-transformers
# make test-ray  annotation over Ray Data, with the extra that brings it
# make docs  the pages of docs/ that are made from the code
# make browser  what the tests of the report page run in, if it is not there and this is root on Debian
# They make .venv (the last one .venv5) first if it is not there.

PYTHON ?= python3.11
BIN := .venv/bin
BIN5 := .venv5/bin
TESTS5 := tests/backends tests/fusion tests/models tests/packaging tests/servers tests/pipeline tests/training tests/retrieval tests/test_configs.py
NAME ?= sample_en
CHARACTERS ?= 100000
PIP := --quiet --disable-pip-version-check --no-compile

.PHONY: run test test-slow fuzz test-transformers5 test-ray browser check docs install clean

run: .venv/runs
	@echo "== 2/3  the ensemble and the fusion, trained and measured: about half an hour on two cores (each step shows its progress)"
	@$(BIN)/python -m spacy project run all . --vars.name $(NAME)
	@echo "== 3/3  results"
	@cat metrics/$(NAME)/report.md metrics/$(NAME)/fusion.md
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/pipeline assets/texts_en.txt
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/fusion assets/texts_en.txt
	@echo
	@echo "Where to look next:"
	@echo "  metrics/$(NAME)/report.md, report.png   the full tables and the plot"
	@echo "  metrics/$(NAME)/fusion.md, fusion.png   the same for the fusion"
	@echo "  training/$(NAME)/pipeline, fusion       spacy.load() these on your own text"
	@echo "  README.md                               your own labels and data, models of the hub, a GPU"

test: check
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-slow: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow --numprocesses 2 --dist loadfile

# CHARACTERS: the longest texts; a hundred thousand take minutes each on a CPU
fuzz: install
	@EL4NER_FUZZ=fuzz EL4NER_FUZZ_CHARACTERS=$(CHARACTERS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest \
		--numprocesses 2 --hypothesis-show-statistics tests/pipeline/test_campaigns.py

test-transformers5: .venv5/installed
	@EL4NER_TRANSFORMERS_SERVE=$(BIN5)/transformers OMP_NUM_THREADS=1 $(BIN5)/python -m pytest -m '' --numprocesses 2 --dist loadfile $(TESTS5)

test-ray: install
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[ray]'
	@$(BIN)/python -m pytest tests/bulk/test_ray.py

# The tests of the page skip without it, and say so; so it is no error if it cannot be had.
browser:
	@if ! command -v chromedriver >/dev/null; then \
		echo "== install chromium, for the tests of the report page"; \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium chromium-driver; } \
			>/dev/null 2>&1 || echo "it cannot be installed here: the tests of the page will skip"; \
	fi

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: install
	@$(BIN)/python docs/generate.py

install: .venv/installed

# What `run` needs; the tests need more. Python compiles what is imported, when it is: most of this never is.
.venv/runs: setup.cfg constraints.txt
	@echo "== 1/3  make .venv and install: about a minute (CPU torch, spaCy, transformers)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[offline,trf,plots]'
	@touch .venv/runs

.venv/installed: .venv/runs
	@echo "== install what the tests need"
	@$(BIN)/python -m pip install $(PIP) -c constraints.txt -e '.[offline,trf,plots,bench,dev]'
	@touch .venv/installed

.venv5/installed: setup.cfg constraints-transformers5.txt
	@echo "== make .venv5 and install: about 2 minutes (CPU torch, spaCy, transformers 5)"
	@test -x $(BIN5)/python || $(PYTHON) -m venv .venv5
	@$(BIN5)/python -m pip install $(PIP) -c constraints-transformers5.txt \
		-e '.[offline,plots,dev]' 'transformers[serving]>=5' requests
	@touch .venv5/installed

clean:
	rm -rf .venv .venv5 build *.egg-info corpus training metrics packages project.lock
