"""What a plain forward pass says of an answer, to compare backends with."""

from collections.abc import Iterator, Sequence

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.types import Answer, DecodeRequest, Grammar


class Forced(Grammar):
    """A grammar of one answer.

    path (Sequence[str]): Its options, one after another.
    """

    def __init__(self, path: Sequence[str]):
        self.path = tuple(path)

    def start(self) -> int:
        return 0

    def options(self, state: int) -> list[tuple[str, int]]:
        return [(option, state + 1) for option in self.path[state : state + 1]]


def paths(grammar: Grammar, text: str, state=None, start=True) -> Iterator[list[str]]:
    """The ways in which a grammar makes a text."""
    options = grammar.options(grammar.start() if start else state)
    if not options and not text:
        yield []
    for option, after in options:
        if text.startswith(option):
            for rest in paths(grammar, text[len(option) :], after, start=False):
                yield [option, *rest]


def walk(tokens, grammar: Grammar, path: Sequence[str]) -> tuple[list[TokenAutomaton], list[int]]:
    """tokens (PieceTokenizer): A tokenizer.
    path (Sequence[str]): Options that `grammar` allows, one after another.
    RETURNS (tuple[list[TokenAutomaton], list[int]]): The place before each of their tokens and the one
        after the last, and the tokens.
    """
    places = [TokenAutomaton(grammar, tokens.piece, tokens.end, tokens.starts)]
    taken: list[int] = []
    for option in path:
        for token in tokens.piece(option) if option else (tokens.end,):
            assert token in places[-1].allowed, option
            places.append(places[-1].step(token))
            taken.append(token)
    while places[-1].allowed:  # where a longer answer goes on, the end is said
        places.append(places[-1].step(tokens.end))
        taken.append(tokens.end)
    return places, taken


def teacher_forced(backend, request: DecodeRequest, answer: Answer) -> list[tuple[float, float]]:
    """RETURNS (list[tuple[float, float]]): For each token of the answer its log-probability among the
    allowed ones, and that of the likeliest of these, from one plain forward pass.
    """
    prompt = sum(backend.tokens.prompt(request.prompt), ())
    walks = (walk(backend.tokens, request.grammar, p) for p in paths(request.grammar, answer.text))
    places, taken = next(w for w in walks if w[0][-1].answer == (answer.text, answer.offsets))
    with torch.inference_mode():
        logits = backend._loaded.model(torch.tensor([[*prompt, *taken]])).logits[0].double()
    logprobs = []
    for n, (token, place) in enumerate(zip(taken, places, strict=False)):
        among = logits[len(prompt) + n - 1][list(place.allowed)].log_softmax(-1)
        logprobs.append((among[place.allowed.index(token)].item(), among.max().item()))
    return logprobs


def greedy(model, prompt: Sequence[int], place: TokenAutomaton) -> tuple[Answer, list[float]]:
    """The likeliest allowed token each time, from a plain pass over everything before it.

    RETURNS (tuple[Answer, list[float]]): The answer, and by how much each of its tokens is the
        likeliest.
    """
    read, logprobs, margins = list(prompt), [], []
    while place.allowed:
        with torch.inference_mode():
            logits = model(torch.tensor([read]), use_cache=False).logits[0, -1].double()
        biases = torch.tensor(place.biases or [0.0] * len(place.allowed)).double()
        among = (logits[list(place.allowed)] + biases).log_softmax(-1)
        best, *others = among.sort(descending=True).values.tolist()
        logprobs.append(best)
        margins.append(best - others[0] if others else float("inf"))
        read.append(place.allowed[int(among.argmax())])
        place = place.step(read[-1])
    return Answer(*place.answer, tuple(logprobs)), margins
