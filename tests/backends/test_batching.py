"""Batches of prompts, and what is told of them."""

import pytest

from spacy_el4ner.backends.batching import Size, answer_in_batches, ordered
from spacy_el4ner.progress import Progress


def test_long_answering_has_a_line_a_minute(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("spacy_el4ner.progress.now", lambda: now[0])

    def answer(batch):
        now[0] += 40
        return batch

    with Progress("Annotating", 3):
        answers = answer_in_batches([Size(5, 5, 1, n) for n in range(6)], 10, answer)
    assert answers == list(range(6))
    assert capsys.readouterr().err.splitlines() == ["Annotating: 0/3 documents in 1:20, 4 of 6 answers"]


@pytest.mark.parametrize("most", [1, 10, 1000])
def test_answers_are_in_the_order_of_the_prompts(most):
    sizes = [Size(n, n, 1, prefix) for n, prefix in ((3, "a"), (9, "b"), (1, "b"), (7, "a"))]
    assert answer_in_batches(sizes, most, lambda batch: batch) == [0, 1, 2, 3]


def test_prompts_with_the_same_prefix_follow_one_another():
    """Among them, and among the prefixes, those with the most to read come first."""
    sizes = [Size(9, n, 1, prefix) for n, prefix in ((3, "a"), (9, "b"), (1, "b"), (7, "a"), (5, "c"))]
    assert ordered(sizes) == [1, 2, 3, 0, 4]
