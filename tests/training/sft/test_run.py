import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.storage.model_record import record_of
from spacy_el4ner.training.characters import build_model, build_tokenizer
from spacy_el4ner.training.sft.demonstrations import demonstration_finder
from spacy_el4ner.training.sft.run import (
    finetune,
    load_trainable_model,
    padding_token,
    save_weights,
)
from spacy_el4ner.training.sft.settings import FinetuningSettings
from tests.kills import KILLS, Killer, needs_fork
from tests.strategies import make_shot, sentence
from tests.tiny import save_family
from tests.training.sft.corpus import LABELS, SENTENCES, Letters

TAGS = [tag for label in LABELS for tag in (f"{label}>", f"</{label}>")]
ROOT = Path(__file__).parents[3]
QUICK = FinetuningSettings(
    template="compact",
    k=1,
    max_tokens=4,
    rank=4,
    alpha=8,
    dropout=0.1,
    epochs=2,
    batch_size=4,
    batch_tokens=60,
    learning_rate=5e-3,
    precision="float32",
)


@pytest.fixture(scope="module", params=["qwen2", "llama", "compact"])
def base(request, tmp_path_factory):
    return str(save_family(tmp_path_factory.mktemp(request.param), request.param))


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return str(save_family(tmp_path_factory.mktemp("qwen2"), "qwen2"))


def train(model, out, settings=QUICK, sentences=SENTENCES, **more):
    return finetune(model, sentences, out, settings, encoder=Letters(), **more)


def losses(out):
    return [json.loads(line)["loss"] for line in (out / "loss.jsonl").read_text().splitlines()]


