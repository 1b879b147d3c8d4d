"""Rules of the house that neither the linter nor the type checker knows."""

import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "spacy_el4ner"


def lines_with(pattern, glob="*.py", outside=""):
    """Lines of the package that match, as "file:line", but for those of one room."""
    return [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in sorted(PACKAGE.rglob(glob))
        if not (outside and path.is_relative_to(PACKAGE / outside))
        for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_only_the_formats_know_their_classes_apart():
    kinds = "SpanList|InlineTags|Choice|TagGrammar"
    assert lines_with(rf"isinstance\([^)]*({kinds})", outside="formats") == []


def test_no_prompt_template_names_a_format():
    assert lines_with(r"span_list|inline_tags|\bformat ?[=!]=", glob="*.jinja") == []


def test_no_backend_names_an_output_format():
    pattern = r"span_list|inline_tags|SpanList|InlineTags|TagGrammar"
    found = lines_with(pattern)
    assert [
        place for place in found if place.startswith(("backends/grammars", "backends/dialects"))
    ] == []


def test_no_class_name_stands_twice():
    text = "\n".join(path.read_text(encoding="utf8") for path in PACKAGE.rglob("*.py"))
    names = re.findall(r"^class (\w+)", text, flags=re.MULTILINE)
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_errors_are_told_apart_by_their_kind_and_code():
    places = lines_with(r"startswith\(.\[EL")
    assert [place.split(":")[0] for place in places] == ["errors/base.py"]


def test_nothing_reads_or_writes_a_pickle():
    """`torch.load` and NumPy's own pickles included."""
    pattern = r"\bpickle\.\w|import pickle|torch\.(load|save)\(|allow_pickle=True"
    assert lines_with(pattern) == []


def test_every_room_has_a_layer():
    layers = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf8")
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    missing = {room for room in rooms if f"spacy_el4ner.{room}" not in layers}
    assert missing <= {"__init__", "__pycache__"}
