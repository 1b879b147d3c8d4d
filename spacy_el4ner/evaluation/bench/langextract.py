"""Google's langextract, with llama.cpp's server as its model.

langextract is given a model that sends each prompt to the server as the user's turn of a chat. (Its own
provider for such servers asks for chats, where llama.cpp answers with an error if JSON is cut off.) The
prompt is its own: what to extract, in the words of its documentation, then the demonstrations of our
prompt as its examples. The server constrains answers to the JSON schema that langextract makes of the
labels, so they name no other class; the texts in them are free, and langextract looks for them, or for
similar ones, in the sentence. An answer is greedy, and capped at the length that the gold entities need
in its format, like a free one. Of an answer that is cut off, langextract reads nothing.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import Any

from spacy_el4ner.evaluation.bench.judge import Judgement
from spacy_el4ner.evaluation.bench.llama_cpp import SLOTS, LlamaCppServer, posted
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.system import SystemNotApplicable, SystemReply
from spacy_el4ner.types import Mention, Prompt

DESCRIPTION = """\
Extract named entities in order of appearance.
Use exact text for extractions. Do not paraphrase or overlap entities.
The classes of entities are:"""


def installed() -> bool:
    """RETURNS (bool): Whether langextract can be imported."""
    return find_spec("langextract") is not None


class LangExtract(LlamaCppServer):
    """langextract, asked for one sentence at a time with the demonstrations of that sentence; as many
    sentences at a time as the server has slots.

    backend (SharedModelBackend): The backend whose model is read; not used to compute.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "langextract"

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): All sentences, known before the measurement.
        RAISES (SystemNotApplicable): The extra `langextract` is not installed; a sentence has no
            demonstrations, or too long ones; or as for `LlamaCppServer`.
        """
        if not installed():
            raise SystemNotApplicable("the extra langextract is not installed")
        if not all(s.demonstrations for s in sentences):
            raise SystemNotApplicable("it needs examples, and a prompt has no demonstrations")
        super().prepare(sentences)
        from langextract.core.format_handler import FormatHandler
        from langextract.providers.schemas.openai import OpenAISchema

        # It warns of answers that it cannot read, which the column `malformed` counts.
        logging.getLogger("absl").setLevel(logging.ERROR)
        self.llamacpp.use_chat_template = True  # its prompts are no texts to be continued
        labels = dict(self.rules.labels) or dict.fromkeys(_labels(sentences), "")
        self._description = "\n".join([DESCRIPTION, *map(_described, labels.items())])
        named = [_extraction(label, label) for label in labels]
        self._schema = OpenAISchema.from_examples([_example("", named)])
        self._layout = FormatHandler(use_fences=False)
        self._limits = {s: self._limit(s) for s in sentences}
        self._read: dict[Sentence, tuple[ServedModel, list[Any] | None]] = {}

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        with ThreadPoolExecutor(SLOTS) as threads:
            self._read.update(zip(batch, threads.map(self._extract, batch), strict=True))
        return [self._read[s][0].reply for s in batch]

    def spans(self, sentence: Sentence, reply: SystemReply) -> set[tuple[int, int]]:
        """sentence (Sentence): A sentence.
        reply (SystemReply): Ignored: langextract has read it.
        RETURNS (set[tuple[int, int]]): Offsets of the entities that langextract found in the sentence,
            without their labels.
        """
        places = [found.char_interval for found in self._read[sentence][1] or ()]
        return {(place.start_pos, place.end_pos) for place in places if place is not None}

    def judge(self, sentence: Sentence, reply: SystemReply) -> Judgement:
        """sentence (Sentence): A sentence.
        reply (SystemReply): Ignored: langextract has read it.
        RETURNS (Judgement): The validity of the answer: whether langextract can read it, and the
            entities in it that it does not find in the sentence.
        """
        asked, found = self._read[sentence]
        return Judgement(
            found is None or not all(self._readable(reply.text) for reply in asked.replies),
            sum(e.char_interval is None for e in found or ()),
        )

    def _extract(self, sentence: Sentence) -> tuple["ServedModel", list[Any] | None]:
        """What was asked and answered, and what langextract found; None if it failed on the answer."""
        from langextract import extract
        from langextract.prompt_validation import PromptValidationLevel

        model = ServedModel(self._schema, partial(self._complete, self._limits[sentence]))
        try:
            document = extract(
                sentence.window.text,
                prompt_description=self._description,
                examples=_examples(sentence),
                model=model,
                use_schema_constraints=False,  # the model has its schema
                show_progress=False,
                # Its check of the examples fails on one without entities.
                prompt_validation_level=PromptValidationLevel.OFF,
            )
        except ValueError:
            if not model.replies:
                raise
            return model, None  # its search for a text fails on an empty one, which the schema allows
        return model, document.extractions or []

    def _readable(self, answer: str) -> bool:
        from langextract.resolver import Resolver, ResolverParsingError

        try:
            Resolver(format_handler=self._layout).resolve(answer)
        except ResolverParsingError:
            return False
        return True

    def _complete(self, most: int, text: str) -> SystemReply:
        """The server's answer to a prompt, of so many tokens at most."""
        body = {
            "prompt": self._tokens(text),
            "max_tokens": most,
            "temperature": 0,
            "json_schema": self._schema.schema_dict,
        }
        reply = posted(self._address, body)
        spent = reply["usage"]
        said: str = reply["choices"][0]["text"]
        return SystemReply(said, spent["prompt_tokens"], spent["completion_tokens"])

    def _tokens(self, text: str) -> list[int]:
        beginning, rest = self.llamacpp.tokens.prompt(Prompt("", text, ""))
        return [*beginning, *rest]

    def _limit(self, sentence: Sentence) -> int:
        """Tokens that an answer may have: the gold answer and a few, within the context."""
        from langextract.prompting import PromptTemplateStructured, QAPromptGenerator

        template = PromptTemplateStructured(self._description, _examples(sentence))
        text = sentence.window.text
        prompt = len(self._tokens(QAPromptGenerator(template, self._layout).render(text)))
        gold = self._layout.format_extraction_example(_extractions(text, sentence.gold))
        context = self.llamacpp.context
        if prompt + 1 > context:
            raise SystemNotApplicable(f"its prompt has {prompt} tokens, the context {context}")
        return min(self.llamacpp.count(gold) + self.rules.margin, context - prompt)


