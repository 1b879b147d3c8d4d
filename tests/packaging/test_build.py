"""Packages that work elsewhere, without the folders that they were made from."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
import spacy

from spacy_el4ner.packaging.build import Description, build
from spacy_el4ner.pipeline.saving import save_pipeline
from tests.cli.runner import call
from tests.packaging import pipelines
from tests.packaging.pipelines import CHECK, NAME, VERSION, entities, run_elsewhere
from tests.pipeline import ensembles, taggers
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS

FULL = f"en_{NAME}"
# PEFT asks for an attribute that transformers 5 deprecates, when it makes an adapter.
# spaCy's `package` leaves closing its files to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.is_gradient_checkpointing. is deprecated:FutureWarning",
        "ignore:unclosed file:ResourceWarning",
    ),
]


@pytest.fixture(scope="module", params=["ensemble", "fusion"])
def packaged(request, tmp_path_factory):
    """What a pipeline found, and the folder of its unpacked wheel; its models are gone."""
    folder = tmp_path_factory.mktemp(request.param)
    nlp = getattr(pipelines, request.param)(folder)
    save_pipeline(nlp, folder / "pipeline")
    wheel, _ = build(folder / "pipeline", folder / "out", Description(NAME, VERSION))
    assert wheel.name == f"{FULL}-{VERSION}-py3-none-any.whl"
    assert [path.name for path in wheel.parent.iterdir()] == [wheel.name]
    zipfile.ZipFile(wheel).extractall(folder / "site")
    found = entities(nlp.pipe(TEXTS))
    shutil.rmtree(folder / "made")
    shutil.rmtree(folder / "pipeline")
    return found, folder


def data(folder):
    return folder / "site" / FULL / f"{FULL}-{VERSION}"


def test_it_finds_elsewhere_what_it_found_before(packaged):
    found, folder = packaged
    assert any(found)
    done = run_elsewhere(folder / "site", CHECK, FULL, folder / "again", *TEXTS)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["folder"] == str(data(folder))
    assert said["found"] == [found, found]


def test_nothing_in_it_names_the_machine_it_was_made_on(packaged):
    _, folder = packaged
    config = (data(folder) / "config.cfg").read_text(encoding="utf8")
    assert "bundled:" in config
    texts = [p.read_text(encoding="utf8") for p in data(folder).rglob("*.json")]
    assert not any(str(folder) in text for text in [config, *texts])
    assert "StoredBackend" not in config


def test_its_files_are_data(packaged):
    _, folder = packaged
    kinds = {path.suffix for path in data(folder).rglob("*") if path.is_file()}
    assert kinds <= {"", ".json", ".cfg", ".safetensors", ".md", ".bin", ".jinja"}
    assert [path.name for path in data(folder).rglob("*.bin")] == ["lookups.bin"]  # spaCy's, msgpack


def test_a_model_named_twice_is_in_it_once(packaged):
    _, folder = packaged
    component = next(path.parent for path in data(folder).glob("*/models"))
    expected = ["0", "1"] if component.name == "llm_ensemble_ner" else ["adapter", "base"]
    assert sorted(path.name for path in (component / "models").iterdir()) == expected


def test_a_damaged_model_is_refused_on_loading(packaged, tmp_path):
    _, folder = packaged
    copy = tmp_path / "copy"
    shutil.copytree(data(folder), copy)
    weights = next(copy.rglob("model.safetensors"))
    with weights.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(ValueError, match=r"EL084.*model\.safetensors"):
        spacy.load(copy)


def test_a_bundled_model_that_is_gone_is_named(packaged, tmp_path):
    _, folder = packaged
    copy = tmp_path / "copy"
    shutil.copytree(data(folder), copy)
    for listing in copy.rglob("el4ner-manifest.json"):
        listing.unlink()
    for models in copy.glob("*/models"):
        shutil.rmtree(models)
    nlp = spacy.load(copy, config=raising(copy))
    with pytest.raises(ValueError, match="EL086"):
        nlp(TEXTS[0])


def raising(folder):
    name = next(path.name for path in folder.iterdir() if path.name.startswith(("llm_", "slm_")))
    return {"components": {name: {"on_error": "raise"}}}


def test_a_package_can_be_packaged_again(packaged, tmp_path):
    _, folder = packaged
    wheel, _ = build(data(folder), tmp_path, Description(NAME, "0.2.0"))
    with zipfile.ZipFile(wheel) as files:
        names = [name.split("/", 2)[-1] for name in files.namelist()]
        meta = json.loads(files.read(f"{FULL}/meta.json"))
    assert sum(name.endswith("model.safetensors") for name in names) >= 1
    assert [r for r in meta["requirements"] if r.startswith("spacy-el4ner")] == meta["requirements"]
    assert len(meta["requirements"]) == 1


def test_pip_installs_it(packaged, tmp_path):
    found, folder = packaged
    # Without pip, which would bring an old setuptools with it.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv").glob("lib/*/site-packages"))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "here.pth").write_text("\n".join([os.getcwd(), *here]))
    wheel = next((folder / "out").glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "-q", "--no-index", wheel], check=True)
    command = [python, "-c", CHECK, FULL, tmp_path / "again", *TEXTS]
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["found"] == [found, found]


@pytest.fixture
def saved(tmp_path):
    """A saved ensemble without demonstrations."""
    nlp = ensembles.pipeline([save_compact(tmp_path / "made", 0)])
    save_pipeline(nlp, tmp_path / "pipeline")
    return tmp_path / "pipeline"


def package(*words):
    return call("package", *words)


def test_mistakes_are_told_without_a_traceback(saved, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    for words, code in (
        ((tmp_path / "nowhere", "--name", "a"), "EL070"),
        ((tmp_path / "blank", "--name", "a"), "EL014"),
        ((saved, "--name", "no-name"), "EL090"),
        ((saved, "--name", "en_"), "EL090"),
        ((saved, "--name", "a", "--version", "new"), "EL091"),
    ):
        done = package(words[0], tmp_path / "out", *words[1:])
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        assert code in done.output
    assert list((tmp_path / "out").glob("*")) == []


def test_a_model_whose_weights_are_a_pickle_is_refused(saved, tmp_path):
    weights = tmp_path / "made" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    with pytest.raises(ValueError, match="EL088"):
        build(saved, tmp_path / "out", Description(NAME, VERSION))


def test_a_model_that_is_gone_is_refused(saved, tmp_path):
    shutil.rmtree(tmp_path / "made")
    with pytest.raises(ValueError, match=r"EL087.*llm_ensemble_ner\.voters\.terse\.backend\.model"):
        build(saved, tmp_path / "out", Description(NAME, VERSION))


def test_other_files_of_the_machine_are_refused(saved, tmp_path):
    shutil.copytree("spacy_el4ner/prompts/compact/terse", tmp_path / "prompts")
    config = saved / "config.cfg"
    text = config.read_text(encoding="utf8")
    config.write_text(text.replace("compact/terse", str(tmp_path / "prompts")), encoding="utf8")
    (saved / "el4ner-manifest.json").unlink()
    with pytest.raises(ValueError, match=r"EL089.*voters\.terse\.template"):
        build(saved, tmp_path / "out", Description(NAME, VERSION))


def test_models_may_be_left_where_they_are(saved, tmp_path):
    done = package(saved, tmp_path / "out", "--name", NAME, "--no-include-models")
    assert done.exit_code == 0, done.output
    assert "WL030" in done.output
    with zipfile.ZipFile(next((tmp_path / "out").glob("*.whl"))) as files:
        assert not any(name.endswith(".safetensors") for name in files.namelist())


def test_no_packaged_byte_has_a_key(tmp_path, monkeypatch):
    secret = "sk-canary-70c1d2"
    monkeypatch.setenv("EL4NER_CANARY", secret)
    backend = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "large",
        "base_url": "http://localhost:9/v1",
        "api_key_env": "EL4NER_CANARY",
    }
    member = {"@el4ner_voters": "spacy-el4ner.PromptedVoter.v1", "backend": backend}
    tagger = {"@el4ner_llms": "spacy-el4ner.TaggingLLM.v1", "backend": backend}
    for name, nlp in (
        ("ensemble", ensembles.pipeline([], voters={"served": member})),
        ("fusion", taggers.trained(1, llm=tagger)),
    ):
        save_pipeline(nlp, tmp_path / name)
        wheel, _ = build(tmp_path / name, tmp_path / "out", Description(name, VERSION))
        with zipfile.ZipFile(wheel) as files:
            packed = [files.read(entry) for entry in files.namelist()]
        saved = [path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()]
        assert any(b"EL4NER_CANARY" in content for content in packed)
        assert not any(secret.encode() in content for content in [*packed, *saved, nlp.to_bytes()])


def test_a_package_requires_the_library_of_its_retriever(tmp_path):
    retriever = {"@el4ner_retrievers": "spacy-el4ner.BM25.v1"}
    save_pipeline(ensembles.pipeline(["some/model"], retriever=retriever), tmp_path / "saved")
    wheel, _ = build(tmp_path / "saved", tmp_path, Description("words", VERSION))
    with zipfile.ZipFile(wheel) as files:
        meta = json.loads(files.read("en_words/meta.json"))
    assert meta["requirements"][0].startswith("spacy-el4ner[bm25]")


def test_a_package_requires_the_library_of_a_pipeline_that_votes(tmp_path):
    retriever = {"@el4ner_retrievers": "spacy-el4ner.BM25.v1"}
    save_pipeline(ensembles.pipeline(["some/model"], retriever=retriever), tmp_path / "inner")
    voter = {"@el4ner_voters": "spacy-el4ner.SpacyVoter.v1", "pipeline": str(tmp_path / "inner")}
    voters = {**ensembles.blocks(["some/model"]), "inner": voter}
    save_pipeline(ensembles.pipeline([], voters=voters), tmp_path / "outer")
    wheel, _ = build(tmp_path / "outer", tmp_path, Description("outer", VERSION))
    with zipfile.ZipFile(wheel) as files:
        meta = json.loads(files.read("en_outer/meta.json"))
    assert meta["requirements"][0].startswith("spacy-el4ner[bm25]")
