"""The benchmark of decoding, with tiny models."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch
from spacy.tokens import DocBin
from transformers import AutoConfig, BertLMHeadModel

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.bench import job, measure, record, run, spacy_llm, tables
from spacy_el4ner.evaluation.bench.__main__ import main
from spacy_el4ner.evaluation.bench.judge import judge_text, judge_tokens
from spacy_el4ner.evaluation.bench.sentences import read_sentences
from spacy_el4ner.evaluation.bench.system import AnswerRules, SystemReply
from spacy_el4ner.evaluation.bench.systems import SYSTEMS, make_systems
from tests.cli.runner import call
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact, save_family
from tests.training.corpus import docs

# Of transformers and spaCy-llm, about models as tiny and prompts as odd as these.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
SIZES = (1, 4)
OURS = ("constrained", "draft_verified_flat", "draft_verified")
GGUF = {"llamacpp_backend", "llama_cpp_server"}
"""The systems that read a file which tiny backbones lack; langextract has tests of its own."""
NAMES = tuple(name for name in SYSTEMS if name != "langextract")


def roomy(folder, seed):
    """A tiny backbone with room for prompts of any length."""
    save_compact(folder, seed)
    config = AutoConfig.from_pretrained(folder)
    config.max_position_embeddings = 4096
    torch.manual_seed(seed)
    BertLMHeadModel(config).eval().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A pipeline of tiny backbones with room for spaCy-llm's prompt, and a corpus."""
    folder = tmp_path_factory.mktemp("bench")
    models = [roomy(folder / str(seed), seed) for seed in range(2)]
    nlp = pipeline(models, stages={"verification": False}, k=1)
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(folder / "pipeline")
    DocBin(docs=docs()[:6], store_user_data=True).to_disk(folder / "test.spacy")
    return folder


def bench(project, out, *options, code=0):
    names = NAMES if spacy_llm.installed() else NAMES[1:]
    arguments = [project / "pipeline", project / "test.spacy", out, "--repeats", 1, *options]
    if "--systems" not in options:
        arguments += ["--systems", ",".join(names)]
    sizes = ",".join(map(str, SIZES))
    arguments += ["--batch-sizes", sizes, "--limit", 6]
    result = call("bench", *arguments)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def measured(project):
    bench(project, project / "bench.json", "--ensemble-constrained")
    return json.loads((project / "bench.json").read_text())


@pytest.fixture(scope="module")
def rows(measured):
    return {(row["system"], row["batch_size"]): row for row in measured["rows"]}


def test_every_system_has_a_row_for_every_batch_size(rows, measured):
    names = NAMES if spacy_llm.installed() else NAMES[1:]
    assert set(rows) == {(name, size) for name in names if name not in GGUF for size in SIZES}
    assert set(measured["skipped"]) == GGUF
    for row in rows.values():
        assert row["docs"] == 6
        assert row["docs_per_s"] > 0
        assert row["to_floor"] > 0
        assert row["to_constrained"] > 0
        assert row["peak_mb"] > 10
    assert {"rows", "ensemble", "machine", "date", "versions", "model", "gpu", "settings"} <= set(
        measured
    )
    assert measured["gpu"] == "not run on a GPU"


def test_the_floor_takes_one_pass_a_batch(rows):
    assert rows["floor", 1]["passes_per_doc"] == 1
    assert rows["floor", 4]["passes_per_doc"] == 2 / 6
    assert rows["floor", 1]["token_ratio"] == 1
    assert rows["floor", 1]["to_floor"] == 1


def test_one_token_at_a_time_reads_no_token_twice(rows):
    for size in SIZES:
        for name in ("constrained", "generate_single", "generate_batch"):
            assert rows[name, size]["token_ratio"] == pytest.approx(1, abs=0.1)
            assert rows[name, size]["token_ratio"] < 1
    flat = rows["draft_verified_flat", 1]["token_ratio"]
    assert rows["draft_verified", 1]["token_ratio"] <= flat
    assert flat >= rows["constrained", 1]["token_ratio"]


