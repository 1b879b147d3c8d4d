"""English."""

from pathlib import Path

from spacy_el4ner.languages.base import Language

# fmt: off
PRONOUNS = frozenset((
    "i", "me", "you", "he", "him", "she", "her", "it", "we", "us", "they", "them", "mine",
    "yours", "his", "hers", "ours", "theirs", "myself", "yourself", "himself", "herself",
    "itself", "ourselves", "themselves", "who", "whom", "this", "that", "these", "those",
))
# fmt: on
ENGLISH = Language("en", prompts=Path(__file__).parent, pronouns=PRONOUNS)
