from dataclasses import dataclass
from typing import ClassVar

import catalogue
import pytest

from spacy_el4ner.fusion.rules.base import FusionRule, RuleDecision
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.registered import find_rule, registered_rules
from spacy_el4ner.registry import registry


def test_the_simplest_rule_comes_first():
    own = [rule.name for name, rule in registered_rules().items() if name.startswith("spacy-el4ner.")]
    assert own == ["llm", "slm", "paper", "scaled", "learned"]


@pytest.mark.parametrize("name", ["paper", "spacy-el4ner.PaperRule.v1"])
def test_a_rule_is_found_by_either_name(name):
    assert find_rule(name) == ("spacy-el4ner.PaperRule.v1", PaperRule())


def test_an_unknown_rule_is_named():
    with pytest.raises(ValueError, match=r"(?s)EL010.*majority.*paper, scaled, learned"):
        find_rule("majority")


@dataclass(frozen=True)
class Needy(FusionRule):
    """A rule whose setting has no default."""

    name: ClassVar[str] = "needy"
    title: ClassVar[str] = "needy"
    bias: float

    def __call__(self, case, disagreement):
        return RuleDecision(self.bias, 0.5)


def test_a_rule_without_a_default_is_refused(monkeypatch):
    place = (*registry.el4ner_fusion_rules.namespace, "tests.Needy.v1")
    monkeypatch.setitem(catalogue.REGISTRY, place, Needy)
    with pytest.raises(ValueError, match=r"EL221.*tests.Needy.v1.*bias"):
        registered_rules()
