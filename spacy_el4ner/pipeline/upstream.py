"""Documents as a pipeline passes them to one of its components."""

from collections.abc import Iterable
from itertools import takewhile

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.corpora import unannotated
from spacy_el4ner.pipeline.component import Component


def before(nlp: Language, component: Component, gold: Iterable[Doc]) -> list[Doc]:
    """nlp (Language): A pipeline.
    component (Component): One of its components.
    gold (Iterable[Doc]): Labelled documents.
    RETURNS (list[Doc]): Their texts with the annotations of the components before it, such as parts of
        speech and entities of a ruler.
    """
    earlier = [name for name, _ in takewhile(lambda pipe: pipe[1] is not component, nlp.pipeline)]
    with nlp.select_pipes(enable=earlier):
        return list(nlp.pipe(unannotated(doc) for doc in gold))
