"""The script that measures how the cost of an ensemble grows."""

import hypothesis.strategies as st
import measure_scaling
import pytest
import spacy
from hypothesis import given
from measured import TABLES

from spacy_el4ner.evaluation.unfinished import UnfinishedRows, always
from tests.strategies import quick
from tests.tiny import save_family
from tests.tiny_tokenizers import TEXTS

SERIES = {"tokens": (10, 20), "voters": (1, 2)}
COUNTED = ("tokens", "labels", "voters", "sentences", "candidates", "tokens_read")


def corpus():
    nlp = spacy.blank("en")
    docs = [nlp.make_doc(text) for text in TEXTS[:3]]
    docs[0].ents = [docs[0].char_span(0, 4, "PERSON"), docs[0].char_span(22, 27, "GPE")]
    docs[1].ents = [docs[1].char_span(0, 7, "PERSON")]
    return docs


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    model = save_family(tmp_path_factory.mktemp("model"), "qwen2")
    return measure_scaling.ensemble(str(model), measure_scaling.described(corpus()))


@pytest.fixture(scope="module")
def record(whole):
    rows = measure_scaling.rows(whole, corpus(), SERIES, 1, always)
    return {"rows": rows, "fits": measure_scaling.fits(rows)}


@quick
@given(
    sizes=st.sets(st.integers(1, 10_000), min_size=2),
    exponent=st.floats(-3, 3),
    factor=st.floats(1e-3, 1e3),
)
def test_the_power_of_a_power_law_is_found(sizes, exponent, factor):
    fitted = measure_scaling.fit([*sizes], [factor * size**exponent for size in sizes])
    assert fitted["exponent"] == pytest.approx(exponent, abs=1e-6)
    assert fitted["factor"] == pytest.approx(factor, rel=1e-4)


@quick
@given(tokens=st.integers(1, 20))
def test_a_text_has_the_length_asked_for(tokens):
    assert len(measure_scaling.joined(corpus(), tokens)) == tokens


def test_a_text_keeps_the_sentences_of_the_corpus():
    first, second, *_ = measure_scaling.joined(corpus(), 20).sents
    assert first.text == TEXTS[0]
    assert TEXTS[1].startswith(second.text)


def test_the_entities_of_the_text_are_candidates_whatever_the_model_finds(whole):
    point = {"tokens": 10, "labels": 2, "voters": 1}
    assert measure_scaling.measure(whole, corpus(), point, 1)["candidates"] >= 2


def test_labels_of_the_corpus_come_first_and_the_most_frequent_of_them_before():
    labels = measure_scaling.described(corpus())
    assert [*labels][:3] == ["PERSON", "GPE", next(iter(measure_scaling.OTHERS))]
    assert all(labels.values())


def test_there_are_labels_enough_beside_those_of_any_corpus():
    assert len(measure_scaling.OTHERS) >= max(measure_scaling.SERIES["labels"])


def test_there_is_a_wording_for_each_voter():
    assert len(measure_scaling.WORDINGS) == max(measure_scaling.SERIES["voters"])


def test_no_two_voters_ask_alike(whole):
    identities = {voter.identity for voter in whole.voters.values()}
    assert len(identities) == len(whole.voters)


def test_one_thing_varies_in_a_series(record):
    usual = measure_scaling.USUAL
    assert [[row[key] for key in usual] for row in record["rows"]] == [
        [{**usual, name: size}[key] for key in usual]
        for name, sizes in SERIES.items()
        for size in sizes
    ]


def test_a_row_has_what_a_text_costs(record):
    costs = {"seconds", "seconds_min", "seconds_max", "peak_mb"}
    for row in record["rows"]:
        assert set(row) == {"series", *COUNTED, *costs}
        assert 0 < row["seconds_min"] <= row["seconds"] <= row["seconds_max"]


def test_more_voters_read_more(record):
    one, two = (row["tokens_read"] for row in record["rows"] if row["series"] == "voters")
    assert one < two


def test_a_repetition_knows_nothing_of_the_one_before(whole):
    point = {"tokens": 10, "labels": 2, "voters": 2}
    once, twice = (measure_scaling.measure(whole, corpus(), point, repeats) for repeats in (1, 2))
    assert [once[key] for key in COUNTED] == [twice[key] for key in COUNTED]


def test_a_finished_point_is_not_measured_again(whole, tmp_path):
    def measured(**series):
        once = UnfinishedRows(tmp_path / "unfinished", {})
        return measure_scaling.rows(whole, corpus(), series, 1, once)

    (row,) = measured(voters=(1,))
    again, new = measured(voters=(1, 2))
    assert again == row  # to the last digit of its seconds
    assert new["voters"] == 2


def test_each_series_has_a_plot_beside_the_others(record, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "scaling.png"
    measure_scaling.plot(record, out)
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("kind", "lines"), [("scaling", 4), ("exponents", 2)])
def test_the_tables_have_a_line_for_each_row_or_series(record, kind, lines):
    assert len(TABLES[kind](record).splitlines()) == 2 + lines
