"""Sliding windows and slots taken for places: where holes do harm, the plain loop answers."""

import json
import re

import pytest

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest, Window
from tests.tiny import save_family


@pytest.mark.filterwarnings("ignore:.WL004")
@pytest.mark.parametrize(
    ("family", "setting"), [("gemma3", "sliding_window"), ("gpt_neo", "window_size")]
)
@pytest.mark.parametrize("width", [60, 100, 150, 300])
def test_drafts_that_outgrow_a_window_change_nothing(tmp_path, width, family, setting):
    """Long tags make the answer, and with it the holes, much longer than the prompt."""
    folder = save_family(tmp_path, family, 1)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, setting: width}))
    format = InlineTags(("ORGANISATION_OF_ANY_KIND_AT_ALL", "PERSON_REAL_OR_FICTIONAL"), max_tokens=1)
    texts = ("Bill paid Ann Lee of Acme in Paris today", "Who saw it")
    windows = [Window(t, 0, tuple(m.span() for m in re.finditer(r"\S+", t))) for t in texts]
    asked = [DecodeRequest(Prompt("", w.text, " Tag."), format.grammar(w)) for w in windows]
    plain, fast = (
        HFBackend(str(folder), decoder=decoder).decode(asked)
        for decoder in ("constrained", "draft_verified")
    )
    for one, other in zip(plain, fast, strict=True):
        assert one.text == other.text
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


@pytest.mark.parametrize(("family", "code"), [("gpt_neo", "WL004"), ("mpt", "WL008")])
def test_it_is_said_once_that_the_plain_loop_answers(tmp_path, family, code):
    backend = HFBackend(str(save_family(tmp_path, family)))
    text = "Bill paid Ann Lee of Acme in Paris today"
    window = Window(text, 0, tuple(m.span() for m in re.finditer(r"\S+", text)))
    asked = [DecodeRequest(Prompt("", text, " Tag."), InlineTags().grammar(window))]
    options = [
        ScoreRequest(Prompt("", text, f" What is {n}?"), ("PERSON", "none")) for n in ("Ann", "it")
    ]
    with pytest.warns(UserWarning, match=code):
        backend.decode(asked)
    assert backend.score(options)  # warnings are errors
