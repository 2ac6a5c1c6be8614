"""Texts cut and put together: `substr`, `string_split`, `string_join`, `reduce_join`, `string_strip`, case and length.

A text is bytes. Where `unit="UTF8_CHAR"` is asked for, positions and lengths count characters of UTF-8: a byte that
does not continue a character begins one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.shapes import expand_dims, rank, renamed_argument
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor
from scopedjax._src.ops.strings.elementwise import array_of, each, invalid, shown

# ---------------------------------------------------------------------------------------- one text, one text

_size = len  # `len` is the name of an argument below
_SPACES = b" \t\n\v\f\r"


def _cased(on_bytes: Callable[[bytes], bytes], on_text: Callable[[str], str]) -> Callable[..., Any]:
    def lowering(input: Any, *, encoding: str) -> Any:
        if encoding not in ("", "utf-8"):
            raise invalid(f"only utf-8 or '' (no encoding) is supported, received {encoding}")
        if not encoding:
            return each(on_bytes, input)
        return each(
            lambda text: on_text(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"), input
        )

    return lowering


declare(
    "StringLower(input: string; encoding: string = '') -> output: string",
    _cased(bytes.lower, str.lower),
    shape=like(0),
    host=True,
    gradient=NO_GRADIENT,
)
declare(
    "StringUpper(input: string; encoding: string = '') -> output: string",
    _cased(bytes.upper, str.upper),
    shape=like(0),
    host=True,
    gradient=NO_GRADIENT,
)


@defop("StringStrip(input: string) -> output: string", shape=like(0), host=True, gradient=NO_GRADIENT)
def _strip(input: Any) -> Any:
    return each(lambda text: text.strip(_SPACES), input)


def _starts(text: bytes) -> list[int]:
    """Where the characters of a UTF-8 text begin, and its end."""
    return [*(i for i, byte in enumerate(text) if byte & 0xC0 != 0x80), len(text)]


@defop(
    "StringLength(input: string; unit: string = 'BYTE') -> output: int32", shape=like(0), host=True,
    gradient=NO_GRADIENT,
)  # fmt: skip
def _length(input: Any, *, unit: str) -> Any:
    return each(len if unit == "BYTE" else lambda text: len(_starts(text)) - 1, input, np.int32)


def _substr_dims(c: ShapeContext) -> list[Dims]:
    try:
        at = merge_dims(c.dims(1), c.dims(2))
        return [broadcast_dims(c.dims(0), at)]
    except ValueError as error:
        raise c.fail(str(error)) from None


@defop(
    "Substr(input: string, pos: T, len: T; unit: string = 'BYTE') -> output: string",
    shape=_substr_dims,
    host=True,
    gradient=NO_GRADIENT,
    types={"T": dtypes.INDEX},
)
def _substr(input: Any, pos: Any, len: Any, *, unit: str) -> Any:
    texts, starts, counts = np.broadcast_arrays(input, pos, len)
    found: list[bytes] = []
    for i, (text, start, count) in enumerate(zip(texts.ravel(), starts.ravel(), counts.ravel(), strict=True)):
        bounds = _starts(text) if unit == "UTF8_CHAR" else range(_size(text) + 1)
        size = _size(bounds) - 1
        if not -size <= start <= size:
            raise invalid(f"pos {start} out of range for string b'{shown(text)}' at index {i}")
        low = int(start) + size if start < 0 else int(start)
        high = size if count < 0 else min(size, low + int(count))
        found.append(text[bounds[low] : bounds[high]])
    return array_of(found, texts.shape)


# ------------------------------------------------------------------------------------------------------ split


def _split_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 1)
    return [(None, 2), (None,), (2,)]


def _as_sparse(rows: list[list[bytes]]) -> tuple[Any, Any, Any]:
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = [token for row in rows for token in row]
    width = max((len(row) for row in rows), default=0)
    indices = np.array(places, np.int64).reshape(-1, 2)
    return indices, array_of(values, (len(values),)), np.array([len(rows), width], np.int64)


def _tokens(text: bytes, delimiters: bytes, skip_empty: bool) -> list[bytes]:
    """The pieces between single delimiters; without any, the bytes."""
    if not delimiters:
        return [text[i : i + 1] for i in range(len(text))]
    if not text:
        return []
    found: list[bytes] = []
    start = 0
    for i, byte in enumerate(text):
        if byte in delimiters:
            found.append(text[start:i])
            start = i + 1
    found.append(text[start:])
    return [token for token in found if token] if skip_empty else found


@defop(
    "StringSplit(input: string, delimiter: string; skip_empty: bool = True) -> indices: int64, values: string, "
    "shape: int64",
    shape=_split_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _split(input: Any, delimiter: Any, *, skip_empty: bool) -> Any:
    if delimiter.ndim > 0 and delimiter.size != 1:
        raise invalid(f"delimiter must be a scalar, got shape: {list(delimiter.shape)}")
    return _as_sparse([_tokens(text, bytes(delimiter.reshape(-1)[0]), skip_empty) for text in input])


@defop(
    "StringSplitV2(input: string, sep: string; maxsplit: int = -1) -> indices: int64, values: string, shape: int64",
    shape=_split_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _split_v2(input: Any, sep: Any, *, maxsplit: int) -> Any:
    return _as_sparse([text.split(bytes(sep[()]) or None, maxsplit) for text in input])


# ------------------------------------------------------------------------------------------------------- join


def _join_dims(c: ShapeContext) -> list[Dims]:
    dims: Dims = ()
    for given in c.all_dims():
        if given is None:
            return [None]
        if given == ():
            continue
        try:
            dims = given if dims == () else merge_dims(dims, given)
        except ValueError as error:
            raise c.fail(str(error)) from None
    return [dims]


@defop(
    "StringJoin(inputs: N * string; separator: string = '') -> output: string",
    shape=_join_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _join(inputs: Any, *, separator: str) -> Any:
    shapes = {array.shape for array in inputs if array.ndim}
    if len(shapes) > 1:
        raise invalid("Input shapes do not match: " + " vs. ".join(str(list(s)) for s in sorted(shapes)))
    columns = np.broadcast_arrays(*inputs)
    glue = separator.encode()
    return array_of([glue.join(row) for row in zip(*(c.ravel() for c in columns), strict=True)], columns[0].shape)


def _reduce_dims(c: ShapeContext) -> list[Dims]:
    dims, axes = c.dims(0), c.const(1)
    if dims is None or axes is None:
        return [None]
    gone: set[int] = set()
    for axis in axes.reshape(-1):
        if not -len(dims) <= axis < len(dims):
            raise c.fail(f"Invalid reduction dimension {axis} for input with {len(dims)} dimensions.")
        gone.add(int(axis) % len(dims))
    if c.attr("keep_dims"):
        return [tuple(1 if i in gone else d for i, d in enumerate(dims))]
    return [tuple(d for i, d in enumerate(dims) if i not in gone)]


@defop(
    "ReduceJoin(inputs: string, reduction_indices: int32; keep_dims: bool = False, separator: string = '') "
    "-> output: string",
    shape=_reduce_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _reduce_join(inputs: Any, reduction_indices: Any, *, keep_dims: bool, separator: str) -> Any:
    count = inputs.ndim
    axes: list[int] = []
    for axis in reduction_indices.reshape(-1):
        if not -count <= axis < count:
            raise invalid(f"Invalid reduction dimension {axis} for input with {count} dimension(s)")
        if int(axis) % count in axes:
            raise invalid(f"Duplicate reduction dimension {axis}")
        axes.append(int(axis) % count)
    kept = [i for i in range(count) if i not in axes]
    sizes = tuple(inputs.shape[i] for i in kept)
    # The first axis named is joined first, so it varies fastest.
    rows = inputs.transpose([*kept, *reversed(axes)]).reshape(int(np.prod(sizes)), -1)
    if 0 in inputs.shape and int(np.prod(sizes)):
        rows = np.empty((int(np.prod(sizes)), 0), object)
    glue = separator.encode()
    shape = tuple(1 if i in axes else n for i, n in enumerate(inputs.shape)) if keep_dims else sizes
    return array_of([glue.join(row) for row in rows], shape)


@defop(
    "UnsortedSegmentJoin(inputs: string, segment_ids: Tindices, num_segments: Tnumsegments; separator: string = '', "
    "Tnumsegments: type = int32) -> output: string",
    shape=lambda c: _segment_dims(c),
    host=True,
    gradient=NO_GRADIENT,
    types={"Tindices": dtypes.INDEX, "Tnumsegments": dtypes.INDEX},
)
def _segment_join(inputs: Any, segment_ids: Any, num_segments: Any, *, separator: str) -> Any:
    count = int(num_segments)
    if ((segment_ids < 0) | (segment_ids >= count)).any():
        raise invalid("segment_ids are not allowed to exceed num_segments or to have negative values.")
    rest = inputs.shape[segment_ids.ndim :]
    rows = inputs.reshape(-1, int(np.prod(rest)))
    groups: list[list[list[bytes]]] = [[[] for _ in range(rows.shape[1])] for _ in range(count)]
    for row, group in zip(rows, segment_ids.reshape(-1), strict=True):
        for column, text in enumerate(row):
            groups[int(group)][column].append(text)
    glue = separator.encode()
    return array_of([glue.join(texts) for group in groups for texts in group], (count, *rest))


def _segment_dims(c: ShapeContext) -> list[Dims]:
    data, ids, count = c.dims(0), c.dims(1), c.const(2)
    if data is None or ids is None:
        return [None]
    try:
        merge_dims(data[: len(ids)], ids)
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(None if count is None else int(count), *data[len(ids) :])]


# -------------------------------------------------------------------------------------------- public functions


def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Texts in lower case: the ASCII letters, or all letters of UTF-8.

    Args:
      input: String tensor.
      encoding: "" or "utf-8".
      name: Node name; "StringLower" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the encoding is another.

    >>> tf.Session().run(tf.strings.lower("CamelCase"))
    b'camelcase'
    """
    return apply_op("StringLower", input, encoding=encoding, name=name)


