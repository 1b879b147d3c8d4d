"""The sentences of a corpus, asked as a pipeline asks one of its backbones."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner import windows
from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.pool import Gold
from spacy_el4ner.stages.reading import read


def sentences_of(
    component: LLMEnsembleNER, backbone: Backbone, docs: Sequence[Doc], limit: int = 0
) -> list[Sentence]:
    """component (LLMEnsembleNER): Retrieves the demonstrations as it is configured to.
    backbone (Backbone): Who is asked.
    docs (Sequence[Doc]): Labelled documents.
    limit (int): Sentences wanted at most; 0 for all.
    RETURNS (list[Sentence]): In the order of the text. Of a gold mention across a cut nothing is left.
    """
    method = component.method(component.retriever if component.pool.entries else None)
    cut = [w for n, d in enumerate(docs) for w in windows.cut(d, method.max_sentences, n)]
    # Demonstrations depend on what the whole ensemble pre-extracts, so the pipeline's own stage 1 runs.
    tasks, _ = method._retrieve(docs, cut[:limit] if limit else cut)
    readings = [r for task in tasks for r in read(backbone, task, method.setting)]
    gold = [Gold(doc) for doc in docs]
    return [
        Sentence(
            backbone.wording.extraction(r.window, r.shots, method.setting.labels),
            r.window,
            gold[r.window.document].mentions(r.window),
        )
        for r in (readings[:limit] if limit else readings)
    ]
