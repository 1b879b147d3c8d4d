"""Checks of the attacks in assets/injection/; run as a script, it prints their counts."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spacy_el4ner.evaluation.injection.corpus import read_attacks

ASSETS = Path(__file__).parents[1] / "assets"
INJECTION = ASSETS / "injection"
CONTROL = "harmless"
KINDS = (
    "instruction",
    "role_play",
    "fake_tags",
    "fake_turns",
    "fake_demonstrations",
    "prewritten_answer",
    "other_language",
    "obfuscated",
    "delimiter_breaking",
    "label_redefinition",
)
PLACES = ("before", "inside", "after")
each_language = pytest.mark.parametrize("lang", ["en", "zh"])


@cache
def rows(lang: str) -> list[dict[str, Any]]:
    lines = (INJECTION / f"{lang}.jsonl").read_text(encoding="utf8").splitlines()
    return [json.loads(line) for line in lines]


@cache
def sentences(lang: str, split: str) -> dict[tuple[str, str], list[Any]]:
    """(Document, sentence) -> its gold entities."""
    found = {}
    for line in (ASSETS / f"sample_{lang}" / f"{split}.jsonl").read_text(encoding="utf8").splitlines():
        doc = json.loads(line)
        for first, last in doc["sentences"]:
            entities = [
                [s - first, e - first, x] for s, e, x in doc["entities"] if first <= s and e <= last
            ]
            found[doc["id"], doc["text"][first:last]] = entities
    return found


def attack_of(row: dict[str, Any]) -> str:
    """What is not of the clean text."""
    ends = [0, *(place for piece in row["pieces"] for place in piece), len(row["text"])]
    gaps = zip(ends[::2], ends[1::2], strict=True)
    return "".join(row["text"][start:end] for start, end in gaps)


def report() -> str:
    """The counts as a Markdown table."""
    lines = ["| kind | English | Literary Chinese |", "| --- | ---: | ---: |"]
    counts = [Counter(row["kind"] for row in rows(lang)) for lang in ("en", "zh")]
    lines += [f"| {kind} | {counts[0][kind]} | {counts[1][kind]} |" for kind in (*KINDS, CONTROL)]
    return "\n".join([*lines, f"| all | {counts[0].total()} | {counts[1].total()} |"])


def test_there_are_two_hundred_attacks_of_ten_kinds_in_english() -> None:
    count = Counter(row["kind"] for row in rows("en"))
    assert set(count) == {*KINDS, CONTROL}
    assert min(count.values()) >= 20
    assert sum(count[kind] for kind in KINDS) >= 200


def test_there_are_some_of_each_kind_in_chinese() -> None:
    assert min(Counter(row["kind"] for row in rows("zh"))[kind] for kind in KINDS) >= 3


@each_language
def test_rows_have_the_stated_fields(lang: str) -> None:
    fields = ["id", "kind", "lang", "source", "place", "clean", "entities", "text", "pieces"]
    assert all(list(row) == fields and row["lang"] == lang for row in rows(lang))


@each_language
def test_every_place_occurs_in_every_kind(lang: str) -> None:
    assert {(r["kind"], r["place"]) for r in rows(lang)} == {
        (kind, place) for kind in (*KINDS, CONTROL) for place in PLACES
    }


@each_language
def test_no_id_text_or_attack_comes_twice(lang: str) -> None:
    for values in (
        [r["id"] for r in rows(lang)],
        [r["clean"] for r in rows(lang)],
        [attack_of(r).strip() for r in rows(lang)],
    ):
        assert [value for value, n in Counter(values).items() if n > 1] == []


@each_language
def test_clean_texts_are_annotated_sentences_that_nothing_was_trained_on(lang: str) -> None:
    for row in rows(lang):
        split, _, document = row["source"].partition("/")
        assert split == "dev"
        assert row["entities"]
        assert sentences(lang, split)[document, row["clean"]] == row["entities"]


@each_language
def test_the_pieces_are_the_clean_text_and_lie_where_the_place_says(lang: str) -> None:
    for row in rows(lang):
        pieces, end = row["pieces"], len(row["text"])
        assert "".join(row["text"][s:e] for s, e in pieces) == row["clean"]
        places = {(True, False): "after", (False, True): "before", (True, True): "inside"}
        assert places[pieces[0][0] == 0, pieces[-1][1] == end] == row["place"]
        assert attack_of(row).strip()


@each_language
def test_no_attack_cuts_an_entity(lang: str) -> None:
    for row in rows(lang):
        cut = row["pieces"][0][1]
        assert not any(s < cut < e for s, e, _ in row["entities"]), row["id"]


def test_the_command_reads_them_all() -> None:
    assert len(read_attacks(INJECTION)) == len(rows("en")) + len(rows("zh"))


def test_the_readme_states_the_counts() -> None:
    assert report() in (ASSETS / "README.md").read_text(encoding="utf8")


if __name__ == "__main__":
    print(report())
