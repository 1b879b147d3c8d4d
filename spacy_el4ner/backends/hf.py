"""In-process backend: any causal language model that the transformers library loads."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.prefixes import PrefixStore
from spacy_el4ner.backends.loading import LoadedModel, Source, check_tokenizer, freeze, load
from spacy_el4ner.errors import Errors, Warnings
from spacy_el4ner.storage import bundle, manifest
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest

T = TypeVar("T")
DECODERS = ("draft_verified", "constrained")
ANSWERING = 3
"""Raised when the same model comes to answer otherwise, so that a store does not take old answers for
new ones. 2: each token has its own place, no longer that of its tag or word. 3: span lists have other
marks where the text has theirs, with white space or without.
"""


class HFBackend:
    """Runs a model in this process. It is loaded at the first request, not before.

    model (str): Name on the hub, a local directory, or "bundled:" and the name of a model in the folder
        of the component; see `storage/bundle.py`.
    adapter (str | None): A LoRA adapter, as PEFT saves it; named like the model. Backends of the same
        model share it in memory, whatever their adapters.
    adapter_revision (str | None): Branch, tag or commit of the adapter on the hub.
    revision (str | None): Branch, tag or commit of the model on the hub.
    dtype (str): "auto" (float32 on a CPU; on a GPU the type that the weights are saved in), or the
        name of a torch type.
    device (str | None): Where to run, such as "cuda:0"; None for the GPU that spaCy was told to use
        (`spacy.prefer_gpu`, `--gpu-id`), else the CPU.
    device_map (str | None): Passed to transformers, such as "auto" to spread a model over GPUs.
    attention (str | None): Attention implementation, such as "sdpa" or "flash_attention_2".
    quantization (dict | None): Passed to transformers as `quantization_config`.
    context (int | None): Tokens of the context; None for what the model's config says.
    batch_tokens (int): The most tokens, padding included, that one forward pass reads.
    prefix_mb (int): Memory, in MiB, for what was read of prompts and is asked about again; 0 reads
        every prompt anew.
    decoder (str): "draft_verified", or "constrained" for one token at a time; same answers.
    use_chat_template (bool): Lay prompts out by the tokenizer's chat template, if it has one.
    local_files_only (bool): Never ask the network.
    trust_remote_code (bool): Run code that comes with the model. Leave it off.
    """

    exact = True

    def __init__(
        self,
        model: str,
        *,
        adapter: str | None = None,
        adapter_revision: str | None = None,
        revision: str | None = None,
        dtype: str = "auto",
        device: str | None = None,
        device_map: str | None = None,
        attention: str | None = None,
        quantization: dict[str, Any] | None = None,
        context: int | None = None,
        batch_tokens: int = 4096,
        prefix_mb: int = 1024,
        decoder: str = "draft_verified",
        use_chat_template: bool = True,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
    ):
        if decoder not in DECODERS:
            known = ", ".join(DECODERS)
            raise ValueError(Errors.EL010.format(value=decoder, setting="decoder", known=known))
        self.model = model
        self.adapter = adapter
        self.adapter_revision = adapter_revision
        self.bundle: Path | None = None
        self.dtype = dtype
        self.device = device
        self.batch_tokens = batch_tokens
        self.decoder = decoder
        self.use_chat_template = use_chat_template
        self._context = context
        self._where = {
            "revision": revision,
            "local_files_only": local_files_only,
            "trust_remote_code": trust_remote_code,
        }
        settings = {
            "device_map": device_map,
            "attn_implementation": attention,
            "quantization_config": quantization,
        }
        self._settings = {key: value for key, value in settings.items() if value is not None}
        self._prefixes = PrefixStore(prefix_mb * 2**20)
        self._loaded: LoadedModel | None = None
        self._read: dict[str, str] = {}
        self._runner: Any = None
        self._spent = (0, 0)
        self._warned = False

    @classmethod
    def like(cls, backend: "HFBackend") -> Self:
        """backend (HFBackend): Whose settings to take, and whose model: it is in memory once.
        RETURNS (HFBackend): A backend that has read nothing yet.
        """
        made = cls.__new__(cls)
        made.__dict__.update(backend.__getstate__())
        made._spent = (0, 0)
        return made

    def without_adapter(self, model: str | None = None) -> "HFBackend":
        """model (str | None): Another model; None for the same one.
        RETURNS (HFBackend): A backend with all of these settings but the adapter, and but the revision
            where that is another model's.
        """
        plain = HFBackend.like(self)
        plain.adapter = plain.adapter_revision = None
        if model is not None and model != self.model:
            plain.model = model
            plain._where = {**self._where, "revision": None}
            plain.__dict__.pop("context", None)  # read from the config of this one
        return plain

    @property
    def forward_passes(self) -> int:
        return self._spent[0] + (self._runner.passes if self._runner else 0)

    @property
    def tokens_read(self) -> int:
        """RETURNS (int): Tokens pushed through the model so far."""
        return self._spent[1] + (self._runner.tokens if self._runner else 0)

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): Model and adapter, as the config names them."""
        return self.model, self.adapter

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All that the answers depend on, beside the request. Batch size,
        decoder and, but for the type that it computes in, the device are no part of it.
        """
        return {
            "backend": "hf",
            "answering": ANSWERING,
            "model": self._told(self.model),
            "adapter": self.adapter and self._told(self.adapter),
            "adapter_revision": self.adapter_revision,
            "revision": self._where["revision"],
            "dtype": self._dtype,
            "quantization": self._settings.get("quantization_config"),
            "use_chat_template": self.use_chat_template,
        }

    @property
    def place(self) -> str:
        """RETURNS (str): The device that the model runs on."""
        return self.device or _spacy_device()

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer; it loads without the model."""
        from transformers import AutoTokenizer

        from spacy_el4ner.backends.tokens import PieceTokenizer

        located = self._located(self.model)
        check_tokenizer(located)
        try:
            tokenizer = AutoTokenizer.from_pretrained(located, **self._where)
        except Exception as error:  # the libraries throw TypeErrors and bare Exceptions, too
            raise ValueError(Errors.EL006.format(name=self.model, error=error)) from error
        return PieceTokenizer(tokenizer, self.use_chat_template)

    @cached_property
    def context(self) -> int:
        if self._context is not None:
            return self._context
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(
                self._located(self.model), **self._where
            ).get_text_config()
        except (OSError, ValueError) as error:
            raise ValueError(Errors.EL006.format(name=self.model, error=error)) from error
        limits = (getattr(config, n, None) for n in ("max_position_embeddings", "n_positions"))
        return int(next((limit for limit in limits if limit), 2048))

    def count(self, text: str) -> int:
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        return sum(map(len, self.tokens.prompt(prompt)))

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        from spacy_el4ner.backends.decoding import constrained, verified
        from spacy_el4ner.backends.decoding.runner import NoRoomError

        tokens = self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]

        def answer(runner: Any, batch: list[int]) -> list[Answer]:
            grammars = [requests[n].grammar for n in batch]
            automata = [TokenAutomaton(g, tokens.piece, tokens.end, tokens.starts) for g in grammars]
            if self.decoder != "constrained" and self._takes_holes(runner):
                try:
                    asked = [prompts[n] for n in batch]
                    guesses = [[t for o in requests[n].guess for t in tokens.piece(o)] for n in batch]
                    return verified.decode(runner, asked, automata, guesses, self._prefixes)
                except NoRoomError:
                    self._warn(Warnings.WL004.format(name=self.model, window=runner.window))
            return constrained.decode(runner, [sum(prompts[n], ()) for n in batch], automata)

        return self._in_batches(prompts, answer)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        from spacy_el4ner.backends.decoding.options import forks, score
        from spacy_el4ner.backends.decoding.runner import NoRoomError

        tokens = self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]
        options = [[(*tokens.piece(o), tokens.end) for o in r.options] for r in requests]

        def answer(runner: Any, batch: list[int]) -> list[list[float]]:
            asked, given = [prompts[n] for n in batch], [options[n] for n in batch]
            if self._takes_holes(runner):
                try:
                    return score(runner, asked, given, self._prefixes)
                except NoRoomError:
                    self._warn(Warnings.WL004.format(name=self.model, window=runner.window))
            return score(runner, [((), sum(p, ())) for p in asked], given, self._prefixes)

        paths = [[len(fork.path) for fork in forks(given)] or [0] for given in options]
        return self._in_batches(prompts, answer, paths)

    def forget(self) -> None:
        self._prefixes.clear()

    def unload(self) -> None:
        self.forget()
        if self._runner is None:
            return
        import gc

        import torch

        self._spent = (self.forward_passes, self.tokens_read)
        self._runner = self._loaded = None
        self._read = {}
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __getstate__(self) -> dict[str, Any]:
        """Models and tokenizers stay behind; the copy loads its own."""
        state = {key: value for key, value in self.__dict__.items() if key != "tokens"}
        return {
            **state,
            "_runner": None,
            "_loaded": None,
            "_read": {},
            "_prefixes": PrefixStore(self._prefixes.max_bytes),
            "_spent": (self.forward_passes, self.tokens_read),
        }

    def _takes_holes(self, runner: Any) -> bool:
        """Whether drafts can be rejected and prefixes shared, short of a sliding window."""
        if runner.by_slots:
            self._warn(Warnings.WL008.format(name=self.model))
        return not runner.by_slots

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(message, stacklevel=2)

    @property
    def _dtype(self) -> str:
        """The type to compute in; "auto" only where the weights decide."""
        where = str(self._settings.get("device_map") or self.place)
        on_cpu = where.partition(":")[0] == "cpu"
        return "float32" if self.dtype == "auto" and on_cpu else self.dtype

    def _told(self, source: str) -> str:
        """What tells a model from others: a name of the hub, or what is in a folder; once it is loaded,
        what was in it then.
        """
        if source in self._read:
            return self._read[source]
        located = self._located(source)
        return manifest.folder_fingerprint(Path(located)) if Path(located).is_dir() else located

    def _located(self, source: str) -> str:
        return bundle.located(source, self.bundle)

    def _adapter_folder(self, adapter: str) -> str:
        """Where PEFT is to find an adapter. Given a name of the hub, it would take the newest, and ask
        the network for it.
        """
        located = self._located(adapter)
        revision, offline = self.adapter_revision, bool(self._where["local_files_only"])
        if Path(located).is_dir() or not (revision or offline):
            return located
        from huggingface_hub import snapshot_download

        try:
            return snapshot_download(located, revision=revision, local_files_only=offline)
        except (OSError, ValueError) as error:
            message = Errors.EL015.format(adapter=adapter, name=self.model, error=error)
            raise ValueError(message) from error

    @contextmanager
    def _running(self) -> Iterator[Any]:
        """The model with this backend's adapter, ready to be fed."""
        if self._runner is None or self._loaded is None:
            from spacy_el4ner.backends.decoding.runner import Runner

            device, dtype = self.place, self._dtype
            where, settings = freeze(self._where), freeze(self._settings)
            read = {source: self._told(source) for source in self.sources if source}
            model = self._located(self.model)
            self._loaded = load(Source(model, where, settings, dtype, device, read[self.model]))
            self._runner = Runner(self._loaded.model, self.tokens.end)
            self._read = read
        adapter = self.adapter and self._adapter_folder(self.adapter)
        with self._loaded.using(adapter, self._read.get(self.adapter or "", "")):
            yield self._runner

    def _in_batches(
        self,
        prompts: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
        answer: Callable[[Any, list[int]], list[T]],
        paths: Sequence[Sequence[int]] | None = None,
    ) -> list[T]:
        """Answer in batches of prompts of which like much is to be read, each within `batch_tokens`
        after padding, what was read before included.

        paths (Sequence[Sequence[int]] | None): For each prompt, how many tokens are read after it in
            each of its rows; None for one row each and nothing after it.
        """
        after = paths or [[0]] * len(prompts)
        lengths = [sum(map(len, p)) + max(more) for p, more in zip(prompts, after, strict=True)]
        unread = [
            length if self._prefixes.get(prefix) is None else len(rest)
            for length, (prefix, rest) in zip(lengths, prompts, strict=True)
        ]
        order = sorted(range(len(prompts)), key=lambda n: (-unread[n], -lengths[n]))
        answers: dict[int, T] = {}
        for batch in _batches(order, lengths, list(map(len, after)), self.batch_tokens):
            with self._running() as runner:
                answers.update(zip(batch, _halving(runner, batch, answer), strict=True))
        return [answers[n] for n in range(len(prompts))]


def _batches(
    order: Iterable[int], lengths: Sequence[int], rows: Sequence[int], most: int
) -> Iterator[list[int]]:
    batch: list[int] = []
    longest = high = 0
    for n in order:
        longest, high = max(longest, lengths[n]), high + rows[n]
        if batch and high * longest > most:
            yield batch
            batch, longest, high = [], lengths[n], rows[n]
        batch.append(n)
    if batch:
        yield batch


def _halving(runner: Any, batch: list[int], answer: Callable[[Any, list[int]], list[T]]) -> list[T]:
    """The answers, from ever smaller batches while the memory does not suffice; in order."""
    import torch

    try:
        return answer(runner, batch)
    except torch.cuda.OutOfMemoryError:
        if len(batch) == 1:
            raise
    # Outside of the handler, which keeps the failed pass and its memory alive.
    torch.cuda.empty_cache()
    half = len(batch) // 2
    return _halving(runner, batch[:half], answer) + _halving(runner, batch[half:], answer)


def _spacy_device() -> str:
    """The device of spaCy's current ops."""
    from thinc.api import get_current_ops
    from thinc.util import get_torch_default_device

    return "cpu" if get_current_ops().name == "numpy" else str(get_torch_default_device())
