"""Coded warnings."""

from spacy_el4ner.errors.coded import Coded


class Warnings(metaclass=Coded):
    """Messages of warnings."""

    WL001 = (
        "{n} of {total} sentences exceeded the context of the voter '{name}' and were split; entities "
        "across a split are lost. See doc._.el4ner['counts']['windows_split']."
    )
    WL002 = (
        'A document was left without entities because of an error (on_error = "{on_error}"). Look for '
        'doc._.el4ner["error"] in the documents, and remove the cause: {error}'
    )
    WL003 = (
        "'{name}' has no demonstrations and works zero-shot. For better results, call nlp.initialize() "
        "with labelled examples, or set 'pool' to a corpus."
    )
    WL004 = (
        "Some layers of the model '{name}' attend to no more than {window} tokens, and no attention "
        "mask can tell them to which. The plain decoder answers prompts near this limit, with the same "
        'result. With \'attention\' = "sdpa" or "eager", most models take such masks.'
    )
    WL005 = (
        "Skipped {n} of {total} sentences: some tokens have no entity annotation. If a document has no "
        "entities, set doc.ents = []."
    )
    WL006 = (
        "Examples contain entities whose labels '{name}' does not have: {labels}. Demonstrations do "
        "not show these entities. Add the labels, or leave 'labels' empty to use all."
    )
    WL007 = (
        "A language model of '{name}' gave answers that could not be parsed, in whole or in part, {n} "
        "times: refusals, evasions or truncated answers, which were ignored. See "
        "doc._.el4ner['counts']['unparsed'] for the documents. A model on a server may need other "
        "'parameters', or a dialect that constrains it."
    )
    WL008 = (
        "The model '{name}' derives the positions of tokens from their places in memory, which the "
        "fast decoder does not keep contiguous. The plain decoder answers everything, with the same "
        "result."
    )
    WL009 = (
        "The answers to some sentences are not constrained: the grammar of a sentence is too large to "
        "send, or the sentence has a character that cannot be encoded. Such answers are read as free "
        "text. Fewer labels or shorter sentences make the grammar smaller; HFBackend.v1 has no limit."
    )
    WL010 = (
        "Examples contain entities whose labels '{name}' does not have: {labels}. Training ignores "
        "their tokens. Add the labels, or leave 'labels' empty to use all."
    )
    WL011 = (
        "{n} of {total} windows exceeded the context of the language model of '{name}' and were split; "
        "the model cannot see entities across a split. See doc._.el4ner['counts']."
    )
    WL020 = (
        "{cut} of {total} sentences exceeded the context and were split, and {unread} could not be "
        "read at all; {lost} entities are too long to be tagged or lie across a split. Use a model "
        "with a longer context, or raise 'max_tokens' or 'max_window'."
    )
    WL021 = (
        "The sentences have entities whose labels are not to be tagged: {labels}. The model learns "
        "that they are no entities. To be tagged are: {known}. If that is not meant, rename the labels "
        "or add them."
    )
    WL030 = (
        "'{source}' ({role}) is a local folder and will not be packaged, so the package works only "
        "where this folder exists. Package with --include-models."
    )
    WL031 = (
        "'{source}' ({role}) has no revision: if it changes on the hub, so do the answers. Set "
        "'revision', or 'adapter_revision' for an adapter, to a commit."
    )
    WL050 = (
        "A single token exceeded the context of a voter of '{name}' {n} times; such tokens were not "
        "read, and no entities are found in them. See doc._.el4ner['counts']['tokens_unread']."
    )
    WL230 = (
        "{n} answers could not be stored in '{path}' ({problem}). The answers are used, but a later "
        "run requests them again. Make room on the disk, or end the process that locks the file."
    )
    WL240 = (
        "The backend of '{name}' cannot add offsets to the decisions of an extraction, so only the "
        "labels and the verification of this voter are calibrated. To calibrate all, use HFBackend.v1."
    )
    WL245 = (
        "The model '{name}' does not support questions as branches of a shared prefix. Each question "
        "is trained as a separate sequence, with the same result in more time."
    )
    WL248 = (
        "The voter '{voter}' of '{name}' does not answer, and documents are annotated without it: "
        "{reason}. See doc._.el4ner['counts']['unavailable'] for the documents. To require more "
        "voters, raise 'min_voters'."
    )
    WL249 = (
        "Another package has registered span._.{name} with spaCy, so its value does not come from this "
        "package. Read doc._.el4ner['spans'] instead; `annotate` and the reports do."
    )
    WL260 = (
        "The hub cannot be reached: '{name}' uses only the very small model {model} of the catalogue "
        "instead of {others}. To choose the models, set 'voters', for example to those of a file in "
        "configs/voters; see docs/models.md."
    )
