"""Options made from the fields of a settings dataclass."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.settings import setting


@dataclass(frozen=True)
class TeaSettings:
    kind: str = setting("green", "Kind of tea")
    minutes: float = setting(2.5, "Time to steep", "--minutes", "-m", min=0, max=10)
    leaves: int | None = setting(None, "Leaves; as many as there are by default")
    milk: bool = setting(False, "Add milk")
    sugar: bool = setting(True, "Add sugar")
    pot: str = "china"

    def __post_init__(self):
        if self.kind == "coffee":
            raise EL4NERValueError(
                Errors.EL010.format(value=self.kind, setting="kind", known="green, black")
            )


app = typer.Typer()


@app.command()
@options_from(TeaSettings)
def brew(
    cup: Annotated[str, typer.Argument(help="The cup")],
    settings: TeaSettings,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing")] = False,
) -> None:
    """Make tea."""
    print(cup, quiet, settings)


def call(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_without_options_the_command_gets_the_defaults():
    assert call("mug").output == f"mug False {TeaSettings()}\n"


def test_each_option_sets_its_field():
    options = ("--kind", "black", "-m", "4", "--leaves", "3", "--milk", "--no-sugar", "--quiet")
    made = TeaSettings(kind="black", minutes=4.0, leaves=3, milk=True, sugar=False)
    assert call("mug", *options).output == f"mug True {made}\n"


def test_help_comes_from_the_fields():
    text = call("--help").output
    for words in ("Make tea.", "Kind of tea", "green", "--minutes", "-m", "Time to steep", "--quiet"):
        assert words in text


@pytest.mark.parametrize("absent", ["--pot", "--settings", "--no-milk"])
def test_other_fields_and_the_opposite_of_a_switch_are_not_options(absent):
    assert absent not in call("--help").output
    assert call("mug", absent).exit_code == 2


def test_a_value_out_of_range_is_refused():
    assert call("mug", "-m", "11").exit_code == 2


def test_a_value_that_the_class_refuses_ends_the_command_with_a_message():
    result = call("mug", "--kind", "coffee")
    assert result.exit_code == 1
    assert "EL010" in result.output
    assert "Traceback" not in result.output
