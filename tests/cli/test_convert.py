"""The command `convert`."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import read_docs
from spacy_el4ner.corpora import report as reasons
from tests.cli.runner import call
from tests.corpora.reading import ents, numbered


def test_convert_writes_and_tells(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        numbered(tmp_path, name, 3)
    (tmp_path / "dev.conll").write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    result = call("convert", tmp_path, tmp_path / "out")
    output = result.output
    assert result.exit_code == 0
    assert "documents: 3, sentences: 3, tokens: 3, entities: 3" in output
    assert "labels: PER 1" in output
    assert f"{reasons.NO_TAG}: 1" in output
    assert ents(read_docs(tmp_path / "out" / "dev.spacy")[0]) == [("Ann", "PER")]


@pytest.mark.parametrize(("lang", "said"), [("en", "EL007"), ("qq", "E048")])
def test_convert_fails_with_a_message(tmp_path: Path, lang: str, said: str) -> None:
    result = call("convert", tmp_path, tmp_path / "out", "--lang", lang)
    assert result.exit_code == 1
    assert said in result.output
    assert not (tmp_path / "out").exists()