def test_one_token_at_a_time_takes_a_pass_a_token(rows):
    for name in ("constrained", "generate_single", "generate_batch"):
        row = rows[name, 1]
        assert row["passes_per_doc"] == row["answer_tokens_per_doc"]
    assert rows["generate_single", 4]["passes_per_doc"] == rows["generate_single", 1]["passes_per_doc"]
    assert rows["constrained", 4]["passes_per_doc"] < rows["constrained", 1]["passes_per_doc"]
    assert rows["draft_verified", 1]["passes_per_doc"] < rows["constrained", 1]["passes_per_doc"]


def test_our_decoders_answer_alike_and_in_their_language(rows):
    for size in SIZES:
        for name in OURS:
            assert rows[name, size]["malformed"] == 0
            assert rows[name, size]["outside_text"] == 0
            assert rows[name, size]["same_answers"] == 6
            assert rows[name, size]["f1"] == rows["constrained", size]["f1"]
            assert rows[name, size]["constrained"]
            assert not rows[name, size]["peer"]
        lengths = {rows[n, size]["answer_tokens_per_doc"] for n in (*OURS, "floor")}
        assert len(lengths) == 1


def test_free_answers_of_a_random_model_are_malformed(rows):
    assert rows["generate_single", 1]["malformed"] == 6
    assert rows["floor", 1]["malformed"] is None


def test_the_whole_method_finds_the_same_without_sharing(measured):
    whole = {row["system"]: row for row in measured["ensemble"]}
    assert set(whole) == {"ensemble", "ensemble_unshared", "ensemble_constrained"}
    assert all(row["same_output"] for row in whole.values())
    assert all(row["entities"] > 0 for row in whole.values())
    assert whole["ensemble_unshared"]["tokens"] > whole["ensemble"]["tokens"]
    assert whole["ensemble_constrained"]["forward_passes"] > whole["ensemble"]["forward_passes"]
    assert whole["ensemble"]["to_ensemble"] == 1
    assert whole["ensemble"]["sentences"] >= whole["ensemble"]["docs"] == 5


def test_render_only_makes_the_same_table(project, measured):
    table = (project / "bench.md").read_text()
    (project / "bench.md").unlink()
    bench(project, project / "bench.json", "--render-only")
    assert (project / "bench.md").read_text() == table
    assert (project / "bench.png").stat().st_size > 1000
    for row in measured["rows"]:
        named = f"{row['system']} | {row['batch_size']} | {row['precision']}"
        assert f"| {named} | {row['docs_per_s']:.2f} |" in table


def test_columns_that_an_older_file_lacks_are_left_out(measured):
    older = [{k: v for k, v in row.items() if k not in ("precision", "f1")} for row in measured["rows"]]
    header = tables.table({**measured, "rows": older}).splitlines()[0]
    assert "documents/s" in header
    assert "type" not in header
    assert "F1" not in header


def test_what_was_measured_is_not_measured_again(project, measured, monkeypatch):
    def never(*args):
        raise AssertionError("measured twice")

    monkeypatch.setattr(run, "measure", never)
    monkeypatch.setattr(job, "measure_ensemble", never)
    before = (project / "bench.json").read_text()
    bench(project, project / "bench.json")
    assert json.loads((project / "bench.json").read_text()) == {**json.loads(before)}


