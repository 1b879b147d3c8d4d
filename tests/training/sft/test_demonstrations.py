import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.retrieval.bm25 import BM25
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.training.sft.demonstrations import demonstration_finder
from tests.strategies import make_shot, quick, sentence
from tests.training.sft.corpus import SENTENCES, Letters

REPEATED = [*SENTENCES, make_shot(SENTENCES[3].window, id="again")]
RETRIEVERS = {
    "similar": lambda: SentenceSimilarity(Letters()),
    "words": BM25,
    "fixed": FixedDemonstrations,
}


@pytest.mark.parametrize("kind", RETRIEVERS)
@quick
@given(
    st.lists(st.sampled_from(REPEATED), min_size=1, unique_by=lambda demonstration: demonstration.id),
    st.integers(0, 5),
)
def test_a_sentence_is_never_shown_to_itself_nor_is_its_twin(kind, pool, k):
    found = demonstration_finder(pool, k, RETRIEVERS[kind]())(pool)
    for demonstration, shown in zip(pool, found, strict=True):
        assert demonstration.window.text not in {s.window.text for s in shown}
        others = sum(s.window.text != demonstration.window.text for s in pool)
        assert len(shown) == min(k, others)


def test_the_most_similar_comes_first():
    pool = [make_shot(sentence(t), id=t) for t in ("azzz", "aaab", "zzzz", "aabb")]
    (shown,) = demonstration_finder(pool, 3, SentenceSimilarity(Letters()))(
        [make_shot(sentence("aaaa"))]
    )
    assert [s.id for s in shown] == ["aaab", "aabb", "azzz"]


def test_words_in_common_are_found():
    pool = [make_shot(sentence(t), id=t) for t in ("it rained", "she left", "she came")]
    (shown,) = demonstration_finder(pool, 1, BM25())([make_shot(sentence("he left"))])
    assert [s.id for s in shown] == ["she left"]
