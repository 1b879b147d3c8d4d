import json

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_el4ner.bulk.worker import AnnotationJob, Worker
from spacy_el4ner.pipeline import attributes
from tests.bulk.inputs import BAD, save_ruler, spans, text, write_jsonl
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS


@Language.component("tests_poison")
def poison(doc):
    """Throws, loses or marks documents, as components do."""
    if "poison" in doc.text:
        raise RuntimeError("no such luck")
    if "marked" in doc.text:
        doc._.el4ner = {"error": "no answer"}
    return doc


class Loss:
    def __call__(self, doc):
        return doc

    def pipe(self, stream, **_):
        return (doc for doc in stream if "lost" not in doc.text)


@Language.factory("tests_loss")
def make_loss(nlp, name):
    return Loss()


def lines(data):
    return [json.loads(line) for line in data.decode("utf8").splitlines()]


def test_a_shard_has_its_documents_with_entities(worker, tmp_path):
    annotate = worker(write_jsonl(tmp_path / "in.jsonl", bad={}), shard_size=8)
    part = annotate(1)
    found = lines(part.data)
    assert [row["id"] for row in found] == [f"d{line}" for line in range(9, 17)]
    assert found[0]["text"] == text(9)
    assert found[0]["meta"] == {"genre": "made up"}
    assert spans(found[0]) == [(0, 2, "NAME"), (7, 14, "NAME")]
    assert (part.documents, part.failures) == (8, b"")


