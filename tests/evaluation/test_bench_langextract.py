"""langextract in the benchmark, with llama.cpp's server and a tiny model."""

import json
from importlib.util import find_spec

import pytest

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.errors import EL4NERImportError
from spacy_el4ner.evaluation.bench import job, langextract, measure
from spacy_el4ner.evaluation.bench.sentences import (
    Sentence,
    digest,
    read_sentences,
    write_sentences,
)
from spacy_el4ner.evaluation.bench.system import AnswerRules, SystemNotApplicable, SystemReply
from spacy_el4ner.evaluation.bench.systems import make_systems
from spacy_el4ner.formats.inline_tags import inline_tags_v1
from spacy_el4ner.types import Demonstration, Mention, Prompt, Window
from tests.tiny import save_family

# Of the packages that langextract imports.
pytestmark = pytest.mark.filterwarnings("default")
needs_langextract = pytest.mark.skipif(
    not langextract.installed() or find_spec("xllamacpp") is None,
    reason="needs the extras 'langextract' and 'llamacpp'",
)
LABELS = {"PERSON": "a human being", "PLACE": ""}
RULES = AnswerRules(inline_tags_v1(), labels=LABELS)
WINDOW = Window("Ann saw Rome.", 0, ((0, 3), (4, 7), (8, 12), (12, 13)))
GOLD = (Mention(0, 3, "PERSON"), Mention(8, 12, "PLACE"))
SENTENCE = Sentence(Prompt("", "Ann saw Rome.", ""), WINDOW, GOLD, (Demonstration("d", WINDOW, GOLD),))
BARE = Sentence(SENTENCE.prompt, WINDOW, (), (Demonstration("d", WINDOW, ()),))


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """langextract with a model of random weights."""
    pytest.importorskip("gguf", reason="needs gguf, which writes its files (extra 'dev')")
    from tests.servers.gguf_files import save_gguf

    folder = save_family(tmp_path_factory.mktemp("model"), "llama")
    save_gguf(folder)
    (system,) = make_systems(
        ["langextract"], HFBackend(str(folder / "model.gguf"), device="cpu"), RULES
    )
    system.prepare([SENTENCE])
    yield system
    system.llamacpp.unload()


def told(system, monkeypatch, answer):
    """The reply to the sentence, read from an answer."""
    monkeypatch.setattr(system, "_complete", lambda most, prompt: SystemReply(answer, 1, 1))
    (reply,) = system.answer([SENTENCE])
    return reply


def found(*extractions):
    return json.dumps({"extractions": [dict([extraction]) for extraction in extractions]})


@needs_langextract
def test_langextract_is_a_peer_that_reads_the_same_file(system):
    (row,) = measure.measure([system], [SENTENCE], 1, 1, "cpu", lambda title, done: None)
    assert row["peer"]
    assert row["constrained"]
    assert row["model"] == row["precision"] == "model.gguf"
    assert row["prompt_tokens_per_doc"] > 0
    assert 0 < row["answer_tokens_per_doc"] <= system._limits[SENTENCE]


@needs_langextract
def test_the_server_constrains_the_answer_to_the_schema_of_langextract(system):
    (reply,) = system.answer([SENTENCE])
    assert "".join(reply.text.split()).startswith('{"extractions":[')


@needs_langextract
def test_the_prompt_has_labels_demonstrations_and_the_sentence(system):
    system.answer([SENTENCE])
    (prompt,) = system._read[SENTENCE][0].prompts
    assert "- PERSON: a human being\n- PLACE\n" in prompt
    assert '"PERSON": "Ann"' in prompt
    assert prompt.endswith("Q: Ann saw Rome.\nA: ")


@needs_langextract
def test_the_gold_answer_of_langextract_is_valid_and_has_the_gold_spans(system, monkeypatch):
    reply = told(system, monkeypatch, found(("PERSON", "Ann"), ("PLACE", "Rome")))
    assert system.spans(SENTENCE, reply) == {(m.start, m.end) for m in GOLD}
    judged = system.judge(SENTENCE, reply)
    assert (judged.malformed, judged.outside) == (False, 0)


@needs_langextract
def test_what_langextract_does_not_find_in_the_sentence_is_counted(system, monkeypatch):
    reply = told(system, monkeypatch, found(("PERSON", "Ann"), ("PLACE", "Nowhere")))
    assert system.spans(SENTENCE, reply) == {(0, 3)}
    assert system.judge(SENTENCE, reply).outside == 1


@needs_langextract
def test_an_answer_that_langextract_cannot_read_is_malformed(system, monkeypatch):
    reply = told(system, monkeypatch, '{"extractions": [{"PERSON": "An')
    assert system.spans(SENTENCE, reply) == set()
    assert system.judge(SENTENCE, reply).malformed


@needs_langextract
def test_an_answer_that_langextract_fails_on_is_malformed(system, monkeypatch):
    reply = told(system, monkeypatch, found(("PERSON", "")))
    assert system.spans(SENTENCE, reply) == set()
    assert system.judge(SENTENCE, reply).malformed


@needs_langextract
def test_a_demonstration_without_entities_is_an_example_too(system, monkeypatch):
    monkeypatch.setattr(system, "_limits", dict.fromkeys([BARE], 20))
    (reply,) = system.answer([BARE])
    (prompt,) = system._read[BARE][0].prompts
    assert reply.answer > 0
    assert '"extractions": []' in prompt


@needs_langextract
def test_langextract_is_not_measured_without_demonstrations():
    (system,) = make_systems(["langextract"], HFBackend("unknown", device="cpu"), RULES)
    with pytest.raises(SystemNotApplicable, match="examples"):
        system.prepare([Sentence(SENTENCE.prompt, WINDOW, GOLD)])


def test_a_missing_langextract_is_recorded_with_its_extra(monkeypatch):
    monkeypatch.setattr(langextract, "installed", lambda: False)
    (system,) = make_systems(["langextract"], HFBackend("unknown", device="cpu"), RULES)
    with pytest.raises(SystemNotApplicable, match="extra langextract"):
        system.prepare([SENTENCE])


def test_asking_for_a_missing_langextract_names_its_extra(monkeypatch):
    monkeypatch.setattr(langextract, "installed", lambda: False)
    with pytest.raises(EL4NERImportError, match=r"EL023.*spacy-el4ner\[langextract\]"):
        job._chosen("langextract,floor")


def test_demonstrations_are_exported_with_the_sentences(tmp_path):
    write_sentences(tmp_path / "sentences.json", [SENTENCE], RULES.format)
    sentences, _ = read_sentences(tmp_path / "sentences.json")
    assert sentences == [SENTENCE]


def test_demonstrations_leave_the_hash_of_a_benchmark_as_it_was():
    assert digest([SENTENCE]) == digest([Sentence(SENTENCE.prompt, WINDOW, GOLD)])
