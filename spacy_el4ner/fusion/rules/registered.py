"""The registered fusion rules, with their default settings."""

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.registry import registry


def registered_rules() -> dict[str, FusionRule]:
    """RETURNS (dict[str, FusionRule]): Registered name -> rule with its default settings, the simplest
    rule first. Rules of plug-ins are among them.
    RAISES (ValueError): A rule cannot be made without settings.
    """
    rules = {}
    for registered, make in registry.el4ner_fusion_rules.get_all().items():
        try:
            rules[registered] = make()
        except TypeError as error:
            raise EL4NERValueError(Errors.EL221.format(name=registered, problem=error)) from error
    return dict(sorted(rules.items(), key=lambda item: (item[1].complexity, item[1].name)))


def find_rule(name: str) -> tuple[str, FusionRule]:
    """name (str): A registered name, such as "spacy-el4ner.PaperRule.v1", or a rule's own name, such as
        "paper".
    RETURNS (tuple[str, FusionRule]): The registered name and the rule.
    RAISES (ValueError): No rule has that name.
    """
    rules = registered_rules()
    for registered, rule in rules.items():
        if name in (registered, rule.name):
            return registered, rule
    known = ", ".join(rule.name for rule in rules.values())
    raise EL4NERValueError(Errors.EL010.format(value=name, setting="rule", known=known))
