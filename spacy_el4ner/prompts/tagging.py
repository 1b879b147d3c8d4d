"""The prompt for a tagged copy of a sentence: two Jinja templates, `system` and `question`, and their
renderer.

What never changes comes first (instruction and types, in the system turn), then the demonstrations,
then the sentence: models that keep what they have read can use it again. The templates of the package:
"en" and "zh" for instruction-tuned models, "compact" for models that know nothing but this job.
"""

from collections.abc import Mapping, Sequence

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts import loading
from spacy_el4ner.types import Demonstration, Prompt, Window

TEMPLATES = ("system", "question")


class TaggingTemplate:
    """Puts "copy this sentence with inline tags" into words.

    name (str): A template of the package, or a folder with the two templates.
    """

    def __init__(self, name: str = "en"):
        self.name = name
        folder = loading.find(name, "tagging")
        if missing := loading.missing(folder, TEMPLATES):
            raise EL4NERValueError(Errors.EL050.format(name=name, missing=", ".join(missing)))
        self._templates = loading.load(folder, TEMPLATES)

    def __reduce__(self) -> tuple[type["TaggingTemplate"], tuple[str]]:
        """Compiled templates do not pickle; the copy loads them again."""
        return TaggingTemplate, (self.name,)

    def prompt(
        self,
        window: Window,
        demonstrations: Sequence[Demonstration],
        labels: Mapping[str, str],
        format: InlineTags,
    ) -> Prompt:
        """window (Window): The sentence.
        demonstrations (Sequence[Demonstration]): In the order in which they are to be shown.
        labels (Mapping[str, str]): Label -> description.
        format (InlineTags): The language of the answer, and of the demonstrations.
        RETURNS (Prompt): The question.
        """
        values = {
            "labels": labels,
            "tags": format.tags(window.text),
            "text": window.text,
            "demonstrations": [_shown(demonstration, format) for demonstration in demonstrations],
        }
        texts = {name: t.render(**values).strip() for name, t in self._templates.items()}
        return Prompt(texts["system"], "", texts["question"])


def _shown(demonstration: Demonstration, format: InlineTags) -> dict[str, str]:
    """A demonstration as the templates see it, without mentions of types that are not asked for."""
    mentions = [m for m in demonstration.mentions if m.label in format.labels]
    return {"text": demonstration.window.text, "tagged": format.render(demonstration.window, mentions)}
