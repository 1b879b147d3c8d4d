"""All measured qualities in two tables, one of the ensembles and one of the fusions."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation import ensemble_tables
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE
from spacy_el4ner.evaluation.seeds import spread

TEXTS = {
    "sample_en": "the project's own text",
    "wnut17": "WNUT17, short messages",
    "politics": "CrossNER politics, 200 sentences to learn from",
    "evahan_a": "EvaHan 2025 A, Literary Chinese",
    "evahan_b": "EvaHan 2025 B, Literary Chinese",
}
ENSEMBLES = {
    "cascade.json": "adapters of SmolLM2-135M and a tagger, as a cascade",
    "calibration.json": "adapters of SmolLM2-135M and a tagger",
    "adapters.json": "adapters of SmolLM2-135M",
    "ensemble.json": "compact backbones",
}
FUSED = ("slm", "sft_similarity", "fusion_paper", "fusion")


def ensembles(results: Path) -> str:
    """results (Path): The folder of the results.
    RETURNS (str): A row for each measured ensemble: its F1 and that of its best voter.
    """
    rows = []
    for folder, text, _ in _corpora(results):
        for file, voters in ENSEMBLES.items():
            if (folder / file).exists():
                scored = _read(folder / file)["rows"]
                best = max(row["ents_f"] for name, row in scored.items() if name != ENSEMBLE)
                rows.append([text, voters, f"{scored[ENSEMBLE]['ents_f']:.3f}", f"{best:.3f}"])
        if (folder / "icl.json").exists():
            scored = {name: row["tuned"] for name, row in _read(folder / "icl.json")["rows"].items()}
            best = max(row["ents_f"] for name, row in scored.items() if name != ENSEMBLE)
            asked = "SmolLM2-135M and Gemma 3 270M, only asked"
            rows.append([text, asked, f"{scored[ENSEMBLE]['ents_f']:.3f}", f"{best:.3f}"])
    return ensemble_tables.table(("text", "voters", "F1", "best voter alone"), rows)


def fusions(results: Path) -> str:
    """results (Path): The folder of the results.
    RETURNS (str): A row for each measured fusion: F1 of its models alone, by the paper's rule and by
        the chosen rule, as means over the seeds.
    """
    rows = []
    for folder, text, link in _corpora(results):
        runs = [_read(file) for file in sorted(folder.glob("fusion*.json"))]
        if not runs:
            continue
        page = "seeds.md" if (folder / "seeds.md").exists() else "fusion.md"
        scores = (spread([run["rows"][row]["ents_f"] for run in runs]) for row in FUSED)
        rows.append([f"[{text}]({link}/{page})", _language_model(runs[0]), str(len(runs)), *scores])
    header = ("text", "language model", "seeds", "tagger", "language model alone")
    return ensemble_tables.table((*header, "fusion, the paper's rule", "fusion"), rows)


def _corpora(results: Path) -> Iterable[tuple[Path, str, str]]:
    """The folder of each corpus, its text, and a link to the folder."""
    for name, text in TEXTS.items():
        for place in (name, f"compact/{name}"):
            yield results / place, text, f"results/{place}"


def _language_model(run: dict[str, Any]) -> str:
    return f"`{run['models']['llm']['name']}`" if "models" in run else "compact"


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf8"))