def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Texts in upper case: the ASCII letters, or all letters of UTF-8.

    Args:
      input: String tensor.
      encoding: "" or "utf-8".
      name: Node name; "StringUpper" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the encoding is another.

    >>> tf.Session().run(tf.strings.upper("CamelCase"))
    b'CAMELCASE'
    """
    return apply_op("StringUpper", input, encoding=encoding, name=name)


def string_strip(input: Any, name: str | None = None) -> Tensor:
    """Texts without white space at their ends.

    Args:
      input: String tensor.
      name: Node name; "StringStrip" by default.

    Returns:
      String tensor of the same shape.

    >>> tf.Session().run(tf.string_strip([" a b ", "c"])).tolist()
    [b'a b', b'c']
    """
    return apply_op("StringStrip", input, name=name)


def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The lengths of texts.

    Args:
      input: String tensor.
      name: Node name; "StringLength" by default.
      unit: "BYTE" or "UTF8_CHAR": what is counted.

    Returns:
      int32 tensor of the same shape.

    >>> tf.Session().run(tf.strings.length(["abc", ""])).tolist()
    [3, 0]
    """
    return apply_op("StringLength", input, unit=unit, name=name)


def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """Cuts a piece out of each text.

    Args:
      input: String tensor.
      pos: Integer tensor that broadcasts with `input`: where the piece begins, from the end where negative.
      len: Integer tensor of the shape of `pos`: how long it is at most.
      name: Node name; "Substr" by default.
      unit: "BYTE" or "UTF8_CHAR": what is counted.

    Returns:
      String tensor.

    Raises:
      InvalidArgumentError: when run, if a piece begins outside its text.

    >>> tf.Session().run(tf.substr(["hello", "world"], 1, 3)).tolist()
    [b'ell', b'orl']
    """
    return apply_op("Substr", input, pos, len, unit=unit, name=name)


