"""Folders of trained models, written completely or not at all."""

from pathlib import Path
from typing import Any

from spacy_el4ner.storage.atomic import replacing_folder
from spacy_el4ner.storage.model_record import check_replaceable, write_record


def save(model: Any, tokenizer: Any, record: dict[str, Any], out: Path) -> None:
    """Write a model to a folder, completely or not at all; an earlier model stays until then.

    model (PreTrainedModel): The model.
    tokenizer (PreTrainedTokenizerBase): Its tokenizer.
    record (dict[str, Any]): What it was made from; plain data.
    out (Path): The folder.
    RAISES (ValueError): EL315, the folder holds something else.
    """
    check_replaceable(out)
    with replacing_folder(out) as folder:
        model.eval().save_pretrained(folder, safe_serialization=True)
        tokenizer.save_pretrained(folder)
        write_record(folder, record)
