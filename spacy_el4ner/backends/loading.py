"""Loading of models: each base once, however many backbones use it, with or without adapters."""

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from spacy_el4ner.errors import Errors


@dataclass(frozen=True)
class Source:
    """All that decides what is loaded.

    model (str): Name on the hub, or a local directory.
    where (tuple[tuple[str, Any], ...]): Revision and other arguments of `from_pretrained` that name
        the files.
    settings (tuple[tuple[str, Any], ...]): Its arguments that say how to hold the model.
    dtype (str), device (str): In which type and where.
    """

    model: str
    where: tuple[tuple[str, Any], ...]
    settings: tuple[tuple[str, Any], ...]
    dtype: str
    device: str


class LoadedModel:
    """A model in memory, and the adapters put on it.

    name (str): Of the model.
    model (PreTrainedModel): A causal language model.
    """

    def __init__(self, name: str, model: Any):
        self.name = name
        self.model = model
        self._adapters: dict[str, str] = {}
        self._lock = threading.RLock()

    @contextmanager
    def using(self, adapter: str | None) -> Iterator[None]:
        """While it is open, the model runs with the given adapter, or with none.

        adapter (str | None): Name on the hub, or a local directory, as PEFT saves it.
        """
        with self._lock:
            if adapter is not None:
                self.model.set_adapter(self._put(adapter))
            elif self._adapters:
                self.model.disable_adapters()
            try:
                yield
            finally:
                if adapter is None and self._adapters:
                    self.model.enable_adapters()

    def _put(self, adapter: str) -> str:
        """The name under which the model has the adapter."""
        if adapter not in self._adapters:
            name = f"adapter_{len(self._adapters)}"
            try:
                with warnings.catch_warnings():
                    # PEFT warns of several adapters on one model, which is what is wanted.
                    warnings.filterwarnings("ignore", "Already found a `peft_config`")
                    self.model.load_adapter(adapter, adapter_name=name)
            except (OSError, ValueError, RuntimeError) as error:
                raise ValueError(
                    Errors.EL015.format(adapter=adapter, name=self.name, error=error)
                ) from error
            self._adapters[adapter] = name
            self.model.eval()
        return self._adapters[adapter]


_LOADED: WeakValueDictionary[Source, LoadedModel] = WeakValueDictionary()
_LOCK = threading.Lock()


def load(source: Source) -> LoadedModel:
    """RETURNS (LoadedModel): The model; the same one to all who ask while any of them keeps it."""
    with _LOCK:
        loaded = _LOADED.get(source)
        if loaded is None:
            loaded = LoadedModel(source.model, read(source))
            _LOADED[source] = loaded
        return loaded


def read(source: Source) -> Any:
    """RETURNS (Any): The model, read anew: nobody else has it."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {key: _thaw(value) for key, value in source.settings}
    dtype = source.dtype if source.dtype == "auto" else getattr(torch, source.dtype)
    try:
        config = AutoConfig.from_pretrained(source.model, **dict(source.where))
        if getattr(config.get_text_config(), "attn_logit_softcapping", None):
            # Gemma 2: transformers 4 would take sdpa, which leaves the soft cap out.
            settings.setdefault("attn_implementation", "eager")
        model = AutoModelForCausalLM.from_pretrained(
            source.model, **{_dtype_argument(): dtype}, **dict(source.where), **settings
        )
    except (OSError, ValueError) as error:
        raise ValueError(Errors.EL006.format(name=source.model, error=error)) from error
    if getattr(model, "_is_stateful", False):
        kind = type(model).__name__
        raise ValueError(Errors.EL016.format(name=source.model, kind=kind))
    if "device_map" not in settings:
        model = model.to(source.device)
    return model.eval()


def freeze(value: Any) -> Any:
    """RETURNS (Any): The same as something hashable."""
    if isinstance(value, Mapping):
        return _Frozen((key, freeze(item)) for key, item in sorted(value.items()))
    return value


class _Frozen(tuple[tuple[str, Any], ...]):
    """The items of a mapping."""


def _thaw(value: Any) -> Any:
    return {key: _thaw(item) for key, item in value} if isinstance(value, _Frozen) else value


def _dtype_argument() -> str:
    """transformers 5 calls it `dtype` and warns of the older name."""
    import transformers

    return "torch_dtype" if transformers.__version__.startswith("4.") else "dtype"