def _refuse_ragged(result_type: str) -> None:
    if result_type == "RaggedTensor":
        raise NotImplementedError(
            "result_type='RaggedTensor': ragged tensors are not part of scopedjax; take the SparseTensor, or "
            "tf.sparse_tensor_to_dense of it"
        )
    if result_type != "SparseTensor":
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


def string_split(
    source: Any,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
) -> SparseTensor:
    """Cuts each text at delimiters of one byte.

    Args:
      source: String tensor `[n]`.
      sep: Text each byte of which is a delimiter; " " by default. With "", texts fall apart into bytes.
      skip_empty: Whether empty pieces are left out.
      delimiter: The older name of `sep`.
      result_type: "SparseTensor".
      name: Name scope; "StringSplit" by default.

    Returns:
      String `SparseTensor` `[n, most pieces]`.

    Raises:
      NotImplementedError: a ragged result is asked for.

    >>> tf.Session().run(tf.string_split(["hello world", "a b c"])).dense_shape.tolist()
    [2, 3]
    """
    sep = renamed_argument("delimiter", delimiter, "sep", sep)
    _refuse_ragged(result_type)
    with stacks.get_default_graph().name_scope(name or "StringSplit"):
        delimiter = convert_to_tensor(" " if sep is None else sep, dtype=dtypes.string)
        texts = convert_to_tensor(source, dtype=dtypes.string)
        return SparseTensor(*apply_op("StringSplit", texts, delimiter, skip_empty=skip_empty))


