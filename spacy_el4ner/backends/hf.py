"""The in-process backend for any causal language model that the transformers library loads."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self, TypeVar

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.batching import Size, answer_in_batches, halving
from spacy_el4ner.backends.decoding.automaton import ForcedDecision, TokenAutomaton
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.device import spacy_device, type_to_compute_in
from spacy_el4ner.backends.loading import LoadedModel, ModelSource, freeze, load
from spacy_el4ner.backends.pretrained import adapter_folder, read_context, read_tokenizer
from spacy_el4ner.errors import EL4NERValueError, Errors, Warnings
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest

T = TypeVar("T")
DECODERS = ("draft_verified", "constrained")
ANSWERING = 3
"""Version of the answers, raised when the same model starts to answer differently, so that a store does
not reuse outdated answers. 2: each token has its own offset, no longer that of its tag or word. 3: span
lists use other marks if the text contains theirs, with or without white space.
"""


class HFBackend:
    """Runs a model in this process. The model is loaded at the first request.

    model (str): A name on the hub, a name of the catalogue (`python -m spacy el4ner models`), a local
        directory, a GGUF file, which is converted once, or "bundled:" and the name of a model in the
        folder of the component; see `backends/sources.py`.
    adapter (str | None): A LoRA adapter, as PEFT saves it; named like the model. Backends with the same
        model share it in memory, even if their adapters differ.
    adapter_revision (str | None): Branch, tag or commit of the adapter on the hub.
    revision (str | None): Branch, tag or commit of the model on the hub.
    dtype (str): "auto" (float32 on a CPU; on a GPU the type that the weights are saved in), "fast"
        (bfloat16 where the device multiplies in it natively, else float32), or the name of a torch
        type.
    device (str | None): The device, such as "cuda:0"; None for that of spaCy (`--gpu-id`).
    device_map (str | None): Passed to transformers, such as "auto" to spread a model over GPUs.
    attention (str | None): Attention implementation, such as "sdpa" or "flash_attention_2".
    quantization (dict | None): Passed to transformers as `quantization_config`.
    context (int | None): Tokens of the context; None for the value in the model's config.
    batch_tokens (int): Maximum number of tokens, padding included, that one forward pass reads.
    prefix_mb (int): Memory, in MiB, for the keys and values of prompt prefixes that several requests
        share; 0 reads every prompt in full.
    retained_mb (int): The part of it, in MiB, that is kept between batches of documents, for the
        prefixes used last, such as instruction and labels; 0 keeps nothing.
    decoder (str): "draft_verified", or, with the same answers, "constrained" (one token at a time).
    use_chat_template (bool): Format prompts with the tokenizer's chat template, if it has one.
    local_files_only (bool): Never use the network.
    trust_remote_code (bool): Run code that comes with the model. Leave it off.
    """

    exact = takes_offsets = True

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
        retained_mb: int = 256,
        decoder: str = "draft_verified",
        use_chat_template: bool = True,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
    ):
        if decoder not in DECODERS:
            known = ", ".join(DECODERS)
            raise EL4NERValueError(Errors.EL010.format(value=decoder, setting="decoder", known=known))
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
        self.revision = revision
        self._local_only = local_files_only
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
        self._prefixes = PrefixTree(prefix_mb * 2**20, retained_mb * 2**20)
        self._loaded: LoadedModel | None = None
        self._read: dict[str, str] = {}
        self._runner: Any = None
        self._spent = (0, 0)
        self._warned = False
        self._made_on = spacy_device()

    @classmethod
    def like(cls, backend: "HFBackend") -> Self:
        """backend (HFBackend): A backend.
        RETURNS (HFBackend): A backend with the same settings, which has read nothing yet. The two share
            their model in memory.
        """
        twin = cls.__new__(cls)
        twin.__dict__.update(backend.__getstate__())
        twin._spent = (0, 0)
        return twin

    def without_adapter(self, model: str | None = None) -> "HFBackend":
        """model (str | None): Another model; None for the same one.
        RETURNS (HFBackend): A backend with the same settings, but without the adapter and, for another
            model, without the revision.
        """
        plain = HFBackend.like(self)
        plain.adapter = plain.adapter_revision = None
        if model is not None and model != self.model:
            plain.model = model
            plain.revision = None
            plain._where = {**self._where, "revision": None}
            plain.__dict__.pop("context", None)  # cached from the config of this model
        return plain

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Forward passes of the model so far."""
        return self._spent[0] + (self._runner.passes if self._runner else 0)

    @property
    def tokens_read(self) -> int:
        """RETURNS (int): Tokens that the model has read so far."""
        return self._spent[1] + (self._runner.tokens if self._runner else 0)

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): Model and adapter, as the config names them."""
        return self.model, self.adapter

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Everything that the answers depend on, apart from the request. This
        excludes batch size and decoder; the device counts only through the type that it computes in.
        """
        return {
            "backend": "hf",
            "answering": ANSWERING,
            "model": self._fingerprint(self.model),
            "adapter": self.adapter and self._fingerprint(self.adapter),
            "adapter_revision": self.adapter_revision,
            "revision": self.revision,
            "dtype": self._dtype,
            "quantization": self._settings.get("quantization_config"),
            "use_chat_template": self.use_chat_template,
        }

    @property
    def place(self) -> str:
        """RETURNS (str): The device that the model runs on."""
        return self.device or spacy_device(otherwise=self._made_on)

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer, which is loaded without the model.
        RAISES (ValueError): EL006 or EL114, there is no usable tokenizer.
        """
        from spacy_el4ner.backends.tokens import PieceTokenizer

        tokenizer = read_tokenizer(self._located(self.model), self.model, self._where)
        return PieceTokenizer(tokenizer, self.use_chat_template)

    @cached_property
    def context(self) -> int:
        """RETURNS (int): Tokens that a prompt and its answer may have together.
        RAISES (ValueError): EL006, the model's config cannot be loaded.
        """
        if self._context is not None:
            return self._context
        return read_context(self._located(self.model), self.model, self._where)

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Number of its tokens.
        """
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Number of its tokens, chat template included.
        """
        return sum(map(len, self.tokens.prompt(prompt)))

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[Answer]): An answer for each request, in order and in the language of its grammar,
            with the log-probability of each token among those that the grammar allows. An answer for
            which the model has no room has its `error` set.
        RAISES (ValueError): The model cannot be loaded, or computes NaN.
        """
        from spacy_el4ner.backends.decoding import constrained, verified

        tokens = self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]

        def answer(runner: Any, batch: list[int]) -> list[Answer]:
            asked = [prompts[n] for n in batch]
            automata = [self._automaton(requests[n], dict(requests[n].bias)) for n in batch]
            guesses = [[t for o in requests[n].guess for t in tokens.piece(o)] for n in batch]
            fast = partial(verified.decode, runner, asked, automata, guesses, self._prefixes)
            plain = partial(constrained.decode, runner, [sum(p, ()) for p in asked], automata)
            return plain() if self.decoder == "constrained" else self._with_holes(runner, fast, plain)

        return self._in_batches(prompts, answer)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): Prompts with the options of their answers.
        RETURNS (list[list[float]]): Log-probability of each option of each request, in nats, given that
            the answer is one of the options.
        RAISES (ValueError): The model cannot be loaded, or computes NaN.
        """
        from spacy_el4ner.backends.decoding.options import forks, score

        tokens = self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]
        options = [tokens.options(r) for r in requests]

        def answer(runner: Any, batch: list[int]) -> list[list[float]]:
            asked, given = [prompts[n] for n in batch], [options[n] for n in batch]
            ask = partial(score, runner, asked, given)
            return self._with_holes(runner, partial(ask, self._prefixes), partial(ask, PrefixTree(0)))

        paths = [[len(fork.path) for fork in forks(given)] or [0] for given in options]
        return self._in_batches(prompts, answer, paths)

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The model's decision at each place of each answer.
        """
        from spacy_el4ner.backends.decoding.forced import force

        tokens = self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]
        answers = [[tokens.piece(option) for option in r.guess] for r in requests]

        def answer(runner: Any, batch: list[int]) -> list[list[ForcedDecision]]:
            automata = [self._automaton(requests[n]) for n in batch]
            asked, given = [prompts[n] for n in batch], [answers[n] for n in batch]
            ask = partial(force, runner, asked, automata, given)
            return self._with_holes(runner, partial(ask, self._prefixes), partial(ask, PrefixTree(0)))

        return self._in_batches(prompts, answer, [[sum(map(len, a))] for a in answers])

    def forget(self) -> None:
        """Free the memory of the prompt prefixes read so far, except for `retained_mb` of those used
        last.
        """
        self._prefixes.forget()

    def unload(self) -> None:
        """Free the model's memory; the next request loads the model again."""
        self._prefixes.clear()
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
        """RETURNS (dict[str, Any]): The settings, without model and tokenizer; a copy loads its own."""
        state = {key: value for key, value in self.__dict__.items() if key != "tokens"}
        return {
            **state,
            "_runner": None,
            "_loaded": None,
            "_read": {},
            "_prefixes": PrefixTree(self._prefixes.max_bytes, self._prefixes.retained_bytes),
            "_spent": (self.forward_passes, self.tokens_read),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """state (dict[str, Any]): The state that `__getstate__` returned."""
        self.__dict__.update(state, _made_on=spacy_device())  # another process has others

    def _automaton(
        self, request: DecodeRequest, bias: Mapping[str, float] | None = None
    ) -> TokenAutomaton:
        """The language of the answer to a request, at its beginning."""
        tokens = self.tokens
        end = tokens.end_of(request.prompt)
        return TokenAutomaton(request.grammar, tokens.piece, end, tokens.starts, bias)

    def _with_holes(
        self, runner: Any, fast: Callable[[], list[T]], plain: Callable[[], list[T]]
    ) -> list[T]:
        """Answer with holes in the cache, which rejected drafts and shared prefixes leave, or plainly
        if they would change the result: in some models always, in others near the end of a window.
        """
        from spacy_el4ner.backends.decoding.runner import NoRoomError

        if runner.by_slots:
            self._warn(Warnings.WL008.format(name=self.model))
            return plain()
        try:
            return fast()
        except NoRoomError:
            self._warn(Warnings.WL004.format(name=self.model, window=runner.window))
        return plain()

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(message, stacklevel=2)

    @property
    def _dtype(self) -> str:
        """The type to compute in; "auto" if the weights determine it."""
        return type_to_compute_in(self.dtype, self.place, self._settings.get("device_map"))

    def _fingerprint(self, source: str) -> str:
        """The identity of a model or adapter: its name on the hub, or a hash of its files; of a loaded
        one, the hash at the time of loading.
        """
        if source in self._read:
            return self._read[source]
        return sources.fingerprint(source, self.bundle, local_only=self._local_only)

    def _located(self, source: str) -> str:
        return sources.loadable(source, self.bundle, self._dtype, local_only=self._local_only)

    @contextmanager
    def _running(self) -> Iterator[Any]:
        """The model with this backend's adapter, ready to read."""
        if self._runner is None or self._loaded is None:
            from spacy_el4ner.backends.decoding.runner import Runner

            device, dtype = self.place, self._dtype
            where, settings = freeze(self._where), freeze(self._settings)
            read = {source: self._fingerprint(source) for source in self.sources if source}
            model = self._located(self.model)
            self._loaded = load(ModelSource(model, where, settings, dtype, device, read[self.model]))
            self._runner = Runner(self._loaded.model, self.tokens.end)
            self._read = read
        adapter = self.adapter and adapter_folder(
            self._located(self.adapter),
            self.model,
            revision=self.adapter_revision,
            local_only=self._local_only,
        )
        with self._loaded.using(adapter, self._read.get(self.adapter or "", "")):
            yield self._runner

    def _in_batches(
        self,
        prompts: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
        answer: Callable[[Any, list[int]], list[T]],
        paths: Sequence[Sequence[int]] | None = None,
    ) -> list[T]:
        """Answer in batches of `batch_tokens` at most, which count padding and shared prefixes.

        prompts (Sequence[tuple[tuple[int, ...], tuple[int, ...]]]): Tokens of each prompt: the prefix
            that other prompts share, and the rest.
        answer (Callable[[Any, list[int]], list[T]]): Answers the prompts with the given numbers.
        paths (Sequence[Sequence[int]] | None): For each prompt, the number of tokens after it in each
            of its rows; None for one row each and no tokens after it.
        """
        after = paths or [[0]] * len(prompts)
        sizes = []
        for (prefix, rest), more in zip(prompts, after, strict=True):
            read = self._prefixes.match(prefix + rest)
            longest = len(prefix) + len(rest) + max(more)
            sizes.append(Size(longest, longest - read, len(more), prefix))

        def run(batch: list[int]) -> list[T]:
            with self._running() as runner:
                return halving(runner, batch, answer)

        return answer_in_batches(sizes, self.batch_tokens, run)
