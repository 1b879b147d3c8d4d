"""The choices of tuning in a component: applied, overruled, saved."""

import math

import pytest
import spacy

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS

CALIBRATION = VoterCalibration(
    {"open": 3.0, "close": 2.0},
    {"open": 1.0},
    priors={"PERSON": 0.1, "ORG": 0.2, "GPE": 0.3, "": 5.0},
    temperature=1.5,
    verification=6.0,
)
TUNING = Tuning({"terse": CALIBRATION}, report={"sentences": 3})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return [save_compact(tmp_path_factory.mktemp(f"model{n}"), n) for n in (1, 2)]


@pytest.fixture
def nlp(models):
    nlp = pipeline(models)
    nlp.initialize(lambda: gold(nlp))
    return nlp


def component(nlp):
    return nlp.get_pipe("llm_ensemble_ner")


def test_choices_are_saved_with_the_pipeline(nlp, tmp_path):
    component(nlp).apply(TUNING)
    nlp.to_disk(tmp_path / "pipeline")
    loaded = component(spacy.load(tmp_path / "pipeline"))
    assert loaded.tuning == TUNING
    assert loaded.voters["terse"].calibration == CALIBRATION
    assert loaded.voters["plain"].calibration == VoterCalibration()


def test_choices_are_saved_as_bytes(nlp, models):
    component(nlp).apply(TUNING)
    other = component(pipeline(models)).from_bytes(component(nlp).to_bytes())
    assert other.tuning == TUNING
    assert other.voters["terse"].calibration == CALIBRATION


def test_a_setting_overrules_each_choice(models):
    nlp = pipeline(models, tuned={"offsets": False, "verification": False, "votes": False})
    component(nlp).apply(Tuning({"terse": CALIBRATION}, ("plain",), "plain", verification=False))
    assert component(nlp).voters["terse"].calibration == VoterCalibration(
        priors=CALIBRATION.priors, temperature=1.5
    )
    assert list(component(nlp).method().voters) == ["terse", "plain"]
    assert component(nlp).verification
    assert component(nlp).verifier == "terse"


def test_an_unknown_choice_is_refused(models):
    with pytest.raises(EL4NERValueError, match="EL010"):
        pipeline(models, tuned={"ofsets": False})


def test_voters_that_do_not_help_do_not_vote(nlp):
    component(nlp).apply(Tuning(left_out=("terse",)))
    assert list(component(nlp).method().voters) == ["plain"]
    doc = nlp(TEXTS[0])
    assert set(doc._.el4ner["counts"]["proposed"]) == {"plain"}


def test_some_voter_votes_in_any_case(nlp):
    component(nlp).apply(Tuning(left_out=("terse", "plain")))
    assert list(component(nlp).method().voters) == ["terse", "plain"]


def test_the_verifier_is_one_that_is_of_use(nlp):
    component(nlp).apply(Tuning({"terse": VoterCalibration(verifies=False)}))
    assert component(nlp).verifier == "plain"
    useless = VoterCalibration(verifies=False)
    component(nlp).apply(Tuning({"terse": useless, "plain": useless}))
    assert not component(nlp).method().stages["verification"]


def test_provenance_keeps_raw_and_calibrated_probabilities(nlp):
    component(nlp).apply(TUNING)
    doc = nlp(TEXTS[1])
    assert doc.spans["el4ner"]
    for span in doc.spans["el4ner"]:
        kept = span._.provenance
        votes = {vote["voter"]: vote for vote in kept["votes"]}
        assert math.fsum(votes["terse"]["raw"].values()) == pytest.approx(1)
        assert votes["terse"]["raw"] != votes["terse"]["probabilities"]
        assert votes["plain"]["raw"] == {}
        assert kept["proposed_by_raw"].keys() == kept["proposed_by"].keys() & {"terse"}
        assert kept["verification"]["raw"] < kept["verification"]["probability"]


def test_a_new_pool_needs_new_tuning(nlp):
    component(nlp).apply(TUNING)
    nlp.initialize(lambda: gold(nlp))
    assert component(nlp).tuning == Tuning()
    assert component(nlp).voters["terse"].calibration == VoterCalibration()


def test_damaged_choices_are_refused(nlp):
    with pytest.raises(EL4NERValueError, match="EL290"):
        Tuning.from_bytes(b'{"voters": {"terse": {"offsets": {}}}}')


@pytest.mark.parametrize("least", [1, 2, None])
def test_voters_that_are_left_out_are_not_missing(models, least):
    nlp = pipeline(models, min_voters=least, stages={"verification": False})
    nlp.initialize(lambda: gold(nlp))
    component(nlp).apply(Tuning(left_out=("plain",)))
    assert nlp(TEXTS[0])._.el4ner["counts"]["unavailable"] == {}


@pytest.mark.parametrize("least", [0, 3])
def test_more_voters_than_there_are_cannot_have_to_answer(models, least):
    with pytest.raises(EL4NERValueError, match=f"EL010.*{least}.*min_voters.*1 to 2"):
        pipeline(models, min_voters=least).initialize()