class ServedModel:
    """A model for langextract, with as much of the interface of its models as `extract` uses.

    schema (OpenAISchema): The schema of its answers.
    complete (Callable[[str], SystemReply]): Answers a prompt.
    prompts (list[str]): The prompts that it was asked: one, or one for each part of a long sentence.
    """

    requires_fence_output = False

    def __init__(self, schema: Any, complete: Callable[[str], SystemReply]):
        self.schema = schema
        self.prompts: list[str] = []
        self.replies: list[SystemReply] = []
        self._complete = complete

    @property
    def reply(self) -> SystemReply:
        """RETURNS (SystemReply): All that was answered."""
        text = "\n".join(reply.text for reply in self.replies)
        prompt, answer = (sum(getattr(r, k) for r in self.replies) for k in ("prompt", "answer"))
        return SystemReply(text, prompt, answer)

    def infer(self, batch_prompts: Sequence[str], **settings: Any) -> list[list[Any]]:
        """batch_prompts (Sequence[str]): The prompts.
        settings (Any): Ignored.
        RETURNS (list[list[ScoredOutput]]): The answer to each prompt.
        """
        from langextract.core.types import ScoredOutput

        replies = [self._complete(prompt) for prompt in batch_prompts]
        self.prompts += batch_prompts
        self.replies += replies
        return [[ScoredOutput(1.0, reply.text)] for reply in replies]


def _labels(sentences: Iterable[Sentence]) -> list[str]:
    """The labels of all demonstrations."""
    return sorted({m.label for s in sentences for d in s.demonstrations for m in d.mentions})


def _described(label: tuple[str, str]) -> str:
    """The line of a label with its description."""
    name, text = label
    return f"- {name}: {text}" if text else f"- {name}"


def _examples(sentence: Sentence) -> list[Any]:
    """The demonstrations of a sentence as examples of langextract."""
    return [
        _example(d.window.text, _extractions(d.window.text, d.mentions))
        for d in sentence.demonstrations
    ]


def _extractions(text: str, mentions: Iterable[Mention]) -> list[Any]:
    return [_extraction(m.label, text[m.start : m.end]) for m in mentions]


def _example(text: str, extractions: list[Any]) -> Any:
    from langextract.data import ExampleData

    return ExampleData(text, extractions)


def _extraction(label: str, text: str) -> Any:
    from langextract.data import Extraction

    return Extraction(label, text)
