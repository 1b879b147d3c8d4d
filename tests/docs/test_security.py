"""Every promise of the page on security names a test, which exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf8")
TESTS = re.findall(r"^\| .+ \| `(tests/\S+)::(test_\w+)` \|$", PAGE, re.MULTILINE)


def test_each_promise_names_a_test():
    table = PAGE.partition("## Tests")[2].strip().splitlines()
    assert len(TESTS) == len(table) - 2 > 20


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_the_test_of_a_promise_exists(file, name):
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf8")
