import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.training.sft.demonstrations import fixed, similar
from tests.strategies import make_shot, quick, sentence
from tests.training.sft.corpus import SENTENCES, Letters

REPEATED = [*SENTENCES, make_shot(SENTENCES[3].window, id="again")]
FINDERS = {
    "similar": lambda pool, k: similar(pool, k, SentenceSimilarity(Letters())),
    "fixed": lambda pool, k: fixed(pool, k, 0),
}


@pytest.mark.parametrize("kind", FINDERS)
@quick
@given(st.lists(st.sampled_from(REPEATED), min_size=1), st.integers(0, 5))
def test_a_sentence_is_never_shown_to_itself_nor_is_its_twin(kind, pool, k):
    for shot, shown in zip(pool, FINDERS[kind](pool, k)(pool), strict=True):
        assert shot.window.text not in {s.window.text for s in shown}
        others = sum(s.window.text != shot.window.text for s in pool)
        assert len(shown) == min(k, others)


def test_the_most_similar_comes_first():
    pool = [make_shot(sentence(t), id=t) for t in ("azzz", "aaab", "zzzz", "aabb")]
    (shown,) = similar(pool, 3, SentenceSimilarity(Letters()))([make_shot(sentence("aaaa"))])
    assert [s.id for s in shown] == ["aaab", "aabb", "azzz"]


def test_fixed_demonstrations_are_the_same_for_all_others():
    find = fixed(SENTENCES, 3, 0)
    shown = {tuple(s.id for s in row) for row in find([make_shot(sentence("x")), *SENTENCES])}
    drawn = {s.id for s in find([make_shot(sentence("x"))])[0]}
    assert len(shown) == 1 + len(drawn)


def test_the_seed_draws_them():
    draws = {tuple(s.id for s in fixed(SENTENCES, 3, seed)([SENTENCES[0]])[0]) for seed in range(5)}
    assert len(draws) > 1
