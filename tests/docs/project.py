"""A small project as `make reproduce` leaves it, with models that know nothing: made in seconds.

What the pages name and this machine has not is there, too, as something small of its kind.
"""

import json
import os
from pathlib import Path

import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from thinc.api import fix_random_seed
from typer.testing import CliRunner

from spacy_el4ner.cli import app
from spacy_el4ner.corpora import read_splits, unannotated
from tests.pipeline.taggers import MODEL
from tests.tiny import save_compact, save_family

ROOT = Path(__file__).parent.parent.parent
SIZES = {"train": 6, "dev": 2, "test": 2}
CORPUS, TRAINING = Path("corpus/sample_en"), Path("training/sample_en")
HUB = {
    "Qwen/Qwen2.5-1.5B-Instruct": "qwen2",
    "Qwen/Qwen2.5-14B-Instruct": "qwen2",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "llama",
    "ibm-granite/granite-3.3-2b-instruct": "granite",
}
"""Tiny models, untrained, in folders of these names: a folder goes before the hub."""

INSTALLED = "installed"
"""Where packages go instead of this environment."""

SMALLER = {
    "--gpu-id 0": "--gpu-id -1",
    "training/sample_en/start ": "training/sample_en/pipeline ",
    "configs/slm_en.cfg --paths": "configs/slm_en.cfg --training.max_steps 2 --paths",
    "--gold corpus/sample_en/train.spacy --dev": "--max-steps 2 --min-confidence 0 "
    "--gold corpus/sample_en/train.spacy --dev",
    "min_confidence=0.5, max_steps=20": "min_confidence=0, max_steps=1",
    "start=200, batch=400": "start=10, batch=20",
    "adapters_and_tagger corpus/sample_en/dev.spacy training/cascade \\\n    --first tagger": (
        "pipeline corpus/sample_en/dev.spacy training/cascade --first marked"
    ),
    "training/fusion --route uncertain": "training/fusion --route uncertain --folds 2",
    "corpus/sample_en/dev.spacy training/again": "corpus/sample_en/dev.spacy training/again --folds 2",
    'rule="paper")': 'rule="paper", folds=2)',
    'for split in ("train", "test")': 'for split in ("train", "train")',  # few names occur in both
    "--documents 1,1000,5000 --workers 1,2": "--documents 2 --workers 1",
    "assets/injection": "few_attacks.jsonl",
    "pip install packages/": f"pip install --quiet --no-deps --target {INSTALLED} packages/",
    **{f"project run {flow} .": "project run convert ." for flow in ("all", "ablate", "fusion")},
}
"""What is not for a test, and what is run instead of it: the same on a CPU, with less to do,
and of a workflow its first step."""


def make(folder: Path) -> None:
    """folder (Path): Where the project goes, with the paths that the pages name."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        for name in ("assets", "configs", "docs"):
            Path(name).symlink_to(ROOT / name)
        Path(INSTALLED).mkdir()
        Path("project.yml").symlink_to(ROOT / "project.yml")
        for name, family in HUB.items():
            save_family(Path(name), family)
        theirs = Path("path/to/folder")
        theirs.mkdir(parents=True)
        for split in SIZES:
            _first(2, Path("assets/sample_en") / f"{split}.jsonl", theirs / f"{split}.jsonl")
        _first(3, Path("assets/injection/en.jsonl"), Path("few_attacks.jsonl"))
        docs = _corpus()
        for seed, name in enumerate(("marked", "terse", "plain")):
            save_compact(TRAINING / "backbones" / name, seed)
        _call("index", "configs/voters/compact.cfg", CORPUS, TRAINING / "pipeline", "-k", 2)
        _tagger(docs)
        save_compact(TRAINING / "llm", 3)
        plan = {"plan": {"base": "", "method": "full", "template": "compact", "k": 1}}
        (TRAINING / "llm" / "el4ner.json").write_text(json.dumps(plan), encoding="utf8")
        slm, fused = TRAINING / "slm" / "model-best", TRAINING / "fused"
        _call("fuse", slm, TRAINING / "llm", CORPUS, fused)
        _call("calibrate", fused, CORPUS / "dev.spacy", TRAINING / "fusion", "--rule", "paper")
    finally:
        os.chdir(here)


def smaller(text: str) -> str:
    """text (str): The commands of a page.
    RETURNS (str): The same, with less to do.
    """
    for part, instead in SMALLER.items():
        text = text.replace(part, instead)
    return text


def examples() -> list[Example]:
    """RETURNS (list[Example]): What the readers of the pages have of their own."""
    docs, _ = read_splits(Path("assets/sample_en"), "en", 0)["train"]
    return [Example(unannotated(doc), doc) for doc in docs[: SIZES["train"]]]


def _first(lines: int, source: Path, target: Path) -> None:
    """The first lines of a file as another one; some hold line separators that are no ends of lines."""
    text = source.read_text(encoding="utf8").split("\n")
    target.write_text("\n".join(text[:lines]), encoding="utf8")


def _corpus() -> list[spacy.tokens.Doc]:
    """A few documents of each split; the training split is returned."""
    CORPUS.mkdir(parents=True)
    splits = {}
    for split, (docs, _) in read_splits(Path("assets/sample_en"), "en", 0).items():
        splits[split] = docs[: SIZES[split]]
        DocBin(store_user_data=True, docs=splits[split]).to_disk(CORPUS / f"{split}.spacy")
    return splits["train"]


def _tagger(docs: list[spacy.tokens.Doc]) -> None:
    """A tagger that has seen the documents a few times."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("slm_llm_fusion", config={"model": MODEL})
    examples = [Example(unannotated(doc), doc) for doc in docs]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    (TRAINING / "slm").mkdir()
    nlp.to_disk(TRAINING / "slm" / "model-best")


def _call(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
