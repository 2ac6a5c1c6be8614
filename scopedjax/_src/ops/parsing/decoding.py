"""Strings to numbers: raw bytes, CSV lines, serialized tensors and JSON examples.

decode_raw("\\x01\\x00", int16)  ->  [1]        decode_csv("3,a", [[0], [""]])  ->  3, "a"
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_proto import make_ndarray
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.parsing import csv_lines
from scopedjax._src.ops.parsing.example_protos import Example
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like, scalar, unknown
from scopedjax._src.ops.summary.encoding import tensor_proto
from scopedjax._src.ops.summary.protos import TensorProto

_RAW_TYPES: Final = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.uint16, dtypes.uint8, dtypes.int16,
    dtypes.int8, dtypes.int64, dtypes.complex64, dtypes.complex128, dtypes.bool, dtypes.bfloat16,
)  # fmt: skip
_CSV_TYPES: Final = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.string)


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _raw_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    return [None if dims is None else (*dims, None)]


@defop(
    "DecodeRaw(bytes: string; out_type: type, little_endian: bool = True) -> output: out_type",
    shape=_raw_dims,
    host=True,
    types={"out_type": _RAW_TYPES},
    gradient=NOT_DIFFERENTIABLE,
)
def _decode_raw(bytes: Any, *, out_type: DType, little_endian: bool) -> Any:
    kind = np.dtype(out_type.as_numpy_dtype)
    items = bytes.ravel().tolist()
    length = len(items[0]) if items else 0
    for at, item in enumerate(items):
        if len(item) != length:
            raise _invalid(
                "DecodeRaw requires input strings to all be the same size, but element "
                f"{at} has size {length} != {len(item)}"
            )
    if length % kind.itemsize:
        raise _invalid(
            f"Input to DecodeRaw has length {length} that is not a multiple of {kind.itemsize}, the size of "
            f"{out_type.name}"
        )
    data = np.frombuffer(b"".join(items), np.uint8)
    if not little_endian and kind.itemsize > 1:
        # A complex number is two numbers, each with its own byte order.
        width = kind.itemsize // 2 if out_type.is_complex else kind.itemsize
        data = np.ascontiguousarray(data.reshape(-1, width)[:, ::-1])
    values = data.reshape(-1) != 0 if out_type.is_bool else data.reshape(-1).view(kind)
    return values.reshape(*bytes.shape, length // kind.itemsize)


def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Tensor:
    """Bytes as numbers.

    Args:
      input_bytes: String tensor; all of one length, which the size of a number divides.
      out_type: dtype of the numbers.
      little_endian: Whether the lowest byte of a number comes first.
      name: Node name; "DecodeRaw" by default.
      bytes: Older name of `input_bytes`.

    Returns:
      Tensor of shape `[*input_bytes.shape, length / size of out_type]`.

    Raises:
      ValueError: both names are given, or `out_type` is missing.
      TypeError: there are no such numbers.
      InvalidArgumentError: when run, if the lengths do not fit.

    >>> with tf.Session() as session:
    ...     print(session.run(tf.decode_raw(b"abc", tf.uint8)))
    [97 98 99]
    """
    if bytes is not None:
        if input_bytes is not None:
            raise ValueError("Cannot specify both 'bytes' and 'input_bytes'.")
        input_bytes = bytes
    if out_type is None:
        raise ValueError("decode_raw: 'out_type' is missing; say the dtype of the numbers, for example tf.uint8")
    dtype = as_dtype(out_type).base_dtype
    if dtype not in _RAW_TYPES:
        names = ", ".join(t.name for t in _RAW_TYPES)
        raise TypeError(
            f"Value passed to parameter 'out_type' has DataType {dtype.name} not in list of allowed values: {names}"
        )
    return apply_op("DecodeRaw", input_bytes, out_type=dtype, little_endian=little_endian, name=name)


def _csv_dims(c: ShapeContext) -> list[Dims]:
    return [c.dims(0)] * len(c.attr("OUT_TYPE"))


@defop(
    "DecodeCSV(records: string, record_defaults: OUT_TYPE...; field_delim: string = ',', "
    "use_quote_delim: bool = True, na_value: string = '', select_cols: list(int) = []) -> output: OUT_TYPE...",
    shape=_csv_dims,
    host=True,
    types={"OUT_TYPE": _CSV_TYPES},
    gradient=NOT_DIFFERENTIABLE,
)
def _decode_csv(
    records: Any,
    record_defaults: Sequence[Any],
    *,
    field_delim: str,
    use_quote_delim: bool,
    na_value: str,
    select_cols: tuple[int, ...],
) -> Any:
    columns = [np.empty(records.size, default.dtype) for default in record_defaults]
    for row, record in enumerate(records.ravel().tolist()):
        fields = csv_lines.split(record, field_delim.encode(), use_quote_delim)
        if select_cols:
            fields = [fields[at] for at in select_cols if at < len(fields)]
        if len(fields) != len(columns):
            raise _invalid(f"Expect {len(columns)} fields but have {len(fields)} in record {row}")
        for at, (column, default, text) in enumerate(zip(columns, record_defaults, fields, strict=True)):
            if text in (b"", na_value.encode()):
                if not default.size:
                    raise _invalid(f"Field {at} is required but missing in record {row}!")
                column[row] = default.item()
            else:
                column[row] = csv_lines.number(text, column.dtype, at, row)
    return [column.reshape(records.shape) for column in columns]


def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Any = None,
) -> list[Tensor]:
    """Lines of CSV as columns.

    Args:
      records: String tensor; each element one line.
      record_defaults: One tensor or list a column: what an empty field stands for; an empty one makes the field
        required. Its dtype is the column's: float32, float64, int32, int64 or string.
      field_delim: What separates fields; one character.
      use_quote_delim: Whether a field in double quotes may hold separators; a quote in it is written twice.
      name: Node name; "DecodeCSV" by default.
      na_value: Text that counts as an empty field too.
      select_cols: Numbers of the columns to take, in rising order; all by default.

    Returns:
      List of tensors, one a column, each of the shape of `records`.

    Raises:
      ValueError: `select_cols` does not fit `record_defaults`, or does not rise.
      InvalidArgumentError: when run, if a line has another number of fields or a field is no number.

    >>> number, word = tf.decode_csv(["3,a", ",b"], [[9], [""]])
    >>> with tf.Session() as session:
    ...     print(session.run([number, word]))
    [array([3, 9], dtype=int32), array([b'a', b'b'], dtype=object)]
    """
    if select_cols is not None:
        if any(b <= a for a, b in zip(select_cols, select_cols[1:], strict=False)):
            raise ValueError("select_cols is not strictly increasing.")
        if len(select_cols) and select_cols[0] < 0:
            raise ValueError("select_cols contains negative values.")
        if len(select_cols) != len(record_defaults):
            raise ValueError("Length of select_cols and record_defaults do not match.")
    return apply_op(
        "DecodeCSV",
        records,
        list(record_defaults),
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=list(select_cols or []),
        name=name,
    )


@defop(
    "ParseTensor(serialized: string; out_type: type) -> output: out_type",
    shape=unknown,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _parse_tensor(serialized: Any, *, out_type: DType) -> Any:
    data = serialized.item()
    try:
        proto = TensorProto.FromString(data)
    except DecodeError as error:
        text = base64.b64encode(data[:100]).decode()
        raise _invalid(f"Could not parse `serialized` as TensorProto, base64: {text}") from error
    if as_dtype(proto.dtype) is not out_type:
        found = as_dtype(proto.dtype).name.replace("float32", "float").replace("float64", "double")
        wanted = out_type.name.replace("float32", "float").replace("float64", "double")
        raise _invalid(f"Type mismatch between parsed tensor ({found}) and dtype ({wanted})")
    return make_ndarray(proto)


def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """The tensor in a serialized `TensorProto`.

    Args:
      serialized: String tensor without dimensions.
      out_type: dtype of the tensor in it.
      name: Node name; "ParseTensor" by default.

    Returns:
      Tensor of unknown shape.

    Raises:
      InvalidArgumentError: when run, if the bytes are damaged or hold another dtype.

    >>> with tf.Session() as session:
    ...     print(session.run(tf.parse_tensor(tf.io.serialize_tensor([1.5, 2.5]), tf.float32)))
    [1.5 2.5]
    """
    return apply_op("ParseTensor", serialized, out_type=out_type, name=name)


@defop("SerializeTensor(tensor: T) -> serialized: string", shape=scalar, host=True, gradient=NOT_DIFFERENTIABLE)
def _serialize_tensor(tensor: Any) -> bytes:
    return tensor_proto(tensor).SerializeToString()


def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor as a serialized `TensorProto`.

    Args:
      tensor: A tensor of any dtype.
      name: Node name; "SerializeTensor" by default.

    Returns:
      String tensor without dimensions.
    """
    return apply_op("SerializeTensor", tensor, name=name)


@defop(
    "DecodeJSONExample(json_examples: string) -> binary_examples: string",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _decode_json_example(json_examples: Any) -> Any:
    result = np.empty(json_examples.shape, object)
    for at, text in np.ndenumerate(json_examples):
        try:
            result[at] = json_format.Parse(text, Example()).SerializeToString(deterministic=True)
        except json_format.ParseError as error:
            raise _invalid(f"Error while parsing JSON: {error}") from error
    return result


def decode_json_example(json_examples: Any, name: str | None = None) -> Tensor:
    """`Example`s in JSON as serialized `Example`s.

    Args:
      json_examples: String tensor; each element the JSON of a `tf.train.Example`.
      name: Node name; "DecodeJSONExample" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the JSON is no `Example`.
    """
    return apply_op("DecodeJSONExample", json_examples, name=name)
