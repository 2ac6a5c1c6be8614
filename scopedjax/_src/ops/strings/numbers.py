"""Numbers as texts and back: `as_string`, `string_to_number`; and base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.strings.elementwise import array_of, each, invalid, shown

# -------------------------------------------------------------------------------------------------- as_string


def _pattern(dtype: DType, precision: int, scientific: bool, shortest: bool, width: int, fill: str) -> str:
    """C's format of one number."""
    kind = np.dtype(dtype.as_numpy_dtype).kind if dtype is not dtypes.bfloat16 else "f"
    if len(fill) > 1:
        raise invalid(f"Fill string must be one or fewer characters, got: {fill!r}")
    if fill and fill not in " +-0":
        raise invalid(f'Fill argument not supported: "{fill}"')
    if scientific and shortest:
        raise invalid("Cannot select both scientific and shortest notation")
    if kind in "iub" and (scientific or shortest):
        raise invalid(f"scientific and shortest format not supported for datatype {dtype.name}")
    if kind in "iub" and precision > -1:
        raise invalid(f"precision not supported for datatype {dtype.name}")
    places = "" if precision < 0 else f".{precision}"
    letter = "d" if kind in "iu" else "e" if scientific else "g" if shortest else "f"
    return f"%{fill}{width if width > -1 else ''}{places}{letter}"


@defop(
    "AsString(input: T; precision: int = -1, scientific: bool = False, shortest: bool = False, width: int = -1, "
    "fill: string = '') -> output: string",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _as_string(ctx: Any, input: Any, *, precision: int, scientific: bool, shortest: bool, width: int, fill: str) -> Any:
    dtype = ctx.op.attrs["T"]
    if dtype is dtypes.string:
        return each(lambda text: text.rjust(width) if width > len(text) else text, input)
    pattern = _pattern(dtype, precision, scientific, shortest, width, fill)
    if dtype is dtypes.bool:
        texts = ["true" if item else "false" for item in input.ravel()]
    elif dtype.is_complex:
        texts = [f"({pattern % item.real},{pattern % item.imag})" for item in input.ravel().tolist()]
    else:
        texts = [pattern % item for item in input.ravel().tolist()]
    return array_of([text.encode() for text in texts], input.shape)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers as texts.

    Args:
      input: Tensor of numbers or bools.
      precision: Digits behind the point of floating numbers; 6 where it is negative.
      scientific: Whether to write an exponent.
      shortest: Whether to write an exponent only where that is shorter.
      width: The least width.
      fill: What fills it: " ", "0", "-" (text at the left) or "+" (with a sign).
      name: Node name; "AsString" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the options contradict each other or the dtype.

    >>> tf.Session().run(tf.as_string([1.5, 2.0], precision=2)).tolist()
    [b'1.50', b'2.00']
    """
    return apply_op(
        "AsString",
        input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
        name=name,
    )


# ------------------------------------------------------------------------------------------- string_to_number

_DECIMAL = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)", re.IGNORECASE)
_HEXADECIMAL = re.compile(rb"[+-]?0x[0-9a-f.]+(p[+-]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(rb"[+-]?\d+")


def _reader(dtype: DType) -> Callable[[bytes], Any]:
    """The function that reads one number; it raises ValueError for what is none."""
    if dtype.is_integer:
        limits = np.iinfo(dtype.as_numpy_dtype)

        def whole(text: bytes) -> int:
            number = int(text) if _WHOLE.fullmatch(text) else None
            if number is None or not limits.min <= number <= limits.max:
                raise ValueError
            return number

        return whole

    def floating(text: bytes) -> float:
        if _HEXADECIMAL.fullmatch(text):
            return float.fromhex(text.decode())
        if not _DECIMAL.fullmatch(text):
            raise ValueError
        return float(text)

    return floating


@defop(
    "StringToNumber(string_tensor: string; out_type: type = float32) -> output: out_type",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
    types={
        "out_type": (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.uint32, dtypes.uint64),
    },
)
def _to_number(string_tensor: Any, *, out_type: DType) -> Any:
    read = _reader(out_type)

    def number(text: bytes) -> Any:
        try:
            return read(text.strip())
        except ValueError:
            raise invalid(f"StringToNumberOp could not correctly convert string: {shown(text)}") from None

    with np.errstate(over="ignore"):
        return each(number, string_tensor, out_type.as_numpy_dtype)


def string_to_number(
    string_tensor: Any = None, out_type: Any = dtypes.float32, name: str | None = None, input: Any = None
) -> Tensor:
    """Reads numbers from texts.

    Args:
      string_tensor: String tensor.
      out_type: float32, float64, int32, int64, uint32 or uint64.
      name: Node name; "StringToNumber" by default.
      input: The newer name of `string_tensor`.

    Returns:
      Tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if a text is no such number.

    >>> tf.Session().run(tf.string_to_number(["1.5", "-2e1"])).tolist()
    [1.5, -20.0]
    """
    texts = renamed_argument("input", input, "string_tensor", string_tensor)
    return apply_op("StringToNumber", texts, out_type=out_type, name=name)


# ----------------------------------------------------------------------------------------------------- base64

_ALPHABET = re.compile(rb"[A-Za-z0-9_-]*={0,2}")


@defop(
    "EncodeBase64(input: string; pad: bool = False) -> output: string",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _encode(input: Any, *, pad: bool) -> Any:
    return each(lambda t: base64.urlsafe_b64encode(t) if pad else base64.urlsafe_b64encode(t).rstrip(b"="), input)


@defop("DecodeBase64(input: string) -> output: string", shape=like(0), host=True, gradient=NOT_DIFFERENTIABLE)
def _decode(input: Any) -> Any:
    def decoded(text: bytes) -> bytes:
        bare = text.rstrip(b"=")
        if not _ALPHABET.fullmatch(text):
            raise invalid("Invalid character found in base64.")
        if len(bare) % 4 == 1:
            raise invalid("Base64 string length cannot be 1 modulo 4.")
        return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))

    return each(decoded, input)


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Texts in base64, with the letters that are safe in URLs.

    Args:
      input: String tensor.
      pad: Whether to fill with "=" to a multiple of four.
      name: Node name; "EncodeBase64" by default.

    Returns:
      String tensor of the same shape.

    >>> tf.Session().run(tf.encode_base64("hello"))
    b'aGVsbG8'
    """
    return apply_op("EncodeBase64", input, pad=pad, name=name)


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """Texts from base64, filled with "=" or not.

    Args:
      input: String tensor, in the letters that are safe in URLs.
      name: Node name; "DecodeBase64" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if a text is no base64.

    >>> tf.Session().run(tf.decode_base64("aGVsbG8"))
    b'hello'
    """
    return apply_op("DecodeBase64", input, name=name)
