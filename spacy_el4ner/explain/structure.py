"""The explanation of a pipeline's entities in one text, as plain data: the output of `explain --json`.

The keys of both methods:

    method       the factory of the component, "llm_ensemble_ner" or "slm_llm_fusion"
    text         the text
    labels       label -> description
    entities     start, end, text, label, confidence of each of doc.ents
    counts       counts of the steps, as in doc._.el4ner["counts"]

The other keys are described in `ensemble` and `fusion`.
"""

from spacy.language import Language

from spacy_el4ner.explain import ensemble, fusion
from spacy_el4ner.explain.plain import Plain, entity
from spacy_el4ner.pipeline.finding import AnyComponent
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion

FUSION = SLMLLMFusion.factory


def explain(nlp: Language, component: AnyComponent, text: str) -> Plain:
    """nlp (Language): The pipeline.
    component (LLMEnsembleNER | SLMLLMFusion): One of its components; those after it are left out.
    text (str): The text.
    RETURNS (dict[str, Any]): Every step, as above.
    """
    doc = nlp.make_doc(text)
    before = []
    for name, pipe in nlp.pipeline:
        if pipe is component:
            break
        doc = pipe(doc)
        before.append(name)
    if isinstance(component, LLMEnsembleNER):
        steps = ensemble.explain(component, doc)
    else:
        steps = fusion.explain(component, doc, before)
    return {
        "method": component.factory,
        "text": doc.text,
        "labels": dict(component.cfg["labels"]),
        **steps,
        "entities": [entity(ent) for ent in doc.ents],
        "counts": doc._.el4ner["counts"],
    }
