from spacy_el4ner.backends.dialects.base import Dialect
from spacy_el4ner.backends.dialects.plain import Plain
from spacy_el4ner.formats import Choice


def test_it_is_a_dialect():
    assert isinstance(Plain(), Dialect)


def test_standard_fields_are_all_it_sends():
    assert Plain().fields(Choice(("PERSON", "none"))) == {}
    assert not Plain().exact
