"""Errors of tuning."""

from spacy_el4ner.errors.coded import Coded


class TuningErrors(metaclass=Coded):
    """Messages about tuning."""

    EL290 = (
        "Invalid calibration of a voter: {data!r}. Tune the pipeline again with `tune`, or load it "
        "with exclude=['tuning']."
    )
    EL291 = (
        "'{path}' looks like a test split, on which no evaluation would be valid after tuning. Give a "
        "development split, or none: the demonstration pool is enough."
    )
    EL292 = (
        "The measurements cannot be compared. Give files that `evaluate` wrote of the same documents "
        "and voters: of the untuned pipeline, or with --untuned, and of the tuned one."
    )
    EL293 = (
        "Invalid parameters of the vote rule '{name}': {problem}. Tune the pipeline again with `tune`, "
        "or load it with exclude=['tuning']."
    )
    EL294 = (
        "There is nothing to fit the vote of '{name}' to: {problem}. Set the block 'vote' to "
        "spacy-el4ner.ReliabilityVote.v1 or another rule that learns, and give more documents."
    )
    EL364 = "Unknown retriever '{name}'. Choose from: {known}."
    EL365 = (
        "The retriever '{name}' compares spans, which the voters did not extract from this pool. Index "
        "the pool with it first, by a block [retriever] in the file of voters that `index` takes."
    )
    EL381 = (
        "There is nothing to calibrate the confidence of '{name}' on: {problem}. Give labelled "
        "documents that its models were not trained on, such as a development split."
    )
    EL382 = (
        "A precision of {precision:.0%} cannot be promised: none of the thresholds {grid} reaches it "
        "with certainty on these {entities} entities{least}. Give more labelled documents, ask for "
        "less precision, or accept more risk than {risk:.0%}."
    )
    EL390 = (
        "'{name}' cannot ask its voters in turn, '{order}' first: {problem}. Name voters to ask "
        "before the others, of these: {known}."
    )
