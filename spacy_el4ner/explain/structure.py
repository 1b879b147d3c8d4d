"""How a pipeline came to its entities in one text, as plain data: what `explain --json` prints.

The keys of both methods:

    method       the factory of the component, "llm_ensemble_ner" or "slm_llm_fusion"
    text         the text
    labels       label -> description
    entities     start, end, text, label, confidence of what stands in doc.ents
    counts       what happened, as in doc._.el4ner["counts"]

The others are described where they are made: `ensemble`, `fusion`.
"""

from spacy.language import Language

from spacy_el4ner.errors import Errors
from spacy_el4ner.explain import ensemble, fusion
from spacy_el4ner.explain.plain import Plain, entity
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion

ENSEMBLE, FUSION = "llm_ensemble_ner", "slm_llm_fusion"


def find_component(nlp: Language) -> LLMEnsembleNER | SLMLLMFusion:
    """RETURNS (LLMEnsembleNER | SLMLLMFusion): The pipeline's first component that can be explained.
    RAISES (ValueError): It has none.
    """
    for _, component in nlp.pipeline:
        if isinstance(component, LLMEnsembleNER | SLMLLMFusion):
            return component
    message = Errors.EL014.format(
        path=nlp.meta["name"], factory=f"{ENSEMBLE} or {FUSION}", names=", ".join(nlp.pipe_names)
    )
    raise ValueError(message)


def explain(nlp: Language, component: LLMEnsembleNER | SLMLLMFusion, text: str) -> Plain:
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
        method, steps = ENSEMBLE, ensemble.explain(component, doc)
    else:
        method, steps = FUSION, fusion.explain(component, doc, before)
    return {
        "method": method,
        "text": doc.text,
        "labels": dict(component.cfg["labels"]),
        **steps,
        "entities": [entity(ent) for ent in doc.ents],
        "counts": doc._.el4ner["counts"],
    }
