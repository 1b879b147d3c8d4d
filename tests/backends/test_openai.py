import math
import pickle
import re
from dataclasses import replace

import pytest
from thinc.api import ConfigValidationError

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.dialects.base import Question
from spacy_el4ner.backends.dialects.llama_cpp import LlamaCpp
from spacy_el4ner.backends.dialects.plain import Plain
from spacy_el4ner.backends.dialects.vllm import VLLM
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.registry import registry
from spacy_el4ner.types import DecodeRequest, Prompt
from tests.backends.scripted import COPY, OPTIONS, TEXT, asks, chat, scores
from tests.strategies import make_window, sentence
from tests.tiny import save_family

OK = chat(COPY)
CUT = chat("Ann", finish="length")


def lists():
    """A question that CUT would answer, were it whole."""
    return DecodeRequest(Prompt("", TEXT, " List."), SpanList().grammar(sentence(TEXT)))


def chosen(row):
    assert sorted(row)[:-1] == [-math.inf] * (len(row) - 1)
    return OPTIONS[row.index(0.0)]


def test_it_is_a_backend(serve, connect):
    assert isinstance(connect(serve(OK)), Backend)


def test_a_question_is_sent_in_standard_fields_alone(serve, connect):
    server = serve(OK)
    assert connect(server).decode([asks()])[0].text == COPY
    (sent,) = server.seen
    assert set(sent) == {"model", "messages", "temperature", "max_tokens", "stream"}
    assert (sent["model"], sent["temperature"], sent["stream"]) == ("tiny", 0, False)
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert sent["messages"][1]["content"] == f"Sentence: {TEXT} Tag it."


@pytest.mark.parametrize("dialect", [Plain(), VLLM()])
def test_parameters_are_sent_with_every_request(serve, connect, dialect):
    said = {"token": "<e>", "logprob": 0.0}  # of no option, so that each is asked for
    unread = chat(COPY, {"content": [{**said, "top_logprobs": [said]}]})
    server = serve(lambda body: weigh(body) if "prompt_logprobs" in body else unread)
    given = {"chat_template_kwargs": {"thinking": False}, "temperature": 0.5, "max_tokens": 900}
    backend = connect(server, dialect=dialect, parameters=given)
    backend.decode([asks()])
    backend.score([scores()])
    for sent in server.seen:
        weighed = {"max_tokens": 1} if "prompt_logprobs" in sent else {}
        assert sent.items() >= {**given, **weighed}.items()


def test_parameters_are_part_of_what_answers_depend_on(serve, connect):
    server = serve(OK)
    plain, other = (connect(server, parameters=p) for p in (None, {"reasoning_effort": "none"}))
    assert plain.identity != other.identity == pickle.loads(pickle.dumps(other)).identity


@pytest.mark.parametrize("field", ["model", "messages", "stream"])
def test_parameters_replace_neither_the_model_nor_the_question(field):
    with pytest.raises(ValueError, match=f"EL133.*tiny.*{field}"):
        OpenAIBackend("tiny", "http://127.0.0.1/v1", parameters={field: "x"})


def test_without_a_system_role_the_user_says_it_all(serve, connect):
    server = serve(OK)
    connect(server, system_role=False).decode([asks()])
    (turn,) = server.seen[0]["messages"]
    assert turn == {"role": "user", "content": f"You tag.\n\nSentence: {TEXT} Tag it."}


def test_demonstrations_are_sent_as_turns(serve, connect):
    server = serve(lambda body: chat(COPY))
    shown = replace(asks(TEXT).prompt, exchanges=(("Who?", "[\ufdd0Bo]"),))
    request = replace(asks(TEXT), prompt=shown)
    connect(server).decode([request])
    body = server.seen[0]
    assert [(turn["role"], turn["content"]) for turn in body["messages"]][1:3] == [
        ("user", "Who?"),
        ("assistant", "[Bo]"),
    ]


def test_a_text_to_be_continued_is_not_sent_as_a_turn(serve, connect):
    server = serve(lambda body: chat(COPY))
    request = replace(asks(TEXT), prompt=replace(asks(TEXT).prompt, stop="\n"))
    with pytest.raises(ValueError, match=r"\[EL285\].*turns"):
        connect(server).decode([request])
    assert not server.seen


def test_a_plain_answer_has_no_log_probabilities(serve, connect):
    answer = connect(serve(OK)).decode([asks()])[0]
    assert answer.offsets == answer.logprobs == ()


def test_nothing_asked_is_nothing_sent(serve, connect):
    server = serve(OK)
    backend = connect(server)
    assert backend.decode([]) == backend.score([]) == []
    assert server.seen == []


def test_a_wrong_answer_is_asked_for_once_more(serve, connect):
    server = serve(chat("Ann and Rome."), OK)
    assert connect(server).decode([asks()])[0].text == COPY
    said = server.seen[1]["messages"]
    assert [m["role"] for m in said] == ["system", "user", "assistant", "user"]
    assert said[2]["content"] == "Ann and Rome."


