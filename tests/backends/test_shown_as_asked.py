"""A demonstration has the tokens that the model is asked with, in every family of tokenizers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import Demonstration, Mention, ScoreRequest
from tests.strategies import separate_mentions, windows
from tests.tiny import FAMILIES, save_tokenizer

LABELS = {"PERSON": "person", "ORG": "", "GPE": "country or city"}
EXAMPLES = {
    "lines": "Text:\n{{ text }}\nNames:\n{{ answer }}",
    "spaces": "Text: {{ text }}\nMarked: {{ answer }}",
    "arrow": "{{ text }} -> {{ answer }}",
    "glued": "{{ text }}|{{ answer }}",
    "answer alone": "Text with its names:\n{{ answer }}",
}
CLASSIFICATIONS = {
    "space": "{{ text }}\nName: {{ mention.surface }}\nType: {{ answer }}",
    "line": "{{ text }}\n{{ mention.surface }} is a\n{{ answer }}",
}
FORMATS = [InlineTags(), InlineTags(brackets=True), SpanList(max_tokens=3)]
TOKENIZERS = [f for f in FAMILIES if f not in {"glm4", "mistral_wide"}]  # those of glm and mistral
# A prompt shows U+FFFD for the two characters that mark its cuts and its answer.
shown_windows = windows().filter(lambda window: not {"\ufdd0", "\ufdd1"} & set(window.text))
few = settings(deadline=None, max_examples=max(20, settings.default.max_examples // 5))


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokens(request, tmp_path_factory):
    folder = save_tokenizer(tmp_path_factory.mktemp(request.param), request.param)
    return PieceTokenizer(AutoTokenizer.from_pretrained(folder))


def folder(path, layout, extraction, classification=CLASSIFICATIONS["space"]):
    path.mkdir(exist_ok=True)
    (path / "template.toml").write_text(f'layout = "{layout}"')
    texts = {"system": "", "extraction": extraction, "classification": classification}
    for name, text in (texts | {"verification": classification}).items():
        (path / f"{name}.jinja").write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """The template of a layout, an example and a format."""
    root = tmp_path_factory.mktemp("templates")
    made = {}

    def make(layout, example, format, classification="space"):
        key = layout, example, FORMATS.index(format), classification
        if key not in made:
            path = root / "_".join(map(str, key)).replace(" ", "_")
            texts = EXAMPLES[example], CLASSIFICATIONS[classification]
            made[key] = PromptTemplate(folder(path, layout, *texts), format)
        return made[key]

    return make


@st.composite
def demonstrations(draw):
    window = draw(shown_windows)
    mentions = draw(separate_mentions(window, ("PERSON", "ORG")))
    return Demonstration("d", window, tuple(mentions))


def contains(whole, part):
    return any(whole[n : n + len(part)] == part for n in range(len(whole) - len(part) + 1))


def answered(tokens, options):
    return tuple(token for option in options for token in tokens.piece(option))


@few
@given(
    shown=demonstrations(),
    asked=shown_windows,
    example=st.sampled_from(sorted(EXAMPLES)),
    data=st.data(),
)
def test_a_completion_shows_what_it_asks(tokens, templates, shown, asked, example, data):
    """From the first to the last token of a demonstration."""
    format = data.draw(st.sampled_from(FORMATS))
    template = templates("completion", example, format)
    alone = [template.extraction(window, (), LABELS) for window in (shown.window, asked)]
    first, second = (sum(tokens.prompt(p), ())[len(tokens.beginning) :] for p in alone)
    answer = answered(tokens, (o for o in format.path(shown.window, shown.mentions) if o))
    both = template.extraction(asked, [shown], LABELS)
    assert sum(tokens.prompt(both), ()) == (
        *tokens.beginning,
        *first,
        *answer,
        *tokens.piece(both.stop),
        *second,
    )


@few
@given(
    shown=demonstrations(),
    asked=shown_windows,
    example=st.sampled_from(sorted(EXAMPLES)),
    data=st.data(),
)
def test_turns_show_what_they_ask(tokens, templates, shown, asked, example, data):
    """From the end of the text to the last token of the answer."""
    if tokens.use_chat_template and "enable_thinking" in tokens.tokenizer.chat_template:
        return  # it asks behind an empty thought, which its turns do not have
    format = data.draw(st.sampled_from(FORMATS))
    template = templates("turns", example, format)
    _, question = tokens.prompt(template.extraction(shown.window, (), LABELS))
    answer = answered(tokens, (o for o in format.path(shown.window, shown.mentions) if o))
    both = sum(tokens.prompt(template.extraction(asked, [shown], LABELS)), ())
    assert contains(both, (*question, *answer))


@few
@given(shown=demonstrations(), asked=shown_windows, how=st.sampled_from(sorted(CLASSIFICATIONS)))
def test_options_are_scored_as_they_are_shown(tokens, templates, shown, asked, how):
    template = templates("completion", "lines", FORMATS[0], how)
    mention = Mention(*asked.tokens[0])
    prompt = template.classification(asked, [shown], LABELS, mention)
    whole = sum(tokens.prompt(prompt), ())
    options = template.options(LABELS)
    by_name = dict(zip(options, tokens.options(ScoreRequest(prompt, options)), strict=True))
    names = template.names(LABELS)
    for m in shown.mentions:
        question = template.classification(shown.window, (), LABELS, m)
        option = by_name[names[m.label]]
        if not tokens.piece(prompt.stop):
            option = option[:-1]  # WordPiece has no token for a line break
        assert contains(whole, (*tokens.prompt(question)[1], *option))
