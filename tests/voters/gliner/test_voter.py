"""A GLiNER model as a voter."""

import pickle

import pytest
import spacy
from hypothesis import given

from spacy_el4ner.packaging.models import Models
from spacy_el4ner.registry import registry
from spacy_el4ner.voters.base import ABSTAIN
from spacy_el4ner.voters.gliner.voter import GLiNERVoter
from tests.pipeline.ensembles import found
from tests.strategies import quick, sentence, windows
from tests.tiny_gliner import save_gliner

LABELS = {"PERSON": "people", "LOC": "places"}
WINDOW = sentence("Ann Lee met Bill in Paris .")
LONG = sentence("Ann Lee met Bill in Paris , and Bill met Ann in Paris , they said .")
NOTHING = ((),)


@pytest.fixture(scope="module")
def voter(span_folder):
    return GLiNERVoter(str(span_folder))


def ensemble(folder, **settings):
    nlp = spacy.blank("en")
    voter = {"@el4ner_voters": "spacy-el4ner.GLiNERVoter.v1", "model": str(folder), **settings}
    config = {
        "labels": LABELS,
        "voters": {"gliner": voter},
        "k": 0,
        "stages": {"verification": False},
        "on_error": "raise",
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    return nlp


def labels_of(voter, window=WINDOW, labels=LABELS):
    return [span.label for span in voter.find([window], labels)[0]]


def ballots(voter, *spans, window=WINDOW, labels=LABELS):
    return voter.classify([window], [spans], NOTHING, labels)[0]


class TestPropose:
    def test_what_the_model_finds_is_proposed_with_its_score(self, voter):
        (proposals,) = voter.propose([WINDOW], NOTHING, LABELS)
        (spans,) = voter.find([WINDOW], LABELS)
        assert proposals.spans == {(s.start, s.end): s.probability for s in spans}
        assert proposals.spans

    def test_a_higher_threshold_proposes_less(self, span_folder):
        low, high = (GLiNERVoter(str(span_folder), threshold=t) for t in (0.0, 0.999))
        assert low.find([WINDOW], LABELS) != [[]]
        assert high.find([WINDOW], LABELS) == [[]]

    @given(window=windows())
    @quick
    def test_spans_of_any_text_begin_and_end_with_its_tokens(self, voter, window):
        (proposals,) = voter.propose([window], NOTHING, LABELS)
        starts, ends = zip(*window.tokens, strict=True)
        assert all(start in starts and end in ends for start, end in proposals.spans)
        assert proposals.unaligned == 0


class TestNames:
    def test_a_label_is_called_by_its_description(self, voter):
        assert set(labels_of(voter)) <= {"people", "places"}

    def test_a_label_without_a_description_is_called_as_it_is(self, voter):
        assert set(labels_of(voter, labels={"PERSON": "", "LOC": ""})) <= {"PERSON", "LOC"}

    def test_a_label_can_be_given_a_name(self, span_folder):
        voter = GLiNERVoter(str(span_folder), {"LOC": "city"})
        assert voter._names(LABELS) == {"people": "PERSON", "city": "LOC"}

    def test_several_names_can_lead_to_one_label(self, span_folder):
        voter = GLiNERVoter(str(span_folder), label_map={"city": "LOC", "river": "LOC"})
        assert voter._names(LABELS) == {"city": "LOC", "river": "LOC", "people": "PERSON"}

    def test_what_a_name_of_null_finds_is_left_out(self, span_folder):
        decoy = {"nationality": None}
        plain = GLiNERVoter(str(span_folder), threshold=0.0)
        voter = GLiNERVoter(str(span_folder), label_map=decoy, threshold=0.0)
        kept = [s for s in voter.find([WINDOW], LABELS)[0] if s.label != "nationality"]
        assert len(voter.propose([WINDOW], NOTHING, LABELS)[0].spans) == len(kept)
        assert plain.identity != voter.identity

    def test_two_labels_of_one_name_are_refused(self, voter):
        with pytest.raises(ValueError, match=r"\[EL380\].*'LOC'.*'people'.*name of PERSON"):
            voter.check({"PERSON": "people", "LOC": "people"})

    def test_a_name_of_which_the_model_reads_nothing_is_refused(self, voter):
        with pytest.raises(ValueError, match=r"\[EL380\].*'LOC'.*reads nothing"):
            voter.find([WINDOW], {"PERSON": "people", "LOC": "\u200d"})

    def test_a_map_into_a_label_that_the_ensemble_lacks_is_refused(self, span_folder):
        with pytest.raises(ValueError, match=r"\[EL340\].*PLACE"):
            GLiNERVoter(str(span_folder), label_map={"city": "PLACE"}).check(LABELS)

    def test_other_labels_in_the_same_batch_are_asked_for(self, voter):
        voter.propose([WINDOW], NOTHING, LABELS)
        voter.propose([WINDOW], NOTHING, {"ORG": "companies"})
        assert {s.label for s in voter._memory[WINDOW]} <= {"companies"}


class TestClassify:
    def test_a_span_of_another_voter_is_scored_as_every_label(self, voter):
        (ballot,) = ballots(voter, (0, 7))
        assert set(ballot.probabilities) == {"PERSON", "LOC", ""}
        assert sum(ballot.probabilities.values()) == pytest.approx(1)
        assert not ballot.estimated

    def test_on_a_span_that_cuts_its_words_the_voter_abstains(self, voter):
        window = sentence("in New-York now")
        assert ballots(voter, (3, 6), window=window) == [ABSTAIN]
        assert ballots(voter, (3, 11), window=window) != [ABSTAIN]

    def test_of_two_names_of_a_label_the_higher_score_counts(self, span_folder):
        voter = GLiNERVoter(str(span_folder), label_map={"city": "LOC", "river": "LOC"})
        (ballot,) = ballots(voter, (0, 7), labels={"LOC": ""})
        scores = voter._loaded().score([WINDOW.text], [[(0, 7)]], ["city", "river"])[0][0, 7]
        assert ballot.probabilities["LOC"] == pytest.approx(max(scores.values()))

    def test_a_span_that_a_cut_goes_through_is_scored_in_a_part_around_it(self, voter):
        (covered,) = voter.coverage([LONG], NOTHING, LABELS)
        assert covered.parts > 1
        spans = [(s, e) for (s, _), (_, e) in zip(LONG.tokens, LONG.tokens[1:], strict=False)]
        assert ABSTAIN not in ballots(voter, *spans, window=LONG)


class TestRoom:
    def test_a_long_window_is_read_in_parts(self, voter):
        (spans,) = GLiNERVoter(voter.model, threshold=0.0).find([LONG], LABELS)
        assert min(s.start for s in spans) < 10
        assert max(s.end for s in spans) == len(LONG.text)

    def test_a_short_window_is_read_whole(self, voter):
        (covered,) = voter.coverage([WINDOW], NOTHING, LABELS)
        assert (covered.parts, covered.unread) == (1, ())

    def test_a_token_that_is_too_long_is_reported_and_not_read(self, voter):
        window = sentence(f"Ann {'x' * 70} Bill")
        (covered,) = voter.coverage([window], NOTHING, LABELS)
        assert covered.unread == ((4, 74),)
        assert ballots(voter, (4, 74), window=window) == [ABSTAIN]
        assert all(not (s < 74 and e > 4) for s, e in voter.propose([window], NOTHING, LABELS)[0].spans)

    def test_labels_without_room_for_a_text_are_refused(self, voter):
        labels = {f"L{n}": f"people {n}" for n in range(40)}
        with pytest.raises(ValueError, match=r"\[EL005\].*62 tokens"):
            voter.propose([WINDOW], NOTHING, labels)


def test_unloaded_it_knows_its_room_and_answers_alike(span_folder):
    voter = GLiNERVoter(str(span_folder))
    first = voter.find([WINDOW], LABELS)
    voter.unload()
    voter.coverage([WINDOW], NOTHING, LABELS)
    assert voter._model is None
    assert voter.find([WINDOW], LABELS) == first


def test_a_copy_leaves_the_model_behind_and_answers_alike(span_folder):
    voter = GLiNERVoter(str(span_folder))
    expected = voter.find([WINDOW], LABELS)
    copy = pickle.loads(pickle.dumps(voter))
    assert copy._model is None
    assert copy.identity == voter.identity
    assert copy.find([WINDOW], LABELS) == expected


def test_other_settings_and_other_models_have_other_identities(span_folder, tmp_path):
    name = str(span_folder)
    voters = [
        GLiNERVoter(name),
        GLiNERVoter(name, {"LOC": "city"}),
        GLiNERVoter(name, label_map={"city": "LOC"}),
        GLiNERVoter(name, threshold=0.4),
        GLiNERVoter(str(save_gliner(tmp_path / "other", seed=1))),
    ]
    assert len({voter.identity.partition("#")[2] for voter in voters}) == len(voters)


def test_an_ensemble_of_it_is_saved_and_loaded(folder, tmp_path):
    nlp = ensemble(folder, threshold=0.3)
    first = found(nlp(WINDOW.text))
    nlp.to_disk(tmp_path / "pipeline")
    assert found(spacy.load(tmp_path / "pipeline")(WINDOW.text)) == first
    assert first


def test_its_model_is_packaged_without_pickles(span_folder, tmp_path):
    (span_folder / "pytorch_model.bin").write_bytes(b"pickled")
    block = {"@el4ner_voters": "spacy-el4ner.GLiNERVoter.v1", "model": str(span_folder)}
    component = tmp_path / "component"
    taken = Models(component, include=True).taken(block, "voter")
    (span_folder / "pytorch_model.bin").unlink()
    voter = registry.resolve({"voter": taken})["voter"]
    voter.bundle = component / "models"
    assert taken == {**block, "model": "bundled:spans", "local_files_only": True}
    assert voter.find([WINDOW], LABELS) == GLiNERVoter(str(span_folder)).find([WINDOW], LABELS)
    assert not list(component.rglob("*.bin"))
