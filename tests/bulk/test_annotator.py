"""One callable for every engine: kinds of batches, and what a failing text does to its neighbours."""

import json
import pickle
import sys
import threading
from multiprocessing import get_context

import numpy
import pytest
import spacy

from spacy_el4ner.bulk import annotator as module
from spacy_el4ner.bulk.annotator import Annotator
from tests.bulk import test_worker  # noqa: F401  its components
from tests.bulk.inputs import save_ruler
from tests.kills import needs_fork
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS

GOOD = ["Ann Lee left.", "Nobody.", "Paris, Bill"]
FOUND = [[(0, 7, "NAME")], [], [(0, 5, "NAME"), (7, 11, "NAME")]]


@pytest.fixture
def annotate(ruler):
    return Annotator(ruler, max_length=500)


def spans(column):
    return [[(ent["start"], ent["end"], ent["label"]) for ent in row] for row in column]


def arrow_batch(kind, columns):
    return getattr(pytest.importorskip("pyarrow"), kind).from_pydict(columns)


@pytest.mark.parametrize("kind", ["Table", "RecordBatch"])
def test_arrow_comes_back_as_arrow_with_its_columns_and_types(annotate, kind):
    batch = arrow_batch(kind, {"id": [7, 8, 9], "text": GOOD})
    done = annotate(batch)
    assert type(done) is type(batch)
    assert done.schema.names == ["id", "text", "entities", "error", "absent"]
    assert [done.schema.field(name) for name in annotate.schema().names] == list(annotate.schema())
    assert done.select(["id", "text"]) == batch
    assert spans(done.column("entities").to_pylist()) == FOUND
    assert done.column("error").to_pylist() == [None] * 3


def test_pandas_comes_back_with_its_index(annotate):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": GOOD, "n": [1, 2, 3]}, index=["a", "b", "c"])
    done = annotate(frame)
    assert list(done.index) == ["a", "b", "c"]
    assert spans(done["entities"]) == FOUND
    assert list(frame.columns) == ["text", "n"]


def test_lists_come_back_as_lists(annotate):
    done = annotate({"text": GOOD, "id": [1, 2, 3]})
    assert (spans(done["entities"]), done["id"], done["absent"]) == (FOUND, [1, 2, 3], [[], [], []])


def test_arrays_come_back_as_arrays_of_objects(annotate):
    done = annotate({"text": numpy.array([GOOD[0]] * 2)})
    assert (done["entities"].shape, done["entities"].dtype) == ((2,), numpy.dtype(object))
    assert spans(done["entities"]) == [FOUND[0]] * 2


BAD = {"half": "half \ud800 of Paris", "long": "Paris " * 200, "none": None, "number": 5}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("place", range(4))
def test_a_text_that_fails_is_marked_and_harms_no_neighbour(annotate, kind, place):
    texts = [*GOOD[:place], BAD[kind], *GOOD[place:]]
    done = annotate({"text": texts})
    assert done["text"] == texts
    assert (done["entities"].pop(place), bool(done["error"].pop(place))) == ([], True)
    assert (spans(done["entities"]), done["error"]) == (FOUND, [None] * 3)


def test_an_error_fits_into_arrow(annotate):
    table = arrow_batch("Table", {"text": ["Paris " * 200, None, "Paris"]})
    long, none, good = annotate(table).column("error").to_pylist()
    assert "E088" in long
    assert none == "no text in the column 'text'"
    assert good is None


def test_an_empty_batch_has_the_new_columns_and_loads_nothing():
    annotate = Annotator("nowhere")
    assert annotate(arrow_batch("Table", {"text": []})).schema.names[1:] == annotate.schema().names
    assert annotate({"text": []}) == {"text": [], "entities": [], "error": [], "absent": []}


def test_a_prefix_keeps_columns_apart(ruler):
    done = Annotator(ruler, text_key="body", prefix="el4ner_")({"body": GOOD, "entities": [1, 2, 3]})
    assert (done["entities"], spans(done["el4ner_entities"])) == ([1, 2, 3], FOUND)


