"""Loading of models: each base once, however many backbones use it, with or without adapters."""

import json
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
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
    files (str): What tells its files from those that lie there later.
    """

    model: str
    where: tuple[tuple[str, Any], ...]
    settings: tuple[tuple[str, Any], ...]
    dtype: str
    device: str
    files: str = ""


class LoadedModel:
    """A model in memory, and the adapters put on it.

    name (str): Of the model.
    model (PreTrainedModel): A causal language model.
    """

    def __init__(self, name: str, model: Any):
        self.name = name
        self.model = model
        self._adapters: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    @contextmanager
    def using(self, adapter: str | None, files: str = "") -> Iterator[None]:
        """While it is open, the model runs with the given adapter, or with none.

        adapter (str | None): Name on the hub, or a local directory, as PEFT saves it.
        files (str): What tells its files from those that lie there later.
        """
        with self._lock:
            if adapter is not None:
                self.model.set_adapter(self._put(adapter, files))
            elif self._adapters:
                self.model.disable_adapters()
            try:
                yield
            finally:
                if adapter is None and self._adapters:
                    self.model.enable_adapters()

    def _put(self, adapter: str, files: str) -> str:
        """The name under which the model has the adapter."""
        if (adapter, files) not in self._adapters:
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
            self._adapters[adapter, files] = name
            self.model.eval()
        return self._adapters[adapter, files]


TOKENIZERS = ("*token*", "*vocab*", "*.model", "merges.txt")
"""What files of tokenizers are called."""
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
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {key: _thaw(value) for key, value in source.settings}
    dtype = source.dtype if source.dtype == "auto" else getattr(torch, source.dtype)
    try:
        config = AutoConfig.from_pretrained(source.model, **dict(source.where))
        if getattr(config.get_text_config(), "attn_logit_softcapping", None):
            # Gemma 2: transformers 4 would take sdpa, which leaves the soft cap out.
            settings.setdefault("attn_implementation", "eager")
        spread = "device_map" in settings
        if ("quantization_config" in settings or _is_quantized(config)) and not spread:
            # It is quantized where it is put; not every kind can be moved afterwards.
            settings["device_map"] = {"": source.device}
        model, info = AutoModelForCausalLM.from_pretrained(
            source.model,
            **{_dtype_argument(): dtype},
            **dict(source.where),
            **settings,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _explained(source.model, error) from error
    missing = set(info["missing_keys"])
    if not spread:
        # Those that several layers share are not among them.
        missing |= {name for name, weight in model.named_parameters() if weight.is_meta}
    if missing:
        # transformers only warns, and makes them up.
        shown = ", ".join(sorted(missing)[:3]) + (", …" if len(missing) > 3 else "")
        problem = f"it lacks {len(missing)} weights ({shown})"
        raise ValueError(Errors.EL114.format(name=source.model, problem=problem))
    if getattr(model, "_is_stateful", False):
        kind = type(model).__name__
        raise ValueError(Errors.EL016.format(name=source.model, kind=kind))
    if "device_map" not in settings:
        model = model.to(source.device)
    return model.eval()


def _is_quantized(config: Any) -> bool:
    """Whether the weights were saved so."""
    return getattr(config, "quantization_config", None) is not None


def check_tokenizer(model: str) -> None:
    """model (str): Name on the hub, or a local directory.
    RAISES (ValueError): A directory that has no tokenizer; transformers 5 makes one that knows no word.
    """
    folder = Path(model)
    if folder.is_dir() and not any(found for files in TOKENIZERS for found in folder.glob(files)):
        raise ValueError(Errors.EL114.format(name=model, problem="it has no tokenizer"))


def _explained(name: str, error: Exception) -> Exception:
    """What an error of the library means, with the remedy; anything unknown stays what it is."""
    said = str(error).strip()
    if type(error).__name__ == "SafetensorError":
        return ValueError(
            Errors.EL114.format(name=name, problem=f"a file of weights is damaged: {said}")
        )
    folder = Path(name)
    for index in sorted(folder.glob("*.safetensors.index.json")) if folder.is_dir() else ():
        files = set(json.loads(index.read_text(encoding="utf8"))["weight_map"].values())
        if lost := sorted(file for file in files if not (folder / file).is_file()):
            return ValueError(Errors.EL114.format(name=name, problem=f"it lacks {', '.join(lost)}"))
    if isinstance(error, RuntimeError):
        if "size mismatch" not in said and "ignore_mismatched_sizes" not in said:
            return error
        return ValueError(Errors.EL115.format(name=name, problem=said.splitlines()[-1].strip()))
    return ValueError(Errors.EL006.format(name=name, error=said))


def freeze(value: Any) -> Any:
    """RETURNS (Any): The same as something hashable."""
    if isinstance(value, Mapping):
        return _Frozen((key, freeze(item)) for key, item in sorted(value.items()))
    if isinstance(value, list):
        return _FrozenList(map(freeze, value))
    return value


class _Frozen(tuple[tuple[str, Any], ...]):
    """The items of a mapping."""


class _FrozenList(tuple[Any, ...]):
    """The items of a list."""


def _thaw(value: Any) -> Any:
    if isinstance(value, _Frozen):
        return {key: _thaw(item) for key, item in value}
    return [_thaw(item) for item in value] if isinstance(value, _FrozenList) else value


def _dtype_argument() -> str:
    """transformers 5 calls it `dtype` and warns of the older name."""
    import transformers

    return "torch_dtype" if transformers.__version__.startswith("4.") else "dtype"
