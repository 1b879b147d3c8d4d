"""Lists of names as a voter."""

import json
import pickle

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.voters.base import ABSTAIN
from spacy_el4ner.voters.gazetteer import GazetteerVoter, write_names
from tests.strategies import make_window, sentence, windows

LABELS = {"PERSON": "", "LOC": ""}


@pytest.fixture
def write(tmp_path):
    def write(*entries):
        path = tmp_path / "names.jsonl"
        path.write_text("\n".join(e if isinstance(e, str) else json.dumps(e) for e in entries))
        return str(path)

    return write


BONN = {"name": "Bonn", "label": "LOC", "aliases": ["City of Bonn"], "probability": 0.8}
LEE = {"name": "Ann Lee", "label": "PERSON"}


def proposed(voter, window):
    return dict(voter.propose([window], [()], LABELS)[0].spans)


def test_names_of_the_list_are_proposed(write):
    assert proposed(GazetteerVoter(write(BONN, LEE)), sentence("Ann Lee saw Bonn")) == {
        (0, 7): 0.9,
        (12, 16): 0.8,
    }


def test_an_alias_is_the_same_name_and_the_longest_name_counts(write):
    assert proposed(GazetteerVoter(write(BONN)), sentence("the City of Bonn")) == {(4, 16): 0.8}


def test_on_other_spans_it_abstains(write):
    voter = GazetteerVoter(write(BONN))
    assert voter.classify([sentence("Ann Lee saw Bonn")], [[(0, 7)]], [()], LABELS) == [[ABSTAIN]]


def test_a_name_is_made_of_whole_tokens(write):
    assert proposed(GazetteerVoter(write(BONN)), sentence("Bonner saw UpperBonn")) == {}


def test_tokens_need_no_spaces_between_them(write):
    voter = GazetteerVoter(write({"name": "东京", "label": "LOC"}))
    assert proposed(voter, make_window("在", "东", "京", "都", gap="")) == {(1, 3): 0.9}


@pytest.mark.parametrize(("ignore", "spans"), [(False, {}), (True, {(0, 4): 0.8})])
def test_case_counts_unless_it_is_ignored(write, ignore, spans):
    assert proposed(GazetteerVoter(write(BONN), ignore_case=ignore), sentence("BONN grew")) == spans


@pytest.mark.parametrize("space", ["  ", "\n", "\u00a0"])
def test_white_space_within_a_name_is_one_space(write, space):
    window = make_window("Ann", "Lee", gap=space)
    assert list(proposed(GazetteerVoter(write(LEE)), window)) == [(0, 6 + len(space))]


def test_a_name_with_two_labels_votes_for_both(write):
    path = write({**BONN, "probability": 0.5}, {"name": "Bonn", "label": "PERSON", "probability": 0.25})
    (ballots,) = GazetteerVoter(path).classify([sentence("Bonn")], [[(0, 4)]], [()], LABELS)
    assert ballots[0].probabilities == {"LOC": 0.5, "PERSON": 0.25, "": 0.25}


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"name": "Bonn"}', '{"name": " ", "label": "LOC"}', '{"name": "B", "label": ""}',
     '{"name": "B", "label": "LOC", "probability": 2}', '{"name": "B", "label": "LOC", "aliases": 3}'],
)  # fmt: skip
def test_a_line_that_is_no_name_is_refused_by_its_number(write, line):
    with pytest.raises(ValueError, match=r"\[EL344\].*names\.jsonl.*line 2"):
        proposed(GazetteerVoter(write(BONN, line)), sentence("Bonn"))


def test_a_list_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"\[EL344\].*nowhere\.jsonl"):
        proposed(GazetteerVoter("nowhere.jsonl"), sentence("Bonn"))


def test_its_labels_are_checked(write):
    voter = GazetteerVoter(write(BONN), label_map={"LOCATION": "LOC"})
    with pytest.raises(ValueError, match=r"\[EL341\].*LOCATION.*LOC"):
        voter.check(LABELS)


def test_a_folder_with_one_list_will_do_and_a_copy_reads_it_again(write, tmp_path):
    write(BONN)
    voter = pickle.loads(pickle.dumps(GazetteerVoter(str(tmp_path))))
    assert proposed(voter, sentence("Bonn")) == {(0, 4): 0.8}


def test_another_list_is_another_identity(write):
    first = GazetteerVoter(write(BONN)).identity
    assert GazetteerVoter(write(LEE)).identity != first


@pytest.fixture
def docs():
    nlp = spacy.blank("en")
    texts = ["May saw Bonn.", "In May it rained.", "Bonn grew.", "May slept."]
    ents = [[(0, 3, "PERSON"), (8, 12, "LOC")], [], [(0, 4, "LOC")], [(0, 3, "PERSON")]]
    docs = [nlp.make_doc(text) for text in texts]
    for doc, spans in zip(docs, ents, strict=True):
        doc.ents = [doc.char_span(*span) for span in spans]
    return docs


def test_a_list_is_made_of_labelled_documents(docs, tmp_path):
    path = tmp_path / "names.jsonl"
    assert write_names(docs, path) == 2
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"name": "Bonn", "label": "LOC", "probability": 0.6667},
        {"name": "May", "label": "PERSON", "probability": 0.5},
    ]


def test_a_name_that_is_mostly_something_else_is_left_out(docs, tmp_path):
    assert write_names(docs, tmp_path / "names.jsonl", least=0.6) == 1


@given(windows(), st.data())
def test_a_name_of_any_tokens_is_found_where_it_stands(window, data):
    first = data.draw(st.integers(0, len(window.tokens) - 1))
    last = data.draw(st.integers(first, len(window.tokens) - 1))
    start, end = window.tokens[first][0], window.tokens[last][1]
    voter = GazetteerVoter("unused")
    key = " ".join(window.text[start:end].split())
    voter._labels = {key: {"LOC": 0.5}}
    assert any(" ".join(window.text[s:e].split()) == key for s, e in proposed(voter, window))
