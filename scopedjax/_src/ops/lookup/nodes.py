"""The node types of lookup tables. A table's node owns `Contents` in each session; the others take its handle.

Each type exists twice, as in TensorFlow: with a `Ref string` handle (old graphs) and, called `...V2`, with a resource.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.paths import local_path
from scopedjax._src.base.shapes import Dims
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.lookup.contents import Contents, plain
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import no_outputs, scalar

_WHOLE_LINE, _LINE_NUMBER = -2, -1
_OWNER = "container: string = '', shared_name: string = '', use_node_name_sharing: bool = False"
_TYPES = "key_dtype: type, value_dtype: type"
_DENSE = "initial_num_buckets: int = 131072, max_load_factor: float = 0.8"

# ------------------------------------------------------------------------------------------------------- owners


def _forbidden(op: Operation) -> dict[Any, str]:
    words = ("empty_key", "deleted_key")
    values = [constant_value(tensor) for tensor in op.inputs]
    return {plain(value)[0]: word for value, word in zip(values, words, strict=False) if value is not None}


def _make(ctx: Any, empty_key: Any = None, deleted_key: Any = None) -> Contents:
    op: Operation = ctx.op
    attrs = op.attrs
    shape = tuple(size or 0 for size in attrs.get("value_shape") or ())
    forbidden = _forbidden(op) if op.inputs else None
    return Contents(attrs["key_dtype"], attrs["value_dtype"], shape, op.type in ("HashTable", "HashTableV2"), forbidden)


for _name, _inputs, _more in (
    ("HashTable", "", ""),
    ("MutableHashTable", "", ""),
    ("MutableHashTableOfTensors", "", ", value_shape: shape = []"),
    ("MutableDenseHashTable", "empty_key: key_dtype", f", value_shape: shape = [], {_DENSE}"),
):
    for _version, _handle in (("", "Ref string"), ("V2", "resource")):
        _taken = f"{_inputs}, deleted_key: key_dtype" if _inputs and _version else _inputs
        declare(
            f"{_name}{_version}({_taken}; {_OWNER}, {_TYPES}{_more}) -> table_handle: {_handle}",
            _make,
            shape=scalar,
            host=True,
            stateful=True,
            owns_storage=True,
            gradient=NOT_DIFFERENTIABLE,
        )

# --------------------------------------------------------------------------------------------- filling and asking


def _fill(ctx: Any, table_handle: Any, keys: Any, values: Any) -> tuple[()]:
    ctx.resource(0).fill(keys, values)
    return ()


def _insert(ctx: Any, table_handle: Any, keys: Any, values: Any) -> tuple[()]:
    ctx.resource(0).insert(keys, values)
    return ()


def _remove(ctx: Any, table_handle: Any, keys: Any) -> tuple[()]:
    ctx.resource(0).remove(keys)
    return ()


def _find(ctx: Any, table_handle: Any, keys: Any, default_value: Any) -> Any:
    return ctx.resource(0).find(keys, default_value)


def _size(ctx: Any, table_handle: Any) -> Any:
    return np.int64(ctx.resource(0).size())


def _export(ctx: Any, table_handle: Any) -> Any:
    return ctx.resource(0).export()


def _same_count(c: ShapeContext) -> list[Dims]:
    keys, values = c.dims(1), c.dims(2)
    if keys and values and None not in (keys[0], values[0]) and keys[0] != values[0]:
        raise c.fail(f"Dimensions must be equal, but are {keys[0]} and {values[0]}")
    return []


def _value_shape(c: ShapeContext) -> Dims:
    made = c.inputs[0].op
    if made.type.startswith(("MutableHashTableOfTensors", "MutableDenseHashTable")):
        return made.attrs["value_shape"]
    return () if made.type.removesuffix("V2") in ("HashTable", "MutableHashTable") else None


def _found_dims(c: ShapeContext) -> list[Dims]:
    keys, value = c.dims(1), _value_shape(c)
    return [None if keys is None or value is None else (*keys, *value)]


# ------------------------------------------------------------------------------------------------------ text files


def _field(text: bytes, dtype: DType, line: int) -> Any:
    if dtype is dtypes.string:
        return text
    try:
        return float(text) if dtype.is_floating else int(text)
    except ValueError:
        shown = text.decode("utf-8", "replace")
        raise InvalidArgumentError(None, None, f"Field {shown} in line {line} is not a valid {dtype.name}.") from None


def _column(index: int, dtype: DType, lines: list[bytes], delimiter: bytes, offset: int, path: str) -> list[Any]:
    """One column of a file: the line's number, the whole line, or a field of it."""
    if index == _LINE_NUMBER:
        return [number + offset for number in range(len(lines))]
    found: list[Any] = []
    for number, line in enumerate(lines):
        if index == _WHOLE_LINE:
            found.append(_field(line, dtype, number))
            continue
        fields = line.split(delimiter)
        if index >= len(fields):
            raise InvalidArgumentError(
                None, None,
                f"Invalid number of columns in {path} line {number} ({line.decode('utf-8', 'replace')}) : expected at "
                f"least {index + 1} got {len(fields)}",
            )  # fmt: skip
        found.append(_field(fields[index], dtype, number))
    return found


