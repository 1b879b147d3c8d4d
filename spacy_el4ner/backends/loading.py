"""Loading of models: each base model once for all voters that use it, whatever their adapters."""

import json
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from spacy_el4ner.errors import EL4NERError, EL4NERSetupError, Errors
from spacy_el4ner.storage import trusted


@dataclass(frozen=True)
class ModelSource:
    """Everything that determines what is loaded.

    model (str): Name on the hub, or a local directory.
    where (tuple[tuple[str, Any], ...]): Revision and other arguments of `from_pretrained` that select
        the files.
    settings (tuple[tuple[str, Any], ...]): Other arguments of `from_pretrained`, such as quantization.
    dtype (str): "auto", or the name of a torch type.
    device (str): The device to run on.
    files (str): Fingerprint of its files, which may change on the disk.
    """

    model: str
    where: tuple[tuple[str, Any], ...]
    settings: tuple[tuple[str, Any], ...]
    dtype: str
    device: str
    files: str = ""


class LoadedModel:
    """A model in memory with its adapters.

    name (str): Name of the model.
    model (PreTrainedModel): A causal language model.
    """

    def __init__(self, name: str, model: Any):
        self.name = name
        self.model = model
        self._adapters: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    @contextmanager
    def using(self, adapter: str | None, files: str = "") -> Iterator[None]:
        """Run the model with an adapter, or with none, while the context is open.

        adapter (str | None): A local directory, as PEFT saves it; None for no adapter.
        files (str): Fingerprint of its files, which may change on the disk.
        YIELDS (None): The model is ready.
        RAISES (ValueError): EL015 or EL235, the adapter cannot be loaded.
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
        """The model's own name of an adapter, which is loaded if necessary."""
        if (adapter, files) not in self._adapters:
            name = f"adapter_{len(self._adapters)}"
            trusted.check_weights(Path(adapter), adapter)
            try:
                with warnings.catch_warnings():
                    # PEFT warns of several adapters on one model, which is intended here.
                    warnings.filterwarnings("ignore", "Already found a `peft_config`")
                    self.model.load_adapter(adapter, adapter_name=name)
            except (OSError, ValueError, RuntimeError) as error:
                raise EL4NERSetupError(
                    Errors.EL015.format(adapter=adapter, name=self.name, error=error)
                ) from error
            self._adapters[adapter, files] = name
            self.model.eval()
        return self._adapters[adapter, files]


TOKENIZERS = ("*token*", "*vocab*", "*.model", "merges.txt")
"""Patterns of the names of tokenizer files."""
_LOADED: WeakValueDictionary[ModelSource, LoadedModel] = WeakValueDictionary()
_LOCK = threading.Lock()


def load(source: ModelSource) -> LoadedModel:
    """source (ModelSource): The model to load.
    RETURNS (LoadedModel): The model, shared by all callers with the same source.
    RAISES (ValueError): The model is incomplete, damaged, or of a family that cannot be used.
    """
    with _LOCK:
        loaded = _LOADED.get(source)
        if loaded is None:
            loaded = LoadedModel(source.model, read(source))
            _LOADED[source] = loaded
        return loaded


def read(source: ModelSource) -> Any:
    """source (ModelSource): The model to load.
    RETURNS (PreTrainedModel): A new copy of the model.
    RAISES (ValueError): The model is incomplete, damaged, or of a family that cannot be used.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {key: _thaw(value) for key, value in source.settings}
    dtype = source.dtype if source.dtype == "auto" else getattr(torch, source.dtype)
    try:
        config = AutoConfig.from_pretrained(source.model, **dict(source.where))
        if getattr(config.get_text_config(), "attn_logit_softcapping", None):
            # Gemma 2: transformers 4 would choose sdpa, which ignores the soft cap.
            settings.setdefault("attn_implementation", "eager")
        spread = "device_map" in settings
        if ("quantization_config" in settings or _is_quantized(config)) and not spread:
            # Load it on its final device: not every kind of quantized model can be moved.
            settings["device_map"] = {"": source.device}
        trusted.check_weights(Path(source.model), source.model)
        with bars_on_terminals_only():
            model, info = AutoModelForCausalLM.from_pretrained(
                source.model,
                use_safetensors=True,
                **{dtype_argument(): dtype},
                **dict(source.where),
                **settings,
                output_loading_info=True,
            )
    except EL4NERError:
        raise
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _explained(source.model, error) from error
    missing = set(info["missing_keys"])
    if not spread:
        # Weights that several layers share are not listed as missing.
        missing |= {name for name, weight in model.named_parameters() if weight.is_meta}
    if missing:
        # transformers only warns, and initializes them at random.
        shown = ", ".join(sorted(missing)[:3]) + (", …" if len(missing) > 3 else "")
        problem = f"it lacks {len(missing)} weights ({shown})"
        raise EL4NERSetupError(Errors.EL114.format(name=source.model, problem=problem))
    if getattr(model, "_is_stateful", False):
        kind = type(model).__name__
        raise EL4NERSetupError(Errors.EL016.format(name=source.model, kind=kind))
    if "device_map" not in settings:
        model = model.to(source.device)
    return model.eval()


@contextmanager
def bars_on_terminals_only() -> Iterator[None]:
    """Without the progress bars of transformers where stderr is not a terminal: a log would get a line
    for each time that one is redrawn.

    YIELDS (None): They are off.
    """
    from transformers.utils import logging

    if sys.stderr.isatty() or not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def _is_quantized(config: Any) -> bool:
    """Whether the saved weights are quantized."""
    return getattr(config, "quantization_config", None) is not None


def check_tokenizer(model: str) -> None:
    """model (str): Name on the hub, or a local directory.
    RAISES (ValueError): EL114, the directory has no tokenizer; transformers 5 would make an empty one.
    """
    folder = Path(model)
    if folder.is_dir() and not any(found for files in TOKENIZERS for found in folder.glob(files)):
        raise EL4NERSetupError(Errors.EL114.format(name=model, problem="it has no tokenizer"))


def _explained(name: str, error: Exception) -> Exception:
    """The coded error for an error of the library; an unknown error as it is."""
    text = str(error).strip()
    if type(error).__name__ == "SafetensorError":
        return EL4NERSetupError(
            Errors.EL114.format(name=name, problem=f"a file of weights is damaged: {text}")
        )
    folder = Path(name)
    for index in sorted(folder.glob("*.safetensors.index.json")) if folder.is_dir() else ():
        files = set(json.loads(index.read_text(encoding="utf8"))["weight_map"].values())
        if lost := sorted(file for file in files if not (folder / file).is_file()):
            return EL4NERSetupError(
                Errors.EL114.format(name=name, problem=f"it lacks {', '.join(lost)}")
            )
    if isinstance(error, RuntimeError):
        if "size mismatch" not in text and "ignore_mismatched_sizes" not in text:
            return error
        return EL4NERSetupError(Errors.EL115.format(name=name, problem=text.splitlines()[-1].strip()))
    return EL4NERSetupError(Errors.EL006.format(name=name, error=text))


def freeze(value: Any) -> Any:
    """value (Any): Plain data.
    RETURNS (Any): A hashable equivalent.
    """
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


def dtype_argument() -> str:
    """RETURNS (str): Name of the argument of `from_pretrained` for the type of the weights:
    transformers 5 calls it `dtype` and warns of the older name.
    """
    import transformers

    return "torch_dtype" if transformers.__version__.startswith("4.") else "dtype"
