"""spaCy-llm's own NER task, driving the same model as the other systems.

Its wrappers of transformers models (`spacy_llm/models/hf`) load a fixed list of names of the hub and no
directory, so the model is given as a callable that does with each prompt what they do: it sends it to
transformers' `pipeline("text-generation")`, one at a time. Two things are in its favour: the weights
are in the type in which the other systems have them (its own default is bfloat16), and an answer is
capped at the length that the gold entities need in its format.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.bench.judge import Judgement
from spacy_el4ner.evaluation.bench.model import Meter, OpenBackend
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.systems import (
    Reply,
    System,
    SystemUnfit,
    Terms,
    ends_of,
    greedy,
)

TASK = "spacy.NER.v3"


def installed() -> bool:
    """RETURNS (bool): Whether spaCy-llm can be imported."""
    from importlib.util import find_spec

    return find_spec("spacy_llm") is not None


class SpacyLLM(System):
    """Its task has a format of its own; demonstrations it is given none, only labels as described."""

    name = "spacy_llm"

    def __init__(self, backend: OpenBackend, terms: Terms):
        if not installed():
            raise ImportError(Errors.EL023)
        super().__init__(backend, terms)
        self.meter = Meter()

    @property
    def spent(self) -> tuple[int, int]:
        return self.meter.passes, self.meter.tokens

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        import spacy
        from spacy_llm.cache import make_cache
        from spacy_llm.pipeline.llm import LLMWrapper
        from spacy_llm.registry import registry

        described = {label: text for label, text in self.terms.labels.items() if text}
        self._task = registry.llm_tasks.get(TASK)(
            labels=list(self.terms.labels), label_definitions=described or None
        )
        self._nlp = spacy.blank(self.terms.lang)
        with self.backend.running() as runner:
            self._model = OneByOne(runner, self.backend, self.meter)
        self._component = LLMWrapper(
            vocab=self._nlp.vocab,
            task=self._task,
            model=self._model,
            cache=make_cache(path=None, batch_size=64, max_batches_in_mem=4),
            save_io=False,
        )
        self._limits = {s: self._limit(s) for s in sentences}

    def answer(self, batch: Sequence[Sentence]) -> list[Reply]:
        docs = [self._nlp.make_doc(s.window.text) for s in batch]
        self._model.begin([self._limits[s] for s in batch])
        with self.backend.running() as runner, self.meter.on(runner.model):
            list(self._component.pipe(docs, batch_size=len(docs)))
        return self._model.replies

    def judge(self, sentence: Sentence, reply: Reply) -> Judgement:
        from spacy_llm.tasks.span.examples import SpanReason
        from spacy_llm.tasks.util import find_substrings

        malformed, outside = False, 0
        for line in filter(None, map(str.strip, reply.text.split("\n"))):
            try:
                found = SpanReason.from_str(line)
            except ValueError:
                malformed = True
                continue
            if found.is_entity and not find_substrings(sentence.window.text, [found.text]):
                outside += 1
        return Judgement(malformed, outside)

    def _limit(self, sentence: Sentence) -> dict[str, int]:
        """Tokens of the gold answer and a few more, as far as the context has room for them."""
        text = sentence.window.text
        reasons = [
            f"{text[m.start : m.end]} | True | {m.label} | is a {m.label}" for m in sentence.gold
        ]
        answer = "\n".join(f"{n}. {reason}" for n, reason in enumerate(reasons, 1))
        tokenizer = self.backend.tokens.tokenizer
        context = self.backend.context
        ((prompts, _),) = self._task.generate_prompts([self._nlp.make_doc(text)], context)
        prompt = max(len(tokenizer(p)["input_ids"]) for p in prompts)
        gold = len(tokenizer(answer, add_special_tokens=False)["input_ids"])
        if prompt + 1 > context:
            raise SystemUnfit(f"a prompt of {TASK} has {prompt} tokens, the context {context}")
        most = min(max(1, gold + self.terms.margin), context - prompt)
        least = {"min_new_tokens": min(gold, most)} if self.terms.full_length and gold else {}
        return {"max_new_tokens": most, **least}


class OneByOne:
    """What spaCy-llm calls a model: prompts in, answers out, as its `spacy.Llama2.v1` does it.

    runner (Runner): Has the model.
    backend (OpenBackend): Has its tokenizer.
    meter (Meter): Counts its passes.
    """

    def __init__(self, runner: Runner, backend: OpenBackend, meter: Meter):
        from transformers import pipeline

        self.context_length = backend.context
        self.meter = meter
        self.replies: list[Reply] = []
        self._limits: Iterator[dict[str, int]] = iter(())
        end = backend.tokens.end
        self._settings = greedy(ends_of(runner.model, end), end)
        self._pipeline = pipeline(
            "text-generation",
            model=runner.model,
            tokenizer=backend.tokens.tokenizer,
            device=runner.model.device,
            return_full_text=False,
        )

    def begin(self, limits: Sequence[dict[str, int]]) -> None:
        """limits (Sequence[dict[str, int]]): How long the answers to the next prompts may get."""
        self._limits = iter(limits)
        self.replies = []

    def __call__(self, prompts: Iterable[Iterable[Any]]) -> list[list[str]]:
        """RETURNS (list[list[str]]): An answer a prompt."""
        return [self._answer(list(shards), next(self._limits)) for shards in prompts]

    def _answer(self, shards: Sequence[str], limits: dict[str, int]) -> list[str]:
        passes, tokens = self.meter.passes, self.meter.tokens
        texts = [
            str(self._pipeline(p, **limits, **self._settings)[0]["generated_text"]) for p in shards
        ]
        # Each pass gave one token; the last one of an answer is not read again.
        answer = self.meter.passes - passes
        prompt = self.meter.tokens - tokens - answer + len(shards)
        self.replies.append(Reply("\n".join(texts), prompt, answer))
        return texts
