"""The simulation of labelling, with pipelines that learn by heart."""

import random

import pytest
import spacy

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.evaluation.active_learning import active_learning, labelled_sentences, markdown
from tests.html_report.documents import doc

NAMES = [f"{first}{last}" for first in "ABCDEFGH" for last in ("ba", "do", "ki", "lu", "ne")]
POOL = [doc(f"{name} left.", (name, "PERSON")) for name in NAMES for _ in range(2)]
TEST = [doc(f"We met {name}.", (name, "PERSON")) for name in NAMES]


def by_heart(examples):
    """A pipeline that knows the names of its examples."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": e.label_, "pattern": e.text} for one in examples for e in one.reference.ents]
    )
    return nlp


def at_random(docs, nlp, number, seed):
    return random.Random(seed).sample(docs, number)


def unknown_first(docs, nlp, number, seed):
    """Sentences with a name that the pipeline does not know, each name once."""
    new = {d[0].text: d for d in docs if not d.ents}
    return list(new.values())[:number]


STRATEGIES = {"new": unknown_first, "random": at_random}


def simulate(**settings):
    settings = {"start": 10, "batch": 10, "seeds": (0, 1), "say": lambda text: None, **settings}
    return active_learning(POOL, TEST, by_heart, STRATEGIES, **settings)


@pytest.fixture(scope="module")
def record():
    return simulate(about={"name": "names"})


def test_a_strategy_that_knows_what_is_new_needs_fewer_labels(record):
    new, drawn = (record["labels_for_95"][name]["mean"] for name in STRATEGIES)
    assert 37 <= new < drawn <= len(POOL)


def test_every_strategy_starts_from_the_same_sentences(record):
    first = {(row["seed"], row["labels"][0], row["tokens"][0], row["f1"][0]) for row in record["rows"]}
    assert len(record["rows"]) == 4
    assert len({seed for seed, *_ in first}) == len(first) == 2


def test_a_run_ends_where_it_reaches_its_share_of_the_final_f1(record):
    assert [one["f1"] for one in record["final"]] == [1.0, 1.0]
    for row in record["rows"]:
        assert row["labels"] == list(range(10, row["labels"][-1] + 1, 10))
        assert len(row["labels"]) == len(row["tokens"]) == len(row["f1"])
        assert max(row["f1"][:-1]) < 0.95 <= row["f1"][-1]


def test_the_record_says_what_was_measured_and_where(record):
    assert (record["name"], record["sentences"], record["test_sentences"]) == ("names", 80, 40)
    assert {"machine", "date", "versions", "texts"} <= set(record)


def test_a_seed_gives_the_same_run(record):
    rows = [row for row in record["rows"] if row["seed"] == 1]
    assert simulate(seeds=(1,))["rows"] == rows


def test_the_table_compares_with_a_random_choice(record):
    lines = markdown(record).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| new", "| random"]
    assert lines[3].count("100%") == 2


def test_what_is_missing_of_a_batch_is_drawn():
    nothing = {"none": lambda docs, nlp, number, seed: []}
    record = active_learning(POOL, TEST, by_heart, nothing, start=5, batch=30, seeds=(0,), say=id)
    assert record["rows"][0]["labels"][:2] == [5, 35]


def test_an_interrupted_simulation_continues_after_its_rows(tmp_path):
    trained = []

    def train(examples):
        """Interrupted in the run of the second strategy."""
        trained.append(len(examples))
        if len(trained) == 3:
            raise KeyboardInterrupt
        return by_heart(examples)

    settings = {"start": 40, "batch": 40, "seeds": (0,), "say": id, "unfinished": tmp_path / "rows"}
    with pytest.raises(KeyboardInterrupt):
        active_learning(POOL, TEST, train, STRATEGIES, **settings)
    active_learning(POOL, TEST, train, STRATEGIES, **settings)
    assert trained == [len(POOL), 40, 40, 40]
    assert not settings["unfinished"].exists()


@pytest.mark.parametrize("settings", [{"start": 0}, {"start": len(POOL)}, {"batch": 0}])
def test_numbers_that_do_not_fit_the_sentences_are_refused(settings):
    with pytest.raises(EL4NERValueError, match="EL374"):
        simulate(**settings)


def test_without_a_final_f1_there_is_nothing_to_reach():
    with pytest.raises(EL4NERValueError, match="EL375"):
        active_learning(POOL, TEST, lambda examples: spacy.blank("en"), STRATEGIES, say=id)


def test_sentences_keep_their_entities():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    text = nlp("Ann left. We met Bill.")
    text.ents = [text.char_span(0, 3, "PERSON"), text.char_span(17, 21, "PERSON")]
    parts = labelled_sentences([text])
    assert [part.text.strip() for part in parts] == ["Ann left.", "We met Bill."]
    assert [[e.text for e in part.ents] for part in parts] == [["Ann"], ["Bill"]]
