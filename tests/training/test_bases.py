from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from spacy_el4ner import minilm
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.training.backbones import TAGS, BackboneTrainer
from spacy_el4ner.training.bases import (
    BACKBONE,
    CharacterBaseSettings,
    make_characters_base,
    make_minilm_base,
    suitable,
)
from tests.tiny_tokenizers import TEXTS
from tests.training import corpus

LABELS = ["GPE", "PERSON"]
SMALL = CharacterBaseSettings(width=16, layers=1, heads=2, drills=4, sentences=1, batch_size=2)


class Interrupt(Exception):
    pass


def made(out, **options):
    return make_characters_base(TEXTS, LABELS, out, settings=SMALL, **options)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    out = tmp_path_factory.mktemp("characters") / "base"
    return out, made(out)


def weights(out):
    return (out / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    if not minilm.installed():
        pytest.skip("needs the extra 'offline'")
    pool = gold_demonstrations(corpus.docs())
    trainer = BackboneTrainer(pool, corpus.LABELS, tmp_path_factory.mktemp("backbones"), scale=0.01)
    trainer.train(BACKBONE)
    return trainer.out / BACKBONE, [demonstration.window.text for demonstration in pool]


def test_the_minilm_base_is_an_ordinary_directory_with_the_tags(backbone, tmp_path):
    out = tmp_path / "base"
    record = make_minilm_base(*backbone, LABELS, out)
    model = AutoModelForCausalLM.from_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert model.config.is_decoder
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    piece = PieceTokenizer(tokenizer).piece
    for label in LABELS:
        assert tokenizer.convert_ids_to_tokens(piece(f"<{label}>")) == ["<", f"{label}>"]
        assert tokenizer.convert_ids_to_tokens(piece(f"</{label}>")) == [f"</{label}>"]
    before = weights(out)
    assert make_minilm_base(*backbone, LABELS, out) == record
    assert weights(out) == before


def test_the_minilm_base_knows_what_the_backbone_learnt(backbone, tmp_path):
    folder, texts = backbone
    make_minilm_base(folder, texts, LABELS, tmp_path / "base")
    tokens = AutoTokenizer.from_pretrained(folder)(texts[0], return_tensors="pt").input_ids
    one, other = (
        AutoModelForCausalLM.from_pretrained(path)(tokens).logits
        for path in (folder, tmp_path / "base")
    )
    shared = one.shape[-1] - len(TAGS)
    assert torch.allclose(one[..., :shared], other[..., :shared], atol=1e-4)


def test_the_tags_of_the_minilm_base_begin_as_their_names(backbone, tmp_path):
    make_minilm_base(*backbone, LABELS, tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    embeddings = AutoModelForCausalLM.from_pretrained(tmp_path / "base").get_input_embeddings().weight
    for label in LABELS:
        name = embeddings[tokenizer(label, add_special_tokens=False).input_ids].mean(0)
        assert torch.equal(embeddings[tokenizer.convert_tokens_to_ids(f"{label}>")], name)


def test_the_base_of_characters_is_an_ordinary_directory(base):
    out, record = base
    model = AutoModelForCausalLM.from_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    assert record["plan"]["labels"] == LABELS
    assert [path.name for path in out.parent.iterdir()] == ["base"]
    assert torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all()


def test_the_same_seed_makes_the_same_weights(base, tmp_path):
    made(tmp_path / "again")
    made(tmp_path / "other", seed=1)
    assert weights(tmp_path / "again") == weights(base[0])
    assert weights(tmp_path / "other") != weights(base[0])


@pytest.mark.parametrize(("sentences", "rounds"), [(0, 1), (len(TEXTS), 1), (3 * len(TEXTS), 3)])
def test_the_text_goes_round_until_there_are_enough_sentences(tmp_path, sentences, rounds):
    seen = set()
    settings = replace(SMALL, sentences=sentences, batch_size=len(TEXTS))

    def show(steps, done, loss):
        seen.add(steps)

    make_characters_base(TEXTS, LABELS, tmp_path / "base", settings=settings, show=show)
    drills = 1  # of four, in one batch
    assert seen == {drills + rounds}


def test_what_is_complete_is_not_made_again(base):
    out, record = base
    before = (out / "model.safetensors").stat().st_mtime_ns
    assert made(out) == record
    assert (out / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize("at", [1, 3, 5])
def test_an_interrupted_making_goes_on_where_it_was(base, tmp_path, at):
    """Two steps of drills are followed by three of text."""
    after = []

    def stop(steps, done, loss):
        if done == at:
            raise Interrupt

    with pytest.raises(Interrupt):
        made(tmp_path / "base", show=stop, save_every=0)
    assert not (tmp_path / "base").exists()
    made(tmp_path / "base", show=lambda steps, done, loss: after.append((done, steps)))
    assert after == [(n, 5) for n in range(at, 6)]
    assert weights(tmp_path / "base") == weights(base[0])


def test_a_script_without_spaces_gets_a_base_of_characters():
    assert suitable(["魏丞相使怒去，歸告懷王。", "秦王聞之大喜。"]) == "characters"
    assert suitable(["Bill paid the bill in Paris.", "魏丞相"]) == "minilm"