def test_a_pipeline_is_loaded_once_in_a_process(ruler, monkeypatch):
    loaded = []
    load = spacy.load
    monkeypatch.setattr(spacy, "load", lambda path: loaded.append(path) or load(path))
    monkeypatch.setattr(module, "_loaded", module._Loaded())
    annotate = Annotator(ruler)
    assert loaded == []
    copies = [pickle.loads(pickle.dumps(annotate)) for _ in range(3)]
    threads = [threading.Thread(target=copy, args=({"text": GOOD},)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == [str(ruler)]


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_loads_a_pipeline_of_its_own(annotate):
    annotate({"text": GOOD})
    with module._loaded.lock, get_context("fork").Pool(1) as pool:
        assert pool.apply(how_many_are_loaded) == 0
        assert spans(pool.apply(annotate, ({"text": GOOD},))["entities"]) == FOUND


def how_many_are_loaded():
    return len(module._loaded.pipelines)


def test_a_pipeline_that_is_none_is_named():
    with pytest.raises(OSError, match="nowhere"):
        Annotator("nowhere")({"text": GOOD})


@pytest.mark.parametrize(
    ("batch", "problem"),
    [
        (GOOD, r"EL350.*list.*pyarrow\.Table"),
        ({"body": GOOD}, "EL351.*0 columns named 'text'.*'body'.*text_key"),
        ({"text": "Paris"}, r"EL352.*'text'.*batched=True"),
        ({"text": GOOD, "error": [1, 2, 3]}, "EL353.*'error'.*prefix"),
    ],
)
def test_what_cannot_be_annotated_is_refused_with_the_remedy(annotate, batch, problem):
    with pytest.raises(ValueError, match=problem):
        annotate(batch)


def test_two_columns_of_one_name_are_refused(annotate):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_arrays([pyarrow.array(GOOD)] * 2, names=["text", "text"])
    with pytest.raises(ValueError, match=r"EL351.*2 columns"):
        annotate(table)


def test_types_without_pyarrow_name_the_extra(annotate, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"EL062.*spacy-el4ner\[parquet\]"):
        annotate.schema()


def test_an_ensemble_gives_confidence_and_provenance(tmp_path):
    nlp = pipeline([save_compact(tmp_path / str(seed), seed) for seed in range(2)])
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    expected = [ent for doc in nlp.pipe(TEXTS[:3]) for ent in doc.ents]
    table = arrow_batch("Table", {"text": TEXTS[:3]})
    annotate = Annotator(tmp_path / "pipeline", provenance=True)
    found = [ent for row in annotate(table).column("entities").to_pylist() for ent in row]
    assert [ent["confidence"] for ent in found] == [
        pytest.approx(ent._.confidence, abs=1e-4) for ent in expected
    ]
    votes = [json.loads(ent["provenance"])["votes"] for ent in found]
    assert [[v["label"] for v in one] for one in votes] == [
        [v["label"] for v in ent._.provenance["votes"]] for ent in expected
    ]
    assert expected


def test_a_ruler_has_no_provenance(ruler):
    done = Annotator(ruler, provenance=True)(arrow_batch("Table", {"text": GOOD[:1]}))
    assert done.column("entities").to_pylist() == [
        [{"start": 0, "end": 7, "label": "NAME", "confidence": None, "provenance": None}]
    ]


def test_a_component_that_throws_harms_no_neighbour(ruler, tmp_path):
    nlp = spacy.load(save_ruler(tmp_path / "pipeline"))
    nlp.add_pipe("tests_poison")
    nlp.to_disk(tmp_path / "pipeline")
    done = Annotator(tmp_path / "pipeline")({"text": ["Paris", "poison in Paris", "Bill"]})
    assert [len(row) for row in done["entities"]] == [1, 0, 1]
    assert done["error"] == [None, "RuntimeError: no such luck", None]
