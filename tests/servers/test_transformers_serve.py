"""The ensemble against a real server: `transformers serve`, in an environment of its own."""

import pytest
import spacy

from spacy_el4ner import minilm
from spacy_el4ner.backends.base import BackendUnavailable, RequestFailed
from spacy_el4ner.backends.dialects.llama_cpp import LlamaCpp
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.training.backbones import BackboneTrainer
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest
from tests.servers.lessons import TEXT, WINDOW, lessons, teach
from tests.tiny import LABELS, save_family
from tests.tiny_tokenizers import TEXTS
from tests.training.corpus import docs

pytestmark = pytest.mark.skipif(not minilm.installed(), reason="needs the extra 'offline'")

MEMBERS = {"marked": "compact/marked", "llama": "compact/plain", "granite": "en"}
"""Name -> template: a compact backbone, made as the project makes them, and two families on the hub."""
CONTEXT = 1024


def save(folder, name):
    """RETURNS (tuple[Path, float]): An untaught member, and the learning rate that suits it."""
    if name != "marked":
        return save_family(folder / name, name), 5e-3
    BackboneTrainer(gold_demonstrations(docs()), list(LABELS), folder, scale=0.01).train(name)
    return folder / name, 5e-4


@pytest.fixture(scope="module")
def models(address, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    folders = {}
    for name, template in MEMBERS.items():
        folders[name], learning_rate = save(folder, name)
        assert teach(folders[name], PromptTemplate(template), learning_rate) < 0.02
    return folders


@pytest.fixture(scope="module")
def nlp(address, models):
    """The ensemble, each of its members on the server."""
    blocks = {
        name: {
            "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
            "template": MEMBERS[name],
            "backend": {
                "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
                "model": str(folder),
                "base_url": address,
                "tokenizer": str(folder),
                "context": CONTEXT,
                "max_concurrency": 2,
            },
        }
        for name, folder in models.items()
    }
    nlp = spacy.blank("en")
    config = {"labels": LABELS, "voters": blocks, "on_error": "raise"}
    config["retriever"] = {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    yield nlp
    for voter in nlp.get_pipe("llm_ensemble_ner").voters.values():
        voter.unload()


@pytest.fixture
def backend(address, models):
    model = str(models["granite"])
    backend = OpenAIBackend(model, address, tokenizer=model, context=CONTEXT, retries=0)
    yield backend
    backend.unload()


def test_the_ensemble_finds_what_its_members_learnt(nlp):
    doc = nlp(TEXT)
    assert [(e.text, e.label_, e._.confidence) for e in doc.ents] == [
        ("Bill", "PERSON", 1.0),
        ("Paris", "GPE", 1.0),
    ]
    for ent in doc.ents:
        assert set(ent._.provenance["proposed_by"]) == set(MEMBERS)
        assert [v["label"] for v in ent._.provenance["votes"]] == [ent.label_] * 3


@pytest.mark.filterwarnings("ignore:.WL007")
def test_nonsense_of_a_server_is_counted_and_survived(nlp):
    docs = list(nlp.pipe(TEXTS[1:4]))
    assert [doc.text for doc in docs] == TEXTS[1:4]
    assert all(doc._.el4ner["error"] == "" for doc in docs)
    counts = [doc._.el4ner["counts"] for doc in docs]
    assert all(set(c["proposed"]) == set(MEMBERS) for c in counts)


@pytest.mark.filterwarnings("ignore:.WL007")
def test_batches_agree_with_single_documents(nlp):
    together = [[(e.text, e.label_) for e in doc.ents] for doc in nlp.pipe([TEXT, *TEXTS[1:3]])]
    assert together == [[(e.text, e.label_) for e in nlp(t).ents] for t in (TEXT, *TEXTS[1:3])]


def test_tokens_are_counted_as_the_server_counts_them(backend):
    for prompt, _ in lessons(PromptTemplate(MEMBERS["granite"])):
        turns = backend._turns(prompt)
        used = backend._server.run(
            lambda t, post: post(backend._body(t, 1, {}), lambda reply: reply["usage"]), [turns]
        )
        assert backend.count_prompt(prompt) == used[0]["prompt_tokens"]


def test_an_over_long_prompt_never_reaches_the_server(backend):
    prompt = Prompt("", "Bill paid the bill. " * 300, "")
    with pytest.raises(ValueError, match="EL021"):
        backend.decode([DecodeRequest(prompt, InlineTags().grammar(WINDOW))])
    assert backend.forward_passes == 0


def test_a_model_that_the_server_does_not_have_is_unavailable(address, tmp_path):
    backend = OpenAIBackend(str(tmp_path / "nowhere"), address, retries=0)
    with pytest.raises(BackendUnavailable, match=r"(?s)EL020.*nowhere.*status 500"):
        backend.score([ScoreRequest(Prompt("", "x", "?"), ("a", "b"))])
    backend.unload()


def test_fields_beyond_the_standard_are_refused(address, models):
    backend = OpenAIBackend(str(models["marked"]), address, dialect=LlamaCpp())
    with pytest.raises(RequestFailed, match=r"(?s)EL019.*status 422.*grammar"):
        backend.score([ScoreRequest(Prompt("", "x", "?"), ("a", "b"))])
    backend.unload()
