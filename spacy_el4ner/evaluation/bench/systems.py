"""Who is measured: free generation by transformers, our two decoders, and the floor below them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation.bench.judge import Judgement, judge_text, judge_tokens
from spacy_el4ner.evaluation.bench.model import Meter, OpenBackend
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.formats.base import Format
from spacy_el4ner.types import DecodeRequest, Mention

SYSTEMS = (
    "spacy_llm",
    "generate_single",
    "generate_batch",
    "constrained",
    "draft_verified",
    "floor",
)
MARGIN = 8
WHOLE_BATCH = 2**31
"""Tokens of a forward pass: a batch of the benchmark is never divided."""


class SystemUnfit(ValueError):
    """A system that cannot be asked these sentences with this model."""


@dataclass(frozen=True)
class Reply:
    """text (str): The answer; empty where there is only a number of tokens.
    prompt (int), answer (int): Tokens of each.
    ids (tuple[int, ...]): Tokens of a freely generated answer, without the one that ends it.
    """

    text: str
    prompt: int
    answer: int
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Terms:
    """On what terms the systems answer.

    format (Format): The language of the answers to our prompts.
    full_length (bool): Whether a free answer may not end before the gold one does. A model that knows
        no free generation, like the compact ones, else ends some of them at once, which takes no time.
    margin (int): Tokens by which a free answer may be longer than the gold one.
    lang (str), labels (Mapping[str, str]): Of the texts, and label -> description, for spaCy-llm.
    """

    format: Format
    full_length: bool = False
    margin: int = MARGIN
    lang: str = "xx"
    labels: Mapping[str, str] = field(default_factory=dict)


class System(ABC):
    """Answers batches of sentences.

    name (str): As in `SYSTEMS`.
    backend (OpenBackend): Holds the model.
    terms (Terms): How it is to answer.
    """

    name = ""
    judged = True

    def __init__(self, backend: OpenBackend, terms: Terms):
        self.backend = backend
        self.terms = terms

    @property
    def format(self) -> Format:
        """RETURNS (Format): The language of the answers."""
        return self.terms.format

    def prepare(self, sentences: Sequence[Sentence]) -> None:  # noqa: B027
        """Do what is not to be measured. All sentences are known then."""

    @property
    def spent(self) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Forward passes so far, and tokens read in them, without those
        that fill up a batch.
        """
        return self.backend.forward_passes, self.backend.tokens_read

    @abstractmethod
    def answer(self, batch: Sequence[Sentence]) -> list[Reply]:
        """RETURNS (list[Reply]): A reply a sentence. This is what is timed."""

    def judge(self, sentence: Sentence, reply: Reply) -> Judgement:
        return judge_text(reply.text, sentence.window, self.format)

    def prompt(self, sentence: Sentence) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): Tokens of the prompt."""
        prefix, rest = self.backend.tokens.prompt(sentence.prompt)
        return (*prefix, *rest)

    def tokens_of(self, sentence: Sentence, mentions: Sequence[Mention]) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): Tokens of the answer that names the mentions."""
        tokens = self.backend.tokens
        path = self.format.path(sentence.window, mentions)
        return tuple(t for piece in path for t in (tokens.piece(piece) if piece else (tokens.end,)))


class Decode(System):
    """Our decoding, by either decoder."""

    def answer(self, batch: Sequence[Sentence]) -> list[Reply]:
        requests = [DecodeRequest(s.prompt, self.format.grammar(s.window)) for s in batch]
        answers = self.backend.decode(requests)
        self.backend.forget()
        lengths = [self.backend.count_prompt(s.prompt) for s in batch]
        return [Reply(a.text, n, len(a.logprobs)) for a, n in zip(answers, lengths, strict=True)]


class Constrained(Decode):
    name = "constrained"

    def __init__(self, backend: OpenBackend, terms: Terms):
        super().__init__(OpenBackend.twin(backend, decoder=self.name, prefix_mb=0), terms)


class DraftVerified(Decode):
    name = "draft_verified"

    def __init__(self, backend: OpenBackend, terms: Terms):
        super().__init__(OpenBackend.twin(backend, decoder=self.name), terms)


