"""Errors of evaluation, benchmarks, reports and explanations."""

from spacy_el4ner.errors.coded import Coded


class EvaluationErrors(metaclass=Coded):
    """Messages about evaluation and reports."""

    EL013 = "Plots need matplotlib. Install it with: pip install 'spacy-el4ner[plots]'."
    EL023 = (
        "The comparison with {package} needs that package. Install it with: pip install "
        "'spacy-el4ner[{extra}]'; or leave it out with --systems."
    )
    EL024 = (
        "The voter '{name}' uses {kind}, but the benchmark measures only models that run in this "
        "process. Set the voter's backend to spacy-el4ner.HFBackend.v1."
    )
    EL074 = (
        "The measurement with {documents} documents failed: `annotate` exited with code {code}. Run "
        "`annotate` on a few texts to see its message."
    )
    EL075 = "There is no text to explain. Pass one in quotation marks."
    EL100 = (
        "'{path}' contains no measurements. Give the folder in which `evaluate` wrote ensemble.json, "
        "or `evaluate-fusion` wrote fusion.json."
    )
    EL101 = (
        "'{path}' is not a file written by {command}: {problem}. Give such a file, or measure again."
    )
    EL102 = (
        "'{path}' contains no documents. Give a .spacy file of annotated documents, as `annotate` "
        "writes it."
    )
    EL103 = (
        "{n} of the {total} annotated documents have no document with the same text in '{path}'; the "
        "first: {text!r}. Give the gold documents of exactly these texts, or omit --gold."
    )
    EL104 = "{problem}. Use --docs, or --pipeline with --gold, or neither for the figures alone."
    EL110 = (
        "'{path}' contains no attacks. Give a JSONL file of attacks, or a folder of such files, as in "
        "assets/injection."
    )
    EL111 = (
        "Invalid attack record: {path}, line {line} ({problem}). Each line must be an object with id, "
        "kind, lang, place, clean, text and pieces, as in assets/injection."
    )
    EL122 = (
        "Cannot aggregate {runs} evaluations of {methods} method(s) with the seeds {seeds}. Give two "
        "or more evaluations of one method, each with its own seed."
    )
    EL200 = (
        "The output format '{name}' is not installed. Install the package that provides it, in the "
        "version that wrote the file."
    )
    EL260 = (
        "The earlier evaluation was measured on other documents. Use its corpus, --limit and --seed, "
        "or measure again without --ablate."
    )
    EL317 = (
        "A voter is called '{name}', which is the name of the row of the whole ensemble. Rename the "
        "voter."
    )
    EL373 = (
        "The documents have votes for the label '{label}', but the labels of the pipeline are {known}. "
        "Give the pipeline that annotated the documents."
    )
    EL374 = (
        "Cannot start with {start} of {pool} sentences and label {batch} in a round. Start with 1 or "
        "more, and fewer than there are, and label 1 or more in a round."
    )
    EL375 = (
        "Training on all {pool} sentences finds no entity of the {test} test sentences, so that there "
        "is no F1 to reach. Train longer, or give sentences with the same labels as the test sentences."
    )
    EL376 = (
        "None of the {n} labelled sentences has an entity to learn from. Start with more sentences: "
        "--start, or `start` of active_learning()."
    )
