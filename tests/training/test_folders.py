import shutil

import pytest

from spacy_el4ner.storage.model_record import record_of
from spacy_el4ner.training.folders import save


class Saved:
    """What is saved, be it a model or a tokenizer."""

    def __init__(self, name):
        self.name = name

    def eval(self):
        return self

    def save_pretrained(self, folder, **settings):
        (folder / self.name).write_text("whole", encoding="utf8")


def test_a_model_stays_until_another_one_is_there(tmp_path, monkeypatch):
    out, real = tmp_path / "model", shutil.rmtree
    save(Saved("a"), Saved("tokenizer"), {"plan": 1}, out)

    def removing(*arguments, **settings):
        real(*arguments, **settings)
        assert record_of(out)

    monkeypatch.setattr(shutil, "rmtree", removing)
    save(Saved("b"), Saved("tokenizer"), {"plan": 2}, out)
    assert record_of(out) == {"plan": 2}
    assert sorted(path.name for path in out.iterdir()) == ["b", "el4ner.json", "tokenizer"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("earlier", [True, False], ids=["in a model's folder", "in another folder"])
def test_a_file_of_the_user_is_not_lost(tmp_path, earlier):
    out = tmp_path / "model"
    if earlier:
        save(Saved("a"), Saved("tokenizer"), {"plan": 1}, out)
    out.mkdir(exist_ok=True)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"EL315.*thesis\.txt"):
        save(Saved("b"), Saved("tokenizer"), {"plan": 2}, out)
    assert (out / "thesis.txt").read_text() == "years of work"


def test_a_file_does_not_become_a_folder(tmp_path):
    out = tmp_path / "model"
    out.write_text("precious")
    with pytest.raises(ValueError, match="EL315"):
        save(Saved("b"), Saved("tokenizer"), {"plan": 2}, out)
    assert out.read_text() == "precious"
