"""A teacher that knows a few names, texts for it, and a student that is trained in seconds."""

import json
import re
from pathlib import Path

import spacy
from spacy.tokens import DocBin
from thinc.api import Config

from spacy_el4ner.distillation.settings import DistillationSettings
from spacy_el4ner.training.student import DEFAULT
from tests.pipeline.taggers import SENTENCES, annotated

MARKED = re.compile(r"\[([A-Z]+) ([^]]+)\]")
DOUBTFUL = "São Paulo"
"""The one name that the teacher doubts."""
QUICK = DistillationSettings(max_steps=40, shard_size=5)


def save_teacher(folder: Path) -> Path:
    """folder (Path): Where it goes.
    RETURNS (Path): An ensemble of a list of names, without any language model.
    """
    folder.mkdir(parents=True)
    names = {name: label for label, name in MARKED.findall(SENTENCES)}
    entries = [
        {"name": name, "label": label, "probability": 0.6 if name == DOUBTFUL else 0.9}
        for name, label in sorted(names.items())
    ]
    lines = "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (folder / "names.jsonl").write_text(lines, encoding="utf8")
    block = {"@el4ner_voters": "spacy-el4ner.GazetteerVoter.v1", "names": str(folder / "names.jsonl")}
    config = {
        "labels": dict.fromkeys(sorted(set(names.values())), ""),
        "voters": {"names": block},
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "k": 0,
        "stages": {"verification": False},
        "vote": {"@el4ner_vote_rules": "spacy-el4ner.MajorityVote.v1"},
    }
    nlp = spacy.blank("en")
    nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


def save_texts(path: Path, times: int = 2) -> Path:
    """path (Path): Where they go.
    RETURNS (Path): The texts without labels, one a line.
    """
    texts = [MARKED.sub(r"\2", line) for line in SENTENCES.splitlines()]
    path.write_text("\n".join(texts * times), encoding="utf8")
    return path


def save_gold(path: Path) -> Path:
    """path (Path): Where they go.
    RETURNS (Path): The texts with their labels.
    """
    vocab = spacy.blank("en").vocab
    DocBin(docs=[annotated(vocab, line) for line in SENTENCES.splitlines()]).to_disk(path)
    return path


def save_config(path: Path) -> Path:
    """path (Path): Where it goes.
    RETURNS (Path): The default config of a student, with narrow layers.
    """
    config = Config().from_disk(DEFAULT, interpolate=False)
    tok2vec = config["components"]["tok2vec"]["model"]
    tok2vec["embed"]["rows"] = [100, 50, 50, 50]
    tok2vec["encode"] |= {"width": 16, "depth": 1}
    config["training"]["optimizer"]["learn_rate"] = 0.02
    config.to_disk(path)
    return path
