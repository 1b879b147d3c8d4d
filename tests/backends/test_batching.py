"""Batches of prompts, and what is told of them."""

import pytest

from spacy_el4ner.backends.batching import answer_in_batches
from spacy_el4ner.progress import Progress


def test_long_answering_has_a_line_a_minute(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("spacy_el4ner.progress.now", lambda: now[0])

    def answer(batch):
        now[0] += 40
        return batch

    with Progress("Annotating", 3):
        answers = answer_in_batches([5] * 6, [5] * 6, [1] * 6, 10, answer)
    assert answers == list(range(6))
    assert capsys.readouterr().err.splitlines() == ["Annotating: 0/3 documents in 1:20, 4 of 6 answers"]


@pytest.mark.parametrize("most", [1, 10, 1000])
def test_answers_are_in_the_order_of_the_prompts(most):
    lengths = [3, 9, 1, 7]
    assert answer_in_batches(lengths, lengths, [1] * 4, most, lambda batch: batch) == [0, 1, 2, 3]
