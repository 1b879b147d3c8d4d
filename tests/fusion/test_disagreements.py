import pytest
from hypothesis import given

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Agreement, Disagreement
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.types import Mention
from tests.fusion.cases import any_cases, make_case, slm
from tests.strategies import make_window, quick

ABCDEF = make_window(*"abcdef", gap="")


def groups(slm_mentions, llm_mentions, window=ABCDEF):
    case = make_case(window, [0.1] * len(window.tokens), slm_mentions, llm_mentions)
    return case.groups


def test_the_same_mention_is_an_agreement():
    (group,) = groups([(0, 2, "NR")], [(0, 2, "NR", 0.7, 0.8)])
    assert isinstance(group, Agreement)
    assert (group.slm, group.probability) == (Mention(0, 2, "NR"), 0.9)
    assert (group.llm.category, group.llm.boundary) == (0.7, 0.8)


def test_another_label_is_a_disagreement_about_the_category():
    (group,) = groups([(0, 2, "NR")], [(0, 2, "NG")])
    assert isinstance(group, Disagreement)
    assert group.kind == "category"


@pytest.mark.parametrize(
    ("slm_mentions", "llm_mentions", "tokens"),
    [
        ([(0, 3, "NR")], [(0, 1, "NG"), (1, 3, "NR")], range(3)),
        ([(1, 3, "NR")], [(2, 4, "NR")], range(1, 4)),
        ([(1, 3, "NR")], [], range(1, 3)),
        ([], [(1, 3, "NR")], range(1, 3)),
    ],
)
def test_other_spans_or_none_are_a_disagreement_about_the_boundary(slm_mentions, llm_mentions, tokens):
    (group,) = groups(slm_mentions, llm_mentions)
    assert isinstance(group, Disagreement)
    assert (group.kind, group.tokens) == ("boundary", tokens)
    assert (len(group.slm), len(group.llm)) == (len(slm_mentions), len(llm_mentions))


def test_mentions_that_overlap_through_others_are_one_group():
    (group,) = groups([(0, 2, "NR"), (3, 5, "NR")], [(1, 4, "NG")])
    assert group.tokens == range(5)


def test_mentions_that_only_touch_are_two_groups():
    assert len(groups([(0, 2, "NR")], [(2, 4, "NR")])) == 2


def test_tokens_are_counted_and_not_characters():
    window = make_window("Ann", "Lee", "left")
    (group,) = groups([(4, 7, "NR")], [], window)
    assert group.tokens == range(1, 2)


@pytest.mark.parametrize("reading", [None, LLMReading(error="timeout")])
def test_with_one_reading_there_is_nothing_to_decide(reading):
    assert Case(ABCDEF, slm([0.1] * 6, (0, 1, "NR")), reading).groups == ()


@quick
@given(any_cases())
def test_each_mention_is_in_one_group(case):
    found = case.groups
    slm_mentions = [m for g in found for m in ([g.slm] if isinstance(g, Agreement) else g.slm)]
    llm_mentions = [m for g in found for m in ([g.llm] if isinstance(g, Agreement) else g.llm)]
    assert tuple(slm_mentions) == case.slm.mentions
    assert tuple(llm_mentions) == case.llm.mentions


@quick
@given(any_cases())
def test_groups_are_maximal(case):
    """No mention of one overlaps one of another, and none could be split."""

    def spans(group):
        if isinstance(group, Agreement):
            return [(group.slm.start, group.slm.end)]
        return [(m.start, m.end) for m in (*group.slm, *(m.mention for m in group.llm))]

    found = [spans(group) for group in case.groups]
    for n, group in enumerate(found):
        start, end = min(s for s, _ in group), max(e for _, e in group)
        for other in found[n + 1 :]:
            assert all(s >= end for s, _ in other)
        # Every place strictly inside is inside of some mention.
        assert all(any(s < at < e for s, e in group) for at in range(start + 1, end))


@quick
@given(any_cases())
def test_a_disagreement_differs(case):
    for group in case.disagreements:
        assert set(group.slm) != {m.mention for m in group.llm}
