"""One benchmark of a pipeline on a corpus: what the command does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.bench.asking import sentences_of
from spacy_el4ner.evaluation.bench.ensemble import hf_backend, measure_ensemble
from spacy_el4ner.evaluation.bench.random_model import SHAPES, random_backend
from spacy_el4ner.evaluation.bench.record import Record
from spacy_el4ner.evaluation.bench.run import about, progress, run_systems
from spacy_el4ner.evaluation.bench.sentences import write_sentences
from spacy_el4ner.evaluation.bench.spacy_llm import installed
from spacy_el4ner.evaluation.bench.systems import SYSTEMS, Terms
from spacy_el4ner.evaluation.ensemble import any_similarity, load_component


class Job:
    """nlp (Language): A pipeline with the ensemble.
    pipeline (Path): Its folder.
    corpus (Path): Where the documents come from.
    docs (Sequence[Doc]): Labelled ones.
    device (str): Where to run.
    backbone (str | None): Whose model and prompts to measure; None for the first.
    limit (int): Sentences at most; 0 for all.
    seed (int): That the documents were drawn by.
    shots (int | None): Demonstrations in a prompt, however similar; None for what is configured.
    random_model (str | None): A shape to take in place of the backbone's model.
    """

    def __init__(
        self,
        nlp: Language,
        pipeline: Path,
        corpus: Path,
        docs: Sequence[Doc],
        device: str,
        backbone: str | None = None,
        limit: int = 0,
        seed: int = 0,
        shots: int | None = None,
        random_model: str | None = None,
    ):
        self.nlp, self.docs, self.device = nlp, docs, device
        self.component = load_component(self.nlp)
        # Otherwise the length of the prompts would be that of a corpus and its pool.
        self.component.retriever = any_similarity(self.component)
        if shots is not None:
            self.component.cfg["k"] = shots
        members = {b.name: b for b in self.component.backbones}
        name = _one_of(members, backbone or next(iter(members)), "--backbone")
        self.backbone = members[name]
        own = hf_backend(self.backbone)
        self.sentences = sentences_of(self.component, self.backbone, docs, limit)
        self.backend: HFBackend = own
        if random_model is not None:
            shape = _one_of(SHAPES, random_model, "--random-model")
            format_ = self.backbone.format
            self.backend = random_backend(shape, own.model, device, self.sentences, format_)
        self.settings: dict[str, Any] = {
            "pipeline": str(pipeline),
            "corpus": str(corpus),
            "documents": len(docs),
            "seed": seed,
            "backbone": name,
            "shots": self.component.cfg["k"],
            "random_model": random_model,
        }

    def export(self, path: Path) -> int:
        """path (Path): Where to write the sentences.
        RETURNS (int): How many there are.
        """
        write_sentences(path, self.sentences, self.backbone.format)
        return len(self.sentences)

    def terms(self, full_length: bool, margin: int) -> Terms:
        """RETURNS (Terms): How the systems are to answer; `Terms` says what the two settings mean."""
        lang, labels = self.nlp.lang or "xx", self.component.cfg["labels"]
        return Terms(self.backbone.format, full_length, margin, lang, labels)

    def measure(
        self,
        out: Path,
        systems: Sequence[str],
        batch_sizes: Sequence[int],
        variants: Sequence[str],
        repeats: int,
        terms: Terms,
        anew: bool,
        warn: Callable[[str], Any],
    ) -> None:
        """out (Path): The file of rows; those that are there already are not measured.
        systems (Sequence[str]): Of `SYSTEMS`.
        batch_sizes (Sequence[int]): Sentences at a time.
        variants (Sequence[str]): Of the whole method; none to leave it out.
        repeats (int): Repetitions, of which the median counts.
        terms (Terms): See `terms`.
        anew (bool): Whether to measure again what is there.
        warn (Callable[[str], Any]): Told if the file is of other settings.
        """
        described = about(self.backend, self.sentences, self.device, repeats, terms, **self.settings)
        record = Record(out, described, anew)
        if record.changed:
            warn(f"{out} differs in {', '.join(record.changed)}: everything is measured anew.")
        run_systems(record, systems, self.backend, terms, self.sentences, batch_sizes)
        known = {row["system"] for row in record.data["ensemble"]}
        if not set(variants) - known:
            return
        with progress(len(variants) * repeats * len(self.docs)) as tick:
            rows = measure_ensemble(self.component, self.docs, variants, repeats, self.device, tick)
        record.add("ensemble", [row for row in rows if row["system"] not in known])


def chosen(systems: str) -> list[str]:
    """systems (str): Names with commas between them, or "" for all.
    RETURNS (list[str]): The names.
    RAISES (ValueError, ImportError): One is not known, or not installed.
    """
    names = [_one_of(SYSTEMS, n, "--systems") for n in systems.split(",")] if systems else list(SYSTEMS)
    if "spacy_llm" in names and not installed():
        raise ImportError(Errors.EL023)
    return names


def _one_of(known: Any, name: str, setting: str) -> str:
    if name in known:
        return name
    raise ValueError(Errors.EL010.format(value=name, setting=setting, known=", ".join(known)))
