"""Errors of corpora and exports of annotation tools."""

from spacy_el4ner.errors.coded import Coded


class CorpusErrors(metaclass=Coded):
    """Messages about corpora and annotation tools."""

    EL007 = (
        "'{path}' contains no corpus. Give a folder with train, dev and test files, a BRAT folder, or "
        "one file: columns (.conll, .bio, .bmes, .tsv, .txt), JSON (.jsonl, .json) or .spacy."
    )
    EL008 = "Cannot read {path}, line {line}: {problem}. Correct the file there."
    EL105 = (
        "'{path}' has entities whose labels are unknown to the pipeline: {labels}. Its labels: "
        "{known}. Change the labels in the annotation tool and export again, or first create the "
        "pipeline with these labels."
    )
    EL106 = (
        "'{path}' is not an export of {tool}: {problem}. Name the tool that wrote the file with "
        "--format."
    )
    EL107 = (
        "No document in '{path}' was accepted, so there is nothing to learn from. Review some "
        "documents, and export again."
    )
    EL240 = (
        "Cannot read {path} as a file of columns: {problem}. First row of the usual length: {sample}. "
        "Each line must have a token and its tag (O, B-PER, I-PER, or another scheme), separated by "
        "tabs or spaces. Name the columns with --columns, such as --columns index,word,tag,- and the "
        "scheme with --scheme."
    )
    EL241 = (
        "{path}, line {line}: {problem}, and the encoding is not guessed. Name the encoding, probably "
        "--encoding {encoding}, or save the file as UTF-8."
    )
    EL242 = (
        "Unknown format: {path} begins with {seen!r}. Known formats: {known}. Convert the file to one "
        "of them, or name its format with --format."
    )
    EL243 = (
        "{path}: {bare} of {total} objects have no annotation in a known form. Keys of the first "
        "object: {seen}. Each object must have a text and its entities, or tokens and tags, in a form "
        "that docs/data.md describes. Name their keys with --text-key and --entities-key."
    )
    EL244 = (
        "{path}, {place}: the label or tag {number} under {key} is a number without a name in the "
        "file. Give the names with --tag-names: in order (O,B-PER,I-PER), as pairs (7=PERSON,8=GPE), "
        "or as a file of them."
    )
    EL245 = "Invalid value '{value}' for {option}. Expected: {expected}."
    EL246 = (
        "{path}: the offsets do not seem to be in the unit '{unit}': of {total} entities after an "
        "emoji or another character beyond U+FFFF, {here} match words in this unit, and {there} in "
        "'{other}'. Name the unit with --offsets {other} or --offsets {unit}."
    )
    EL247 = (
        "{path}: {lost} of {total} annotations are invalid when the file is read in this way "
        "({layout}), so most of the gold entities would be lost. {why}. Correct the file, or describe "
        "it: --columns and --scheme for columns, --entities-key, --tag-names and --offsets for JSON."
    )
    EL248 = (
        "{path}: {widened} of {total} entities do not begin and end at tokens of the language "
        "'{lang}', and would be widened. Name the language of the texts with --lang, or the unit of "
        "the offsets with --offsets."
    )
    EL249 = (
        "'{path}' has several files, but no training file among them: {names}. Name them train, dev "
        "and test, or give one file."
    )
