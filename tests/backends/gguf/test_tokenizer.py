"""Tokenizers from the metadata of GGUF files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spacy_el4ner.backends.gguf import tokenizer
from spacy_el4ner.backends.gguf.metadata import read_metadata
from spacy_el4ner.errors import EL4NERValueError

BYTES = [f"<0x{n:02X}>" for n in range(256)]
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
WORDS = ["\u2581", "a", "b", "c", "ab", "bc", "abc", "\u2581a", "楚", "王", "楚王"]
SENTENCE_PIECE = {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": [*SPECIAL, "  ", *BYTES, *WORDS],
    "tokenizer.ggml.token_type": [3, 3, 3, 2, 4, *[6] * 256, *[1] * len(WORDS)],
    # "bc" is a better token than "ab" and "abc"
    "tokenizer.ggml.scores": [0.0] * 261 + [-9, -9, -9, -9, -2, -1, -3, -4, -9, -9, -5],
    "tokenizer.ggml.bos_token_id": 2,
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.ggml.unknown_token_id": 3,
    "tokenizer.ggml.padding_token_id": 0,
    "tokenizer.ggml.add_space_prefix": False,
}


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pieces")
    tokenizer.write_tokenizer(SENTENCE_PIECE, folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("bc", ["bc"]),
        ("abc", ["abc"]),
        ("aab", ["a", "ab"]),
        (" ab", ["\u2581", "ab"]),
        ("a  b", ["a", "  ", "b"]),
        ("楚王", ["楚王"]),
        ("é", ["<0xC3>", "<0xA9>"]),
    ],
)
def test_the_best_scored_tokens_are_put_together_first(pieces, text, tokens):
    assert pieces.tokenize(text) == tokens


def test_special_tokens_are_those_of_the_file(pieces):
    assert (pieces.bos_token, pieces.eos_token) == ("<bos>", "<eos>")
    assert (pieces.unk_token, pieces.pad_token) == ("<unk>", "<pad>")
    assert pieces.encode("a") == [2, pieces.convert_tokens_to_ids("a")]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_from_its_tokens(pieces, text):
    tokens = pieces.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert pieces.decode(tokens) == text.replace("\u2581", " ")


def test_digits_are_cut_one_by_one_where_the_file_says_so(tmp_path):
    characters = [chr(n) for n in range(33, 127)] + ["\u0120", "12", "ab"]
    metadata = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": characters,
        "tokenizer.ggml.merges": ["1 2", "a b"],
    }
    tokenizer.write_tokenizer(metadata, tmp_path)
    assert AutoTokenizer.from_pretrained(tmp_path).tokenize("ab12") == ["ab", "1", "2"]


@pytest.mark.parametrize(
    ("kind", "pre", "supported"),
    [("llama", None, True), ("gpt2", "smollm", True), ("gpt2", "?", False)],
)
def test_unknown_kinds_are_left_to_transformers(kind, pre, supported):
    metadata = {"tokenizer.ggml.model": kind, "tokenizer.ggml.pre": pre}
    assert tokenizer.is_supported(metadata) == supported


@pytest.mark.parametrize("data", [b"", b"no GGUF", b"GGUF\x09\0\0\0" + bytes(16), b"GGUF\x03\0\0\0"])
def test_a_file_of_another_kind_is_refused(tmp_path, data):
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(EL4NERValueError, match=r"EL279.*x\.gguf"):
        read_metadata(path)