@pytest.mark.parametrize(
    "said", ["I cannot help with that.", "Ann left", "<PER>Ann</PER> left Rome", ""]
)
def test_an_answer_that_tags_nothing_and_is_no_copy_is_asked_for_once_more(serve, connect, said):
    server = serve(chat(said), OK)
    assert connect(server).decode([asks()])[0].text == COPY
    assert len(server.seen) == 2


def test_of_two_wrong_answers_the_first_is_taken_as_it_is(serve, connect):
    server = serve(chat("wrong"), chat("wrong again"), OK)
    assert connect(server).decode([asks()])[0].text == "wrong"
    assert len(server.seen) == 2


def test_an_answer_in_a_fence_is_right(serve, connect):
    server = serve(chat(f"```\n{COPY}\n```\n"))
    assert connect(server).decode([asks()])[0].text == COPY
    assert len(server.seen) == 1


def test_a_prompt_that_does_not_fit_is_not_sent(serve, connect):
    server = serve(OK)
    backend = connect(server, context=200)
    with pytest.raises(ValueError, match=r"EL021.*tiny.*200"):
        backend.decode([asks(), asks("word " * 50 + "end")])
    with pytest.raises(ValueError, match="EL021"):
        backend.score([scores("word " * 50)])
    assert server.seen == []


def test_an_answer_has_the_room_that_is_left(serve, connect):
    server = serve(OK)
    backend = connect(server, context=100)
    backend.decode([asks()])
    assert server.seen[0]["max_tokens"] == 100 - backend.count_prompt(asks().prompt) >= len(COPY)


def test_an_answer_has_room_for_more_than_a_tagged_copy_needs_but_not_for_a_novel(serve, connect):
    server = serve(OK)
    connect(server, context=10**6).decode([asks()])
    assert len(COPY) <= server.seen[0]["max_tokens"] < 100


def test_without_a_tokenizer_tokens_are_not_under_estimated(serve, connect, tmp_path):
    guess = connect(serve(OK))
    real = connect(serve(OK), tokenizer=str(save_family(tmp_path, "qwen2")))
    for text in ("Ann left 2026", "魏丞相使怒去", "😀 İ", "\ud800"):
        assert guess.count(text) >= real.count(text.replace("\ud800", "")) > 0 or text == "\ud800"
    assert guess.count_prompt(asks().prompt) >= real.count_prompt(asks().prompt) > 20


def test_an_answer_has_room_for_a_tag_around_every_word(serve, connect):
    server = serve(OK)
    words = ["Ann", "left"] * 30
    format, window = InlineTags(("PERSON",)), make_window(*words)
    most = "".join(f" <PERSON>{word}</PERSON>" for word in words)
    request = DecodeRequest(Prompt("", "Tag.", ""), format.grammar(window))
    connect(server, context=10**4).decode([request])
    assert server.seen[0]["max_tokens"] >= len(most)


def test_an_answer_that_is_cut_off_is_asked_for_once_more(serve, connect):
    server = serve(CUT, chat("Ann ; Rome"))
    answer = connect(server).decode([lists()])[0]
    assert (answer.text, answer.error) == ("Ann ; Rome", "")
    assert len(server.seen) == 2


def test_an_answer_that_is_cut_off_twice_is_none(serve, connect):
    server = serve(CUT)
    answer = connect(server).decode([lists()])[0]
    assert "EL125" in answer.error
    assert len(server.seen) == 2


def test_an_option_may_be_followed_by_words_that_are_cut_off(serve, connect):
    server = serve(chat("ORG, as the", finish="length"))
    assert chosen(connect(server).score([scores()])[0]) == "ORG"
    assert len(server.seen) == 1


@pytest.mark.parametrize("said", ["ORG", "I think it is Org."])
def test_the_option_named_gets_everything(serve, connect, said):
    backend = connect(serve(chat(said)))
    assert chosen(backend.score([scores()])[0]) == "ORG"
    assert not backend.exact


def test_an_option_is_asked_for_once_more(serve, connect):
    server = serve(chat("Hm."), chat("PERSON"))
    assert chosen(connect(server).score([scores()])[0]) == "PERSON"
    assert server.seen[1]["messages"][3]["content"].endswith("PERSON, ORG, none")


def test_without_a_readable_option_none_has_any_probability(serve, connect):
    server = serve(chat("Hm."))
    assert set(connect(server).score([scores()])[0]) == {-math.inf}
    assert len(server.seen) == 2


def test_llama_answers_carry_log_probabilities(serve, connect):
    tokens = [{"token": t, "logprob": -0.5} for t in re.findall(r" ?</?e>| ?\w+", COPY)]
    server = serve(chat(COPY, {"content": tokens}))
    answer = connect(server, dialect=LlamaCpp()).decode([asks()])[0]
    assert len(answer.offsets) == len(answer.logprobs) == len(tokens)
    assert answer.probability([(0, 3), (6, 10)]) == pytest.approx(math.exp(-1))
    assert server.seen[0]["grammar"].startswith("root ::= ")


