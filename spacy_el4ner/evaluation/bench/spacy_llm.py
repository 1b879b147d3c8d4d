"""spaCy-llm's own NER task, with the same model as the other systems.

Its wrappers of transformers models (`spacy_llm/models/hf`) load a fixed list of names on the hub and no
directory, so the model is given as a callable that does with each prompt what they do: it sends it to
transformers' `pipeline("text-generation")`, one at a time. Two things are in its favour: the weights
are in the type in which the other systems have them (its own default is bfloat16), and an answer is
capped at the length that the gold entities need in its format.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.errors import EL4NERImportError, Errors
from spacy_el4ner.evaluation.bench.backends import ForwardPassCounter, SharedModelBackend
from spacy_el4ner.evaluation.bench.judge import Judgement
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.system import (
    AnswerRules,
    System,
    SystemNotApplicable,
    SystemReply,
    ends_of,
    greedy,
)

TASK = "spacy.NER.v3"


def installed() -> bool:
    """RETURNS (bool): Whether spaCy-llm can be imported."""
    from importlib.util import find_spec

    return find_spec("spacy_llm") is not None


class SpacyLLM(System):
    """The NER task of spaCy-llm, with its own format and label descriptions, without demonstrations.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    RAISES (ImportError): EL023, spaCy-llm is not installed.
    """

    name = "spacy_llm"
    peer = True

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        if not installed():
            raise EL4NERImportError(Errors.EL023.format(package="spaCy-llm", extra="bench"))
        super().__init__(backend, rules)
        self.counter = ForwardPassCounter()
        self._found: dict[Sentence, set[tuple[int, int]]] = {}

    @property
    def spent(self) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Forward passes so far, and tokens read in them without padding."""
        return self.counter.passes, self.counter.tokens

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): All sentences, known before the measurement."""
        import spacy
        from spacy_llm.cache import make_cache
        from spacy_llm.pipeline.llm import LLMWrapper
        from spacy_llm.registry import registry

        described = {label: text for label, text in self.rules.labels.items() if text}
        self._task = registry.llm_tasks.get(TASK)(
            labels=list(self.rules.labels), label_definitions=described or None
        )
        self._nlp = spacy.blank(self.rules.lang)
        with self.backend.running() as runner:
            self._model = OneByOne(runner, self.backend, self.counter)
        self._component = LLMWrapper(
            vocab=self._nlp.vocab,
            task=self._task,
            model=self._model,
            cache=make_cache(path=None, batch_size=64, max_batches_in_mem=4),
            save_io=False,
        )
        self._limits = {s: self._limit(s) for s in sentences}

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        docs = [self._nlp.make_doc(s.window.text) for s in batch]
        self._model.begin([self._limits[s] for s in batch])
        with self.backend.running() as runner, self.counter.on(runner.model):
            answered = list(self._component.pipe(docs, batch_size=len(docs)))
        for sentence, doc in zip(batch, answered, strict=True):
            self._found[sentence] = {(ent.start_char, ent.end_char) for ent in doc.ents}
        return self._model.replies

    def spans(self, sentence: Sentence, reply: SystemReply) -> set[tuple[int, int]]:
        """sentence (Sentence): A sentence.
        reply (SystemReply): Ignored: spaCy-llm has read it.
        RETURNS (set[tuple[int, int]]): Offsets of the entities in the answer, without their labels.
        """
        return self._found[sentence]

    def judge(self, sentence: Sentence, reply: SystemReply) -> Judgement:
        """sentence (Sentence): A sentence.
        reply (SystemReply): The reply to it.
        RETURNS (Judgement): The validity of the answer.
        """
        from spacy_llm.tasks.span.examples import SpanReason
        from spacy_llm.tasks.util import find_substrings

        malformed, outside = False, 0
        for line in filter(None, map(str.strip, reply.text.split("\n"))):
            try:
                reason = SpanReason.from_str(line)
            except ValueError:
                malformed = True
                continue
            if reason.is_entity and not find_substrings(sentence.window.text, [reason.text]):
                outside += 1
        return Judgement(malformed, outside)

    def _limit(self, sentence: Sentence) -> dict[str, int]:
        """Limits of the length of an answer: the gold answer and a few tokens, within the context."""
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
            raise SystemNotApplicable(f"a prompt of {TASK} has {prompt} tokens, the context {context}")
        most = min(max(1, gold + self.rules.margin), context - prompt)
        least = {"min_new_tokens": min(gold, most)} if self.rules.full_length and gold else {}
        return {"max_new_tokens": most, **least}


class OneByOne:
    """A model for spaCy-llm, a callable from prompts to answers, like its `spacy.Llama2.v1`.

    runner (Runner): The runner with the model.
    backend (SharedModelBackend): The backend with its tokenizer.
    counter (ForwardPassCounter): Counts its forward passes.
    """

    def __init__(self, runner: Runner, backend: SharedModelBackend, counter: ForwardPassCounter):
        from transformers import pipeline

        self.context_length = backend.context
        self.counter = counter
        self.replies: list[SystemReply] = []
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
        """Set the limits of the next answers.

        limits (Sequence[dict[str, int]]): Arguments of `generate` that limit each answer.
        """
        self._limits = iter(limits)
        self.replies = []

    def __call__(self, prompts: Iterable[Iterable[Any]]) -> list[list[str]]:
        """prompts (Iterable[Iterable[Any]]): The shards of each prompt.
        RETURNS (list[list[str]]): The answers to the shards of each prompt.
        """
        return [self._answer(list(shards), next(self._limits)) for shards in prompts]

    def _answer(self, shards: Sequence[str], limits: dict[str, int]) -> list[str]:
        passes, tokens = self.counter.passes, self.counter.tokens
        texts = [
            str(self._pipeline(p, **limits, **self._settings)[0]["generated_text"]) for p in shards
        ]
        # Each pass returns one token; the last token of an answer is not read.
        answer = self.counter.passes - passes
        prompt = self.counter.tokens - tokens - answer + len(shards)
        self.replies.append(SystemReply("\n".join(texts), prompt, answer))
        return texts
