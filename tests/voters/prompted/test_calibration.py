"""A voter's calibration: offsets on extraction, label priors, an offset on verification."""

import math
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.calibration.labels import LabelCalibration
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.types import Demonstration, Mention
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from spacy_el4ner.voters.prompted.voter import PromptedVoter
from tests.backends.test_hf import WINDOWS
from tests.tiny import LABELS, save_compact

NONE = [()] * len(WINDOWS)
SHOWN = [(Demonstration("d", WINDOWS[1], (Mention(0, 3, "PERSON"),)),)] * len(WINDOWS)
OFFSETS = VoterCalibration({"open": 2.0, "close": -0.5}, {"open": -1.0})
PRIORS = VoterCalibration(
    priors={"PERSON": 0.5, "ORG": -1.0, "GPE": 0.0, "": 0.25}, temperature=2.0, verification=1.5
)

numbers = st.floats(-9, 9)
calibrations = st.builds(
    VoterCalibration,
    st.dictionaries(st.sampled_from(["open", "close"]), numbers),
    st.dictionaries(st.sampled_from(["open", "close"]), numbers),
    st.booleans(),
    st.dictionaries(st.text(max_size=4), numbers),
    st.floats(0.1, 9),
    st.floats(0, 1),
    numbers,
    st.booleans(),
    st.booleans(),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("compact"), 3))


def voter(folder, calibration=None, template="compact/marked", **settings):
    made = PromptedVoter(HFBackend(folder, **settings), template)
    if calibration is not None:
        made.calibrate(calibration)
    return made


def probabilities(ballots):
    return [p for window in ballots for ballot in window for p in ballot.probabilities.values()]


def test_draft_verified_proposals_are_those_of_the_plain_loop(folder):
    for shown in (NONE, SHOWN):
        fast = voter(folder, OFFSETS).propose(WINDOWS, shown, LABELS)
        plain = voter(folder, OFFSETS, decoder="constrained").propose(WINDOWS, shown, LABELS)
        assert [list(p.spans) for p in fast] == [list(p.spans) for p in plain]
        for a, b in zip(fast, plain, strict=True):
            assert list(a.spans.values()) == pytest.approx(list(b.spans.values()), abs=1e-4)
            assert list(a.raw.values()) == pytest.approx(list(b.raw.values()), abs=1e-4)


def test_offsets_depend_on_whether_demonstrations_are_shown(folder):
    everything = VoterCalibration({"open": 50.0, "close": 50.0}, {"open": -50.0})
    calibrated = voter(folder, everything)
    assert not any(p.spans for p in calibrated.propose(WINDOWS, NONE, LABELS))
    proposals = calibrated.propose(WINDOWS, SHOWN, LABELS)
    assert [sorted(p.spans) for p in proposals] == [list(w.tokens) for w in WINDOWS]


def test_raw_probabilities_of_proposals_are_kept(folder):
    for proposals in voter(folder, OFFSETS).propose(WINDOWS, SHOWN, LABELS):
        assert proposals.raw.keys() == proposals.spans.keys()
        assert all(0 <= p <= 1 for p in proposals.raw.values())
    assert not any(p.raw for p in voter(folder).propose(WINDOWS, SHOWN, LABELS))


def test_labels_are_calibrated_and_raw_probabilities_kept(folder):
    spans = [w.tokens[:2] for w in WINDOWS]
    before = voter(folder).classify(WINDOWS, spans, NONE, LABELS)
    after = voter(folder, PRIORS).classify(WINDOWS, spans, NONE, LABELS)
    calibrate = LabelCalibration((0.5, -1.0, 0.0, 0.25), 2.0)
    for ballots, calibrated in zip(before, after, strict=True):
        for a, b in zip(ballots, calibrated, strict=True):
            assert b.raw == pytest.approx(a.probabilities, abs=1e-5)
            logprobs = calibrate([math.log(p) for p in a.probabilities.values()])
            wanted = dict(zip(a.probabilities, map(math.exp, logprobs), strict=True))
            assert b.probabilities == pytest.approx(wanted, abs=1e-4)


def test_what_is_said_of_the_neutral_word_is_subtracted_by_its_share(folder):
    spans = [[(0, 4), (5, 8)]] * len(WINDOWS)
    without, half, whole = (
        voter(folder, VoterCalibration(neutral=share), "completion").classify(
            WINDOWS, spans, SHOWN, LABELS
        )
        for share in (0.0, 0.5, 1.0)
    )
    assert probabilities(whole) != pytest.approx(probabilities(without), abs=0.01)
    for a, b, c in zip(*map(chain.from_iterable, (without, half, whole)), strict=True):
        middle = {x: math.sqrt(p * c.probabilities[x]) for x, p in a.probabilities.items()}
        expected = {x: p / sum(middle.values()) for x, p in middle.items()}
        assert b.probabilities == pytest.approx(expected, abs=1e-4)
        assert b.raw == pytest.approx(dict(a.probabilities), abs=1e-4)