def weights(out):
    return (out / "adapter_model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(qwen, tmp_path_factory):
    """A run that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole") / "adapter"
    return out, train(qwen, out, dev=SENTENCES[:4])


def found(backend):
    """What a model tags in the training sentences."""
    demonstrations = demonstration_finder(SENTENCES, QUICK.k, SentenceSimilarity(Letters()))(SENTENCES)
    read = TaggingLLM(backend, "compact", max_tokens=4).read(
        [s.window for s in SENTENCES], demonstrations, LABELS
    )
    return [tuple(m.mention for m in reading.mentions) for reading in read]


class TestTraining:
    @pytest.mark.parametrize("loss", ["full", "allowed"])
    def test_an_adapter_lowers_the_loss_and_is_loaded_by_the_backend(self, base, tmp_path, loss):
        out = tmp_path / "adapter"
        train(base, out, replace(QUICK, loss=loss, epochs=6))
        first, last = losses(out)[:3], losses(out)[-3:]
        assert sum(last) < 0.9 * sum(first)
        assert (out / "adapter_config.json").is_file()
        assert found(HFBackend(base, adapter=str(out))) != found(HFBackend(base))

    @pytest.mark.parametrize("method", ["lora", "full"])
    def test_a_dozen_sentences_can_be_learnt_by_heart(self, qwen, tmp_path, method):
        out = tmp_path / "model"
        settings = replace(
            QUICK, method=method, loss="allowed", epochs=30, rank=16, alpha=32, dropout=0.0
        )
        train(qwen, out, replace(settings, batch_tokens=4096))
        backend = HFBackend(qwen, adapter=str(out)) if method == "lora" else HFBackend(str(out))
        assert found(backend) == [s.mentions for s in SENTENCES]

    def test_gradients_add_up_however_they_are_spread_over_passes(self, qwen, tmp_path):
        steady = replace(QUICK, dropout=0.0)
        train(qwen, tmp_path / "one", replace(steady, batch_tokens=4096))
        train(qwen, tmp_path / "many", replace(steady, batch_tokens=1))
        assert losses(tmp_path / "one") == pytest.approx(losses(tmp_path / "many"), rel=1e-3)

    def test_gradient_checkpointing_changes_nothing(self, qwen, tmp_path):
        steady = replace(QUICK, dropout=0.0, epochs=1)
        train(qwen, tmp_path / "plain", steady)
        train(qwen, tmp_path / "frugal", replace(steady, gradient_checkpointing=True))
        assert losses(tmp_path / "plain") == pytest.approx(losses(tmp_path / "frugal"), rel=1e-4)

    @pytest.mark.parametrize("dev", [(), SENTENCES[:4]], ids=["alone", "with dev"])
    def test_the_mean_of_the_weights_is_what_is_kept(self, qwen, tmp_path, dev):
        last = train(qwen, tmp_path / "last", QUICK, dev=dev)
        mean = train(qwen, tmp_path / "mean", replace(QUICK, ema_decay=0.9), dev=dev)
        assert losses(tmp_path / "mean") == losses(tmp_path / "last")  # it learns as it would
        assert weights(tmp_path / "mean") != weights(tmp_path / "last")
        assert not dev or mean["dev_loss"] != last["dev_loss"]

    def test_gaps_are_read_in_training_alone(self, tmp_path):
        tokenizer = build_tokenizer([s.window.text for s in SENTENCES], TAGS, 256)
        torch.manual_seed(0)
        model = str(tmp_path / "model")
        build_model(tokenizer, 32, 2, 2).save_pretrained(model)
        tokenizer.save_pretrained(model)
        still = replace(QUICK, method="full", dropout=0.0, learning_rate=0.0)
        whole = train(model, tmp_path / "whole", still, dev=SENTENCES)
        gaps = train(model, tmp_path / "gaps", replace(still, mask_rate=0.5), dev=SENTENCES)
        assert losses(tmp_path / "gaps") != pytest.approx(losses(tmp_path / "whole"), rel=1e-6)
        assert gaps["dev_loss"] == pytest.approx(whole["dev_loss"], rel=1e-6)

    def test_the_best_epoch_on_dev_is_kept(self, qwen, tmp_path):
        swapped = {"PERSON": "GPE", "GPE": "PERSON"}
        wrong = [
            replace(s, mentions=tuple(replace(m, label=swapped[m.label]) for m in s.mentions))
            for s in SENTENCES
        ]
        longer = replace(QUICK, loss="allowed", epochs=12, rank=16, alpha=32, dropout=0.0)
        late = train(qwen, tmp_path / "late", longer, dev=wrong)["dev_loss"]
        best = late.index(min(late))
        assert best < len(late) - 3
        early = train(qwen, tmp_path / "early", replace(longer, patience=3), dev=wrong)
        assert early["dev_loss"] == late[: best + 4]
        assert weights(tmp_path / "early") == weights(tmp_path / "late")


class TestResult:
    def test_the_manifest_says_what_it_was_made_from(self, whole, qwen):
        out, record = whole
        assert record_of(out) == record
        plan = record["plan"]
        assert (plan["base"], plan["labels"], plan["sentences"], plan["k"]) == (qwen, LABELS, 12, 1)
        assert len(plan["data_sha256"]) == len(plan["base_sha256"]) == 64

    def test_nothing_else_is_left(self, whole):
        out, _ = whole
        assert [path.name for path in out.parent.iterdir()] == ["adapter"]
        assert {"adapter_model.safetensors", "loss.jsonl"} <= {p.name for p in out.iterdir()}

    def test_there_is_a_picture_where_matplotlib_is(self, whole):
        pytest.importorskip("matplotlib")
        assert (whole[0] / "loss.png").read_bytes().startswith(b"\x89PNG")

    def test_what_is_complete_is_not_made_again(self, whole, qwen):
        out, record = whole
        before = (out / "adapter_model.safetensors").stat().st_mtime_ns
        assert train(qwen, out, dev=SENTENCES[:4]) == record
        assert (out / "adapter_model.safetensors").stat().st_mtime_ns == before

    def test_other_settings_are_refused_where_there_is_a_result(self, whole, qwen):
        with pytest.raises(ValueError, match=r"\[EL052\].*other settings \(rank, seed\)"):
            train(qwen, whole[0], replace(QUICK, rank=2, seed=1), dev=SENTENCES[:4])

    def test_another_seed_makes_another_adapter(self, whole, qwen, tmp_path):
        train(qwen, tmp_path / "other", replace(QUICK, seed=1))
        assert weights(tmp_path / "other") != weights(whole[0])

    def test_a_trained_model_is_an_ordinary_directory(self, qwen, tmp_path):
        out = tmp_path / "model"
        train(qwen, out, replace(QUICK, method="full", epochs=1))
        assert (out / "model.safetensors").is_file()
        assert (out / "tokenizer.json").is_file()
        before, after = (load_file(Path(p) / "model.safetensors") for p in (qwen, out))
        assert before.keys() == after.keys()
        assert any(not before[key].equal(after[key]) for key in before)

    def test_frozen_embeddings_stay_what_they_were(self, qwen, tmp_path):
        out = tmp_path / "model"
        train(qwen, out, replace(QUICK, method="full", freeze_embeddings=True, epochs=1))
        before, after = (load_file(Path(p) / "model.safetensors") for p in (qwen, out))
        moved = {key for key in before if not before[key].equal(after[key])}
        assert any("layers" in key for key in moved)
        assert not any("embed" in key or "lm_head" in key for key in moved)

    def test_a_result_of_other_settings_is_replaced_where_that_is_wanted(self, qwen, tmp_path):
        out = tmp_path / "adapter"
        quick = replace(QUICK, epochs=1)
        train(qwen, out, quick)
        before = (out / "adapter_model.safetensors").stat().st_mtime_ns
        train(qwen, out, quick, overwrite=True)
        assert (out / "adapter_model.safetensors").stat().st_mtime_ns == before
        record = train(qwen, out, replace(quick, seed=1), overwrite=True)
        assert record_of(out) == record
        assert record["plan"]["seed"] == 1
        assert [path.name for path in tmp_path.iterdir()] == ["adapter"]

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_what_fine_tuning_did_not_make_stays(self, qwen, tmp_path, overwrite):
        for record in (None, {"plan": {"kind": "characters"}}):
            (tmp_path / "mine.txt").write_text("mine")
            if record is not None:
                (tmp_path / "el4ner.json").write_text(json.dumps(record))
            with pytest.raises(ValueError, match="EL137"):
                train(qwen, tmp_path, overwrite=overwrite)
            assert (tmp_path / "mine.txt").read_text() == "mine"


class Interrupt(Exception):
    pass


class TestResuming:
    @pytest.mark.parametrize("at", [1, 3, 4, 6])
    def test_an_interrupted_run_ends_like_one_that_was_not(self, whole, qwen, tmp_path, at):
        def show(steps, done, loss):
            if done == at:
                raise Interrupt

        out = tmp_path / "adapter"
        with pytest.raises(Interrupt):
            train(qwen, out, dev=SENTENCES[:4], show=show, save_every=0)
        assert not out.exists()
        (tmp_path / ".adapter.training" / ".checkpoint-00000009.ab.tmp").mkdir()
        train(qwen, out, dev=SENTENCES[:4])
        assert weights(out) == weights(whole[0])
        assert losses(out) == losses(whole[0])

    def test_a_mean_of_weights_is_not_lost_with_the_run(self, qwen, tmp_path):
        def show(steps, done, loss):
            if done == 4:
                raise Interrupt

        settings = replace(QUICK, ema_decay=0.9)
        train(qwen, tmp_path / "whole", settings)
        with pytest.raises(Interrupt):
            train(qwen, tmp_path / "again", settings, show=show, save_every=0)
        train(qwen, tmp_path / "again", settings)
        assert weights(tmp_path / "again") == weights(tmp_path / "whole")

    @pytest.mark.slow
    def test_a_killed_run_ends_like_one_that_was_not(self, whole, qwen, tmp_path):
        out = tmp_path / "adapter"
        program = (
            "import sys, time; from tests.training.sft.test_run import *\n"
            "train(sys.argv[1], Path(sys.argv[2]), dev=SENTENCES[:4], save_every=0,"
            " show=lambda *_: time.sleep(0.3))"
        )
        running = subprocess.Popen([sys.executable, "-c", program, qwen, str(out)], cwd=ROOT)
        log = tmp_path / ".adapter.training" / "loss.jsonl"
        deadline = time.monotonic() + 240
        while not (log.is_file() and len(log.read_text().splitlines()) >= 2):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert not out.exists()
        train(qwen, out, dev=SENTENCES[:4])
        assert weights(out) == weights(whole[0])
        assert losses(out) == losses(whole[0])

    @needs_fork
    @pytest.mark.slow
    def test_a_run_killed_at_any_moment_ends_like_one_that_was_not(self, whole, qwen, tmp_path):
        start = time.perf_counter()
        train(qwen, tmp_path / "warm", dev=SENTENCES[:4], save_every=0)
        killer = Killer(time.perf_counter() - start, 0)
        for n in range(KILLS):
            out = tmp_path / str(n)
            killer.kill(train, qwen, out, dev=SENTENCES[:4], save_every=0)
            train(qwen, out, dev=SENTENCES[:4])
            assert weights(out) == weights(whole[0])
            assert losses(out) == losses(whole[0])
        print(f"killed while going on: {killer.killed} of {KILLS}")
        assert killer.killed

    def test_a_run_does_not_go_on_with_other_settings(self, qwen, tmp_path):
        def show(steps, done, loss):
            raise Interrupt

        with pytest.raises(Interrupt):
            train(qwen, tmp_path / "adapter", show=show, save_every=0)
        with pytest.raises(ValueError, match=r"\.adapter\.training' comes from .* \(epochs\)"):
            train(qwen, tmp_path / "adapter", replace(QUICK, epochs=5))
        assert train(qwen, tmp_path / "adapter", replace(QUICK, epochs=1), overwrite=True)["steps"] == 3
        assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


class TestDiverging:
    @pytest.mark.parametrize("dev", [(), SENTENCES[:4]], ids=["alone", "with dev"])
    def test_a_training_that_diverges_is_refused_and_leaves_no_checkpoint(self, qwen, tmp_path, dev):
        # Weights of which even a product is too large.
        settings = replace(QUICK, learning_rate=1e30, max_grad_norm=1e30)
        with pytest.raises(ValueError, match=r"EL136.*diverged"):
            train(qwen, tmp_path / "adapter", settings, dev=dev, save_every=0)
        assert [path.name for path in tmp_path.iterdir()] == [".adapter.training"]
        for checkpoint in (tmp_path / ".adapter.training").glob("checkpoint-*"):
            saved = load_file(checkpoint / "weights.safetensors")
            assert all(value.isfinite().all() for value in saved.values())

    def test_weights_that_are_no_numbers_are_not_saved(self, qwen, tmp_path, monkeypatch):
        class Poisoned(torch.optim.AdamW):
            def step(self, closure=None):
                super().step(closure)
                with torch.no_grad():
                    self.param_groups[0]["params"][0].fill_(torch.nan)

        monkeypatch.setattr(torch.optim, "AdamW", Poisoned)
        with pytest.raises(ValueError, match=r"EL136.*a weight is not a finite number"):
            train(qwen, tmp_path / "adapter", save_every=0)
        assert not list((tmp_path / ".adapter.training").glob("checkpoint-*"))


class TestInput:
    def test_sentences_without_entities_are_refused(self, qwen, tmp_path):
        bare = [make_shot(sentence("It rained"))]
        with pytest.raises(ValueError, match=r"\[EL053\] None of the 1 sentences"):
            train(qwen, tmp_path / "adapter", sentences=bare)

    @pytest.mark.parametrize("setting", ["demonstrations", "loss", "method", "precision"])
    def test_unknown_values_are_refused(self, setting):
        with pytest.raises(ValueError, match=f"'nonsense' for '{setting}'"):
            FinetuningSettings(**{setting: "nonsense"})

    def test_masking_takes_a_tokenizer_with_a_mask_token(self, qwen, tmp_path):
        with pytest.raises(ValueError, match=r"\[EL139\].*has no mask token"):
            train(qwen, tmp_path / "adapter", replace(QUICK, mask_rate=0.1))
        assert list(tmp_path.iterdir()) == []

    def test_what_is_lost_is_said(self, qwen, tmp_path):
        long = make_shot(sentence("Ann Lee of Acme Ltd. left"), (0, 20, "PERSON"))
        with pytest.warns(UserWarning, match=r"\[WL020\].* of 13 sentences.* 1 entities are too long"):
            train(qwen, tmp_path / "adapter", sentences=[*SENTENCES, long])

    def test_a_model_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(ValueError, match=r"EL006.*nowhere"):
            train(str(tmp_path / "nowhere"), tmp_path / "adapter")
        assert list(tmp_path.iterdir()) == []


def test_an_adapter_is_saved_without_a_look_for_its_base(qwen, tmp_path):
    adapted = load_trainable_model(qwen, None, QUICK, torch.device("cpu"))
    adapted.peft_config["default"].base_model_name_or_path = "a-name-of-the-catalogue"
    save_weights(adapted, tmp_path)  # a warning would be an error
    assert (tmp_path / "adapter_model.safetensors").exists()


def test_labels_that_are_not_to_be_tagged_are_named(qwen, tmp_path):
    with pytest.warns(UserWarning, match=r"WL021.*PERSON \(\d+\).*GPE"):
        train(qwen, tmp_path / "out", replace(QUICK, epochs=1), labels={"GPE": ""})


def test_a_context_that_no_sentence_fits_into_is_told(qwen, tmp_path):
    with pytest.warns(UserWarning, match="WL020"), pytest.raises(ValueError, match=r"EL301.*12"):
        train(qwen, tmp_path / "out", replace(QUICK, context=12))


def test_padding_is_a_token_that_the_model_has(qwen):
    model = load_trainable_model(qwen, None, QUICK, torch.device("cpu"))
    known = model.get_input_embeddings().num_embeddings
    for token in (None, 3, known, known + 5):
        assert 0 <= padding_token(SimpleNamespace(pad_token_id=token), model) < known
