import math

from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding import draft as drafts
from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.draft import LONGEST, Drafter, fit
from spacy_el4ner.formats import InlineTags
from tests.strategies import make_window, quick, separate_mentions, windows

END = 0


def start(window):
    return TokenAutomaton(InlineTags().grammar(window), lambda s: tuple(map(ord, s)), END)


def text(draft):
    return "".join(map(chr, draft.tokens))


def alone(drafter, window, pending, pass_cost=8):
    """The draft of a row that has its pass for itself."""
    return fit([drafter.draft(start(window))], [pending], pass_cost)[0]


plain_windows = windows().filter(lambda w: "<" not in w.text)


@quick
@given(plain_windows)
def test_a_draft_copies_the_text_from_where_the_answer_is(window):
    assert window.text.startswith(text(Drafter().draft(start(window))))


@quick
@given(st.lists(windows(), min_size=1, max_size=4), st.data(), st.integers(1, 300))
def test_a_pass_is_never_expected_to_be_slower_than_one_token_a_row(given_windows, data, cost):
    drafts = [Drafter().draft(start(w)) for w in given_windows]
    pending = [data.draw(st.integers(1, 50)) for _ in drafts]
    chosen = fit(drafts, pending, cost)
    width = max(p + len(d.tokens) for p, d in zip(pending, chosen, strict=True))
    worth = sum(d.expected[-1] for d in chosen)
    assert (
        worth / (cost + len(drafts) * width)
        >= len(drafts) / (cost + len(drafts) * max(pending)) - 1e-12
    )


@quick
@given(st.lists(windows(), min_size=1, max_size=4), st.data())
def test_what_fits_into_the_width_is_drafted(given_windows, data):
    drafts = [Drafter().draft(start(w)) for w in given_windows]
    pending = [data.draw(st.integers(1, 50)) for _ in drafts]
    chosen = fit(drafts, pending, 64)
    width = max(p + len(d.tokens) for p, d in zip(pending, chosen, strict=True))
    for whole, part, read in zip(drafts, chosen, pending, strict=True):
        assert len(part.tokens) == min(len(whole.tokens), width - read)
        assert len(part.places) == len(part.expected) == len(part.tokens) + 1


def test_a_long_prompt_makes_it_worth_to_verify_the_whole_text_at_once():
    window = make_window("Ann", "met", "Bob", "in", "the", "park")
    assert alone(Drafter(), window, 400).places[-1].allowed == ()


def test_many_rows_share_the_cost_of_a_pass_and_draft_less():
    window = make_window("Ann", "met", "Bob", "in", "the", "park")
    draft = Drafter().draft(start(window))
    one = fit([draft], [1], 64)[0]
    many = fit([draft] * 64, [1] * 64, 64)[0]
    assert len(many.tokens) < len(one.tokens)


def after(window, answer):
    place = start(window)
    for token in map(ord, answer):
        place = place.step(token)
    return place


def preferring(place, token, probability):
    """Log-probabilities of the allowed tokens where the model prefers one of them."""
    rest = (1 - probability) / (len(place.allowed) - 1)
    return [math.log(probability if t == ord(token) else rest) for t in place.allowed]


def test_a_draft_stops_before_a_place_where_the_model_is_undecided():
    window = make_window("then", "Ann", "met", "nobody", "at", "all")
    drafter = Drafter()
    place = after(window, "then ")
    drafter.learn(place, preferring(place, "<", 0.5))
    assert text(alone(drafter, window, 1, pass_cost=1)) == "then "


def test_a_draft_takes_the_tag_that_the_model_prefers():
    window = make_window("then", "Ann", "met", "nobody")
    drafter = Drafter()
    place = after(window, "then ")
    drafter.learn(place, preferring(place, "<", 0.99))
    assert text(drafter.draft(start(window))).startswith("then <e>Ann")


def test_what_was_learnt_without_tags_holds_after_one():
    window = make_window("Ann", "met", "Bob")
    drafter = Drafter()
    plain = after(window, "Ann met ")
    drafter.learn(plain, preferring(plain, "<", 0.9))
    assert text(drafter.draft(after(window, "<e>Ann</e> met "))).startswith("<e>Bob")


@quick
@given(plain_windows.flatmap(lambda w: st.tuples(st.just(w), separate_mentions(w))))
def test_a_draft_says_what_was_guessed(case):
    window, mentions = case
    answer = InlineTags().render(window, mentions)
    drafter = Drafter()
    drafter.guess(start(window), map(ord, answer))
    drafted = text(drafter.draft(start(window)))
    assert answer.startswith(drafted)
    assert len(drafted) >= min(len(answer), 10)


def test_a_guess_of_another_text_does_no_harm():
    window = make_window("Ann", "met", "Bob")
    drafter = Drafter()
    drafter.guess(start(window), map(ord, "<e>Ann</e> saw Bob"))
    assert text(drafter.draft(start(window))) == "<e>Ann</e> met Bob"


def test_a_draft_has_an_end(monkeypatch):
    monkeypatch.setattr(drafts, "UNKNOWN", 0.0)
    window = make_window(*["word"] * (LONGEST // 4))
    assert len(Drafter().draft(start(window)).tokens) == LONGEST
