"""The one set-up of matplotlib."""

import pytest

from spacy_el4ner.plots import BLUE, GREY, bars_of_f1, saved_figure

pytest.importorskip("matplotlib")
PNG = b"\x89PNG"


def test_a_figure_is_saved_at_the_end(tmp_path):
    out = tmp_path / "a.png"
    with saved_figure(out, 3, 2) as axes:
        axes.plot([0, 1], [1, 2])
        assert not out.exists()
    assert out.read_bytes().startswith(PNG)


def test_a_figure_that_failed_is_not_saved(tmp_path):
    out = tmp_path / "a.png"
    with pytest.raises(ValueError, match="broken"), saved_figure(out, 3, 2):
        raise ValueError("broken")
    assert not out.exists()


def test_columns_stand_side_by_side(tmp_path):
    with saved_figure(tmp_path / "a.png", 3, 2, columns=2, sharey=True) as (left, right):
        assert left.get_position().x1 < right.get_position().x0 + 1e-6


def test_a_bar_a_row(tmp_path):
    out = tmp_path / "a.png"
    bars_of_f1(out, [("one", 0.5, BLUE), ("other", 0.25, GREY)], 0.5, "tiny")
    assert out.read_bytes().startswith(PNG)
