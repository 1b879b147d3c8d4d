import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.grammars import MOST_SIMPLER, accepts, explore, fingerprint, gbnf, simplest
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from spacy_el4ner.types import Grammar
from tests.strategies import any_mentions, make_window, quick, separate_mentions, walk, windows

RULE = re.compile(r"(root|s\d+) ::= (.*)")
TERM = re.compile(r'"((?:[^"\\]|\\.)*)"(?: (root|s\d+))?')

grammars = st.one_of(
    windows(5).map(lambda w: InlineTags(max_tokens=2).grammar(w)),
    windows(4).map(lambda w: InlineTags(("PERSON", "GPE"), 2).grammar(w)),
    windows(3).map(lambda w: SpanList(2).grammar(w)),
    st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4, unique=True).map(Choice),
)


class Written(Grammar):
    """The grammar that GBNF rules say, read back."""

    def __init__(self, rules):
        lines = [RULE.fullmatch(line).groups() for line in rules.split("\n")]
        self.rules = {name: [_term(m) for m in TERM.finditer(right)] for name, right in lines}
        assert len(self.rules) == len(lines)

    def start(self):
        return "root"

    def options(self, state):
        return [(string, after) for string, after in self.rules[state] if after]


def _term(match):
    spelled = re.sub(r"\\(x|.)", lambda m: r"\u00" if m[1] == "x" else m[0], match[1])
    return json.loads(f'"{spelled}"'), match[2]


@quick
@given(st.data(), windows())
def test_a_tagged_copy_is_accepted(data, window):
    format = InlineTags(data.draw(st.sampled_from([(), ("PERSON", "GPE")])))
    mentions = data.draw(separate_mentions(window, format.labels or ("",)))
    assert accepts(format.grammar(window), format.render(window, mentions))


@quick
@given(st.data(), windows(7))
def test_a_span_list_is_accepted(data, window):
    format = SpanList()
    assert accepts(format.grammar(window), format.render(window, data.draw(any_mentions(window))))


@quick
@given(grammars, st.integers(), st.data())
def test_a_damaged_answer_is_accepted_only_if_it_is_another_answer(grammar, seed, data):
    answer = "".join(walk(grammar, seed))
    at = data.draw(st.integers(0, len(answer)))
    damaged = answer[:at] + "\x07" + answer[at:]
    assert accepts(grammar, answer)
    reachable = {s for options in explore(grammar).values() for s, _ in options}
    assert not accepts(grammar, damaged) or any("\x07" in s for s in reachable)


def test_white_space_around_tags_does_not_matter():
    grammar = InlineTags().grammar(make_window("Ann", "left", "."))
    assert accepts(grammar, "<e> Ann </e> left.")
    assert not accepts(grammar, "<e> Ann </e> was left.")


def test_the_beginning_of_an_answer_is_no_answer():
    grammar = InlineTags().grammar(make_window("Ann", "left", "Rome"))
    assert not accepts(grammar, "Ann left")
    assert not accepts(grammar, "<e>Ann left Rome")
    assert accepts(grammar, "<e>Ann</e> left Rome")


@quick
@given(windows(5))
def test_the_simplest_copy_has_no_tags(window):
    assert simplest(InlineTags().grammar(window)) == window.text
    assert simplest(SpanList().grammar(window)) == "none"


@quick
@given(grammars)
def test_gbnf_has_a_rule_for_each_reachable_state(grammar):
    rules, states = gbnf(grammar, 10**5), explore(grammar, 10**5)
    assert len(Written(rules).rules) == len(states)
    assert rules.startswith("root ::= ")


@quick
@given(grammars, st.integers())
def test_gbnf_says_the_same_language(grammar, seed):
    written = Written(gbnf(grammar, 10**5))
    assert accepts(written, "".join(walk(grammar, seed)))
    assert accepts(grammar, "".join(walk(written, seed)))


def test_gbnf_escapes_what_every_engine_reads_alike():
    assert gbnf(Choice(['a"b\\c', "魏\n", "😀"])).split("\n") == [
        'root ::= "a\\"b\\\\c" s1 | "魏\\x0A" s1 | "😀" s1',
        's1 ::= "" s2',
        's2 ::= ""',
    ]


