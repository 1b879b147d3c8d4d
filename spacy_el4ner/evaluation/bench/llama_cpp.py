"""llama.cpp in the benchmark: as the server that a user would start, and as our backend."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import torch

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.gguf.convert import is_gguf
from spacy_el4ner.backends.llamacpp import LlamaCppBackend
from spacy_el4ner.backends.llamacpp.engine import EngineSettings, parameters
from spacy_el4ner.backends.llamacpp.requests import read_decoding
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.system import System, SystemNotApplicable, SystemReply
from spacy_el4ner.evaluation.machine import portable_name
from spacy_el4ner.types import DecodeRequest

SLOTS = 4
"""Requests that llama.cpp answers at a time."""
TIMEOUT = 600
"""Seconds that a request to the server may take."""


class LlamaCppDecode(System):
    """`LlamaCppBackend`: the model's GGUF file, quantized as it is, on as many threads as torch has.

    backend (SharedModelBackend): The backend whose model is read; not used to compute.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "llamacpp_backend"
    constrained = True

    @property
    def spent(self) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Zeros: llama.cpp does not tell."""
        return 0, 0

    @property
    def model(self) -> str:
        """RETURNS (str): The name of the model whose file is read, also beside random weights."""
        return portable_name(self.backend.model)

    @property
    def precision(self) -> str:
        """RETURNS (str): The file."""
        return self._file.name

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): Not needed.
        RAISES (SystemNotApplicable): The model has no GGUF file, or has an adapter; or the extra
            `llamacpp` is not installed.
        """
        if find_spec("xllamacpp") is None:
            raise SystemNotApplicable("the extra llamacpp is not installed")
        try:
            path = sources.stored(self.backend.model, None, gguf=True, local_only=True)
        except EL4NERValueError as error:
            raise SystemNotApplicable(str(error)) from error
        if self.backend.adapter or not is_gguf(path):
            raise SystemNotApplicable("it reads a GGUF file, without an adapter")
        self._file = Path(path)
        self.llamacpp = LlamaCppBackend(
            path,
            slots=SLOTS,
            threads=torch.get_num_threads(),
            use_chat_template=self.backend.use_chat_template,
        )

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        requests = [DecodeRequest(s.prompt, self.format.grammar(s.window)) for s in batch]
        answers = self.llamacpp.decode(requests)
        return [self._reply(s, answer.text) for s, answer in zip(batch, answers, strict=True)]

    def _reply(self, sentence: Sentence, text: str) -> SystemReply:
        count = self.llamacpp.count
        return SystemReply(text, self.llamacpp.count_prompt(sentence.prompt), count(text))


class LlamaCppServer(LlamaCppDecode):
    """llama.cpp's server, asked over HTTP for an answer in the grammar of the format, without the
    probabilities of its tokens. It keeps the prompts of its slots.

    backend (SharedModelBackend): The backend whose model is read; not used to compute.
    rules (AnswerRules): The rules by which it answers.
    """

    name = "llama_cpp_server"
    peer = True

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """sentences (Sequence[Sentence]): Not needed.
        RAISES (SystemNotApplicable): As for `LlamaCppDecode`.
        """
        super().prepare(sentences)
        import xllamacpp

        context, threads = self.llamacpp.context, self.llamacpp.threads
        settings = EngineSettings(str(self._file), "", context, SLOTS, threads, "float16")
        given = parameters(xllamacpp, settings)
        given.api_keys = []
        self._server = xllamacpp.Server(given)
        self._address = f"{self._server.listening_address}/v1/completions"

    def answer(self, batch: Sequence[Sentence]) -> list[SystemReply]:
        """batch (Sequence[Sentence]): The sentences.
        RETURNS (list[SystemReply]): The reply to each sentence.
        """
        requests = [DecodeRequest(s.prompt, self.format.grammar(s.window)) for s in batch]
        bodies = [{**body, "n_probs": 0} for body in self.llamacpp.bodies(requests)]
        with ThreadPoolExecutor(SLOTS) as threads:
            replies = list(threads.map(partial(posted, self._address), bodies))
        return [
            self._reply(s, read_decoding(reply, s.prompt.stop).text)
            for s, reply in zip(batch, replies, strict=True)
        ]


def posted(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """address (str): Where the server answers requests.
    body (dict[str, Any]): The fields of a request.
    RETURNS (dict[str, Any]): The reply to it.
    """
    data = json.dumps(body).encode("utf8")
    request = Request(address, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=TIMEOUT) as reply:
        answered: dict[str, Any] = json.load(reply)
    return answered
