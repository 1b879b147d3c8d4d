"""The sentences of a corpus with the extraction prompts of one voter of a pipeline."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.retrieval.gold import Gold
from spacy_el4ner.text import windows
from spacy_el4ner.voters.prompted.voter import PromptedVoter


def sentences_of(
    component: LLMEnsembleNER, voter: PromptedVoter, docs: Sequence[Doc], limit: int = 0
) -> list[Sentence]:
    """component (LLMEnsembleNER): Retrieves the demonstrations.
    voter (PromptedVoter): The voter whose prompts are made.
    docs (Sequence[Doc]): Labelled documents.
    limit (int): The most sentences; 0 for all.
    RETURNS (list[Sentence]): The sentences in text order. Gold mentions across a cut are left out.
    """
    component.prepare()
    method = component.method()
    cut = [w for n, d in enumerate(docs) for w in windows.cut(d, method.max_sentences, n)]
    # Demonstrations depend on what the whole ensemble pre-extracts, so the pipeline's own stage 1 runs.
    tasks = method.tasks(docs, cut[:limit] if limit else cut)
    demonstrations = [task.demonstrations for task in tasks]
    parts = voter.plan([task.window for task in tasks], demonstrations, method.labels)
    plans = [plan for found in parts for plan in found]
    gold = [Gold(doc) for doc in docs]
    return [
        Sentence(
            voter.template.extraction(plan.window, plan.demonstrations, method.labels),
            plan.window,
            gold[plan.window.document].mentions(plan.window),
            tuple(plan.demonstrations),
        )
        for plan in (plans[:limit] if limit else plans)
    ]
