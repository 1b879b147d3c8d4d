"""Ensembles of tiny voters with a pool that is large enough to tune on."""

from spacy.training import Example

from tests.pipeline.ensembles import pipeline

NAMES = {"PERSON": ("Ann", "Bill", "Lee"), "ORG": ("Acme", "Yahoo"), "GPE": ("Paris", "Paulo")}
FRAMES = ("{} met nobody .", "They left for {} then .", "Nobody saw {} there .")


def labelled(nlp, entities=True):
    """RETURNS (list[Doc]): Sentences with a name each, a quarter of them with none."""
    docs = []
    for n, (label, names) in enumerate(NAMES.items()):
        for name in names:
            for frame in FRAMES:
                doc = nlp.make_doc(frame.format(name))
                start = doc.text.index(name)
                doc.ents = [doc.char_span(start, start + len(name), label)] if entities else []
                docs.append(doc)
        docs.append(nlp.make_doc(f"Nobody met them in {n} days ."))
        docs[-1].ents = []
    return docs


def tunable(models, docs=None, **settings):
    nlp = pipeline(models, k=2, **settings)
    docs = labelled(nlp) if docs is None else docs(nlp)
    nlp.initialize(lambda: [Example(doc, doc) for doc in docs])
    return nlp
