"""The example dialect, on a server that writes only what the request's constraint allows."""

import textwrap

import pytest

BACKEND = """
    import re

    from spacy_el4ner.backends.dialects.base import Dialect
    from spacy_el4ner.formats import InlineTags
    from spacy_el4ner.registry import registry
    from tests.backends.scripted import Scripted, asks, chat, scores
    from tests.strategies import sentence

    WANTED = ("It is an ORG, I think", "ORG", "<e>Ann</e> left <e>Rome</e>")

    def reply(body):
        if "regex" in body:
            return chat(next(text for text in WANTED if re.fullmatch(body["regex"], text)))
        return chat(WANTED[-1] if "ebnf" in body else "Sorry, I cannot")

    server = Scripted(reply)
    block = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "tiny",
        "base_url": server.url,
        "dialect": {"@el4ner_dialects": "plugins.SGLang.v1", "thinking_switch": "thinking"},
    }
    backend = registry.resolve({"backend": block})["backend"]
"""

CLOSE = """
    backend.unload()
    server.stop()
"""


@pytest.fixture
def printed(run_script):
    """Runs statements after BACKEND. RETURNS (list[str]): The lines that they print."""

    def run(statements):
        lines = [textwrap.dedent(part) for part in (BACKEND, statements, CLOSE)]
        return run_script("".join(lines)).splitlines()

    return run


def test_a_config_names_the_dialect_and_its_settings(printed):
    statements = """
    print(isinstance(backend.dialect, Dialect), backend.identity["dialect"])
    """
    assert printed(statements) == ["True sglang thinking"]


def test_an_extraction_is_constrained_by_rules(printed):
    statements = """
    print(backend.decode([asks()])[0].text)
    (sent,) = server.seen
    print(sent["chat_template_kwargs"], "regex" in sent)
    """
    assert printed(statements) == ["<e>Ann</e> left <e>Rome</e>", "{'thinking': False} False"]


def test_an_option_is_constrained_by_a_regular_expression(printed):
    statements = """
    print(backend.score([scores()]), len(server.seen), "ebnf" in server.seen[0])
    """
    assert printed(statements) == ["[[-inf, 0.0, -inf]] 1 False"]


def test_a_grammar_too_large_to_send_is_left_to_the_prompt(printed):
    statements = """
    large = InlineTags().grammar(sentence("word " * 3000 + "end"))
    print(backend.dialect.fields(large))
    """
    assert printed(statements) == ["{'chat_template_kwargs': {'thinking': False}}"]