def test_llama_lists_what_else_could_be_said(serve, connect):
    listed = [
        {"token": t, "logprob": math.log(p)} for t, p in (("OR", 0.3), ("PER", 0.1), ("none", 0.1))
    ]
    server = serve(chat("ORG", {"content": [{**listed[0], "top_logprobs": listed}]}))
    backend = connect(server, dialect=LlamaCpp())
    (row,) = backend.score([scores()])
    assert backend.exact
    assert [math.exp(p) for p in row] == pytest.approx([0.2, 0.6, 0.2])
    assert server.seen[0]["top_logprobs"] > 10
    assert server.seen[0]["grammar"].startswith("root ::= ")


def weigh(body):
    """Two tokens of prompt, then the option by its characters, "ORG" being likeliest."""
    option = body["messages"][-1]["content"]
    logprob = math.log(0.6 if option == "ORG" else 0.2)
    rows = [None, {"1": {"logprob": -3.0}}, *({str(ord(c)): {"logprob": 0.0}} for c in option)]
    rows[2] = {str(ord(option[0])): {"logprob": logprob}}
    return chat("x", prompt_logprobs=rows)


def test_vllm_scores_the_options_of_a_prompt_in_one_request(serve, connect):
    listed = [{"token": t, "logprob": math.log(p)} for t, p in (("OR", 0.6), ("PER", 0.2), ("n", 0.2))]
    server = serve(chat("ORG", {"content": [{**listed[0], "top_logprobs": listed}]}))
    backend = connect(server, dialect=VLLM())
    rows = backend.score([scores(), scores("other")])
    for row in rows:
        assert [math.exp(p) for p in row] == pytest.approx([0.2, 0.6, 0.2])
    assert [sent["structured_outputs"] for sent in server.seen] == [{"choice": list(OPTIONS)}] * 2


def test_vllm_scores_given_answers_where_it_does_not_constrain_answers(serve, connect):
    free = {"token": "The", "logprob": -0.1}
    unread = chat("The answer", {"content": [{**free, "top_logprobs": [free]}]})
    server = serve(lambda body: weigh(body) if "prompt_logprobs" in body else unread)
    backend = connect(server, dialect=VLLM())
    rows = backend.score([scores(), scores("other")])
    assert backend.exact
    for row in rows:
        assert [math.exp(p) for p in row] == pytest.approx([0.2, 0.6, 0.2])
    sent = next(body for body in server.seen if "prompt_logprobs" in body)
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)
    assert (sent["prompt_logprobs"], sent["max_tokens"]) == (0, 1)


def test_a_thought_is_no_vote(serve, connect):
    server = serve(chat("<think>ORG? No, PERSON.</think>\n\nORG"))
    assert chosen(connect(server).score([scores()])[0]) == "ORG"
    server = serve(chat("<think>It may be ORG", finish="length"))
    assert set(connect(server).score([scores()])[0]) == {-math.inf}


def test_a_pickled_backend_asks_the_same(serve, connect):
    server = serve(OK)
    backend = connect(server)
    backend.decode([asks()])
    copy = pickle.loads(pickle.dumps(backend))
    assert copy.decode([asks()])[0].text == COPY
    copy.unload()
    assert server.seen[0] == server.seen[1]


def test_an_unloaded_backend_connects_again(serve, connect):
    backend = connect(serve(OK))
    backend.decode([asks()])
    backend.unload()
    assert backend.decode([asks()])[0].text == COPY
    assert backend.forward_passes == 2


def test_an_address_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="EL010"):
        OpenAIBackend("tiny", "localhost:8000")


def test_a_dialect_is_a_block():
    block = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "tiny",
        "base_url": "http://127.0.0.1/v1",
        "dialect": "vllm",
    }
    with pytest.raises(ConfigValidationError, match="dialect"):
        registry.resolve({"backend": block})


class Titled(Plain):
    """A dialect of another package: each option has a score of its own in the reply."""

    identity = "titled"
    exact = True

    def fields(self, grammar):
        return {"held_to": [option for option, _ in grammar.options(grammar.start())]}

    def score(self, options, ask):
        masses = [ask(Question({"score": option}, lambda reply: reply["score"])) for option in options]
        return [math.log(mass / sum(masses)) for mass in masses]


def test_the_questions_about_a_prompt_go_out_together(serve, connect):
    mass = dict(zip(OPTIONS, (1, 3, 1), strict=True))
    server = serve(lambda body: chat("x", score=mass[body["score"]]))
    texts = ["first", "first, other question", "second"]
    connect(server, dialect=Titled(), max_concurrency=1).score([scores(text) for text in texts])
    assert [sent["messages"][1]["content"].split(" Which")[0] for sent in server.seen] == [
        text for text in texts for _ in OPTIONS
    ]


def test_any_dialect_is_asked_through_its_protocol(serve, connect):
    mass = dict(zip(OPTIONS, (1, 3, 1), strict=True))
    server = serve(lambda body: chat("x", score=mass[body["score"]]) if "score" in body else OK)
    backend = connect(server, dialect=Titled())
    (row,) = backend.score([scores()])
    assert backend.exact
    assert [math.exp(p) for p in row] == pytest.approx([0.2, 0.6, 0.2])
    assert backend.decode([asks()])[0].text == COPY
    assert server.seen[-1]["held_to"]
