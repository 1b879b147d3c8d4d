# make run   the whole method on the project's own text, from nothing
# make test  formatting, lint, types, layers and tests
# Both make .venv first if it is not there.

PYTHON ?= python3.11
BIN := .venv/bin
NAME ?= sample_en

.PHONY: run test check install clean

run: install
	@echo "== 2/3  convert, train, index, evaluate: about 15 minutes on two cores (each step shows its progress)"
	@$(BIN)/python -m spacy project run all . --vars.name $(NAME)
	@echo "== 3/3  results"
	@cat metrics/$(NAME)/report.md
	@$(BIN)/python -m spacy el4ner show training/$(NAME)/pipeline assets/texts_en.txt
	@echo
	@echo "Where to look next:"
	@echo "  metrics/$(NAME)/report.md, report.png   the full tables and the plot"
	@echo "  training/$(NAME)/pipeline               spacy.load() this on your own text"
	@echo "  README.md                               your own labels and data, models of the hub, a GPU"

test: check
	@$(BIN)/python -m pytest

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

install: .venv/installed

.venv/installed: setup.cfg constraints.txt
	@echo "== 1/3  make .venv and install: about 2 minutes (CPU torch, spaCy, transformers)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline,trf,plots,dev]'
	@touch .venv/installed

clean:
	rm -rf .venv build *.egg-info corpus training metrics project.lock
