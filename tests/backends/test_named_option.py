import pytest

from spacy_el4ner.backends.named_option import named_option

OPTIONS = ("PERSON", "ORG", "GPE", "none")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ORG", "ORG"),
        (" org.\n", "ORG"),
        ("**GPE**", "GPE"),
        ("The type is Person.", "PERSON"),
        ("Type: ORG", "ORG"),
        ("ORG or GPE", None),
        ("It is not a PERSON.", None),
        ("It isn't a PERSON.", None),
        ("PERSONAL", None),
        ("an organisation", None),
        ("", None),
    ],
)
def test_an_option_is_read_out_of_a_short_reply(said, meant):
    assert named_option(OPTIONS, said) == meant


def test_an_option_inside_a_longer_one_is_not_meant():
    assert named_option(("art", "work of art"), "I think: work of art") == "work of art"


def test_an_option_without_gaps_around_it_is_read():
    assert named_option(("人名", "地名"), "这是人名。") == "人名"
    assert named_option(("人名", "地名"), "这不是人名。") is None
