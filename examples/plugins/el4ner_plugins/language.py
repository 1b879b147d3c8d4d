"""Danish: its prompts, which lie in `danish/`, and its pronouns."""

from pathlib import Path

from spacy_el4ner.api import Language

DANISH = Language(
    "da",
    prompts=Path(__file__).parent / "danish",
    pronouns=frozenset(("jeg", "du", "han", "hun", "den", "det", "vi", "i", "de", "mig", "dig", "ham")),
)