def test_the_neutral_word_is_asked_about_once_in_a_sentence(folder, monkeypatch):
    asked = []
    made = voter(folder, VoterCalibration(neutral=1.0), "completion")
    score = made.backend.score
    monkeypatch.setattr(made.backend, "score", lambda r: asked.extend(r) or score(r))
    made.classify(WINDOWS[:1], [[(0, 4), (5, 8), (9, 12)]], NONE[:1], LABELS)
    assert [r.prompt.question.endswith("It is a") for r in asked] == [False, True, False, False]


def test_a_template_without_a_neutral_word_asks_as_before(folder):
    spans = [[(0, 3)]] * len(WINDOWS)
    plain, asked = (
        voter(folder, c).classify(WINDOWS, spans, NONE, LABELS)
        for c in (None, VoterCalibration(neutral=1.0))
    )
    assert asked == plain


def test_priors_of_other_labels_do_not_apply(folder):
    labels = {"PERSON": "", "ORG": ""}
    spans = [w.tokens[:1] for w in WINDOWS]
    ballots = voter(folder, PRIORS).classify(WINDOWS, spans, NONE, labels)
    plain = voter(folder).classify(WINDOWS, spans, NONE, labels)
    assert probabilities(ballots) == pytest.approx(probabilities(plain), abs=1e-4)


def test_a_verification_is_shifted_and_its_raw_probability_kept(folder):
    mentions = [[Mention(*w.tokens[0], "ORG")] for w in WINDOWS]
    before = voter(folder).verify(WINDOWS, mentions, NONE, LABELS)
    after = voter(folder, PRIORS).verify(WINDOWS, mentions, NONE, LABELS)
    for [a], [b] in zip(before, after, strict=True):
        assert b.raw == pytest.approx(a.probability, abs=1e-5)
        odds = b.probability / (1 - b.probability) / (a.probability / (1 - a.probability))
        assert math.log(odds) == pytest.approx(1.5, abs=1e-3)
        assert b.true is (b.probability > 0.5)


def test_a_voter_can_go_without_demonstrations(folder):
    alone = voter(folder, VoterCalibration(demonstrations=False))
    assert alone.propose(WINDOWS, SHOWN, LABELS) == voter(folder).propose(WINDOWS, NONE, LABELS)
    spans = [w.tokens[:2] for w in WINDOWS]
    ballots = alone.classify(WINDOWS, spans, SHOWN, LABELS)
    zero_shot = voter(folder).classify(WINDOWS, spans, NONE, LABELS)
    assert probabilities(ballots) == pytest.approx(probabilities(zero_shot), abs=1e-4)
    assert not any(cover.shown for cover in alone.coverage(WINDOWS, SHOWN, LABELS))


def test_a_calibration_is_part_of_the_identity(folder):
    assert voter(folder, OFFSETS).identity not in (
        voter(folder).identity,
        voter(folder, PRIORS).identity,
    )


def test_a_setting_overrules_the_calibration(folder):
    fixed = PromptedVoter(HFBackend(folder), "compact/marked", calibrated=False)
    fixed.calibrate(OFFSETS)
    assert fixed.calibration == VoterCalibration()


def test_a_server_without_offsets_and_probabilities_is_not_calibrated():
    server = PromptedVoter(OpenAIBackend("m", "http://localhost:1/v1"))
    both = VoterCalibration(
        {"open": 1.0}, {}, {"A": 1.0, "": 0.0}, verification=2.0, demonstrations=False
    )
    with pytest.warns(UserWarning, match="WL240"):
        server.calibrate(both)
    assert server.calibration == VoterCalibration(demonstrations=False)


@given(calibrations)
def test_a_calibration_is_plain_data(calibration):
    assert VoterCalibration.from_dict(calibration.to_dict()) == calibration


@given(calibrations)
def test_parts_can_be_left_out(calibration):
    left = calibration.only({"offsets": False, "labels": False})
    assert (left.offsets, left.zero_shot, left.priors, left.temperature) == ({}, {}, {}, 1.0)
    assert (left.verification, left.verifies) == (calibration.verification, calibration.verifies)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.0},
        {"neutral": math.nan},
        {"offsets": {"open": math.nan}},
        {"verifies": 1},
        {"priors": []},
        {"more": 1},
    ],
    ids=str,
)
def test_other_data_are_refused(change):
    with pytest.raises(EL4NERValueError, match="EL290"):
        VoterCalibration.from_dict({**VoterCalibration().to_dict(), **change})
