"""The command on an ensemble of two lists of names, one of which lacks half of the names."""

from functools import partial

import spacy
import srsly

from tests.cli.runner import call
from tests.cli.test_calibrate_ensemble import project  # noqa: F401

cascade = partial(call, "cascade")


def test_the_cascade_is_saved_with_its_curve(project):  # noqa: F811
    out = project / "cascade"
    result = cascade(project / "pipeline", project / "dev.spacy", out, "--first", "right")
    assert result.exit_code == 0, result.output
    curve = srsly.read_json(out / "cascade.json")
    assert "cross-validated" in result.output
    assert curve["full"] == curve["curve"][0]["f1"]
    assert spacy.load(out).get_pipe("llm_ensemble_ner").tuning.cascade.order == ("right",)


def test_a_budget_counts_instead_of_a_loss(project):  # noqa: F811
    out = project / "cheap"
    result = cascade(
        project / "pipeline", project / "dev.spacy", out, "--first", "all", "--budget", 0.5
    )
    assert result.exit_code == 0, result.output
    assert srsly.read_json(out / "cascade.json")["chosen"]["tokens"] <= 0.5


def test_a_voter_that_is_not_there_is_named(project):  # noqa: F811
    out = project / "none"
    result = cascade(project / "pipeline", project / "dev.spacy", out, "--first", "nobody")
    assert result.exit_code == 1
    assert "EL390" in result.output
    assert not out.exists()
