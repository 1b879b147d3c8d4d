"""Tables of positions: beyond them nothing can be read, and on a GPU trying kills the process."""

import pytest

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest
from tests.strategies import sentence
from tests.tiny import save_compact, save_family

SHORT, LONG = sentence("Bill left Paris ."), sentence("Ann met Bill " * 90 + ".")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("model"), 0))  # 512 positions


def request(window):
    return DecodeRequest(Prompt("", window.text, " mark :"), InlineTags().grammar(window))


@pytest.mark.parametrize("decoder", ["draft_verified", "constrained"])
def test_an_answer_beyond_the_last_position_is_none_and_its_neighbours_are(folder, decoder):
    backend = HFBackend(folder, decoder=decoder)
    alone = backend.decode([request(SHORT)])[0]
    first, failed, last = backend.decode([request(SHORT), request(LONG), request(SHORT)])
    assert (failed.text, failed.error[:7]) == ("", "[EL113]")
    assert first.text == last.text == alone.text != ""
    assert not first.error


@pytest.mark.parametrize("decoder", ["draft_verified", "constrained"])
def test_an_answer_may_end_at_the_last_position(folder, decoder):
    backend = HFBackend(folder, decoder=decoder)
    asked = request(SHORT)
    whole = backend.decode([asked])[0]
    read = backend.count_prompt(asked.prompt) + len(whole.logprobs) - 1  # the last one is not read
    for limit, expected in ((read, whole.text), (read - 1, "")):
        backend.forget()
        backend._runner.limit = limit
        assert backend.decode([asked])[0].text == expected


def test_a_question_beyond_the_last_position_is_an_error(folder):
    asked = ScoreRequest(Prompt("", LONG.text * 2, " what :"), ("PERSON", "none"))
    with pytest.raises(ValueError, match=r"EL113.*512"):
        HFBackend(folder).score([asked])


def test_a_model_that_computes_positions_has_no_limit(tmp_path):
    backend = HFBackend(str(save_family(tmp_path, "qwen2")))
    assert backend.decode([request(SHORT)])[0].text
    assert backend._runner.limit is None
