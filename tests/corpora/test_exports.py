"""Corpora through every exporter and back: the same texts and entities."""

from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.bulk.files import OUTPUTS, Keys, make_output, open_source
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.corpora import read_docs
from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools import review_tools
from spacy_el4ner.types import Mention
from tests.corpora.reading import NLP
from tests.review.exports import EXPORT

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
OWN = ("assets/sample_en/test.jsonl", "assets/sample_zh/test.jsonl")
PUBLISHED = (
    *("evahan2025/trainset_A.txt", "evahan2025/trainset_B.txt"),
    *("wnut17/test.conll", "crossner/politics/test.txt", "crossner/science/test.txt"),
)
DOCUMENTS = 60
TOOLS = ("doccano", "label-studio", "prodigy")
Content = list[tuple[str, list[tuple[int, int, str]]]]


@pytest.fixture(params=[*OWN, *PUBLISHED])
def corpus(request: pytest.FixtureRequest) -> str:
    """The name of a corpus that is at hand."""
    name: str = request.param
    if not path_of(name).is_file():
        pytest.skip(f"{name} is not here: it is for measuring, and no part of the project")
    return name


@pytest.fixture
def docs(corpus: str) -> list[Doc]:
    """The first documents of the corpus."""
    return read_docs(path_of(corpus), nlp=language(corpus))[:DOCUMENTS]


def path_of(name: str) -> Path:
    return ROOT / name if name in OWN else DATA / name


def language(name: str) -> Language:
    """The language of a corpus."""
    return spacy.blank("zh") if "zh" in name or "evahan" in name else NLP


def content(docs: list[Doc]) -> Content:
    return [(doc.text, [(e.start_char, e.end_char, e.label_) for e in doc.ents]) for doc in docs]


def review(name: str, docs: list[Doc]) -> str:
    """What a tool exports after it has imported the documents and all of them were accepted."""
    chosen = [Disputed(doc, str(n), ((Mention(0, 1, "X"), 0.5),)) for n, doc in enumerate(docs)]
    export: Callable[[str], str] = EXPORT[name]
    return export(review_tools()[name].write(chosen))


@pytest.mark.parametrize("name", TOOLS)
def test_what_a_tool_exports_is_what_was_written_for_it(
    docs: list[Doc], corpus: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / f"export{review_tools()[name].suffix}"
    path.write_text(review(name, docs), encoding="utf8", newline="")
    back = [(one.text, list(one.entities)) for one in review_tools()[name].read(path)]
    assert back == content(docs)
    if corpus in OWN:  # others have tokens of their own, which no export keeps
        assert content(read_docs(path, nlp=language(corpus))) == content(docs)


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_what_annotate_writes_is_what_was_annotated(
    docs: list[Doc], corpus: str, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"out{suffix}"
    annotated = [Annotated(DocumentRecord(n, n, doc.text), doc) for n, doc in enumerate(docs, 1)]
    expected = content(docs)
    path.write_bytes(make_output(suffix).write(annotated))
    source = open_source(path, Keys())
    assert [source.record(item).text for item in source.items()] == [text for text, _ in expected]
    if suffix == ".spacy" or (suffix == ".jsonl" and corpus in OWN):
        assert content(read_docs(path, nlp=language(corpus))) == expected
