import json
from pathlib import Path

import pytest

from spacy_el4ner.html_report.inputs import read_sections
from spacy_el4ner.html_report.page_data import page_data
from tests.html_report.documents import TEXT, annotated, doc, rejected, vote, voted

ROOT = Path(__file__).parent.parent.parent
METRICS = ROOT / "docs" / "results" / "compact" / "sample_en"
HOSTILE = "Ann </script><img src=x onerror=alert(1)><!-- met Bill \u2028 & ‘Acme’ in Paris."


@pytest.fixture(scope="session")
def sections():
    """What was measured, as the project records it."""
    return read_sections(METRICS)


@pytest.fixture(scope="session")
def documents():
    """Annotated documents, and the same with gold entities: right, wrong, missed and disputed ones,
    in more than one page of them.
    """
    sure = voted(vote("a", "PERSON"), vote("b", "PERSON"))
    unsure = voted(vote("a", "ORG", 0.5, GPE=0.4), vote("b", "GPE", 0.6))
    right = [("Ann Lee", "PERSON", sure)]
    predicted = [
        annotated(HOSTILE, [("Ann", "PERSON", sure), ("Bill", "ORG", unsure)], id="<b>hostile</b>"),
        annotated(
            TEXT, [*right, ("Acme", "ORG", unsure)], [("Paris", "ORG", rejected("llm"))], id="two"
        ),
        *(annotated(TEXT, right, id=f"more-{n}") for n in range(28)),
    ]
    gold = [
        doc(HOSTILE, ("Ann", "PERSON"), ("Bill", "PERSON"), ("Paris", "GPE")),
        doc(TEXT, ("Ann Lee", "PERSON"), ("Acme", "ORG")),
        *(doc(TEXT, ("Ann Lee", "PERSON")) for _ in range(28)),
    ]
    return predicted, gold


@pytest.fixture(scope="session")
def data(documents):
    return page_data(*documents)


@pytest.fixture
def metrics(tmp_path):
    """A folder of metrics of its own, to break."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    for name in ("ensemble.json", "fusion.json"):
        (folder / name).write_text(json.dumps(json.loads((METRICS / name).read_text())))
    return folder
