"""A dozen labelled sentences of the words that tiny tokenizers know."""

from spacy_el4ner.types import Demonstration
from tests.strategies import make_shot, sentence

PEOPLE = ("Ann", "Bill", "Lee", "Paulo")
PLACES = ("Paris", "São", "İstanbul")
WORDS = ("left", "saw", "met")


def demonstration(n: int) -> Demonstration:
    """RETURNS (Demonstration): Sentence `n`; each has other words."""
    person, place = PEOPLE[n % len(PEOPLE)], PLACES[n % len(PLACES)]
    first = f"{person} {WORDS[n // len(PEOPLE) % len(WORDS)]} "
    window = sentence(first + place)
    people, places = (0, len(person), "PERSON"), (len(first), len(first + place), "GPE")
    return make_shot(window, people, places, id=f"s{n}")


SENTENCES = [demonstration(n) for n in range(12)]
LABELS = {"GPE": "", "PERSON": ""}


class Letters:
    """An encoder that needs no model: which letters a text has."""

    name = "letters"

    def encode(self, texts):
        import numpy as np

        vectors = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for letter in text:
                row[ord(letter) % 64] += 1
        return vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
