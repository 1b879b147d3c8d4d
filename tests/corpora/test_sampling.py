"""Drawing documents until there are enough sentences."""

import spacy

from spacy_el4ner.corpora.sampling import sample_by_sentences
from spacy_el4ner.text.windows import WORDS

NLP = spacy.blank("en")
SHORT = [NLP.make_doc(f"Sentence number {n} ends. Another one, too.") for n in range(20)]
LONG = [NLP.make_doc(" ".join([f"word{n}"] * 2 * WORDS)) for n in range(20)]


def test_no_limit_takes_everything():
    assert sample_by_sentences(SHORT, 0, 0) == (SHORT, 40)


def test_a_limit_that_is_not_reached_takes_everything():
    assert sample_by_sentences(SHORT, 40, 0) == (SHORT, 40)


def test_whole_documents_are_drawn_by_seed_until_there_are_sentences_enough():
    some, sentences = sample_by_sentences(SHORT, 9, 1)
    assert (len(some), sentences) == (5, 10)
    assert some == [doc for doc in SHORT if doc in some]
    assert sample_by_sentences(SHORT, 9, 1)[0] == some
    assert sample_by_sentences(SHORT, 9, 2)[0] != some


def test_of_long_sentences_fewer_are_drawn():
    some, sentences = sample_by_sentences(LONG, 10, 0)
    assert len(some) == sentences == 5
