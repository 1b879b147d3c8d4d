import numpy as np
import pytest

from spacy_el4ner.slm.reading import read
from spacy_el4ner.slm.tags import Scheme
from spacy_el4ner.types import Mention
from tests.strategies import sentence

SCHEME = Scheme(("GPE", "PERSON"))
WINDOW = sentence("Ann Lee left Paris")


def logits(*tags, sure=0.6):
    """Scores that give each token its tag with probability `sure`, and shifted by any number."""
    p = np.full((len(tags), len(SCHEME.tags)), (1 - sure) / (len(SCHEME.tags) - 1))
    p[np.arange(len(tags)), [SCHEME.tags.index(tag) for tag in tags]] = sure
    return (np.log(p) + 7).astype(np.float32)


def test_tags_become_mentions_at_the_tokens_of_the_window():
    reading = read(SCHEME, WINDOW, logits("B-PERSON", "L-PERSON", "O", "U-GPE"))
    assert reading.mentions == (Mention(0, 7, "PERSON"), Mention(13, 18, "GPE"))


def test_log_probabilities_are_normalised():
    reading = read(SCHEME, WINDOW, logits("O", "O", "O", "O"))
    assert reading.logprobs.shape == (4, 9)
    assert np.exp(reading.logprobs).sum(1) == pytest.approx(1)
    assert np.exp(reading.logprobs[:, 0]) == pytest.approx(0.6)


def test_the_probability_of_an_entity_is_the_geometric_mean_of_its_tags():
    scores = logits("B-PERSON", "L-PERSON", "O", "U-GPE")
    scores[1] = logits("L-PERSON", sure=0.9)
    reading = read(SCHEME, WINDOW, scores)
    assert reading.probabilities == pytest.approx(((0.6 * 0.9) ** 0.5, 0.6))


def test_what_is_rounded_to_0_as_a_probability_has_a_logarithm():
    scores = np.zeros((4, 9), np.float32)
    scores[:, 0] = 500
    assert np.isfinite(read(SCHEME, WINDOW, scores).logprobs).all()