def _fill_from_file(
    ctx: Any,
    table_handle: Any,
    filename: Any,
    *,
    key_index: int,
    value_index: int,
    vocab_size: int,
    delimiter: str,
    offset: int,
) -> tuple[()]:
    table: Contents = ctx.resource(0)
    path = filename[()].decode()
    with as_tensorflow_errors(path), open(local_path(path), "rb") as file:
        lines = file.read().split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    if vocab_size > len(lines):
        raise InvalidArgumentError(
            None, None, f"Invalid vocab_size in {path}: expected {vocab_size} but got {len(lines)}"
        )
    if vocab_size > 0:
        lines = lines[:vocab_size]
    between = delimiter.encode()
    keys = _column(key_index, table.key_dtype, lines, between, offset, path)
    values = _column(value_index, table.value_dtype, lines, between, offset, path)
    table.fill(_array(keys, table.key_dtype), _array(values, table.value_dtype))
    return ()


def _array(items: list[Any], dtype: DType) -> np.ndarray:
    result = np.empty(len(items), object if dtype is dtypes.string else dtype.as_numpy_dtype)
    for i, item in enumerate(items):
        result[i] = item
    return result


_CHANGE: dict[str, Any] = {"host": True, "stateful": True, "reads": ("table_handle",), "writes": ("table_handle",)}
_ASK: dict[str, Any] = {"host": True, "stateful": True, "reads": ("table_handle",)}
_FILE = "key_index: int, value_index: int, vocab_size: int = -1, delimiter: string = '\\t', offset: int = 0"
for _version, _handle in (("", "Ref string"), ("V2", "resource")):
    _first = f"table_handle: {_handle}"
    for _name, _lowering, _gradient in (
        ("InitializeTable", _fill, NOT_DIFFERENTIABLE),
        ("LookupTableImport", _fill, NO_GRADIENT),
        ("LookupTableInsert", _insert, NOT_DIFFERENTIABLE),
    ):
        _k, _v = ("Tkey", "Tval") if _name == "InitializeTable" else ("Tin", "Tout")
        declare(
            f"{_name}{_version}({_first}, keys: {_k}, values: {_v})",
            _lowering,
            shape=_same_count,
            gradient=_gradient,
            **_CHANGE,
        )
    declare(
        f"InitializeTableFromTextFile{_version}({_first}, filename: string; {_FILE})",
        _fill_from_file,
        shape=no_outputs,
        gradient=NOT_DIFFERENTIABLE,
        **_CHANGE,
    )
    declare(
        f"LookupTableFind{_version}({_first}, keys: Tin, default_value: Tout) -> values: Tout",
        _find,
        shape=_found_dims,
        gradient=NOT_DIFFERENTIABLE,
        **_ASK,
    )
    declare(
        f"LookupTableSize{_version}({_first}) -> size: int64", _size, shape=scalar, gradient=NOT_DIFFERENTIABLE, **_ASK
    )
    declare(
        f"LookupTableExport{_version}({_first}; Tkeys: type, Tvalues: type) -> keys: Tkeys, values: Tvalues",
        _export,
        shape=lambda c: [None, None],
        gradient=NO_GRADIENT,
        **_ASK,
    )
declare(
    "LookupTableRemoveV2(table_handle: resource, keys: Tin)",
    _remove,
    shape=no_outputs,
    gradient=NO_GRADIENT,
    **_CHANGE,
)
