"""In-process backend: any causal language model that the transformers library loads."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.errors import Errors
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest


class HFBackend:
    """Runs a model in this process. It is loaded at the first request, not before.

    model (str): Name on the hub, or a local directory.
    revision (str | None): Branch, tag or commit on the hub.
    dtype (str): "auto" (float32 on a CPU; on a GPU the type that the weights are saved in), or the
        name of a torch type.
    device (str | None): Where to run, such as "cuda:0"; None for the GPU that spaCy was told to use
        (`spacy.prefer_gpu`, `--gpu-id`), else the CPU.
    context (int | None): Tokens of the context; None for what the model's config says.
    batch_tokens (int): The most tokens, padding included, that one forward pass reads.
    use_chat_template (bool): Lay prompts out by the tokenizer's chat template, if it has one.
    local_files_only (bool): Never ask the network.
    trust_remote_code (bool): Run code that comes with the model. Leave it off.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        dtype: str = "auto",
        device: str | None = None,
        context: int | None = None,
        batch_tokens: int = 4096,
        use_chat_template: bool = True,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
    ):
        self.model = model
        self.dtype = dtype
        self.device = device
        self.batch_tokens = batch_tokens
        self.use_chat_template = use_chat_template
        self._context = context
        self._runner: Any = None
        self._passes = 0
        self._source = {
            "revision": revision,
            "local_files_only": local_files_only,
            "trust_remote_code": trust_remote_code,
        }

    @property
    def forward_passes(self) -> int:
        return self._passes + (self._runner.passes if self._runner else 0)

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer; it loads without the model."""
        from transformers import AutoTokenizer

        from spacy_el4ner.backends.tokens import PieceTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model, **self._source)
        except (OSError, ValueError) as error:
            raise ValueError(Errors.EL006.format(name=self.model, error=error)) from error
        return PieceTokenizer(tokenizer, self.use_chat_template)

    @cached_property
    def context(self) -> int:
        if self._context is not None:
            return self._context
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(self.model, **self._source)
        except (OSError, ValueError) as error:
            raise ValueError(Errors.EL006.format(name=self.model, error=error)) from error
        limits = (getattr(config, n, None) for n in ("max_position_embeddings", "n_positions"))
        return int(next((limit for limit in limits if limit), 2048))

    def count(self, text: str) -> int:
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        return sum(map(len, self.tokens.prompt(prompt)))

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        from spacy_el4ner.backends.decoding.constrained import decode

        runner, tokens = self._load(), self.tokens
        prompts = [sum(tokens.prompt(r.prompt), ()) for r in requests]
        answers: dict[int, Answer] = {}
        for batch in self._batches([len(p) for p in prompts]):
            automata = [TokenAutomaton(requests[n].grammar, tokens.piece, tokens.end) for n in batch]
            found = decode(runner, [prompts[n] for n in batch], automata)
            answers.update(zip(batch, found, strict=True))
        return [answers[n] for n in range(len(requests))]

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        from spacy_el4ner.backends.decoding.options import score

        runner, tokens = self._load(), self.tokens
        prompts = [tokens.prompt(r.prompt) for r in requests]
        options = [[(*tokens.piece(o), tokens.end) for o in r.options] for r in requests]
        scores: dict[int, list[float]] = {}
        for batch in self._batches([sum(map(len, p)) for p in prompts]):
            prefixes = list(dict.fromkeys(prompts[n][0] for n in batch))
            where = {prefix: index for index, prefix in enumerate(prefixes)}
            questions = [(where[prompts[n][0]], prompts[n][1]) for n in batch]
            found = score(runner, prefixes, questions, [options[n] for n in batch])
            scores.update(zip(batch, found, strict=True))
        return [scores[n] for n in range(len(requests))]

    def unload(self) -> None:
        if self._runner is None:
            return
        import gc

        import torch

        self._passes += self._runner.passes
        self._runner = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __getstate__(self) -> dict[str, Any]:
        """Models and tokenizers stay behind; the copy loads its own."""
        left_behind = {"tokens": None, "_runner": None}
        state = {k: v for k, v in self.__dict__.items() if k not in left_behind}
        return {**state, "_runner": None, "_passes": self.forward_passes}

    def _load(self) -> Any:
        if self._runner is None:
            import torch
            from transformers import AutoModelForCausalLM

            from spacy_el4ner.backends.decoding.runner import Runner

            device = self.device or _spacy_device()
            on_cpu = torch.device(device).type == "cpu"
            dtype = "float32" if self.dtype == "auto" and on_cpu else self.dtype
            try:
                model = AutoModelForCausalLM.from_pretrained(
                    self.model,
                    torch_dtype=dtype if dtype == "auto" else getattr(torch, dtype),
                    **self._source,
                )
            except (OSError, ValueError) as error:
                raise ValueError(Errors.EL006.format(name=self.model, error=error)) from error
            self._runner = Runner(model.to(device).eval(), self.tokens.end)
        return self._runner

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Indices in batches of like length, each within `batch_tokens` after padding."""
        batch: list[int] = []
        for n in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
            if batch and (len(batch) + 1) * lengths[batch[0]] > self.batch_tokens:
                yield batch
                batch = []
            batch.append(n)
        if batch:
            yield batch


def _spacy_device() -> str:
    """The device of spaCy's current ops."""
    from thinc.api import get_current_ops
    from thinc.util import get_torch_default_device

    return "cpu" if get_current_ops().name == "numpy" else str(get_torch_default_device())
