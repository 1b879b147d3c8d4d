"""In-process backend: a GGUF file, quantized as it is, run by llama.cpp."""

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.gguf import convert
from spacy_el4ner.backends.grammars import simplest
from spacy_el4ner.backends.llamacpp import requests as asking
from spacy_el4ner.backends.llamacpp.engine import Engine, EngineSettings, engine
from spacy_el4ner.backends.replies import cut_off
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest

MARGIN = 16
"""Tokens that an answer may have besides the longest that its grammar allows."""
CACHE_DTYPES = ("float16", "float32")
ANSWERING = 2
"""Raised when the same model comes to answer otherwise, so that a store does not take old answers for
new ones.
"""


class LlamaCppBackend:
    """Runs a GGUF file in this process, with its weights quantized as they are. It is loaded at the
    first request, not before.

    Scores are the model's own probabilities. The log-probabilities of an answer's tokens are those
    among all tokens of the model, not among those that the format allows.

    model (str): A GGUF file, a name of the catalogue (`python -m spacy el4ner models`), or "bundled:"
        and the name of a model in the folder of the component. Backends of the same file and settings
        share it in memory.
    context (int): Tokens that a prompt and its answer may have together.
    slots (int): Requests that are answered at a time. Each slot has memory for a context, and keeps its
        last prompt, from whose beginning the next one goes on.
    threads (int | None): Threads that compute; None for one a core.
    cache_dtype (str): The type of keys and values: "float16", or "float32", which takes twice the
        memory of the contexts and gives probabilities as transformers computes them (0.00001 instead
        of 0.01 apart, in nats, on an unquantized model).
    use_chat_template (bool): Lay prompts out by the file's chat template, if it has one.
    local_files_only (bool): Never ask the network.
    RAISES (EL4NERValueError): `context`, `slots` or `threads` is not positive, or the `cache_dtype` is
        not known.
    """

    exact = True

    def __init__(
        self,
        model: str,
        *,
        context: int = 4096,
        slots: int = 4,
        threads: int | None = None,
        cache_dtype: str = "float16",
        use_chat_template: bool = True,
        local_files_only: bool = False,
    ):
        for setting, value in (("context", context), ("slots", slots), ("threads", threads)):
            if value is not None and value < 1:
                choices = "1, 2, 3 and so on"
                raise EL4NERValueError(Errors.EL010.format(value=value, setting=setting, known=choices))
        if cache_dtype not in CACHE_DTYPES:
            choices = ", ".join(CACHE_DTYPES)
            message = Errors.EL010.format(value=cache_dtype, setting="cache_dtype", known=choices)
            raise EL4NERValueError(message)
        self.model = model
        self.context = context
        self.slots = slots
        self.threads = threads
        self.cache_dtype = cache_dtype
        self.use_chat_template = use_chat_template
        self.local_files_only = local_files_only
        self.bundle: Path | None = None
        self._passes = 0
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Tokens that were chosen, one a pass of the model."""
        return self._passes

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The model, as the config names it."""
        return (self.model,)

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All that the answers depend on besides the request."""
        return {
            "backend": "llamacpp",
            "answering": ANSWERING,
            "model": convert.fingerprint(self.path),
            "cache_dtype": self.cache_dtype,
            "use_chat_template": self.use_chat_template,
        }

    @property
    def path(self) -> Path:
        """RETURNS (Path): The GGUF file.
        RAISES (EL4NERValueError): The model is none.
        """
        path = sources.stored(self.model, self.bundle, local_only=self.local_files_only, gguf=True)
        if not (convert.is_gguf(path) and Path(path).is_file()):
            raise EL4NERValueError(Errors.EL282.format(name=self.model))
        return Path(path)

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer; it loads without the model."""
        from transformers import AutoTokenizer

        from spacy_el4ner.backends.tokens import PieceTokenizer

        folder = convert.tokenizer_folder(self.path)
        return PieceTokenizer(AutoTokenizer.from_pretrained(folder), self.use_chat_template)

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Its tokens.
        """
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Its tokens, chat template included.
        """
        return len(self._prompt(prompt))

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[Answer]): An answer a request, in order. An answer that did not end within the
            context has its `error` set.
        RAISES (EL4NERValueError): A prompt leaves no room for an answer.
        """
        bodies = self.bodies(requests)
        return [
            self._read(reply, body["n_predict"], request.prompt.stop)
            for reply, body, request in zip(self._complete(bodies), bodies, requests, strict=True)
        ]

    def bodies(self, requests: Sequence[DecodeRequest]) -> list[dict[str, Any]]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[dict[str, Any]]): The completion requests that llama.cpp is sent.
        RAISES (EL4NERValueError): A prompt leaves no room for an answer.
        """
        bodies = []
        for request in requests:
            prompt = self._prompt(request.prompt)
            room = self._room(prompt, self.count(simplest(request.grammar)))
            longest = min(room, request.grammar.longest(self.count) + MARGIN)
            bodies.append(asking.decoding(prompt, request.grammar, longest, request.prompt.stop))
        return bodies

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): Prompts with the options of their answers.
        RETURNS (list[list[float]]): Log-probability of each option of each request, in nats.
        RAISES (EL4NERValueError): A prompt leaves no room for an answer.
        """
        from spacy_el4ner.backends.decoding.options import forks

        options = [self.tokens.options(request) for request in requests]
        places = [(n, fork) for n, given in enumerate(options) for fork in forks(given)]
        prompts = [self._prompt(request.prompt) for request in requests]
        for prompt, given in zip(prompts, options, strict=True):
            self._room(prompt, max(map(len, given)))
        replies = self._complete(
            [asking.choosing(prompts[n] + fork.path, fork.children) for n, fork in places]
        )
        decided: list[dict[tuple[int, ...], float]] = [{} for _ in options]
        for (n, fork), reply in zip(places, replies, strict=True):
            logprobs = asking.read_choosing(reply, fork.children)
            for token, logprob in zip(fork.children, logprobs, strict=True):
                decided[n][(*fork.path, token)] = logprob
        return [
            [math.fsum(of.get(option[: k + 1], 0.0) for k in range(len(option))) for option in given]
            for of, given in zip(decided, options, strict=True)
        ]

    def forget(self) -> None:
        """Do nothing: a slot keeps its last prompt in memory that it has anyway."""

    def unload(self) -> None:
        """Free the model's memory and end its threads; the next request loads it again."""
        with self._lock:
            self._engine = None

    def __getstate__(self) -> dict[str, Any]:
        """Model, tokenizer and lock stay behind; the copy has its own."""
        left = ("tokens", "_engine", "_lock")
        return {key: value for key, value in self.__dict__.items() if key not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _engine=None, _lock=threading.Lock())

    def _prompt(self, prompt: Prompt) -> tuple[int, ...]:
        """The tokens of a prompt."""
        beginning, rest = self.tokens.prompt(prompt)
        return (*beginning, *rest)

    def _room(self, prompt: Sequence[int], answer: int) -> int:
        """Tokens left for the answer to a prompt.

        RAISES (EL4NERValueError): They are fewer than the `answer` needs.
        """
        room = self.context - len(prompt)
        if room < answer:
            message = Errors.EL283.format(
                name=self.model, tokens=len(prompt), answer=answer, context=self.context
            )
            raise EL4NERValueError(message)
        return room

    def _read(self, reply: dict[str, Any], longest: int, stop: str) -> Answer:
        """The answer in a reply, marked where it was cut off."""
        answer = asking.read_decoding(reply, stop)
        cut = Errors.EL284.format(name=self.model, tokens=longest) if cut_off(reply) else ""
        return replace(answer, error=cut)

    def _complete(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The replies to requests."""
        if not requests:
            return []
        with self._lock:
            if self._engine is None:
                path = self.path
                files = convert.fingerprint(path)
                limits = (self.context, self.slots, self.threads)
                self._engine = engine(EngineSettings(str(path), files, *limits, self.cache_dtype))
            running = self._engine
        replies = running.complete(requests)
        self._passes += sum(reply["usage"]["completion_tokens"] for reply in replies)
        return replies
