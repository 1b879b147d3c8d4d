import re
from collections import Counter
from pathlib import Path

from spacy_el4ner.errors import Errors, Warnings

PACKAGE = Path(__file__).parent.parent / "spacy_el4ner"
CODES = [c for kind in (Errors, Warnings) for c in dir(kind) if re.match(r"[EW]L\d", c)]


def test_a_message_begins_with_its_code():
    assert Errors.EL011.startswith("[EL011] ")
    assert Warnings.WL001.startswith("[WL001] ")


def test_every_code_is_used_and_every_used_code_exists():
    source = "\n".join(path.read_text(encoding="utf8") for path in PACKAGE.rglob("*.py"))
    used = set(re.findall(r"(?:Errors|Warnings)\.([EW]L\d+)", source))
    assert used == set(CODES)


def test_a_code_stands_in_one_file_only():
    codes = Counter(code for room in Errors.__bases__ for code in vars(room) if code[:2] == "EL")
    assert [code for code, n in codes.items() if n > 1] == []


def test_messages_name_what_is_kept_of_a_document():
    messages = "\n".join(
        getattr(kind, code) for kind in (Errors, Warnings) for code in dir(kind) if code in CODES
    )
    assert set(re.findall(r"el4ner\[['\"](\w+)", messages)) == {"counts", "error", "spans"}
