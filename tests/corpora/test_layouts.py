"""Column layouts, schemes, separators and encodings of every combination: read equal, or refused."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_el4ner.corpora.schemes import is_prefixed
from spacy_el4ner.errors import EL4NERValueError
from tests.corpora.reading import read

WORDS = st.sampled_from(
    [
        *(
            "Ann",
            "Lee",
            "left",
            "the",
            "city",
            "of",
            "Oslo",
            "and",
            "I",
            "O",
            "B",
            "'s",
            "#",
            "#OneLove",
        ),
        *(
            "1994",
            "3",
            "-",
            "_",
            "São",
            "Zürich",
            "Curaçao",
            "E-mail",
            "B-52",
            "NN",
            "IN",
            ".",
            ",",
            "0",
        ),
        *("New York", "a\u00a0b", "I-95"),
    ]
)
LABELS = st.sampled_from(["PER", "LOC", "creative-work", "E-mail", "person.actor"])
SCHEMES = {"bio": "BIIB", "bioes": "BIES", "biluo": "BILU", "bmes": "BMES", "iob1": "IIII", "io": ""}
POS = {"left": "VERB", "the": "DET", ".": "PUNCT"}
KEPT = ("index", "word", "pos", "chunk", "blank", "lemma", "nested")

Sentence = list[tuple[list[str], str]]
"""Stretches of words, each with the label of its entity, "" for none."""


@dataclass(frozen=True)
class File:
    """A generated file and what is in it."""

    sentences: list[Sentence]
    columns: list[str]
    scheme: str
    separator: str
    end: str
    encoding: str

    def content(self) -> bytes:
        blocks = (self.end.join(self.lines(sentence)) for sentence in self.sentences)
        return (self.end * 2).join([*blocks, ""]).encode(self.encoding)

    def lines(self, sentence: Sentence) -> list[str]:
        words = [word for stretch, _ in sentence for word in stretch]
        tags = written(sentence, self.scheme)
        return [
            self.separator.join(self.cell(column, n, word, tag) for column in self.columns)
            for n, (word, tag) in enumerate(zip(words, tags, strict=True))
        ]

    def cell(self, column: str, n: int, word: str, tag: str) -> str:
        values = {"index": str(n + 1), "word": word, "pos": POS.get(word, "NOUN"), "tag": tag}
        values |= {
            "chunk": "B-NP" if n % 2 else "O",
            "blank": "_",
            "lemma": word.lower(),
            "nested": "O",
        }
        return values[column]


def written(sentence: Sentence, scheme: str) -> list[str]:
    tags: list[str] = []
    previous = ""
    for stretch, label in sentence:
        if not label:
            tags += ["O"] * len(stretch)
        elif scheme == "io":
            tags += [label] * len(stretch)
        else:
            begin, inside, last, single = SCHEMES[scheme]
            roles = begin + inside * (len(stretch) - 2) + last if len(stretch) > 1 else single
            if scheme == "bio":
                roles = "B" + "I" * (len(stretch) - 1)
            if scheme == "iob1" and previous == label:
                roles = "B" + roles[1:]
            tags += [f"{role}-{label}" for role in roles]
        previous = label
    return tags


def expected(sentence: Sentence, scheme: str) -> tuple[list[str], list[tuple[int, int, str]]]:
    words: list[str] = []
    spans: list[tuple[int, int, str]] = []
    for stretch, label in sentence:
        start, end = len(words), len(words) + len(stretch)
        if label and scheme == "io" and spans and spans[-1][1:] == (start, label):
            spans[-1] = (spans[-1][0], end, label)  # Labels without prefix do not part neighbours.
        elif label:
            spans.append((start, end, label))
        words += stretch
    return words, spans


@st.composite
def files(draw: st.DrawFn) -> File:
    separator = draw(st.sampled_from(["\t", " ", "   "]))
    words = WORDS.filter(lambda word: " " not in word) if separator != "\t" else WORDS
    stretch = st.tuples(st.lists(words, min_size=1, max_size=4), st.one_of(st.just(""), LABELS))
    sentences = draw(st.lists(st.lists(stretch, min_size=1, max_size=5), min_size=1, max_size=8))
    others = draw(st.lists(st.sampled_from(KEPT), max_size=3, unique=True))
    columns = ["word", *(c for c in others if c not in ("word", "index", "nested")), "tag"]
    columns = (["index"] if "index" in others else []) + columns
    columns += ["nested"] if "nested" in others else []
    if draw(st.integers(0, 5)) == 0:
        columns = ["tag", "word"]
    return File(
        sentences,
        columns,
        draw(st.sampled_from(sorted(SCHEMES))),
        separator,
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-16-le"])),
    )


def outcome(file: File, **options: object) -> list[Doc] | str:
    """The documents, or the code of the refusal."""
    with TemporaryDirectory() as folder:
        try:
            return read(Path(folder), file.content(), "a.tsv", **options)[0]
        except EL4NERValueError as error:
            return error.code


def check(docs: list[Doc], file: File) -> None:
    gold = [expected(sentence, file.scheme) for sentence in file.sentences]
    assert [[t.text for t in doc] for doc in docs] == [words for words, _ in gold]
    assert [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs] == [s for _, s in gold]


def is_ambiguous(file: File) -> bool:
    """Without prefixes, "# PER" is a comment unless other rows have that tag too, "E-mail" is as good
    as a label "mail" with the prefix of an end, and labels without any O are as good as words.
    """
    if file.scheme != "io":
        return False
    stretches = [stretch for sentence in file.sentences for stretch in sentence]
    tags = {label or "O" for words, label in stretches if any(not w.startswith("#") for w in words)}
    return (
        "O" not in tags
        or any(map(is_prefixed, tags))
        or any(
            (label or "O") not in tags
            for words, label in stretches
            if any(w.startswith("#") for w in words)
        )
    )


@settings(deadline=None, max_examples=400)
@given(file=files())
def test_a_layout_is_read_equal_or_refused(file: File) -> None:
    assume(not is_ambiguous(file))
    docs = outcome(file)
    if isinstance(docs, str):
        assert docs in ("EL240", "EL241", "EL247")
    else:
        check(docs, file)


@settings(deadline=None, max_examples=200)
@given(file=files())
def test_a_layout_that_is_forced_is_read_equal(file: File) -> None:
    assume(not is_ambiguous(file))
    roles = tuple(c if c in ("word", "tag") else "-" for c in file.columns)
    encoding = file.encoding if file.encoding in ("latin-1", "utf-16-le") else ""
    docs = outcome(file, columns=roles, scheme=file.scheme, encoding=encoding)
    assert not isinstance(docs, str), docs
    check(docs, file)


def test_usual_layouts_are_recognised() -> None:
    sentences: list[Sentence] = [
        [(["Ann", "Lee"], "PER"), (["left", "the", "city", "of"], ""), (["Oslo"], "LOC"), (["."], "")],
        [(["It", "rained"], ""), (["in"], ""), (["Rome"], "LOC"), (["."], "")],
    ]
    layouts = (
        ["word", "tag"],
        ["tag", "word"],
        ["index", "word", "tag", "nested"],
        ["index", "word", "tag"],
        ["word", "pos", "chunk", "tag"],
        ["word", "lemma", "pos", "chunk", "tag"],
        ["word", "blank", "tag"],
    )
    for columns in layouts:
        for scheme in SCHEMES:
            for separator in ("\t", " "):
                file = File(sentences, columns, scheme, separator, "\n", "utf-8")
                docs = outcome(file)
                assert not isinstance(docs, str), (docs, columns, scheme)
                check(docs, file)


ALIKE = {
    "words that are parts of speech": (["word", "lemma", "tag"], [["NN", "IN", "NN"]], "PER"),
    "words that are numbers": (["index", "word", "blank", "tag"], [["3", "1994", "0", "3"]], ""),
    "words that look like prefixed tags": (
        ["word", "blank", "tag"],
        [["B-52", "B-52", "a", "I-95"]],
        "",
    ),
    "words that look like labels": (["word", "blank", "tag"], [["O", "O", "Ann", "Lee"]], ""),
    "words that look like both": (["word", "pos", "blank", "tag"], [["B-52", "B-52", "-", "-"]], ""),
}
"""Columns, words and label of files in which another column could pass for that of the words."""


@pytest.mark.parametrize(("columns", "stretches", "label"), ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("separator", ["\t", " "])
def test_no_other_column_is_read_as_the_words(
    columns: list[str], stretches: list[list[str]], label: str, separator: str
) -> None:
    sentences: list[Sentence] = [[(words, label)] for words in stretches]
    file = File(sentences, columns, "bio", separator, "\n", "utf-8")
    docs = outcome(file)
    if not isinstance(docs, str):
        check(docs, file)


def test_a_column_without_tags_is_not_read_for_one_of_labels() -> None:
    sentences: list[Sentence] = [
        [(["Ann", "Lee"], "PER"), (["Oslo"], "LOC"), (["Rome", "York"], "LOC"), (["Bill"], "PER")]
    ]
    for columns in (["word", "tag", "nested"], ["index", "word", "tag", "nested"]):
        assert outcome(File(sentences, columns, "io", "\t", "\n", "utf-8")) == "EL240"


def test_the_token_that_begins_comments_can_have_a_label_without_prefix() -> None:
    file = File([[(["Ann"], ""), (["#"], "PER")]], ["word", "tag"], "io", "\t", "\n", "utf-8")
    docs = outcome(file, columns=("word", "tag"), scheme="io")
    assert not isinstance(docs, str), docs
    check(docs, file)


def test_words_that_could_be_labels_beside_zeros_are_not_taken_for_tags(tmp_path):
    with pytest.raises(ValueError, match=r"\[EL240\].*--columns"):
        read(tmp_path, b"O\tAnn\nPER\tAnn\nPER\t0\nPER\t0\n", "a.tsv")
