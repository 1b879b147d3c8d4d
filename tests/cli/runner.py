"""Commands of the package, run in the process of the test."""

from typer.testing import CliRunner

from spacy_el4ner.cli import app


def call(*arguments):
    """The result of a command. An exception that it does not turn into a message fails the test."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def run(*arguments):
    """The output of a command that must succeed."""
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.output
