"""The folder of a GLiNER model: fetched where necessary, and checked before the library reads it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERSetupError, Errors

CONFIG = "gliner_config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer_config.json"
LABELS_TOKENIZER = f"labels_tokenizer/{TOKENIZER}"
PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model")
"""The files of a repository that are fetched: no code and no pickles."""
OTHER_KINDS = ("labels_decoder", "relations_layer", "precomputed_prompts_mode")
"""Settings of models that write labels of their own, relate entities, or know fixed labels only."""
STREAMING = "gliner_streaming_span"


def fetched(located: str, name: str, *, revision: str | None, local_only: bool) -> Path:
    """located (str): Name on the hub, or a local directory.
    name (str): The model, as the config names it.
    revision (str | None): Branch, tag or commit on the hub.
    local_only (bool): Never use the network.
    RETURNS (Path): The folder of the model.
    RAISES (ValueError): EL378, the model cannot be downloaded.
    """
    if Path(located).is_dir():
        return Path(located)
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                located,
                revision=revision,
                local_files_only=local_only,
                allow_patterns=list(PATTERNS),
            )
        )
    except (OSError, ValueError) as error:
        raise EL4NERSetupError(Errors.EL378.format(name=name, problem=error)) from error


def check(folder: Path, name: str) -> None:
    """Refuse a model that the library would complete from elsewhere, read as a pickle, or run code for:
    it reads `pytorch_model.bin` where there is no safetensors, looks up encoder and tokenizer on the
    hub, and trusts the code that the config of the encoder names.

    folder (Path): The folder of a model.
    name (str): The model, as the config names it.
    RAISES (ValueError): EL379, a file or a setting is missing; EL378, the model names code, or is of
        another kind.
    """
    config = _json(folder / CONFIG, name) if (folder / CONFIG).is_file() else {}
    if lacking := list(_lacking(folder, config)):
        raise EL4NERSetupError(Errors.EL379.format(name=name, what=", ".join(lacking)))
    other = next((kind for kind in OTHER_KINDS if config.get(kind)), "")
    if other or config.get("model_type") == STREAMING:
        raise _error(name, f"a model with {other or STREAMING} cannot vote")
    for path in sorted(folder.rglob("*config.json")):
        if code := next(_code(_json(path, name)), None):
            raise _error(name, f"{path.name} names code ({code}), which is not run")


def _lacking(folder: Path, config: dict[str, Any]) -> Iterator[str]:
    """What a complete model has and this one lacks."""
    files, settings = [CONFIG, WEIGHTS, TOKENIZER], ["encoder_config"]
    if config.get("labels_encoder"):
        files.append(LABELS_TOKENIZER)
        settings.append("labels_encoder_config")
    yield from (file for file in files if not (folder / file).is_file())
    yield from (f"{key} in {CONFIG}" for key in settings if not isinstance(config.get(key), dict))


def _code(value: Any) -> Iterator[str]:
    """The code that a config names: classes of a repository, and attention from the hub."""
    if isinstance(value, dict):
        for key, item in value.items():
            kernel = key.endswith("attn_implementation") and "/" in str(item)
            if kernel or (key == "auto_map" and item):
                yield f"{key} = {item!r}"
        yield from _code(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _code(item)


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _error(name, f"{path.name} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise _error(name, f"{path.name} is not a JSON object")
    return content


def _error(name: str, problem: str) -> EL4NERSetupError:
    return EL4NERSetupError(Errors.EL378.format(name=name, problem=problem))