def test_a_grammar_with_too_many_states_is_not_written():
    grammar = SpanList().grammar(make_window("a", "b", "c", "d", "e"))
    most = -(-len(explore(grammar.simpler)) // MOST_SIMPLER)
    assert gbnf(grammar, most) is not None
    with pytest.warns(UserWarning, match="WL009"):
        assert gbnf(grammar, most - 1) is None


def test_a_simpler_grammar_is_written_where_the_exact_one_is_too_large():
    grammar = InlineTags(("PERSON", "GPE")).grammar(make_window(*"abcdefghijklmnopqrst"))
    size = len(explore(grammar))
    assert gbnf(grammar, size) == gbnf(grammar, 10**5)
    assert gbnf(grammar, size - 1) == gbnf(grammar.simpler, 10**5)
    assert len(explore(grammar.simpler)) < size / 4


def test_a_grammar_is_not_written_if_even_the_simpler_one_is_too_large():
    grammar = InlineTags(("PERSON", "GPE")).grammar(make_window(*"abcdefghijklmnopqrst"))
    with pytest.warns(UserWarning, match="WL009"):
        assert gbnf(grammar, 2) is None


@pytest.mark.parametrize(
    ("format", "tokens"),
    [
        (InlineTags([f"LABEL_{n}" for n in range(7)]), 110),
        (InlineTags([f"LABEL_{n}" for n in range(50)]), 60),
        (SpanList(), 200),
    ],
)
def test_the_grammars_of_usual_sentences_are_written(format, tokens):
    assert gbnf(format.grammar(make_window(*(f"word{n}" for n in range(tokens)))))


@quick
@given(windows(6), st.integers())
def test_simpler_lists_are_lists_without_two_mentions_that_begin_together(window, seed):
    grammar = SpanList(2).grammar(window)
    answer = "".join(walk(grammar.simpler, seed))
    starts = [m.start for m in SpanList(2).parse(answer, window).mentions]
    assert accepts(grammar, answer)
    assert len(set(starts)) == len(starts)


@quick
@given(st.data(), windows(6))
def test_every_other_list_is_a_simpler_one(data, window):
    mentions = data.draw(separate_mentions(window, ("",)))
    assert accepts(SpanList().grammar(window).simpler, SpanList().render(window, mentions))


@quick
@given(windows(6), st.integers())
def test_the_simpler_language_contains_all_tagged_copies(window, seed):
    grammar = InlineTags(("PERSON", "GPE"), 2).grammar(window)
    assert accepts(grammar.simpler, "".join(walk(grammar, seed)))
    assert InlineTags(("PERSON", "GPE"), 100).grammar(window).simpler == grammar.simpler


@quick
@given(windows(6), st.integers())
def test_the_simpler_language_has_tagged_copies_only(window, seed):
    simpler = InlineTags(("PERSON", "GPE"), 2).grammar(window).simpler
    limitless = InlineTags(("PERSON", "GPE"), len(window.pieces) + 1).grammar(window)
    assert accepts(limitless, "".join(walk(simpler, seed)))


def test_a_lone_surrogate_is_not_written():
    with pytest.warns(UserWarning, match="WL009"):
        assert gbnf(Choice(["\ud800"])) is None


@quick
@given(grammars, grammars)
def test_fingerprints_are_equal_for_equal_grammars_only(a, b):
    assert (fingerprint(a) == fingerprint(b)) == (a == b)


def test_a_fingerprint_is_the_same_in_another_process():
    code = """
from spacy_el4ner.backends.grammars import fingerprint
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from spacy_el4ner.types import Window
w = Window("Ann left Ann", 0, ((0, 3), (4, 8), (9, 12)))
grammars = [Choice(["x", "y"]), InlineTags().grammar(w), SpanList().grammar(w)]
grammars[2].separator  # what is cached on the way is no part of it
print([fingerprint(g) for g in grammars])
"""
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    window = make_window("Ann", "left", "Ann")
    here = [Choice(["x", "y"]), InlineTags().grammar(window), SpanList().grammar(window)]
    assert there.decode().strip() == str([fingerprint(g) for g in here])


def test_an_exported_grammar_ends_as_the_text_goes_on():
    rules = gbnf(Choice(["x", "y"]), end="\n")
    assert rules.endswith('::= "\\x0A"')
    assert gbnf(Choice(["x", "y"])).endswith('::= ""')