class Floor(System):
    """The prompt and the finished answer, read in a single pass: nothing that reads them is faster."""

    name = "floor"
    judged = False

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        first = DraftVerified(self.backend, self.terms)
        self._rows = {}
        for start in range(0, len(sentences), 8):
            batch = sentences[start : start + 8]
            for sentence, reply in zip(batch, first.answer(batch), strict=True):
                parsed = self.format.parse(reply.text, sentence.window)
                mentions = [Mention(m.start, m.end, m.label) for m in parsed.mentions]
                answer = self.tokens_of(sentence, mentions)
                self._rows[sentence] = (self.prompt(sentence), answer)

    def answer(self, batch: Sequence[Sentence]) -> list[Reply]:
        parts = [self._rows[s] for s in batch]
        with self.backend.running() as runner:
            any_token = torch.tensor([self.backend.tokens.end])
            runner.next([prompt + answer for prompt, answer in parts], any_token, last=1)
        return [Reply("", len(prompt), len(answer)) for prompt, answer in parts]


class Generate(System):
    """`generate` of transformers: greedy, free, left-padded, no longer than the longest gold answer."""

    name = "generate_batch"
    at_a_time: int | None = None

    def __init__(self, backend: OpenBackend, terms: Terms):
        super().__init__(backend, terms)
        self.meter = Meter()
        self.filled = 0

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        self._gold = {s: len(self.tokens_of(s, s.gold)) for s in sentences}

    @property
    def spent(self) -> tuple[int, int]:
        return self.meter.passes, self.meter.tokens - self.filled

    def answer(self, batch: Sequence[Sentence]) -> list[Reply]:
        step = self.at_a_time or len(batch)
        return [
            reply
            for start in range(0, len(batch), step)
            for reply in self._generate(batch[start : start + step])
        ]

    def judge(self, sentence: Sentence, reply: Reply) -> Judgement:
        return judge_tokens(reply.ids, sentence, self.format, self.backend.tokens)

    def _generate(self, batch: Sequence[Sentence]) -> list[Reply]:
        rows = [self.prompt(s) for s in batch]
        tokens = self.backend.tokens
        width, pad = max(map(len, rows)), tokens.tokenizer.pad_token_id
        pad = tokens.end if pad is None else pad
        ids = torch.tensor([[pad] * (width - len(row)) + [*row] for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        least = min(self._gold[s] for s in batch) if self.terms.full_length else None
        with self.backend.running() as runner, self.meter.on(runner.model), torch.inference_mode():
            ends = ends_of(runner.model, tokens.end)
            out = runner.model.generate(
                input_ids=ids.to(runner.model.device),
                attention_mask=mask.to(runner.model.device),
                max_new_tokens=max(self._gold[s] for s in batch) + self.terms.margin,
                min_new_tokens=least,
                **greedy(ends, pad),
            )[:, width:].tolist()
        replies = [_reply(row, len(asked), ends) for row, asked in zip(out, rows, strict=True)]
        # A row that has ended goes on being fed until the last one has.
        self.filled += sum(len(row) - reply.answer for row, reply in zip(out, replies, strict=True))
        return replies


class GenerateSingle(Generate):
    name = "generate_single"
    at_a_time = 1


def greedy(ends: Sequence[int], pad: int) -> dict[str, object]:
    """ends (Sequence[int]), pad (int): Tokens that end an answer, and that fill up a batch.
    RETURNS (dict[str, object]): Arguments of `generate`, among them those that a model's own
        generation config would otherwise set for sampling.
    """
    sampling = dict.fromkeys(("temperature", "top_p", "top_k"))
    plain = {"do_sample": False, "num_beams": 1, "repetition_penalty": 1.0}
    return {**plain, **sampling, "eos_token_id": list(ends), "pad_token_id": pad}


def ends_of(model: object, end: int) -> list[int]:
    """RETURNS (list[int]): The tokens that end an answer, those of the model's own config included."""
    own = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    return sorted({end, *(own if isinstance(own, list) else [] if own is None else [own])})


def make_systems(names: Sequence[str], backend: HFBackend, terms: Terms) -> list[System]:
    """names (Sequence[str]): Of `SYSTEMS`.
    backend (HFBackend): Its model and settings are those of all systems.
    terms (Terms): How they are to answer.
    RETURNS (list[System]): In the order of the names.
    """
    kinds: list[type[System]] = [GenerateSingle, Generate, Constrained, DraftVerified, Floor]
    if "spacy_llm" in names:
        from spacy_el4ner.evaluation.bench.spacy_llm import SpacyLLM

        kinds.append(SpacyLLM)
    known = {kind.name: kind for kind in kinds}
    # Each has a backend of its own to count with; the model behind them is one.
    return [known[n](OpenBackend.twin(backend, batch_tokens=WHOLE_BATCH), terms) for n in names]


def _reply(row: list[int], prompt: int, ends: Sequence[int]) -> Reply:
    length = next((n for n, token in enumerate(row) if token in ends), len(row))
    return Reply("", prompt, min(length + 1, len(row)), tuple(row[:length]))
