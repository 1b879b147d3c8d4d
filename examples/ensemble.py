"""An ensemble of language models: built from a file, used, explained and measured.

    python examples/ensemble.py configs/voters/compact.cfg corpus/sample_en

`make reproduce` trains the models that compact.cfg names; small.cfg names models on the hub.
"""

import sys
from pathlib import Path

from spacy.training import Example

from spacy_el4ner.api import make_ensemble, read_docs, unannotated

TEXT = "Georgia Marsh left Georgia for Milan, and her cat, Milan, still hides from the trams."


def main(file: Path, corpus: Path) -> None:
    """file (Path): A file with the voters, and settings that suit them.
    corpus (Path): A folder with train.spacy, whose sentences become demonstrations, and dev.spacy.
    """
    nlp = make_ensemble(file, read_docs(corpus / "train.spacy"), k=3)

    doc = nlp(TEXT)
    for ent in doc.ents:
        voters = ", ".join(ent._.provenance["proposed_by"])
        print(f"{ent.text:20}{ent.label_:12}{ent._.confidence:.2f}  proposed by {voters}")
    print("counts:", doc._.el4ner["counts"])

    dev = read_docs(corpus / "dev.spacy", nlp.vocab)[:10]
    scores = nlp.evaluate([Example(unannotated(doc), doc) for doc in dev])
    print(*(f"{name} {scores[name]:.3f}" for name in ("ents_p", "ents_r", "ents_f")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
