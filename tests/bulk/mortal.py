"""A pipeline that kills its own process, once."""

import os
import signal

import spacy
from spacy.language import Language

from tests.bulk.inputs import save_ruler

MARKER = "killed"


@Language.factory("tests_mortal")
class Mortal:
    """Kills its process at a document that has the word, the first time.

    folder (str): Where it notes that it has died.
    word (str): The word.
    """

    def __init__(self, nlp, name, folder, word):
        self.folder = folder
        self.word = word

    def __call__(self, doc):
        if self.word in doc.text.split():
            try:
                os.close(os.open(os.path.join(self.folder, MARKER), os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return doc
            os.kill(os.getpid(), signal.SIGKILL)
        return doc


def register():
    """For processes that import nothing of the tests by themselves: this module has the component."""


def save_mortal(folder, word):
    """The pipeline of `save_ruler`, which dies at the word; the note of it is next to it."""
    nlp = spacy.load(save_ruler(folder / "pipeline"))
    nlp.add_pipe("tests_mortal", config={"folder": str(folder), "word": word})
    nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


def has_died(folder):
    return (folder / MARKER).exists()