def test_a_run_that_was_stopped_goes_on(project, monkeypatch):
    out = project / "stopped.json"
    real, sizes = measure.measure, []

    def stop_at_four(systems, sentences, size, *rest):
        sizes.append((size, [s.name for s in systems]))
        if len(sizes) == 2:
            raise KeyboardInterrupt
        return real(systems, sentences, size, *rest)

    monkeypatch.setattr(run, "measure", stop_at_four)
    options = ("--systems", "constrained,floor", "--no-ensemble")
    assert "continues" in bench(project, out, *options, code=130)
    assert {row["batch_size"] for row in json.loads(out.read_text())["rows"]} == {1}
    bench(project, out, *options)
    assert [size for size, _ in sizes] == [1, 4, 4]
    assert {row["batch_size"] for row in json.loads(out.read_text())["rows"]} == {1, 4}
    # A system that is added runs with the references of its ratios, whose rows stay.
    kept = json.loads(out.read_text())["rows"]
    bench(project, out, "--systems", "constrained,draft_verified,floor", "--no-ensemble")
    assert sizes[-1] == (4, ["constrained", "draft_verified", "floor"])
    rows = json.loads(out.read_text())["rows"]
    assert rows[: len(kept)] == kept
    assert [row["system"] for row in rows[len(kept) :]] == ["draft_verified"] * 2


def test_other_settings_begin_anew(tmp_path):
    about = {"settings": {"repeats": 1}, "model": "a"}
    first = record.BenchRecord(tmp_path / "b.json", about)
    first.add("rows", [{"system": "floor", "batch_size": 1}])
    assert record.BenchRecord(tmp_path / "b.json", about).missing(["floor"], 1) == []
    assert record.BenchRecord(tmp_path / "b.json", about, overwrite=True).missing(["floor"], 1) == [
        "floor"
    ]
    other = record.BenchRecord(tmp_path / "b.json", {**about, "model": "b"})
    assert other.changed == ["model"]
    assert other.missing(["floor"], 1) == ["floor"]


def test_rows_stay_where_another_package_is_installed(tmp_path):
    about = {"settings": {"repeats": 1}, "model": "a", "versions": {"torch": "2"}}
    first = record.BenchRecord(tmp_path / "b.json", about)
    first.add("rows", [{"system": "floor", "batch_size": 1}])
    more = {**about, "versions": {"torch": "2", "langextract": "1"}}
    assert record.BenchRecord(tmp_path / "b.json", more).changed == []
    newer = {**about, "versions": {"torch": "3"}}
    assert record.BenchRecord(tmp_path / "b.json", newer).changed == ["versions"]


def test_rows_of_an_older_file_have_the_model_of_the_file(tmp_path):
    rows = [{"system": "floor", "batch_size": 1}]
    (tmp_path / "b.json").write_text(json.dumps({"model": "a", "rows": rows}))
    assert [row["model"] for row in record.read(tmp_path / "b.json")["rows"]] == ["a"]


def test_every_row_names_its_model(measured):
    assert {row["model"] for row in measured["rows"]} == {measured["model"]}


def test_random_weights_are_measured_without_spacy(project):
    exported = project / "sentences.json"
    bench(project, project / "none.json", "--export", exported)
    assert not (project / "none.json").exists()
    out = project / "random.json"
    settings = ["--random-model", "qwen2-tiny", "--tokenizer", project / "0", "--repeats", 1]
    main([str(a) for a in (exported, out, *settings, "--batch-sizes", 4, "--limit", 3)])
    data = json.loads(out.read_text())
    rows = {row["system"]: row for row in data["rows"]}
    assert set(rows) == set(NAMES) - {"spacy_llm", *GGUF}
    assert data["model"] == "qwen2-tiny, random weights"
    assert {row["model"] for row in data["rows"]} == {data["model"]}
    assert rows["draft_verified"]["malformed"] == rows["constrained"]["malformed"] == 0
    code = "import sys, spacy_el4ner.evaluation.bench.__main__; sys.exit('spacy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_free_answers_can_be_held_to_the_length_of_the_gold_ones(project):
    exported = project / "again.json"
    bench(project, project / "none.json", "--export", exported)
    sentences, format = read_sentences(exported)
    backend = HFBackend(str(project / "0"), device="cpu")
    (system,) = make_systems(
        ["generate_single"], backend, AnswerRules(format, full_length=True, margin=0)
    )
    system.prepare(sentences)
    for sentence, reply in zip(sentences, system.answer(sentences), strict=True):
        least = len(system.tokens_of(sentence, sentence.gold))
        assert reply.answer == least


