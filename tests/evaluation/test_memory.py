import json
import subprocess
import sys

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_el4ner.evaluation.memory import growth, measure, resident_mb
from tests.cli.runner import run

HOARDER = """
import json, spacy
from spacy.language import Language
from spacy_el4ner.evaluation.memory import measure

hoard = []

@Language.component("hoarder")
def hoarder(doc):
    hoard.append(bytearray(2**20))
    return doc

nlp = spacy.blank("en")
nlp.add_pipe("hoarder")
print(json.dumps(measure(nlp, ["One.", "Two."], 400, 8)))
"""


@pytest.mark.slow
def test_a_pipe_that_keeps_everything_is_found_out():
    # In a process of its own: what other tests held is freed at moments of its own.
    run = subprocess.run(
        [sys.executable, "-c", HOARDER], capture_output=True, encoding="utf8", check=True
    )
    kept = json.loads(run.stdout)
    assert kept["mb"][-1] > kept["mb"][0] + 300
    assert growth(kept) > 1.2


def test_every_hundredth_part_is_a_sample():
    measured = measure(spacy.blank("en"), ["One."], 250, 16)
    assert measured["documents"] == [0, *range(2, 251, 2)]
    assert len(measured["mb"]) == len(measured["documents"])
    assert measured["docs_per_s"] > 0


def test_growth_compares_the_end_with_the_beginning_after_loading():
    rising = {"mb": [0.0, *[100.0 + n for n in range(100)]]}
    flat = {"mb": [0.0, 10.0, *[100.0] * 99]}
    assert growth(flat) == 1.0
    assert growth(rising) > 1.5


def test_no_text_comes_twice():
    seen = []

    @Language.component("test_witness")
    def witness(doc):
        seen.append(doc.text)
        return doc

    nlp = spacy.blank("en")
    nlp.add_pipe("test_witness")
    measure(nlp, ["One.", "Two."], 20, 4)
    assert len(set(seen)) == 20


def test_resident_memory_is_more_than_nothing():
    assert resident_mb() > 10


def test_a_corpus_without_sentence_marks_is_measured(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "pipeline")
    texts = DocBin(docs=[spacy.blank("en")("Ann is here. Bob is not. " * 300)])
    texts.to_disk(tmp_path / "texts.spacy")
    run(
        "memory", tmp_path / "pipeline", tmp_path / "texts.spacy", tmp_path / "m.json", "--documents", 5
    )
    assert (tmp_path / "m.json").is_file()


def test_the_command_writes_numbers_and_a_plot(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "pipeline")
    DocBin(docs=[nlp("Ann is here. Bob is not.")]).to_disk(tmp_path / "texts.spacy")
    out = tmp_path / "memory.json"
    run("memory", tmp_path / "pipeline", tmp_path / "texts.spacy", out, "--documents", 50)
    data = json.loads(out.read_text())
    assert data["documents"][-1] == 50
    assert {"machine", "date", "versions", "pipeline", "growth"} <= set(data)
    assert out.with_suffix(".png").stat().st_size > 1000
