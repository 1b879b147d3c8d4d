"""The plan of a fine-tuning run, which has to be the same for a run to continue."""

import pytest

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.prompts.loading import find
from spacy_el4ner.training.sft.manifest import begin, check, plan
from spacy_el4ner.training.sft.settings import FinetuningSettings
from tests.training.sft.corpus import LABELS, SENTENCES


def planned(template):
    settings = FinetuningSettings(template=str(template))
    return plan("m", None, "e", SENTENCES, [], dict.fromkeys(LABELS, ""), settings)


def test_a_run_does_not_continue_with_other_templates_in_the_same_folder(tmp_path):
    templates, run = tmp_path / "templates", tmp_path / "run"
    templates.mkdir()
    for file in find("compact", "tagging").glob("*.jinja"):
        (templates / file.name).write_text(file.read_text(encoding="utf8"), encoding="utf8")
    begin(run, planned(templates))
    check(run, planned(templates))
    (templates / file.name).write_text("Something else.", encoding="utf8")
    with pytest.raises(EL4NERValueError, match=r"EL052.*template_sha256"):
        check(run, planned(templates))


def test_templates_of_the_package_and_of_a_language_are_known_by_their_names():
    assert planned("compact")["template_sha256"] is None
    assert planned("zh")["template_sha256"] is None