def test_gold_answers_are_well_formed_and_others_are_not(project):
    exported = project / "judged.json"
    bench(project, project / "none.json", "--export", exported)
    sentences, format = read_sentences(exported)
    backend = HFBackend(str(project / "0"), device="cpu")
    (system,) = make_systems(["constrained"], backend, AnswerRules(format))
    for s in sentences:
        text = format.render(s.window, s.gold)
        assert not judge_text(text, s.window, format).malformed
        assert judge_text(text[:-1], s.window, format).malformed
        assert judge_text(f"{text}</e>", s.window, format).malformed
        ids = system.tokens_of(s, s.gold)
        assert not judge_tokens(ids, s, format, backend.tokens).malformed
        assert judge_tokens(ids[:-1], s, format, backend.tokens).malformed
        # Cut otherwise than our pieces are, but the same characters.
        whole = backend.tokens.piece(text)
        assert not judge_tokens(whole, s, format, backend.tokens).malformed
    invented = judge_text("<e>Nowhere</e>", sentences[0].window, format)
    assert invented.malformed
    assert invented.outside == 1


def test_answers_are_scored_by_their_spans(project):
    exported = project / "scored.json"
    bench(project, project / "none.json", "--export", exported)
    sentences, format = read_sentences(exported)
    (system,) = make_systems(
        ["constrained"], HFBackend(str(project / "0"), device="cpu"), AnswerRules(format)
    )
    for s in sentences:
        reply = SystemReply(format.render(s.window, s.gold), 1, 1)
        assert system.spans(s, reply) == {(m.start, m.end) for m in s.gold}


@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="needs the extra 'llamacpp'")
def test_a_gguf_file_is_measured_as_it_is(project, tmp_path, monkeypatch):
    pytest.importorskip("gguf", reason="needs gguf, which writes its files (extra 'dev')")
    from tests.servers.gguf_files import save_gguf

    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    exported = project / "quantized.json"
    bench(project, project / "none.json", "--export", exported)
    sentences, format = read_sentences(exported)
    folder = save_family(tmp_path / "untaught", "llama")
    save_gguf(folder)
    backend = HFBackend(str(folder / "model.gguf"), device="cpu")
    systems = make_systems(sorted(GGUF), backend, AnswerRules(format))
    for system in systems:
        system.prepare(sentences)
    rows = measure.measure(systems, sentences, 4, 1, "cpu", lambda title, done: None)
    systems[1].llamacpp.unload()
    for row in rows:
        assert (row["precision"], row["malformed"], row["token_ratio"]) == ("model.gguf", 0, None)
    assert len({row["answer_tokens_per_doc"] for row in rows}) == 1


def test_a_missing_extra_is_named(project, monkeypatch):
    monkeypatch.setattr(job, "installed", lambda: False)
    said = bench(project, project / "none.json", "--systems", "spacy_llm", code=1)
    assert "EL023" in said
    assert Errors.EL023.startswith("[EL023]")


def test_an_unknown_system_or_voter_is_named(project):
    assert "nobody" in bench(project, project / "none.json", "--systems", "nobody", code=1)
    assert "nobody" in bench(project, project / "none.json", "--voter", "nobody", code=1)
    assert "nobody" in bench(project, project / "none.json", "--random-model", "nobody", code=1)


@pytest.mark.skipif(not spacy_llm.installed(), reason="needs the extra 'bench'")
def test_a_context_too_small_for_spacy_llm_is_recorded(project, tmp_path):
    nlp = pipeline([save_compact(tmp_path / "small", 0)], k=0)
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    DocBin(docs=docs()[:2], store_user_data=True).to_disk(tmp_path / "test.spacy")
    bench(tmp_path, tmp_path / "b.json", "--systems", "spacy_llm,floor", "--no-ensemble")
    data = json.loads((tmp_path / "b.json").read_text())
    assert {row["system"] for row in data["rows"]} == {"floor"}
    assert "spacy.NER.v3" in data["skipped"]["spacy_llm"]
    assert "was not measured" in (tmp_path / "b.md").read_text()
