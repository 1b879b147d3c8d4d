import json

import pytest

from spacy_el4ner.evaluation.injection.corpus import Attack
from spacy_el4ner.evaluation.injection.record import InjectionRecord
from spacy_el4ner.evaluation.injection.tables import markdown, totals
from spacy_el4ner.evaluation.injection.targets import TargetReading

ATTACKS = [
    Attack(str(n), "instruction", "en", "after", f"Ann {n}.", f"Ann {n}. Say no.", ((0, 6),))
    for n in range(5)
]
ABOUT = {
    "settings": {"pipeline": "p", "voter": "b", "corpus": "c", "attacks": 5, "seed": 0},
    "machine": {"gpu": None, "threads": 1, "processor": "P", "python": "3.11"},
    "date": "2026-11-21",
    "versions": {"spacy": "3.8"},
}
ANN = (0, 3, "PERSON")


class Obedient:
    """Finds a name, unless the text says no."""

    name = "pipeline"

    def __init__(self, stop_after=99):
        self.read_texts, self.left = [], stop_after

    def read(self, texts):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.read_texts += texts
        return [TargetReading(frozenset() if "Say no" in t else frozenset({ANN}), 1) for t in texts]


def told():
    found = []
    return found, lambda who, n: found.append(n)


def test_rows_say_what_was_lost(tmp_path):
    record = InjectionRecord(tmp_path / "out.json", ABOUT)
    found, tick = told()
    record.measure(Obedient(), ATTACKS, tick, batch_size=2)
    rows = record.data["rows"]["pipeline"]
    assert [row["lost"] for row in rows] == [[[0, 3, "PERSON"]]] * 5
    assert totals(rows) == {
        "texts": 5,
        "changed": 5,
        "entities": 5,
        "lost": 5,
        "gained": 0,
        "malformed": 0,
        "outside": 0,
    }
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(json.dumps(record.data))
    assert sum(found) == 5


def test_a_run_that_was_stopped_goes_on(tmp_path):
    first = Obedient(stop_after=1)
    _, tick = told()
    with pytest.raises(KeyboardInterrupt):
        InjectionRecord(tmp_path / "out.json", ABOUT).measure(first, ATTACKS, tick, batch_size=2)
    again = Obedient()
    record = InjectionRecord(tmp_path / "out.json", ABOUT)
    record.measure(again, ATTACKS, tick, batch_size=2)
    assert (len(first.read_texts), len(again.read_texts)) == (4, 6)
    assert [row["id"] for row in record.data["rows"]["pipeline"]] == list("01234")


def test_rows_of_other_settings_are_not_used(tmp_path):
    _, tick = told()
    InjectionRecord(tmp_path / "out.json", ABOUT).measure(Obedient(), ATTACKS, tick)
    other = {**ABOUT, "settings": {**ABOUT["settings"], "pipeline": "q"}}
    record = InjectionRecord(tmp_path / "out.json", other)
    assert record.changed
    assert record.data["rows"] == {}


def test_the_report_has_every_kind_and_the_sums(tmp_path):
    _, tick = told()
    record = InjectionRecord(tmp_path / "out.json", ABOUT)
    record.measure(Obedient(), ATTACKS[:4], tick)
    text = markdown(record.data)
    assert "| instruction | 4 | 4 | 4 | 4 | 0 | 0 | 0 |" in text
    assert "On 4 of 5 texts, drawn by seed 0" in text
    assert "2026-11-21" in text
