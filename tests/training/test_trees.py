import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from spacy_el4ner.training.trees import Branch, TokenChoice, Tree, branch, collate
from spacy_el4ner.training.vocabulary import build_tokenizer, extend
from spacy_el4ner.types import Mention, Prompt
from tests.strategies import make_window, quick

PAD = 0
TEXTS = ["Ann Lee left old Paris .", "what names ORG PERSON none ; # true false"]
WINDOW = make_window("Ann", "Lee", "left", "old", "Paris", ".")
PROMPT = Prompt("", WINDOW.text, " names")
MENTIONS = [Mention(0, 7), Mention(17, 22)]


@pytest.fixture(scope="module")
def tokenizer():
    words = sorted({w.lower() for text in TEXTS for w in text.split()})
    letters = sorted(set("".join(words)) | set("<>/e12"))
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    pieces += [w for w in words if w not in pieces]
    return PieceTokenizer(build_tokenizer(extend(pieces, TEXTS, ("<e>", "</e>")), 64))


numbers = st.integers(1, 9)


@st.composite
def trees(draw):
    def one():
        tokens = tuple(draw(st.lists(numbers, min_size=1, max_size=4)))
        places = draw(st.sets(st.integers(0, len(tokens) - 1), min_size=1))
        allowed = tuple(draw(st.lists(numbers, min_size=2, max_size=4, unique=True)))
        target = draw(st.integers(0, len(allowed) - 1))
        return Branch(tokens, tuple(TokenChoice(p, allowed, target) for p in sorted(places)))

    prefix = tuple(draw(st.lists(numbers, min_size=1, max_size=4)))
    return Tree(prefix, tuple(one() for _ in range(draw(st.integers(1, 3)))))


def owners(tree):
    """For each place of the row the branch it belongs to, -1 for the prefix."""
    return [-1] * len(tree.prefix) + [n for n, b in enumerate(tree.branches) for _ in b.tokens]


@quick
@given(st.lists(trees(), min_size=1, max_size=3))
def test_a_branch_sees_the_prefix_and_itself_only(forest):
    mask = collate(forest, PAD).mask
    for row, tree in enumerate(forest):
        owner = owners(tree)
        for n in range(len(tree)):
            seen = {m for m, value in enumerate(mask[row, n].tolist()) if value}
            assert seen == {m for m in range(n + 1) if owner[m] in (-1, owner[n])}


@quick
@given(st.lists(trees(), min_size=1, max_size=3))
def test_every_row_sees_something_even_where_it_is_padding(forest):
    assert collate(forest, PAD).mask.sum(-1).min() >= 1


@quick
@given(st.lists(trees(), min_size=1, max_size=3))
def test_positions_start_again_where_the_prefix_ends(forest):
    positions = collate(forest, PAD).positions
    for row, tree in enumerate(forest):
        size = len(tree.prefix)
        expected = [*range(size)]
        for one in tree.branches:
            expected += range(size, size + len(one.tokens))
        assert positions[row, : len(tree)].tolist() == expected


@quick
@given(st.lists(trees(), min_size=1, max_size=3))
def test_rows_hold_the_prefix_then_the_branches_then_padding(forest):
    tokens = collate(forest, PAD).tokens
    for row, tree in enumerate(forest):
        expected = [*tree.prefix, *(t for b in tree.branches for t in b.tokens)]
        assert tokens[row].tolist() == expected + [PAD] * (tokens.shape[1] - len(expected))


@quick
@given(st.lists(trees(), min_size=1, max_size=3))
def test_decisions_are_found_in_their_rows_with_what_they_allow(forest):
    batch = collate(forest, PAD)
    expected = []
    for row, tree in enumerate(forest):
        for n, one in enumerate(tree.branches):
            first = owners(tree).index(n)
            expected += [(row, first + d.position, d.allowed, d.target) for d in one.decisions]
    found = [
        (row, column, tuple(t for t in allowed if t >= 0), target)
        for (row, column), allowed, target in zip(
            batch.where.tolist(), batch.allowed.tolist(), batch.targets.tolist(), strict=True
        )
    ]
    assert found == expected


def jobs():
    choice = Choice(("PERSON", "ORG", "none"))
    return [
        (format.grammar(WINDOW), format.path(WINDOW, MENTIONS)) for format in (InlineTags(), SpanList())
    ] + [(choice, ["ORG", ""]), (choice, ["none", ""])]


def answer_tokens(tokenizer, path):
    return [t for o in path for t in (tokenizer.piece(o) if o else (tokenizer.end,))]


@pytest.mark.parametrize("job", range(4))
def test_a_decision_points_to_the_token_before_the_one_it_chooses(tokenizer, job):
    grammar, path = jobs()[job]
    found = branch(tokenizer, PROMPT, grammar, path)
    _, question = tokenizer.prompt(PROMPT)
    whole = [*question, *answer_tokens(tokenizer, path)]
    assert found.decisions
    for decision in found.decisions:
        assert decision.allowed[decision.target] == whole[decision.position + 1]


@pytest.mark.parametrize("job", range(4))
def test_there_is_a_decision_wherever_the_grammar_leaves_a_choice(tokenizer, job):
    grammar, path = jobs()[job]
    found = branch(tokenizer, PROMPT, grammar, path)
    _, question = tokenizer.prompt(PROMPT)
    machine = TokenAutomaton(grammar, tokenizer.piece, tokenizer.end)
    choices = []
    for n, token in enumerate(answer_tokens(tokenizer, path)):
        if len(machine.allowed) > 1:
            choices.append((len(question) + n - 1, tuple(machine.allowed)))
        machine = machine.step(token)
    assert [(d.position, d.allowed) for d in found.decisions] == choices


@pytest.mark.parametrize("job", range(4))
def test_a_branch_ends_with_the_token_that_its_last_decision_is_made_at(tokenizer, job):
    grammar, path = jobs()[job]
    found = branch(tokenizer, PROMPT, grammar, path)
    _, question = tokenizer.prompt(PROMPT)
    whole = (*question, *answer_tokens(tokenizer, path))
    assert found.tokens == whole[: found.decisions[-1].position + 1]


def test_the_first_decision_of_a_choice_is_made_at_the_end_of_the_question(tokenizer):
    found = branch(tokenizer, PROMPT, Choice(("PERSON", "ORG")), ["ORG", ""])
    _, question = tokenizer.prompt(PROMPT)
    assert found.tokens == question
    allowed = (*tokenizer.piece("PERSON")[:1], *tokenizer.piece("ORG")[:1])
    assert found.decisions == (TokenChoice(len(question) - 1, allowed, 1),)


def test_an_answer_without_choices_is_no_branch(tokenizer):
    assert branch(tokenizer, PROMPT, Choice(("ORG",)), ["ORG", ""]) == Branch((), ())


def test_an_answer_outside_the_grammar_is_refused(tokenizer):
    with pytest.raises(ValueError, match="not in"):
        branch(tokenizer, PROMPT, Choice(("PERSON", "ORG")), ["none", ""])


def test_the_loss_of_a_branch_depends_on_its_own_tokens_alone():
    decision = TokenChoice(0, (1, 2), 0)
    one, two, other = (Branch((t, 7), (decision,)) for t in (3, 4, 5))
    first = collate([Tree((1, 2), (one, two))], PAD)
    second = collate([Tree((1, 2), (one, other))], PAD)
    assert not torch.equal(first.tokens, second.tokens)
    assert torch.equal(first.mask, second.mask)
    seen = first.mask[0, 2].bool()
    assert torch.equal(first.tokens[0][seen], second.tokens[0][seen])
