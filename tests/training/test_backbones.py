import math

import pytest
import spacy
import torch
from spacy.tokens import Span
from transformers import AutoModelForCausalLM, AutoTokenizer

from spacy_el4ner import minilm
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.text.windows import WORDS
from spacy_el4ner.training.backbones import COMPACT_BACKBONES, BackboneTrainer, trained_here
from tests.strategies import make_shot, make_window
from tests.training.corpus import LABELS, docs

pytestmark = pytest.mark.skipif(not minilm.installed(), reason="needs the extra 'offline'")


def trainer(out, scale=0.02, **settings):
    return BackboneTrainer(gold_demonstrations(docs()), LABELS, out, scale=scale, **settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("backbones")
    return out, {name: trainer(out).train(name) for name in COMPACT_BACKBONES}


def test_backbones_are_ordinary_directories_of_different_depth(made):
    out, _ = made
    depths = set()
    for name in COMPACT_BACKBONES:
        model = AutoModelForCausalLM.from_pretrained(out / name)
        tokenizer = AutoTokenizer.from_pretrained(out / name)
        assert tokenizer.chat_template
        assert model.get_input_embeddings().num_embeddings == len(tokenizer)
        depths.add(model.config.num_hidden_layers)
    assert len(depths) == 3


def test_very_long_sentences_get_fewer_steps_in_the_same_time(tmp_path):
    for times, share in ((4, 0.5), (2, 1.0)):
        demonstration = make_shot(make_window(*["Ann"] * times * WORDS), (0, 3, "PERSON"))
        assert BackboneTrainer([demonstration], LABELS, tmp_path).share == share
    assert trainer(tmp_path).share == 1.0


def test_the_same_seed_makes_the_same_weights(made, tmp_path):
    out, records = made
    again = trainer(tmp_path).train("marked")
    assert again == records["marked"]
    first, second = (
        AutoModelForCausalLM.from_pretrained(folder / "marked").state_dict()
        for folder in (out, tmp_path)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_what_is_complete_is_not_made_again(made):
    out, records = made
    before = (out / "terse" / "model.safetensors").stat().st_mtime_ns
    assert trainer(out).train("terse") == records["terse"]
    assert (out / "terse" / "model.safetensors").stat().st_mtime_ns == before


def test_other_data_makes_another_backbone(made):
    out, records = made
    other = BackboneTrainer(gold_demonstrations(docs()[:-1]), LABELS, out / "other", scale=0.02)
    assert other.train("terse")["plan"]["data_sha256"] != records["terse"]["plan"]["data_sha256"]


def test_training_lowers_the_loss(made, tmp_path):
    _, records = made
    longer = trainer(tmp_path, scale=0.1).train("terse")
    assert longer["final_loss"] < 0.7 * records["terse"]["final_loss"]


def test_an_interrupted_making_leaves_no_half_backbone(tmp_path):
    def interrupted(steps, title):
        for n in steps:
            if title == "terse" and n == 1:
                raise KeyboardInterrupt
            yield n

    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path, progress=interrupted).train("terse")
    assert not (tmp_path / "terse").exists()


def test_a_sentence_whose_jobs_are_longer_than_the_context_together_is_learnt(tmp_path):
    record = BackboneTrainer(gold_demonstrations([crowd(80)]), LABELS, tmp_path, scale=0.004).train(
        "plain"
    )
    assert math.isfinite(record["final_loss"])
    assert record["too_long"] == 0


def test_jobs_that_the_context_has_no_room_for_are_left_out_and_counted(tmp_path):
    pool = gold_demonstrations([docs()[0], crowd(300)])
    record = BackboneTrainer(pool, LABELS, tmp_path, scale=0.02).train("plain")
    assert record["too_long"] == 1


def test_where_no_sentence_fits_the_context_it_says_so(tmp_path):
    with pytest.raises(ValueError, match="EL138"):
        BackboneTrainer(gold_demonstrations([crowd(300)]), LABELS, tmp_path).train("plain")
    assert not (tmp_path / "plain").exists()


def test_without_an_entity_there_is_nothing_to_learn(tmp_path):
    with pytest.raises(ValueError, match="EL053"):
        BackboneTrainer([make_shot(make_window("Rain", "fell"))], [], tmp_path)


def crowd(n):
    """A sentence of some 2n tokens, every second one a name."""
    doc = spacy.blank("en").make_doc(" ".join(["and Ann"] * n))
    doc.user_data["id"] = f"crowd{n}"
    doc.ents = [Span(doc, at, at + 1, "PERSON") for at in range(1, 2 * n, 2)]
    return doc


def blocks(**models):
    return {name: {"backend": {"model": str(model)}} for name, model in models.items()}


def test_only_backbones_in_the_folder_are_trained_here(tmp_path):
    settings = blocks(terse=tmp_path / "terse", qwen="Qwen/Qwen2.5-7B-Instruct")
    assert trained_here(settings, tmp_path) == ["terse"]


def test_an_unknown_compact_backbone_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\[EL010\].*'chatty'.*terse"):
        trained_here(blocks(chatty=tmp_path / "chatty"), tmp_path)
