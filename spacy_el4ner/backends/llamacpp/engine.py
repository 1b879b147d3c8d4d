"""A GGUF model in memory: llama.cpp's server without its network.

llama.cpp cannot be told not to listen: it takes a free port of the loopback address, and asks for a key
that nobody knows. Requests go to it by function calls.
"""

import os
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from spacy_el4ner.backends.base import RequestFailed
from spacy_el4ner.errors import EL4NERImportError, EL4NERSetupError, Errors

_ENGINES: WeakValueDictionary["EngineSettings", "Engine"] = WeakValueDictionary()
_LOCK = threading.Lock()
_INHERITED: list[Any] = []
"""Servers of the process that this one was forked from: their threads are not here to be ended."""


@dataclass(frozen=True)
class EngineSettings:
    """All that decides what is loaded.

    path (str): The GGUF file.
    files (str): What tells its content from what lies there later.
    context (int): Tokens that a prompt and its answer may have together.
    slots (int): Requests that are answered at a time.
    threads (int | None): Threads that compute; None for one a core.
    cache_dtype (str): The type of keys and values, "float16" or "float32".
    """

    path: str
    files: str
    context: int
    slots: int
    threads: int | None
    cache_dtype: str


def engine(settings: EngineSettings) -> "Engine":
    """settings (EngineSettings): What to load.
    RETURNS (Engine): The model; the same one to all who ask while any of them keeps it.
    """
    with _LOCK:
        loaded = _ENGINES.get(settings)
        if loaded is None or loaded.process != os.getpid():
            loaded = Engine(settings)
            _ENGINES[settings] = loaded
        return loaded


class Engine:
    """A model in memory. Its memory is freed, and its threads end, when nobody keeps it.

    settings (EngineSettings): What to load.
    RAISES (EL4NERImportError): The extra `llamacpp` is not installed.
    RAISES (EL4NERValueError): llama.cpp cannot load the file.
    """

    def __init__(self, settings: EngineSettings):
        try:
            import xllamacpp
        except ImportError as error:
            raise EL4NERImportError(Errors.EL280.format(path=settings.path)) from error
        self.settings = settings
        self.process = os.getpid()
        try:
            self._server = xllamacpp.Server(parameters(xllamacpp, settings))
        except (RuntimeError, ValueError) as error:
            problem = f"llama.cpp cannot load it: {error}"
            raise EL4NERSetupError(Errors.EL279.format(path=settings.path, problem=problem)) from error

    def __del__(self) -> None:
        if hasattr(self, "_server") and self.process != os.getpid():
            _INHERITED.append(self._server)

    def complete(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """requests (Sequence[dict[str, Any]]): Fields of completion requests.
        RETURNS (list[dict[str, Any]]): The reply to each, in order. As many as there are slots are
            answered at a time.
        RAISES (RequestFailed): llama.cpp answered with an error.
        """
        if not requests:
            return []
        with ThreadPoolExecutor(min(self.settings.slots, len(requests))) as threads:
            return list(threads.map(self._complete, requests))

    def _complete(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            reply: Any = self._server.handle_completions(request)
        except (RuntimeError, ValueError) as error:
            problem = str(error)
        else:
            if isinstance(reply, dict) and "choices" in reply:
                return reply
            problem = str(reply)
        raise RequestFailed(Errors.EL281.format(path=self.settings.path, problem=problem[:500]))


def parameters(library: Any, settings: EngineSettings) -> Any:
    """library (ModuleType): xllamacpp.
    settings (EngineSettings): What to load.
    RETURNS (CommonParams): llama.cpp's own settings, with a key that nobody knows.
    """
    parameters = library.CommonParams()
    parameters.model.path = settings.path
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.context * settings.slots
    parameters.fit_params = False  # it would shrink the context to what memory is free
    parameters.cache_ram_mib = 0  # prompts are kept in the slots alone
    parameters.swa_full = True  # a sliding window's slots can go on from a common beginning, too
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.hostnames = ["127.0.0.1"]
    parameters.api_keys = [secrets.token_hex(16)]
    if settings.cache_dtype == "float32":
        parameters.cache_type_k = parameters.cache_type_v = library.ggml_type.GGML_TYPE_F32
        # Flash attention would compute in 16 bits all the same.
        parameters.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
        cpu.poll = 0  # threads that wait sleep, and leave the core to others
        if settings.threads is not None:
            cpu.n_threads = settings.threads
    return parameters
