"""The description of a language, and the lookup by its code."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Token


@dataclass(frozen=True)
class Language:
    """A language: its prompt templates and its rules. An entry point of `spacy_el4ner_languages` names
    it by its code. All fields but the code have neutral defaults.

    code (str): The code that spaCy gives to the language, such as "en".
    prompts (Path | None): A folder with the five prompt templates of the ensemble and, in `tagging/`,
        the two of the fusion. The code names them as `template` in a config.
    sentence_ends (str): Characters that end a sentence. "" for the marks of all scripts, as spaCy's
        sentencizer has them, and the ellipsis.
    pronouns (frozenset[str]): Pronouns in lower case, for `part_of_speech`.
    """

    code: str
    prompts: Path | None = None
    sentence_ends: str = ""
    pronouns: frozenset[str] = frozenset()

    def part_of_speech(self, token: "Token") -> str:
        """Guess a part of speech from the shape of a token, where no tagger has set it. A language
        overrides this where capitals mean something else.

        token (Token): A token of a script with capitals.
        RETURNS (str): "PRON", "PROPN", "NOUN" or "X".
        """
        if token.lower_ in self.pronouns:
            return "PRON"
        if any(c.isupper() or c.isdigit() for c in token.text):
            return "PROPN"
        return "NOUN" if token.is_alpha and not token.is_stop else "X"


@lru_cache(maxsize=64)
def find_language(code: str) -> Language:
    """code (str): The code of a language.
    RETURNS (Language): The registered language; for any other code a neutral one without prompts.
    """
    from spacy_el4ner.registry import registry  # the benchmark on other machines has no spaCy

    if code not in registry.el4ner_languages:
        return Language(code)
    language: Language = registry.el4ner_languages.get(code)
    return language
