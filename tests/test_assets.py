"""Checks of the text corpora in assets/; run as a script, it prints their counts."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import spacy

ASSETS = Path(__file__).parents[1] / "assets"
SHARES = {"train": 0.65, "dev": 0.15, "test": 0.20}
LABELS = {
    "en": ["PERSON", "ORG", "GPE", "LOC", "PRODUCT", "WORK_OF_ART", "EVENT"],
    "zh": ["NR", "NS", "NO", "NG", "NB", "T"],
}
LEAST_SENTENCES = {"en": 900, "zh": 240}
SIMPLIFIED_ONLY = set("国为个这时来对发会学们说将军书东马长门见贝车风龙")
FINAL_MARKS = ".?!…,:;\"'”’)"

each_language = pytest.mark.parametrize("lang", LABELS)
each_split = pytest.mark.parametrize(
    ("lang", "split"), [(lang, split) for lang in LABELS for split in SHARES]
)

Document = dict[str, Any]
Entity = tuple[int, int, str]


class Sentence:
    """One sentence of a document, with the entities that lie in it, at offsets of its own."""

    def __init__(self, doc: Document, start: int, end: int) -> None:
        self.text: str = doc["text"][start:end]
        self.entities: list[Entity] = [
            (s - start, e - start, label) for s, e, label in doc["entities"] if start <= s < end
        ]

    @property
    def names(self) -> list[str]:
        return [self.text[start:end] for start, end, _ in self.entities]

    @property
    def gaps(self) -> list[str]:
        """The text between each name and the next."""
        return [
            self.text[left[1] : right[0]]
            for left, right in zip(self.entities, self.entities[1:], strict=False)
        ]

    @property
    def skeleton(self) -> str:
        """The sentence with its names replaced by their labels and its digits by 0."""
        parts, at = [], 0
        for start, end, label in self.entities:
            parts += [self.text[at:start], label]
            at = end
        return re.sub(r"\d", "0", "".join([*parts, self.text[at:]])).casefold()


@cache
def load(lang: str, split: str) -> list[Document]:
    lines = (ASSETS / f"sample_{lang}" / f"{split}.jsonl").read_text(encoding="utf8").splitlines()
    return [json.loads(line) for line in lines]


def documents(lang: str) -> list[Document]:
    return [doc for split in SHARES for doc in load(lang, split)]


@cache
def sentences(lang: str, split: str | None = None) -> list[Sentence]:
    docs = load(lang, split) if split else documents(lang)
    return [Sentence(doc, *span) for doc in docs for span in doc["sentences"]]


def mentions(docs: list[Document]) -> Iterator[tuple[str, str]]:
    """Surface and label of every entity."""
    for doc in docs:
        for start, end, label in doc["entities"]:
            yield doc["text"][start:end], label


def words(text: str, lang: str) -> list[str]:
    return text.split() if lang == "en" else [c for c in text if c.isalpha()]


def unseen(lang: str) -> tuple[int, int]:
    """How many test entities bear a surface and label not in training, and of how many."""
    known = set(mentions(load(lang, "train")))
    test = list(mentions(load(lang, "test")))
    return sum(mention not in known for mention in test), len(test)


def report() -> str:
    """The counts of all corpora as Markdown tables."""
    tables = []
    for lang, labels in LABELS.items():
        head = [lang, "documents", "sentences", "entities", *labels, "unseen entities"]
        rows = [head, ["---"] + ["---:"] * (len(head) - 1)]
        for split in SHARES:
            count = Counter(label for _, label in mentions(load(lang, split)))
            sizes = [len(load(lang, split)), len(sentences(lang, split)), count.total()]
            new = str(unseen(lang)[0]) if split == "test" else ""
            rows.append([split, *map(str, sizes), *(str(count[x]) for x in labels), new])
        tables.append("\n".join("| " + " | ".join(row) + " |" for row in rows))
    return "\n\n".join(tables)


def duplicates(texts: list[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


# Format


@each_split
def test_documents_have_the_stated_fields(lang: str, split: str) -> None:
    for doc in load(lang, split):
        assert list(doc) == ["id", "genre", "text", "sentences", "entities"]


@each_split
def test_offsets_lie_inside_the_text(lang: str, split: str) -> None:
    for doc in load(lang, split):
        for start, end, *_ in doc["sentences"] + doc["entities"]:
            assert 0 <= start < end <= len(doc["text"]), (doc["id"], start, end)


@each_split
def test_entities_have_no_white_space_at_their_edges(lang: str, split: str) -> None:
    assert [name for name, _ in mentions(load(lang, split)) if name != name.strip()] == []


@each_split
def test_entities_do_not_overlap(lang: str, split: str) -> None:
    for doc in load(lang, split):
        for left, right in zip(doc["entities"], doc["entities"][1:], strict=False):
            assert left[1] <= right[0], (doc["id"], left, right)


@each_split
def test_each_entity_lies_within_one_sentence(lang: str, split: str) -> None:
    for doc in load(lang, split):
        for start, end, _ in doc["entities"]:
            around = [1 for s, e in doc["sentences"] if s <= start and end <= e]
            assert around == [1], (doc["id"], doc["text"][start:end])


@each_split
def test_sentences_cover_the_text_but_white_space(lang: str, split: str) -> None:
    for doc in load(lang, split):
        at = 0
        for start, end in [*doc["sentences"], (len(doc["text"]), len(doc["text"]))]:
            assert at <= start, (doc["id"], start)
            assert not doc["text"][at:start].strip(), (doc["id"], doc["text"][at:start])
            at = end


@each_split
def test_sentences_have_no_white_space_at_their_edges(lang: str, split: str) -> None:
    texts = [sentence.text for sentence in sentences(lang, split)]
    assert [text for text in texts if text != text.strip()] == []


@each_split
def test_entities_stand_at_token_boundaries(lang: str, split: str) -> None:
    nlp = spacy.blank(lang)
    for doc in load(lang, split):
        tokens = nlp.make_doc(doc["text"])
        for start, end, _ in doc["entities"]:
            assert tokens.char_span(start, end), (doc["id"], doc["text"][start:end])


# Labels and splits


@each_split
def test_the_labels_are_exactly_those_of_the_scheme(lang: str, split: str) -> None:
    assert {label for _, label in mentions(load(lang, split))} == set(LABELS[lang])


@each_language
def test_ids_are_unique(lang: str) -> None:
    assert duplicates([doc["id"] for doc in documents(lang)]) == []


@each_language
def test_no_text_occurs_twice(lang: str) -> None:
    assert duplicates([doc["text"] for doc in documents(lang)]) == []


@each_language
def test_no_sentence_of_more_than_five_words_is_in_two_splits(lang: str) -> None:
    homes = defaultdict(set)
    for split in SHARES:
        for sentence in sentences(lang, split):
            if len(words(sentence.text, lang)) > 5:
                homes[sentence.text.casefold()].add(split)
    assert {text: found for text, found in homes.items() if len(found) > 1} == {}


@each_split
def test_splits_have_their_share_of_the_sentences(lang: str, split: str) -> None:
    share = len(sentences(lang, split)) / len(sentences(lang))
    assert share == pytest.approx(SHARES[split], abs=0.04)


@each_language
def test_there_are_enough_sentences(lang: str) -> None:
    assert len(sentences(lang)) >= LEAST_SENTENCES[lang]


@each_language
def test_documents_have_one_to_twelve_sentences(lang: str) -> None:
    assert [doc["id"] for doc in documents(lang) if not 1 <= len(doc["sentences"]) <= 12] == []


# What the English text must have


def test_english_has_eight_genres() -> None:
    assert len({doc["genre"] for doc in documents("en")}) >= 8


def test_english_has_sentences_without_entity() -> None:
    bare = [sentence for sentence in sentences("en") if not sentence.entities]
    assert len(bare) >= 0.15 * len(sentences("en"))


def test_english_has_surfaces_of_more_than_one_type() -> None:
    types = defaultdict(set)
    for name, label in mentions(documents("en")):
        types[name].add(label)
    ambiguous = [s for s in sentences("en") if any(len(types[name]) > 1 for name in s.names)]
    assert len(ambiguous) >= 120


def has_names_that_touch(sentence: Sentence) -> bool:
    return any(re.fullmatch(r"\s*,?\s*", gap) for gap in sentence.gaps)


@cache
def names_around_others() -> set[str]:
    """Names that contain another annotated name as whole words."""
    names = {name for name, _ in mentions(documents("en"))}
    return {
        long
        for long in names
        for short in names
        if short != long and short in long and re.search(rf"(?<!\w){re.escape(short)}(?!\w)", long)
    }


def has_a_name_around_another(sentence: Sentence) -> bool:
    return any(name in names_around_others() for name in sentence.names)


def has_a_name_at_the_start(sentence: Sentence) -> bool:
    return bool(sentence.entities) and sentence.entities[0][0] == 0


def has_a_name_at_the_end(sentence: Sentence) -> bool:
    end = len(sentence.text.rstrip(FINAL_MARKS))
    return any(stop >= end for _, stop, _ in sentence.entities)


def has_punctuation_in_a_name(sentence: Sentence) -> bool:
    return any(unicodedata.category(c)[0] == "P" for c in "".join(sentence.names))


def has_emoji(sentence: Sentence) -> bool:
    return re.search("[\u2600-\u27bf\U0001f300-\U0001faff]", sentence.text) is not None


def has_a_letter_beyond_ascii_in_a_name(sentence: Sentence) -> bool:
    return any(c.isalpha() and not c.isascii() for c in "".join(sentence.names))


PHENOMENA = {
    "names that touch": has_names_that_touch,
    "a name around another": has_a_name_around_another,
    "a name at the start": has_a_name_at_the_start,
    "a name at the end": has_a_name_at_the_end,
    "punctuation in a name": has_punctuation_in_a_name,
    "emoji": has_emoji,
    "non-ASCII letters in a name": has_a_letter_beyond_ascii_in_a_name,
}


@pytest.mark.parametrize("phenomenon", PHENOMENA)
def test_english_has_twenty_sentences_of_each_phenomenon(phenomenon: str) -> None:
    assert sum(map(PHENOMENA[phenomenon], sentences("en"))) >= 20


def test_no_english_skeleton_is_used_more_than_three_times() -> None:
    count = Counter(sentence.skeleton for sentence in sentences("en"))
    assert {skeleton: n for skeleton, n in count.items() if n > 3} == {}


# What the Chinese text must have


def test_chinese_is_in_traditional_characters() -> None:
    found = {c for doc in documents("zh") for c in doc["text"] if c in SIMPLIFIED_ONLY}
    assert found == set()


# Counts


def test_the_readme_states_the_counts() -> None:
    print(f"\n{summary()}")  # shown by `pytest -s`
    assert report() in (ASSETS / "README.md").read_text(encoding="utf8")


def summary() -> str:
    new = [
        "{}: {} of {} test entities (surface, label) never seen in training".format(lang, *unseen(lang))
        for lang in LABELS
    ]
    found = [f"en: {sum(map(has, sentences('en')))} × {what}" for what, has in PHENOMENA.items()]
    return "\n".join([report(), "", *new, *found])


if __name__ == "__main__":
    print(summary())
