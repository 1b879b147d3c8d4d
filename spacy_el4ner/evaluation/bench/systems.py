"""The measured systems: spaCy-llm, free generation, llama.cpp with langextract and without, our two
decoders, and a lower bound.
"""

from collections.abc import Sequence

import torch

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation.bench.backends import ForwardPassCounter, SharedModelBackend
from spacy_el4ner.evaluation.bench.judge import Judgement, judge_tokens, parse_tokens
from spacy_el4ner.evaluation.bench.langextract import LangExtract
from spacy_el4ner.evaluation.bench.llama_cpp import LlamaCppDecode, LlamaCppServer
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.spacy_llm import SpacyLLM
from spacy_el4ner.evaluation.bench.system import (
    AnswerRules,
    System,
    SystemReply,
    ends_of,
    greedy,
    spans_of,
)
from spacy_el4ner.types import DecodeRequest, Mention

WHOLE_BATCH = 2**31
"""Limit of a forward pass, in tokens, that never divides a batch of the benchmark."""


class Decode(System):
    """Our decoding, by either decoder."""

    constrained = True

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        requests = [DecodeRequest(s.prompt, self.format.grammar(s.window)) for s in batch]
        answers = self.backend.decode(requests)
        self.backend.forget()
        lengths = [self.backend.count_prompt(s.prompt) for s in batch]
        return [SystemReply(a.text, n, len(a.logprobs)) for a, n in zip(answers, lengths, strict=True)]


class Constrained(Decode):
    """Our constrained decoding, one token at a time, without shared prefixes.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "constrained"

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        super().__init__(SharedModelBackend.twin(backend, decoder=self.name, prefix_mb=0), rules)


class DraftVerifiedFlat(Decode):
    """Our decoding by verified drafts, without shared prefixes.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "draft_verified_flat"

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        twin = SharedModelBackend.twin(backend, decoder="draft_verified", prefix_mb=0)
        super().__init__(twin, rules)


class DraftVerified(Decode):
    """Our decoding by verified drafts. What prompts begin with is read once.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "draft_verified"

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        super().__init__(SharedModelBackend.twin(backend, decoder=self.name), rules)


class Floor(System):
    """A lower bound: the prompt and the finished answer, read in a single pass."""

    name = "floor"
    judged = False

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): All sentences, known before the measurement."""
        first = DraftVerified(self.backend, self.rules)
        self._rows = {}
        for start in range(0, len(sentences), 8):
            batch = sentences[start : start + 8]
            for sentence, reply in zip(batch, first.answer(batch), strict=True):
                parsed = self.format.parse(reply.text, sentence.window)
                mentions = [Mention(m.start, m.end, m.label) for m in parsed.mentions]
                answer = self.tokens_of(sentence, mentions)
                self._rows[sentence] = (self.prompt(sentence), answer)

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        parts = [self._rows[s] for s in batch]
        with self.backend.running() as runner:
            any_token = torch.tensor([self.backend.tokens.end])
            runner.next([prompt + answer for prompt, answer in parts], any_token, last=1)
        return [SystemReply("", len(prompt), len(answer)) for prompt, answer in parts]


class Generate(System):
    """Free generation by transformers: greedy, padded on the left, limited by the longest gold answer.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "generate_batch"
    peer = True
    at_a_time: int | None = None
    lookup: int | None = None

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        super().__init__(backend, rules)
        self.counter = ForwardPassCounter()
        self.filled = 0

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): All sentences, known before the measurement."""
        self._gold = {s: len(self.tokens_of(s, s.gold)) for s in sentences}

    @property
    def spent(self) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Forward passes so far, and tokens read in them without padding."""
        return self.counter.passes, self.counter.tokens - self.filled

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        step = self.at_a_time or len(batch)
        return [
            reply
            for start in range(0, len(batch), step)
            for reply in self._generate(batch[start : start + step])
        ]

    def judge(self, sentence: Sentence, reply: SystemReply) -> Judgement:
        """sentence (Sentence): A sentence.
        reply (SystemReply): The reply to it.
        RETURNS (Judgement): The validity of the answer.
        """
        return judge_tokens(reply.ids, sentence, self.format, self.backend.tokens)

    def spans(self, sentence: Sentence, reply: SystemReply) -> set[tuple[int, int]]:
        """sentence (Sentence): A sentence.
        reply (SystemReply): The reply to it.
        RETURNS (set[tuple[int, int]]): Offsets of the entities in the answer, without their labels.
        """
        return spans_of(parse_tokens(reply.ids, sentence, self.format, self.backend.tokens))

    def _generate(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        rows = [self.prompt(s) for s in batch]
        tokens = self.backend.tokens
        width, pad = max(map(len, rows)), tokens.tokenizer.pad_token_id
        pad = tokens.end if pad is None else pad
        ids = torch.tensor([[pad] * (width - len(row)) + [*row] for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        least = min(self._gold[s] for s in batch) if self.rules.full_length else None
        lookup = {"prompt_lookup_num_tokens": self.lookup} if self.lookup else {}
        with self.backend.running() as runner, self.counter.on(runner.model), torch.inference_mode():
            ends = ends_of(runner.model, tokens.end)
            out = runner.model.generate(
                input_ids=ids.to(runner.model.device),
                attention_mask=mask.to(runner.model.device),
                max_new_tokens=max(self._gold[s] for s in batch) + self.rules.margin,
                min_new_tokens=least,
                **greedy(ends, pad),
                **lookup,
            )[:, width:].tolist()
        replies = [_reply(row, len(asked), ends) for row, asked in zip(out, rows, strict=True)]
        # A finished row is fed padding until the last row is finished.
        self.filled += sum(len(row) - reply.answer for row, reply in zip(out, replies, strict=True))
        return replies


class GenerateSingle(Generate):
    """Free generation, one sentence at a time."""

    name = "generate_single"
    at_a_time = 1


class PromptLookup(GenerateSingle):
    """Free generation, one sentence at a time, that drafts what stands in the prompt: transformers'
    prompt lookup, with the draft length of its documentation.
    """

    name = "prompt_lookup"
    lookup = 10


KINDS: tuple[type[System], ...] = (
    SpacyLLM,
    GenerateSingle,
    Generate,
    PromptLookup,
    LlamaCppServer,
    LangExtract,
    LlamaCppDecode,
    Constrained,
    DraftVerifiedFlat,
    DraftVerified,
    Floor,
)
SYSTEMS = tuple(kind.name for kind in KINDS)


def make_systems(names: Sequence[str], backend: HFBackend, rules: AnswerRules) -> list[System]:
    """names (Sequence[str]): Names of `SYSTEMS`.
    backend (HFBackend): The backend whose model and settings all systems use.
    rules (AnswerRules): The rules by which they answer.
    RETURNS (list[System]): The systems, in the order of the names.
    """
    by_name = {kind.name: kind for kind in KINDS}
    # Each has its own backend for counting; they share one model.
    return [
        by_name[n](SharedModelBackend.twin(backend, batch_tokens=WHOLE_BATCH), rules) for n in names
    ]


def _reply(row: list[int], prompt: int, ends: Sequence[int]) -> SystemReply:
    length = next((n for n, token in enumerate(row) if token in ends), len(row))
    return SystemReply("", prompt, min(length + 1, len(row)), tuple(row[:length]))
