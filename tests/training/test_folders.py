import shutil

from spacy_el4ner.training.folders import record_of, save


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
