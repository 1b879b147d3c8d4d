"""The base class of the measured systems, and what they have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spacy_el4ner.evaluation.bench.backends import SharedModelBackend, model_name
from spacy_el4ner.evaluation.bench.judge import Judgement, judge_text
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.formats.base import Format, Parsed
from spacy_el4ner.types import Mention

MARGIN = 8
"""Tokens by which a free answer may be longer than the gold answer, by default."""


class SystemNotApplicable(ValueError):
    """Raised by a system that cannot answer these sentences with this model."""


@dataclass(frozen=True)
class SystemReply:
    """The reply of a system to a sentence.

    text (str): The answer; empty where only its length is known.
    prompt (int): Tokens of the prompt.
    answer (int): Tokens of the answer.
    ids (tuple[int, ...]): Tokens of a freely generated answer, without the end token.
    """

    text: str
    prompt: int
    answer: int
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnswerRules:
    """The rules by which the systems answer.

    format (Format): The format of the answers to our prompts.
    full_length (bool): Whether a free answer must be at least as long as the gold answer. Models that
        are only trained for constrained decoding otherwise end some free answers at once.
    margin (int): Tokens by which a free answer may be longer than the gold answer.
    lang (str): Language of the texts, for spaCy-llm.
    labels (Mapping[str, str]): Label -> description, for spaCy-llm and langextract.
    """

    format: Format
    full_length: bool = False
    margin: int = MARGIN
    lang: str = "xx"
    labels: Mapping[str, str] = field(default_factory=dict)


class System(ABC):
    """A system that answers batches of sentences.

    backend (SharedModelBackend): The backend with the model.
    rules (AnswerRules): The rules by which it answers.
    """

    name = ""
    judged = True
    peer = False
    """Whether it is what a user would take instead."""
    constrained = False
    """Whether it gives answers of the format only."""

    def __init__(self, backend: SharedModelBackend, rules: AnswerRules):
        self.backend = backend
        self.rules = rules

    @property
    def format(self) -> Format:
        """RETURNS (Format): The format of the answers."""
        return self.rules.format

    def prepare(self, sentences: Sequence[Sentence]) -> None:  # noqa: B027
        """Prepare what is not measured.

        sentences (Sequence[Sentence]): All sentences.
        """

    @property
    def spent(self) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Forward passes so far, and tokens read in them without padding."""
        return self.backend.forward_passes, self.backend.tokens_read

    @property
    def model(self) -> str:
        """RETURNS (str): The name of the model that it runs."""
        return model_name(self.backend)

    @property
    def precision(self) -> str:
        """RETURNS (str): The type in which it computes."""
        return self.backend.precision

    def restart(self) -> None:
        """Forget what was read before: a repetition begins."""
        self.backend.restart()

    @abstractmethod
    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """Answer a batch; this is what is timed.

        batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """

    def judge(self, sentence: Sentence, reply: SystemReply) -> Judgement:
        """sentence (Sentence): A sentence.
        reply (SystemReply): The reply to it.
        RETURNS (Judgement): The validity of the answer.
        """
        return judge_text(reply.text, sentence.window, self.format)

    def spans(self, sentence: Sentence, reply: SystemReply) -> set[tuple[int, int]]:
        """sentence (Sentence): A sentence.
        reply (SystemReply): The reply to it.
        RETURNS (set[tuple[int, int]]): Offsets of the entities in the answer, without their labels.
        """
        return spans_of(self.format.parse(reply.text, sentence.window))

    def prompt(self, sentence: Sentence) -> tuple[int, ...]:
        """sentence (Sentence): A sentence.
        RETURNS (tuple[int, ...]): Tokens of its prompt.
        """
        prefix, rest = self.backend.tokens.prompt(sentence.prompt)
        return (*prefix, *rest)

    def tokens_of(self, sentence: Sentence, mentions: Sequence[Mention]) -> tuple[int, ...]:
        """sentence (Sentence): A sentence.
        mentions (Sequence[Mention]): Mentions in it.
        RETURNS (tuple[int, ...]): Tokens of the answer with these mentions.
        """
        tokens = self.backend.tokens
        path = self.format.path(sentence.window, mentions)
        return tuple(t for piece in path for t in (tokens.piece(piece) if piece else (tokens.end,)))


def spans_of(parsed: Parsed) -> set[tuple[int, int]]:
    """parsed (Parsed): An answer.
    RETURNS (set[tuple[int, int]]): Offsets of its mentions.
    """
    return {(m.start, m.end) for m in parsed.mentions}


def greedy(ends: Sequence[int], pad: int) -> dict[str, object]:
    """ends (Sequence[int]): Tokens that end an answer.
    pad (int): The padding token.
    RETURNS (dict[str, object]): Arguments of `generate` for greedy decoding, which override the
        sampling of a model's own generation config.
    """
    sampling = dict.fromkeys(("temperature", "top_p", "top_k"))
    plain = {"do_sample": False, "num_beams": 1, "repetition_penalty": 1.0}
    return {**plain, **sampling, "eos_token_id": list(ends), "pad_token_id": pad}


def ends_of(model: object, end: int) -> list[int]:
    """model (PreTrainedModel): A model.
    end (int): The end token of its tokenizer.
    RETURNS (list[int]): All tokens that end an answer, those of the generation config included.
    """
    own = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    return sorted({end, *(own if isinstance(own, list) else [] if own is None else [own])})
