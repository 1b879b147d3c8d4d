"""Corpora as examples to train on."""

from pathlib import Path

from spacy_el4ner.corpora import make_corpus_v1, unannotated
from tests.corpora.reading import ANN, ANN_ENTS, NLP, ents, read_objects


def test_unannotated_keeps_tokens_sentences_and_id_alone(tmp_path: Path) -> None:
    data = {**ANN, "id": "x", "genre": "news", "sentences": [[0, 4], [4, 15]]}
    docs, _ = read_objects(tmp_path, data)
    bare = unannotated(docs[0])
    assert [t.text_with_ws for t in bare] == [t.text_with_ws for t in docs[0]]
    assert [s.start for s in bare.sents] == [s.start for s in docs[0].sents] == [0, 1]
    assert not bare.ents
    assert not bare.has_annotation("ENT_IOB")
    assert dict(bare.user_data) == {"id": "x"}


def test_the_reader_yields_examples(tmp_path: Path) -> None:
    read_objects(tmp_path, ANN, ANN, ANN)
    examples = list(make_corpus_v1(str(tmp_path / "a.jsonl"), limit=2)(NLP))
    assert len(examples) == 2
    assert ents(examples[0].reference) == ANN_ENTS
    assert not examples[0].predicted.ents
    assert examples[0].predicted.vocab is NLP.vocab


def test_the_reader_takes_a_language_of_its_own(tmp_path: Path) -> None:
    read_objects(tmp_path, {"text": "楚使怒", "entities": []})
    example = next(make_corpus_v1(str(tmp_path / "a.jsonl"), lang="zh")(NLP))
    assert len(example.reference) == 3
    assert example.reference.vocab is NLP.vocab
