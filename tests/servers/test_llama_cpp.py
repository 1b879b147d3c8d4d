"""The ensemble against a real server: that of llama.cpp."""

import math
import re

import pytest
import spacy

pytest.importorskip("xllamacpp", reason="needs the server of llama.cpp (extra 'dev')")
pytest.importorskip("gguf", reason="needs gguf, which writes its files (extra 'dev')")

from spacy_el4ner.backends.dialects.llama_cpp import LlamaCpp
from spacy_el4ner.backends.grammars import accepts
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest, Window
from tests.servers.gguf_files import save_gguf
from tests.servers.lessons import TEXT, lessons, teach
from tests.tiny import LABELS, save_family
from tests.tiny_tokenizers import TEXTS

CONTEXT = 1024
TEMPLATE = "compact/plain"
PROMPT = Prompt("You find names.", "Bill paid the bill in Paris.", " Is Bill a PERSON?")


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    return save_family(tmp_path_factory.mktemp("untaught"), "llama")


@pytest.fixture(scope="module")
def untaught_address(llama_cpp, untaught):
    return llama_cpp(save_gguf(untaught))


@pytest.fixture
def connect(untaught, untaught_address):
    """A backend of the untaught model, by its settings."""
    made = []

    def connect(**settings):
        settings = {"dialect": LlamaCpp(), "context": CONTEXT, "retries": 0, **settings}
        made.append(OpenAIBackend("any", untaught_address, tokenizer=str(untaught), **settings))
        return made[-1]

    yield connect
    for backend in made:
        backend.unload()


def window(text):
    return Window(text, 0, tuple(m.span() for m in re.finditer(r"\w+|[^\w\s]", text)))


@pytest.mark.parametrize("options", [("true", "false"), ("person", "percent", "place", "none")])
def test_options_are_as_likely_as_in_process(connect, untaught, options):
    every = {"top_logprobs": 10**4}  # an untaught model's options are among the least likely tokens
    request = ScoreRequest(PROMPT, options)
    (served,) = connect(parameters=every).score([request])
    (here,) = HFBackend(str(untaught)).score([request])
    assert served == pytest.approx(here, abs=5e-3)


@pytest.mark.parametrize("format", [InlineTags(), SpanList()], ids=["inline_tags", "span_list"])
def test_an_untaught_model_is_held_to_the_format(connect, format):
    requests = [
        DecodeRequest(Prompt("", text, " Mark:"), format.grammar(window(text))) for text in TEXTS
    ]
    for request, answer in zip(requests, connect().decode(requests), strict=True):
        assert answer.error or accepts(request.grammar, answer.text)
        assert len(answer.offsets) == len(answer.logprobs) > 0
        assert max(answer.logprobs) <= 0


def test_tokens_are_counted_as_the_server_counts_them(connect):
    backend = connect()
    for prompt, _ in lessons(PromptTemplate(TEMPLATE)):
        used = backend._server.run(
            lambda t, post: post(backend._body(t, 1, {}), lambda reply: reply["usage"]),
            [backend._turns(prompt)],
        )
        assert backend.count_prompt(prompt) == used[0]["prompt_tokens"]


def test_the_ensemble_finds_what_its_member_learnt(llama_cpp, tmp_path):
    folder = save_family(tmp_path / "taught", "llama")
    assert teach(folder, PromptTemplate(TEMPLATE), 5e-3) < 0.02
    backend = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "any",
        "base_url": llama_cpp(save_gguf(folder)),
        "dialect": {"@el4ner_dialects": "spacy-el4ner.LlamaCpp.v1"},
        "tokenizer": str(folder),
        "context": CONTEXT,
    }
    voter = {
        "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
        "template": TEMPLATE,
        "backend": backend,
    }
    config = {
        "labels": LABELS,
        "voters": {"served": voter},
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "on_error": "raise",
    }
    nlp = spacy.blank("en")
    ensemble = nlp.add_pipe("llm_ensemble_ner", config=config)
    doc = nlp(TEXT)
    ensemble.voters["served"].unload()
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Bill", "PERSON"), ("Paris", "GPE")]
    for ent in doc.ents:
        (vote,) = ent._.provenance["votes"]
        assert not vote["estimated"]
        assert 0.5 < vote["probabilities"][ent.label_] < 1
        assert math.isclose(sum(vote["probabilities"].values()), 1, abs_tol=1e-6)
