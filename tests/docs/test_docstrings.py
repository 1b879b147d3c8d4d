"""The check of docstrings finds each kind of gap, and no other."""

import check_docstrings
import pytest
from docstrings import described

COMPLETE = '''"""A module."""

from dataclasses import dataclass


@dataclass
class Point:
    """A point.

    x (int), y (int): Its place.
    """

    x: int
    y: int

    @property
    def length(self) -> float:
        """The distance from the origin."""
        return 0.0

    def __len__(self) -> int:
        return 2

    def _hidden(self, angle):
        pass


def shift(point: Point, *steps: int, **options: bool) -> Point:
    """point (Point): Where to begin.
    *steps (int): How far to go.
    **options (bool): Anything else.
    RETURNS (Point): Where it ends.
    """
'''


@pytest.fixture
def gaps(tmp_path):
    def check(source):
        package = tmp_path / "package"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(source, encoding="utf8")
        return [text for _, _, text in check_docstrings.gaps(package)]

    return check


def test_a_complete_module_has_no_gaps(gaps):
    assert gaps(COMPLETE) == []


@pytest.mark.parametrize(
    ("part", "gap"),
    [
        ('"""A module."""', "package has no docstring"),
        (", y (int)", "Point does not describe y"),
        ('"""The distance from the origin."""', "Point.length has no docstring"),
        ("    *steps (int): How far to go.\n", "shift does not describe steps"),
        ("    RETURNS (Point): Where it ends.\n", "shift has neither RETURNS nor YIELDS"),
    ],
)
def test_what_is_left_out_is_a_gap(gaps, part, gap):
    assert gaps(COMPLETE.replace(part, "", 1)) == [gap]


def test_gaps_of_the_rooms_that_are_asked_for_are_listed(tmp_path, monkeypatch, capsys):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "room.py").write_text("", encoding="utf8")
    (tmp_path / "package" / "__init__.py").write_text('"""A package."""', encoding="utf8")
    monkeypatch.setattr(check_docstrings, "PACKAGE", tmp_path / "package")
    assert check_docstrings.main(["other"]) == 0
    assert check_docstrings.main([]) == 1
    assert "package/room.py:1: room has no docstring" in capsys.readouterr().out


def test_descriptions_are_read_with_the_lines_that_continue_them():
    docstring = """Does it.

    a (int), b (dict[str, int] | None): Both of them,
        and more.
    c (Callable[[int], str]): Another.

    Not a part of it.
    RETURNS (str): what
        comes out.
    """
    assert described(docstring) == {
        "a": "Both of them, and more.",
        "b": "Both of them, and more.",
        "c": "Another.",
        "RETURNS": "What comes out.",
    }
