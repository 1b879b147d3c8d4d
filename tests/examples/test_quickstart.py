"""The quickstart notebook runs from first cell to last, on a few documents and with a tiny model."""

import json
from pathlib import Path

import pytest

from tests.tiny import save_compact

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = json.loads((ROOT / "examples" / "quickstart.ipynb").read_text(encoding="utf8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
SIZES = {"train": 12, "dev": 4, "test": 4}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder like examples/, in a repository with less text."""
    sample = tmp_path / "assets" / "sample_en"
    sample.mkdir(parents=True)
    for split, size in SIZES.items():
        text = (ROOT / "assets" / "sample_en" / f"{split}.jsonl").read_text(encoding="utf8")
        (sample / f"{split}.jsonl").write_text("\n".join(text.split("\n")[:size]), encoding="utf8")
    save_compact(tmp_path / "training" / "sample_en" / "llm", 0)
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")


@pytest.mark.filterwarnings("ignore")  # of models that know nothing, and of ten entities' calibration
def test_every_cell_runs(place, capsys):
    names = {"__name__": "notebook"}
    for number, cell in enumerate(CODE, 1):
        exec(compile(cell, f"cell {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert "rule: " in printed
    assert (Path("my_fusion") / "config.cfg").is_file()


def test_the_outputs_are_those_of_a_run_without_errors():
    for cell in NOTEBOOK["cells"]:
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
    assert all(cell["execution_count"] for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code")
