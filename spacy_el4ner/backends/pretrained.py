"""The parts of a pretrained model that are read without its weights: tokenizer, context and adapter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spacy_el4ner.backends.loading import check_tokenizer
from spacy_el4ner.errors import EL4NERSetupError, Errors

CONTEXT = 2048
"""Tokens of the context of a model whose config does not state it."""


def read_tokenizer(located: str, name: str, where: Mapping[str, Any]) -> Any:
    """located (str): Name on the hub, or a local directory.
    name (str): The model, as the config names it.
    where (Mapping[str, Any]): Arguments of `from_pretrained` that select the files.
    RETURNS (PreTrainedTokenizerBase): The tokenizer.
    RAISES (ValueError): EL006 or EL114, there is no usable tokenizer.
    """
    from transformers import AutoTokenizer

    check_tokenizer(located)
    try:
        return AutoTokenizer.from_pretrained(located, **where)
    except Exception as error:  # the libraries raise even TypeError and bare Exception
        raise EL4NERSetupError(Errors.EL006.format(name=name, error=error)) from error


def read_context(located: str, name: str, where: Mapping[str, Any]) -> int:
    """located (str): Name on the hub, or a local directory.
    name (str): The model, as the config names it.
    where (Mapping[str, Any]): Arguments of `from_pretrained` that select the files.
    RETURNS (int): Tokens that a prompt and its answer may have together.
    RAISES (ValueError): EL006, the model's config cannot be loaded.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(located, **where).get_text_config()
    except (OSError, ValueError) as error:
        raise EL4NERSetupError(Errors.EL006.format(name=name, error=error)) from error
    limits = (getattr(config, n, None) for n in ("max_position_embeddings", "n_positions"))
    return int(next((limit for limit in limits if limit), CONTEXT))


def adapter_folder(located: str, name: str, *, revision: str | None, local_only: bool) -> str:
    """Download an adapter where necessary. PEFT, given a name on the hub, would ignore the revision and
    `local_files_only`, and read pickled weights.

    located (str): The adapter: its name on the hub, or a local directory.
    name (str): The model, as the config names it.
    revision (str | None): Branch, tag or commit on the hub.
    local_only (bool): Never use the network.
    RETURNS (str): The folder of the adapter.
    RAISES (ValueError): EL015, the adapter cannot be downloaded.
    """
    if Path(located).is_dir():
        return located
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(located, revision=revision, local_files_only=local_only)
    except (OSError, ValueError) as error:
        raise EL4NERSetupError(Errors.EL015.format(adapter=located, name=name, error=error)) from error
