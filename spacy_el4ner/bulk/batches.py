"""Batches of columns, as data engines pass them: Arrow, pandas, or a mapping of arrays or lists."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors


def column_names(batch: Any) -> list[Any]:
    """batch (Any): A batch.
    RETURNS (list[Any]): The names of its columns.
    RAISES (ValueError): EL350, it is not a batch of a known kind.
    """
    if _is_arrow(batch):
        return list(batch.schema.names)
    if _is_pandas(batch):
        return list(batch.columns)
    if isinstance(batch, Mapping):
        return list(batch)
    raise EL4NERValueError(Errors.EL350.format(kind=type(batch).__name__))


def column(batch: Any, name: str) -> list[Any]:
    """batch (Any): A batch.
    name (str): The name of a column.
    RETURNS (list[Any]): Its values.
    RAISES (ValueError): EL351, there is no such column, or more than one; EL352, it is one text.
    """
    names = column_names(batch)
    if names.count(name) != 1:
        known = ", ".join(map(repr, names))
        raise EL4NERValueError(Errors.EL351.format(name=name, n=names.count(name), known=known))
    values = batch.column(name) if _is_arrow(batch) else batch[name]
    if isinstance(values, str):
        raise EL4NERValueError(Errors.EL352.format(name=name))
    return list(values.to_pylist() if _is_arrow(batch) else values)


def with_columns(batch: Any, columns: Mapping[str, list[Any]], schema: Callable[[], Any]) -> Any:
    """batch (Any): A batch, which stays as it is.
    columns (Mapping[str, list[Any]]): New columns.
    schema (Callable[[], pyarrow.Schema]): Makes their types, for a batch of Arrow.
    RETURNS (Any): A batch of the same kind with the columns of both. The new ones are arrays of objects
        if the given ones are arrays, and have the dtype `object` in pandas.
    RAISES (ValueError): EL353, the batch has columns with these names.
    """
    if taken := [name for name in columns if name in column_names(batch)]:
        raise EL4NERValueError(Errors.EL353.format(names=", ".join(map(repr, taken))))
    if _is_arrow(batch):
        return _with_arrow_columns(batch, columns, schema())
    if _is_pandas(batch):
        series = sys.modules["pandas"].Series
        new = {n: series(values, batch.index, dtype=object) for n, values in columns.items()}
        return batch.assign(**new)
    arrays = any(_is_array(values) for values in batch.values())
    return {**batch, **{n: _array(values) if arrays else values for n, values in columns.items()}}


def _with_arrow_columns(batch: Any, columns: Mapping[str, list[Any]], schema: Any) -> Any:
    array = sys.modules["pyarrow"].array
    for field in schema:
        batch = batch.append_column(field, array(columns[field.name], field.type))
    return batch


def _array(values: Sequence[Any]) -> Any:
    """An array of objects, of one dimension whatever the objects are."""
    import numpy

    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array


def _is_arrow(batch: Any) -> bool:
    return _is_of("pyarrow", ("Table", "RecordBatch"), batch)


def _is_pandas(batch: Any) -> bool:
    return _is_of("pandas", ("DataFrame",), batch)


def _is_array(values: Any) -> bool:
    return _is_of("numpy", ("ndarray",), values)


def _is_of(library: str, names: Sequence[str], value: Any) -> bool:
    """Whether a value has one of the types of a library, which is not imported for that."""
    module = sys.modules.get(library)
    return module is not None and isinstance(value, tuple(getattr(module, name) for name in names))