def test_shards_are_the_same_in_any_order_and_from_any_worker(worker, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl")
    one = worker(source, shard_size=7)
    ahead = [one(number) for number in range(5)]
    assert [one(number) for number in (3, 0, 4, 1, 2)] == [ahead[n] for n in (3, 0, 4, 1, 2)]
    assert worker(source, shard_size=7)(2) == ahead[2]
    assert sum(part.documents for part in ahead) == 30


def test_what_fails_is_told_and_nothing_is_lost(worker, tmp_path):
    part = worker(write_jsonl(tmp_path / "in.jsonl"))(0)
    failures = {row["line"]: row for row in lines(part.failures)}
    assert list(failures) == list(BAD)
    assert "surrogates" in failures[7]["error"]
    assert "not JSON" in failures[13]["error"]
    assert "'body'" in failures[14]["error"]
    assert "E088" in failures[21]["error"]
    assert failures[13]["text"] == BAD[13]
    found = {row["id"]: row for row in lines(part.data)}
    assert len(found) == 28  # all but the two that cannot be read
    assert found["half"]["text"] == "half \ud800 of Paris"
    assert (found["half"]["ents"], found["half"]["error"]) == ([], failures[7]["error"])
    assert "error" not in found["d8"]


def test_progress_counts_every_document_once(worker, tmp_path):
    told = []
    worker(write_jsonl(tmp_path / "in.jsonl"), batch_size=10)(0, told.append)
    assert told == [10, 10, 8, 2]


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_document_that_makes_a_component_throw_harms_no_neighbour(ruler, tmp_path, place):
    nlp = spacy.load(ruler)
    nlp.add_pipe("tests_poison")
    nlp.to_disk(tmp_path / "pipeline")
    texts = [text(n) for n in range(4)]
    texts.insert(place, "Bill took poison in Paris.")
    source = tmp_path / "in.txt"
    source.write_text("\n".join(texts), encoding="utf8")
    part = Worker(AnnotationJob(str(tmp_path / "pipeline"), source, ".jsonl"))(0)
    found = lines(part.data)
    assert [row["text"] for row in found] == texts
    bad = found.pop(place)
    assert (bad["ents"], bad["error"]) == ([], "RuntimeError: no such luck")
    assert all(row["ents"] for row in found)
    assert [row["line"] for row in lines(part.failures)] == [place + 1]


def test_a_component_marks_what_it_could_not_annotate(tmp_path):
    attributes.register()
    nlp = spacy.load(save_ruler(tmp_path / "pipeline"))
    nlp.add_pipe("tests_poison")
    nlp.to_disk(tmp_path / "pipeline")
    (tmp_path / "in.txt").write_text("Paris is marked.\nParis is not.\n")
    part = Worker(AnnotationJob(str(tmp_path / "pipeline"), tmp_path / "in.txt", ".jsonl"))(0)
    assert [row.get("error") for row in lines(part.data)] == ["no answer", None]
    assert lines(part.failures)[0]["error"] == "no answer"


def test_documents_that_a_component_drops_are_told(ruler, tmp_path):
    nlp = spacy.load(ruler)
    nlp.add_pipe("tests_loss")
    nlp.to_disk(tmp_path / "pipeline")
    (tmp_path / "in.txt").write_text("Paris.\nBill is lost.\nBill.\n")
    part = Worker(AnnotationJob(str(tmp_path / "pipeline"), tmp_path / "in.txt", ".jsonl"))(0)
    assert [len(row["ents"]) for row in lines(part.data)] == [1, 0, 1]
    assert "EL071" in lines(part.failures)[0]["error"]


def test_a_docbin_keeps_its_tokens_and_annotation(worker, tmp_path):
    vocab = spacy.blank("en").vocab
    docs = [
        Doc(vocab, words=["Paris", "Bi", "ll"], spaces=[True, False, False], tags=["A", "B", "C"])
        for _ in range(5)
    ]
    DocBin(docs=docs).to_disk(tmp_path / "in.spacy")
    annotate = worker(tmp_path / "in.spacy", ".spacy", shard_size=2)
    copies = [
        doc for number in range(3) for doc in DocBin().from_bytes(annotate(number).data).get_docs(vocab)
    ]
    assert [[t.text for t in doc] for doc in copies] == [["Paris", "Bi", "ll"]] * 5
    assert [[t.tag_ for t in doc] for doc in copies] == [["A", "B", "C"]] * 5
    assert [[e.text for e in doc.ents] for doc in copies] == [["Paris"]] * 5


def test_what_spacy_keeps_of_words_is_freed_after_a_shard(worker, tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("\n".join(f"Paris{n} is{n} new{n}" for n in range(400)))
    annotate = worker(source, shard_size=100)
    annotate(0)
    known = len(annotate.pipeline.nlp.vocab.strings)
    for number in (1, 2, 3):
        annotate(number)
    assert len(annotate.pipeline.nlp.vocab.strings) == known


def test_an_ensemble_gives_confidences(tmp_path):
    nlp = pipeline([save_compact(tmp_path / str(seed), seed) for seed in range(2)])
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    (tmp_path / "in.txt").write_text("\n".join(TEXTS[:3] * 2), encoding="utf8")
    expected = [
        [
            (e.start_char, e.end_char, e.label_, pytest.approx(e._.confidence, abs=1e-4))
            for e in doc.ents
        ]
        for doc in nlp.pipe(TEXTS[:3] * 2)
    ]
    annotate = Worker(
        AnnotationJob(str(tmp_path / "pipeline"), tmp_path / "in.txt", ".jsonl", shard_size=3)
    )
    found = [row for number in range(2) for row in lines(annotate(number).data)]
    assert [
        [(e["start"], e["end"], e["label"], e["confidence"]) for e in row["ents"]] for row in found
    ] == expected
    assert any(expected)


def save_annotated(path):
    """A document whose entity the pipeline does not know, with an id."""
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["Acme", "met", "Bill"], ents=["B-ORG", "O", "O"], user_data={"id": "a"})
    DocBin(docs=[doc], store_user_data=True).to_disk(path)
    return path


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, [(9, 13, "NAME")]), ({"keep_ents": True}, [(0, 4, "ORG"), (9, 13, "NAME")])],
)
def test_entities_of_the_input_pass_for_found_ones_only_when_asked(
    worker, tmp_path, settings, expected
):
    (row,) = lines(worker(save_annotated(tmp_path / "in.spacy"), **settings)(0).data)
    assert (row["id"], spans(row)) == ("a", expected)
