"""One benchmark of a pipeline on a corpus."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.corpora import read_docs
from spacy_el4ner.corpora.sampling import sample_by_sentences
from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError, Errors
from spacy_el4ner.evaluation.bench import langextract
from spacy_el4ner.evaluation.bench.ensemble import measure_ensemble, prompted
from spacy_el4ner.evaluation.bench.extraction_prompts import sentences_of
from spacy_el4ner.evaluation.bench.random_model import SHAPES, random_backend
from spacy_el4ner.evaluation.bench.record import BenchRecord
from spacy_el4ner.evaluation.bench.run import about, progress, run_systems
from spacy_el4ner.evaluation.bench.sentences import write_sentences
from spacy_el4ner.evaluation.bench.settings import BenchSettings
from spacy_el4ner.evaluation.bench.spacy_llm import installed
from spacy_el4ner.evaluation.bench.system import AnswerRules
from spacy_el4ner.evaluation.bench.systems import SYSTEMS
from spacy_el4ner.evaluation.ensemble import any_similarity
from spacy_el4ner.evaluation.machine import portable_name
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER


class BenchJob:
    """A benchmark of one voter of a pipeline, and of the whole method.

    pipeline (Path): The folder of a pipeline with the ensemble.
    corpus (Path): A labelled corpus.
    settings (BenchSettings): What to measure.
    device (str): The device to run on.
    RAISES (ValueError): EL010, a system, a voter or a shape is unknown; EL014, the pipeline has no
        ensemble.
    RAISES (ImportError): EL023, spaCy-llm is not installed, or langextract, which `systems` names.
    """

    def __init__(self, pipeline: Path, corpus: Path, settings: BenchSettings, device: str):
        self.settings, self.device = settings, device
        self.systems = _chosen(settings.systems)
        self.sizes = settings.sizes
        nlp = spacy.load(pipeline)
        self.docs, _ = sample_by_sentences(
            read_docs(corpus, nlp.vocab, nlp=nlp), settings.limit, settings.seed
        )
        self.component = find_component(nlp, LLMEnsembleNER)
        # Otherwise the length of the prompts would depend on the similarity of corpus and pool.
        self.component.retriever = any_similarity(self.component)
        if settings.demonstrations is not None:
            self.component.cfg["k"] = settings.demonstrations
        voters = self.component.voters
        name = settings.voter or next(iter(voters))
        voter, own = prompted(name, voters[_one_of(voters, name, "--voter")])
        self.format = voter.template.format
        self.sentences = sentences_of(self.component, voter, self.docs, settings.limit)
        self.backend: HFBackend = own
        if settings.random_model is not None:
            shape = _one_of(SHAPES, settings.random_model, "--random-model")
            self.backend = random_backend(shape, own.model, device, self.sentences, self.format)
        self.rules = AnswerRules(
            self.format,
            settings.full_length,
            settings.margin,
            nlp.lang or "xx",
            self.component.cfg["labels"],
        )
        self.described: dict[str, Any] = {
            "pipeline": portable_name(str(pipeline)),
            "corpus": portable_name(str(corpus)),
            "documents": len(self.docs),
            "seed": settings.seed,
            "voter": name,
            "demonstrations": self.component.cfg["k"],
            "random_model": settings.random_model,
        }

    def export(self, path: Path) -> int:
        """path (Path): The JSON file to write the sentences to.
        RETURNS (int): Number of sentences.
        """
        write_sentences(path, self.sentences, self.format)
        return len(self.sentences)

    def measure(self, out: Path, overwrite: bool, warn: Callable[[str], Any]) -> None:
        """Measure the rows that the file does not have.

        out (Path): The file of rows.
        overwrite (bool): Measure rows again that the file has.
        warn (Callable[[str], Any]): Called if the file was written with other settings and is replaced.
        """
        repeats, variants = self.settings.repeats, self.settings.variants
        described = about(
            self.backend, self.sentences, self.device, repeats, self.rules, **self.described
        )
        record = BenchRecord(out, described, overwrite)
        if record.changed:
            warn(f"{out} differs in {', '.join(record.changed)}: everything is measured again.")
        run_systems(record, self.systems, self.backend, self.rules, self.sentences, self.sizes)
        measured = {row["system"] for row in record.data["ensemble"]}
        if not set(variants) - measured:
            return
        with progress(len(variants) * repeats * len(self.docs)) as tick:
            rows = measure_ensemble(self.component, self.docs, variants, repeats, self.device, tick)
        record.add("ensemble", [row for row in rows if row["system"] not in measured])


def _chosen(systems: str) -> list[str]:
    """RAISES (ValueError): EL010, a name is unknown. RAISES (ImportError): EL023."""
    names = [_one_of(SYSTEMS, n, "--systems") for n in systems.split(",")] if systems else list(SYSTEMS)
    if "spacy_llm" in names and not installed():
        raise EL4NERImportError(Errors.EL023.format(package="spaCy-llm", extra="bench"))
    # Among all systems it is left out, as llama.cpp is without its extra.
    if systems and "langextract" in names and not langextract.installed():
        raise EL4NERImportError(Errors.EL023.format(package="langextract", extra="langextract"))
    return names


def _one_of(choices: Any, name: str, setting: str) -> str:
    if name in choices:
        return name
    raise EL4NERValueError(Errors.EL010.format(value=name, setting=setting, known=", ".join(choices)))
