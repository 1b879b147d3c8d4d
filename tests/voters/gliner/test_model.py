"""GLiNER models in memory."""

import re
import shutil
import sys
from itertools import pairwise

import pytest
from hypothesis import assume, given
from safetensors.torch import load_file, save_file

from spacy_el4ner.voters.gliner.model import load
from spacy_el4ner.voters.gliner.reader import GLiNERReader
from tests.strategies import quick, windows

NAMES = ["people", "places"]
TEXT = "Ann Lee met Bill in Paris ."


@pytest.fixture(scope="module")
def model(folder):
    return load(folder, "tiny", "cpu", 8)


def split(text):
    """Words at white space, which leaves the marks of a prompt whole."""
    return [(m[0], *m.span()) for m in re.finditer(r"\S+", text)]


def blanked(model, text):
    """The text with spaces in place of the words that the model does not read."""
    kept = {n for _, start, end in model.reader.words(text) for n in range(start, end)}
    return "".join(c if n in kept else " " for n, c in enumerate(text))


def test_spans_are_those_of_the_library(model):
    (found,) = model.find([TEXT], NAMES, 0.5)
    (expected,) = model.gliner.inference([TEXT], NAMES, threshold=0.5)
    assert [(s.start, s.end, s.label, s.probability) for s in found] == [
        (e["start"], e["end"], e["label"], e["score"]) for e in expected
    ]
    assert found


def test_spans_do_not_overlap(model):
    (found,) = model.find([TEXT], NAMES, 0.1)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize("dropped", ["\x07", "\u200d", "\u0301", "\x07 \x07", "\ufffd"])
def test_a_word_that_the_tokenizer_drops_moves_no_span(model, dropped):
    text = f"Ann {dropped} Lee met Bill {dropped} in Paris ."
    plain = text.replace(dropped, " " * len(dropped))
    assert model.find([text], NAMES, 0.4) == model.find([plain], NAMES, 0.4)


@given(window=windows())
@quick
def test_what_is_not_read_moves_no_span_of_any_text(model, window):
    assume(model.reader.fits(window.text, model.reader.prompt(NAMES)))
    texts = [window.text, blanked(model, window.text)]
    one, other = model.find(texts, NAMES, 0.3)
    assert [(s.start, s.end, s.label) for s in one] == [(s.start, s.end, s.label) for s in other]
    words = model.reader.words(window.text)
    assert {s.start for s in one} <= {start for _, start, _ in words}
    assert {s.end for s in one} <= {end for _, _, end in words}


def test_nothing_is_found_in_a_text_of_which_nothing_is_read(model):
    assert model.find(["\x07", TEXT], NAMES, 0.0)[0] == []


def test_a_mark_of_the_prompt_in_a_text_is_not_read(span_folder):
    gliner = load(span_folder, "tiny", "cpu", 8).gliner
    gliner.data_processor.words_splitter = split
    reader = GLiNERReader(gliner.data_processor, gliner.config)
    assert [word for word, _, _ in reader.words("Ann <<ENT>> Lee <<SEP>>")] == ["Ann", "Lee"]


def test_the_score_of_a_span_is_the_one_that_it_is_found_with(model):
    (found,) = model.find([TEXT], NAMES, 0.5)
    (scores,) = model.score([TEXT], [[(s.start, s.end) for s in found]], NAMES)
    assert found
    for span in found:
        assert scores[span.start, span.end][span.label] == pytest.approx(span.probability, abs=1e-5)


def test_spans_that_cross_are_all_scored(model):
    spans = [(0, 7), (4, 11), (4, 7), (8, 16)]
    (scores,) = model.score([TEXT], [spans], NAMES)
    assert list(scores) == spans
    assert all(scores[span] for span in spans)


def test_a_span_that_cuts_a_word_is_not_scored(model):
    assert model.score([TEXT], [[(0, 2), (4, 7)]], NAMES)[0].keys() == {(4, 7)}


def test_spans_longer_than_the_longest_of_the_model_are_not_scored(span_folder):
    model = load(span_folder, "tiny", "cpu", 8)
    assert model.score([TEXT], [[(0, 16), (0, 11)]], NAMES)[0].keys() == {(0, 11)}


def test_the_batch_does_not_matter(model):
    texts = [TEXT, "Bill", "Paris is in Ann Lee , they said"]
    alone = [model.find([text], NAMES, 0.5)[0] for text in texts]
    for one, other in zip(model.find(texts, NAMES, 0.5), alone, strict=True):
        assert [(s.start, s.end, s.label) for s in one] == [(s.start, s.end, s.label) for s in other]


def test_room_is_counted_in_words_and_in_tokens(model):
    prompt = model.reader.prompt(NAMES)
    assert model.reader.fits(" ".join(["in"] * 12), prompt)
    assert not model.reader.fits(" ".join(["in"] * 13), prompt)
    assert not model.reader.fits("x" * 64, prompt)


@given(window=windows(max_tokens=30))
@quick
def test_what_fits_is_read_whole(model, window):
    assume(model.reader.fits(window.text, model.reader.prompt(NAMES)))
    words = [word for word, _, _ in model.reader.words(window.text)]
    if words:
        batch = model.gliner.prepare_batch([window.text], NAMES)
        collated = model.gliner.collate_batch(batch["input_x"], batch["entity_types"])
        assert int(collated["words_mask"].max()) == len(words)
        assert collated["input_ids"].shape[1] <= model.reader.context


def test_a_model_that_lacks_weights_is_refused(span_folder, tmp_path):
    shutil.copytree(span_folder, tmp_path / "copy")
    path = tmp_path / "copy" / "model.safetensors"
    weights = load_file(path)
    del weights[sorted(weights)[0]]
    save_file(weights, path)
    with pytest.raises(ValueError, match=r"\[EL114\].*lacks 1 weights"):
        load(tmp_path / "copy", "tiny", "cpu", 8)


def test_damaged_weights_are_refused(span_folder, tmp_path):
    shutil.copytree(span_folder, tmp_path / "copy")
    (tmp_path / "copy" / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match=r"\[EL378\].*tiny"):
        load(tmp_path / "copy", "tiny", "cpu", 8)


def test_without_the_library_the_extra_is_named(span_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "gliner", None)
    with pytest.raises(ImportError, match=r"\[EL377\].*spacy-el4ner\[gliner\]"):
        load(span_folder, "tiny", "cpu", 8)
