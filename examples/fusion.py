"""A trained tagger and a fine-tuned language model: combined, calibrated, measured and saved.

    python examples/fusion.py training/sample_en/slm/model-best training/sample_en/llm \\
        corpus/sample_en training/my_fusion

`make reproduce` leaves the first three; docs/fusion.md shows how to train your own.
"""

import sys
from pathlib import Path

import spacy
from spacy.training import Example

from spacy_el4ner.api import read_docs, unannotated


def main(tagger: Path, llm: Path, corpus: Path, out: Path) -> None:
    """tagger (Path): A pipeline with a trained `slm_llm_fusion`.
    llm (Path): A language model that `el4ner sft` fine-tuned, or any other by name or folder.
    corpus (Path): A folder with train.spacy, dev.spacy and test.spacy.
    out (Path): The folder to save the fusion in.
    """
    nlp = spacy.load(tagger)
    fusion = nlp.get_pipe("slm_llm_fusion")
    train, dev, test = (
        list(read_docs(corpus / f"{split}.spacy", nlp.vocab)) for split in ("train", "dev", "test")
    )

    fusion.attach_llm(llm, train, nlp=nlp)  # the training sentences become demonstrations
    report = fusion.calibrate(dev, nlp=nlp)
    fusion.apply(report, nlp=nlp, route="uncertain")
    print(f"rule: {report.rule}")

    scores = nlp.evaluate([Example(unannotated(doc), doc) for doc in test])
    print(*(f"{name} {scores[name]:.3f}" for name in ("ents_p", "ents_r", "ents_f")))

    doc = nlp(test[0].text)
    for ent in doc.ents:
        why = ent._.provenance
        print(f"{ent.text:20}{ent.label_:12}{ent._.confidence:.2f}  {why['how']}: {why['side']}")
    nlp.to_disk(out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
