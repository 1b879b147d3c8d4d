from concurrent.futures import ThreadPoolExecutor

import pytest
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer, ByT5Tokenizer

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.types import Prompt
from tests.tiny import FAMILIES, save_compact, save_family, save_tokenizer


@pytest.fixture(scope="module")
def compact(tmp_path_factory):
    return AutoTokenizer.from_pretrained(save_compact(tmp_path_factory.mktemp("compact"), 0))


@pytest.fixture(scope="module")
def chatml(tmp_path_factory):
    return AutoTokenizer.from_pretrained(save_family(tmp_path_factory.mktemp("qwen2"), "qwen2"))


def test_prompts_about_one_sentence_share_their_prefix(chatml):
    tokens = PieceTokenizer(chatml)
    first, one = tokens.prompt(Prompt("Types.", "Ann left.", " Mark the names."))
    second, two = tokens.prompt(Prompt("Types.", "Ann left.", " What is Ann?"))
    assert first == second
    assert one != two


def test_a_prompt_is_laid_out_by_the_chat_template(chatml):
    prefix, rest = PieceTokenizer(chatml).prompt(Prompt("Types.", "Ann left.", " Who?"))
    assert chatml.decode([*prefix, *rest]) == (
        "<|im_start|>system\nTypes.<|im_end|>\n"
        "<|im_start|>user\nAnn left. Who?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_without_a_chat_template_the_prompt_is_plain_text(chatml):
    prefix, rest = PieceTokenizer(chatml, use_chat_template=False).prompt(
        Prompt("Types.", "Ann left.", " Who?")
    )
    assert chatml.decode([*prefix, *rest]) == "Types.\n\nAnn left. Who?\n"


def test_a_family_without_a_system_role_gets_it_in_the_users_turn(chatml):
    template = chatml.chat_template
    refuse = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    )
    chatml.chat_template = refuse + template
    try:
        prefix, rest = PieceTokenizer(chatml).prompt(Prompt("Types.", "Ann left.", " Who?"))
    finally:
        chatml.chat_template = template
    assert chatml.decode([*prefix, *rest]).startswith("<|im_start|>user\nTypes.\n\nAnn left. Who?")


def test_counting_a_long_text_warns_of_nothing(tmp_path, caplog):
    tokenizer = AutoTokenizer.from_pretrained(save_family(tmp_path, "qwen2"))
    assert len(PieceTokenizer(tokenizer).piece("Ann left. " * 500)) > tokenizer.model_max_length
    assert not caplog.records


@pytest.mark.parametrize("family", FAMILIES)
def test_control_tokens_in_a_text_stay_text(tmp_path, family):
    tokenizer = AutoTokenizer.from_pretrained(save_tokenizer(tmp_path, family))
    for control in tokenizer.all_special_tokens:
        tokens = PieceTokenizer(tokenizer).piece(f"Ann {control} left.")
        assert not set(tokens) & {tokenizer.convert_tokens_to_ids(control)} - {tokenizer.unk_token_id}


def test_a_slow_tokenizer_splits_control_tokens_too():
    slow = ByT5Tokenizer()
    assert not slow.is_fast
    assert slow.eos_token_id in slow.encode("Ann</s>", add_special_tokens=False)
    tokens = PieceTokenizer(slow).piece("Ann </s>")
    assert slow.eos_token_id not in tokens
    assert slow.decode(tokens) == "Ann </s>"


def test_a_control_token_that_is_not_marked_as_special_stays_text(chatml):
    template = chatml.chat_template
    (think,) = chatml.encode("<think>", add_special_tokens=False)
    assert think in PieceTokenizer(chatml).piece("<think>")
    chatml.chat_template = template + "<think>"
    try:
        tokens = PieceTokenizer(chatml).piece("Ann <think> left.")
    finally:
        chatml.chat_template = template
    assert think not in tokens
    assert chatml.decode(tokens) == "Ann <think> left."


def test_a_template_that_refuses_the_user_is_an_error(chatml):
    template = chatml.chat_template
    chatml.chat_template = "{{ raise_exception('never') }}"
    try:
        with pytest.raises(Exception, match="never"):
            PieceTokenizer(chatml).prompt(Prompt("Types.", "Ann left.", " Who?"))
    finally:
        chatml.chat_template = template


def test_where_no_token_ends_a_text_the_chat_template_tells_the_end(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(save_family(tmp_path, "qwen2"))
    expected = PieceTokenizer(tokenizer).end
    tokenizer.eos_token = None
    assert PieceTokenizer(tokenizer).end == expected
    with pytest.raises(ValueError, match=rf"EL127.*{tmp_path}"):
        _ = PieceTokenizer(tokenizer, use_chat_template=False).end


def test_prompts_are_not_kept_for_good(chatml):
    tokens = PieceTokenizer(chatml)
    for n in range(200):
        tokens.prompt(Prompt("Types.", f"Ann {n} left. " * 10, " Who?"))
    kept = [cache.cache_info() for cache in (tokens._short, tokens._long)]
    assert kept[1].currsize == kept[1].maxsize < 100
    assert kept[0].currsize < 100


def test_the_tags_of_compact_backbones_are_single_tokens(compact):
    tokens = PieceTokenizer(compact)
    assert len(tokens.piece(" <e>")) == len(tokens.piece("</e>")) == 1


def test_capital_letters_survive_in_the_compact_vocabulary(compact):
    tokens = PieceTokenizer(compact)
    assert tokens.piece("Bill") != tokens.piece("bill") != tokens.piece("BILL")


def test_threads_share_a_tokenizer(chatml):
    tokens = PieceTokenizer(chatml)

    def encode(n):
        return tokens.piece(f"Ann {n} left."), tokens.starts(f"Ann {n}"), tokens.prompt(asked(n))

    def asked(n):
        return Prompt("Types.", f"Ann {n} left.", " Who?")

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(encode, range(400)))
    tokens = PieceTokenizer(chatml)
    assert found == [encode(n) for n in range(400)]


@pytest.mark.parametrize(
    ("family", "beginning"), [("gemma2", "<bos>"), ("qwen2", ""), ("mistral", "<s>"), ("llama", "")]
)
def test_a_text_to_be_continued_begins_as_the_tokenizer_begins_a_text(family, beginning, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(save_tokenizer(tmp_path, family))
    pieces = with_beginning(tokenizer, beginning) if beginning else PieceTokenizer(tokenizer)
    ids = sum(pieces.prompt(Prompt("", "Ann", " left", stop="\n")), ())
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == f"{beginning}Ann left"


def with_beginning(tokenizer, token):
    """The tokenizer puts a token before every text."""
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{token} $A", special_tokens=[(token, tokenizer.convert_tokens_to_ids(token))]
    )
    return PieceTokenizer(tokenizer)


def test_a_token_that_begins_turns_does_not_begin_a_text(tmp_path):
    """As SmolLM2's "<|im_start|>", which its files call BOS."""
    tokenizer = AutoTokenizer.from_pretrained(save_tokenizer(tmp_path, "qwen2"))
    assert with_beginning(tokenizer, "<|im_start|>").beginning == ()
    endoftext = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    assert with_beginning(tokenizer, "<|endoftext|>").beginning == (endoftext,)


def test_an_answer_in_a_text_ends_with_what_follows_it(chatml):
    tokens = PieceTokenizer(chatml)
    assert tokens.end_of(Prompt("", "Ann", " left", stop="\n")) == tokens.piece("\n")[0]
    assert tokens.end_of(Prompt("", "Ann", " left")) == tokens.end