def strings_split(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> SparseTensor:
    """Cuts each text at a separator, as Python's `str.split` does.

    Args:
      input: String tensor `[n]`, or a scalar.
      sep: The separator; by default any white space, and no piece is empty then.
      maxsplit: The most cuts, or -1.
      result_type: "SparseTensor".
      source: The older name of `input`.
      name: Name scope; "StringSplit" by default.

    Returns:
      String `SparseTensor` `[n, most pieces]`.

    Raises:
      NotImplementedError: a ragged result is asked for.
      ValueError: `input` has more than one dimension.

    >>> tf.Session().run(tf.strings.split(["a<>b<>c"], "<>", maxsplit=1)).values.tolist()
    [b'a', b'b<>c']
    """
    input = renamed_argument("input", input, "source", source)
    _refuse_ragged(result_type)
    with stacks.get_default_graph().name_scope(name or "StringSplit"):
        texts = convert_to_tensor(input, dtype=dtypes.string, name="input")
        if texts.shape.rank == 0:
            texts = expand_dims(texts, 0)
        separator = convert_to_tensor("" if sep is None else sep, dtype=dtypes.string)
        return SparseTensor(*apply_op("StringSplitV2", texts, separator, maxsplit=maxsplit))


def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Joins texts, element by element.

    Args:
      inputs: List of string tensors of one shape; scalars go with any shape.
      separator: What stands between.
      name: Node name; "StringJoin" by default.

    Returns:
      String tensor.

    Raises:
      ValueError: the shapes differ.

    >>> tf.Session().run(tf.string_join(["file", ["1", "2"]], "-")).tolist()
    [b'file-1', b'file-2']
    """
    return apply_op("StringJoin", inputs, separator=separator, name=name)


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: Any = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """Joins texts along axes.

    Args:
      inputs: String tensor.
      axis: Axis or list of axes, in the order in which they are joined; by default all, the last one first.
      keep_dims: Whether reduced axes stay, with size 1.
      separator: What stands between.
      name: Node name; "ReduceJoin/ReduceJoin" by default.
      reduction_indices: The older name of `axis`.
      keepdims: The newer name of `keep_dims`.

    Returns:
      String tensor.

    Raises:
      ValueError: an axis is out of range.

    >>> tf.Session().run(tf.reduce_join([["a", "b"], ["c", "d"]], 0)).tolist()
    [b'ac', b'bd']
    """
    keep = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    with stacks.get_default_graph().name_scope("ReduceJoin"):
        texts = convert_to_tensor(inputs)
        if axis is None:
            known = texts.shape.rank
            if known is not None:
                axis = constant(np.arange(known - 1, -1, -1), dtype=dtypes.int32)
            else:
                axis = tf_range(apply_op("Sub", rank(texts), 1, name="sub"), -1, -1)
        return apply_op("ReduceJoin", texts, axis, keep_dims=bool(keep), separator=separator, name=name)


def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: str = "", name: str | None = None
) -> Tensor:
    """Joins the texts of each group.

    Args:
      inputs: String tensor whose shape begins with that of `segment_ids`.
      segment_ids: Integer tensor: the group of each row.
      num_segments: How many groups there are.
      separator: What stands between.
      name: Node name; "UnsortedSegmentJoin" by default.

    Returns:
      String tensor `[num_segments, ...]`; "" for a group without rows.

    Raises:
      InvalidArgumentError: when run, if a group does not exist.

    >>> tf.Session().run(tf.strings.unsorted_segment_join(["a", "b", "c"], [1, 0, 1], 2, "-")).tolist()
    [b'b', b'a-c']
    """
    return apply_op("UnsortedSegmentJoin", inputs, segment_ids, num_segments, separator=separator, name=name)
