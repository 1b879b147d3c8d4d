"""The layouts of prompts, and the settings of a folder of templates."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from spacy_el4ner.errors import EL4NERValueError, Errors

LAYOUTS = ("instruction", "turns", "completion")
SETTINGS = "template.toml"


@dataclass(frozen=True)
class TemplateSettings:
    """The settings of a folder of templates, from its file `template.toml`; without one, the defaults.

    layout (str): "instruction" asks in one user turn; "turns" shows demonstrations as earlier turns of
        a conversation; "completion" is a text to be continued, without a chat template.
    brackets (bool): Mark mentions with brackets instead of tags.
    stop (str): The text between an answer and the next example of a completion.
    next_mention (str): The text between an answer and the next example of a completion that is about a
        mention of the same text; the template sees it as `repeated`, and need not show the text again.
        "" shows each example by itself.
    neutral (str): A word in place of a mention that says nothing about its label, such as "It". What
        the model answers about it is what it would answer in any case (contextual calibration, Zhao et
        al. 2021). "" where the question makes no sense about such a word.
    RAISES (EL4NERValueError): EL010, the layout is unknown or the stop is empty.
    """

    layout: str = "instruction"
    brackets: bool = False
    stop: str = "\n\n"
    next_mention: str = ""
    neutral: str = ""

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            choices = ", ".join(LAYOUTS)
            raise EL4NERValueError(
                Errors.EL010.format(value=self.layout, setting="layout", known=choices)
            )
        if not self.stop:
            raise EL4NERValueError(Errors.EL010.format(value="", setting="stop", known="a text"))


def read_settings(folder: Path) -> TemplateSettings:
    """folder (Path): A folder of templates.
    RETURNS (TemplateSettings): Its settings.
    RAISES (EL4NERValueError): EL010 or EL287, the file has wrong values, or cannot be read.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return TemplateSettings()
    try:
        return TemplateSettings(**tomllib.loads(path.read_text(encoding="utf8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise EL4NERValueError(Errors.EL287.format(path=path, problem=error)) from error
