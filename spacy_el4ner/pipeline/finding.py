"""The components of this package in a pipeline."""

from typing import TypeVar, overload

from spacy.language import Language

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion

AnyComponent = LLMEnsembleNER | SLMLLMFusion
C = TypeVar("C", LLMEnsembleNER, SLMLLMFusion)
FACTORIES = (LLMEnsembleNER.factory, SLMLLMFusion.factory)


def find_components(nlp: Language) -> list[AnyComponent]:
    """nlp (Language): A pipeline.
    RETURNS (list[LLMEnsembleNER | SLMLLMFusion]): Its active components of this package, in order.
    """
    return [component for _, component in nlp.pipeline if isinstance(component, AnyComponent)]


@overload
def find_component(nlp: Language, kind: None = None, *, with_llm: bool = False) -> AnyComponent: ...


@overload
def find_component(nlp: Language, kind: type[C], *, with_llm: bool = False) -> C: ...


def find_component(
    nlp: Language, kind: type[AnyComponent] | None = None, *, with_llm: bool = False
) -> AnyComponent:
    """nlp (Language): A pipeline.
    kind (type[LLMEnsembleNER | SLMLLMFusion] | None): The class of the component; None for either.
    with_llm (bool): Whether a fusion has to have its language model.
    RETURNS (LLMEnsembleNER | SLMLLMFusion): The first component of this kind; its name is
        `component.name`.
    RAISES (EL4NERValueError): EL014, the pipeline has none; EL044, its language model is missing.
    """
    path = nlp.path or nlp.meta["name"]
    for component in find_components(nlp):
        if kind is None or isinstance(component, kind):
            if with_llm and isinstance(component, SLMLLMFusion) and component.llm is None:
                raise EL4NERValueError(Errors.EL044.format(path=path, name=component.name))
            return component
    factory = " or ".join(FACTORIES) if kind is None else kind.factory
    names = ", ".join(nlp.pipe_names)
    raise EL4NERValueError(Errors.EL014.format(path=path, factory=factory, names=names))
