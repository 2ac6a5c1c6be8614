"""Texts in encodings: `unicode_transcode`, and the code points of one text.

What cannot be read is replaced by one character, left out, or an error, as `errors` says. Where TensorFlow returns a
ragged tensor (the code points of several texts), there is nothing here: ragged tensors are not part of scopedjax.
"""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.strings.elementwise import each, invalid

_OPTIONS = "errors: string = 'replace', replacement_char: int = 65533, replace_control_characters: bool = False"
_OUTPUTS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}


def _codec(name: str) -> codecs.CodecInfo:
    try:
        return codecs.lookup(name)
    except LookupError:
        raise invalid(f"Could not create converter for input encoding: {name}") from None


def _characters(text: bytes, encoding: str, errors: str, replacement: int, control: bool) -> list[tuple[int, int]]:
    """(code point, byte at which it begins) of each character, after what `errors` says about the unreadable ones."""
    codec = _codec(encoding)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        try:
            good, bad_end = codec.decode(text[at:], "strict")[0], len(text)
            stop = len(text)
        except UnicodeDecodeError as error:
            good = codec.decode(text[at : at + error.start], "strict")[0]
            stop, bad_end = at + error.start, at + error.end
        for character in good:
            found.append((ord(character), at))
            at += len(codec.encode(character)[0])
        if stop < bad_end:
            if errors == "strict":
                raise invalid("Invalid formatting on input string")
            if errors == "replace":
                found.append((replacement, stop))
        at = bad_end
    if not control:
        return found
    is_control = [(point < 32 or 127 <= point < 160) for point, _ in found]
    if errors == "ignore":
        return [item for item, gone in zip(found, is_control, strict=True) if not gone]
    return [(replacement if gone else item[0], item[1]) for item, gone in zip(found, is_control, strict=True)]


@defop(
    f"UnicodeTranscode(input: string; input_encoding: string, output_encoding: string, {_OPTIONS}) -> output: string",
    shape=like(0),
    host=True,
    gradient=NO_GRADIENT,
)
def _transcode(
    input: Any,
    *,
    input_encoding: str,
    output_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> Any:
    def one(text: bytes) -> bytes:
        points = _characters(text, input_encoding, errors, replacement_char, replace_control_characters)
        return "".join(chr(point) for point, _ in points).encode(_OUTPUTS[output_encoding])

    return each(one, input)


def _decoded(offsets: bool) -> Any:
    def lowering(
        input: Any,
        *,
        input_encoding: str,
        errors: str,
        replacement_char: int,
        replace_control_characters: bool,
        Tsplits: Any,
    ) -> tuple[Any, ...]:
        rows = [
            _characters(text, input_encoding, errors, replacement_char, replace_control_characters)
            for text in input.reshape(-1)
        ]
        splits = np.cumsum([0, *(len(row) for row in rows)]).astype(Tsplits.as_numpy_dtype)
        points = np.array([point for row in rows for point, _ in row], np.int32)
        starts = np.array([start for row in rows for _, start in row], np.int64)
        return (splits, points, starts) if offsets else (splits, points)

    return lowering


def _decoded_dims(count: int) -> Any:
    def rule(c: ShapeContext) -> list[Dims]:
        dims = c.dims(0)
        rows = None if dims is None or None in dims else int(np.prod([d or 0 for d in dims])) + 1
        return [(rows,), *[(None,)] * (count - 1)]

    return rule


_OUT = "row_splits: Tsplits, char_values: int32"
_IN = f"(input: string; input_encoding: string, {_OPTIONS}, Tsplits: type = int64)"
declare(f"UnicodeDecode{_IN} -> {_OUT}", _decoded(False), shape=_decoded_dims(2), host=True, gradient=NO_GRADIENT)
declare(
    f"UnicodeDecodeWithOffsets{_IN} -> {_OUT}, char_to_byte_starts: int64",
    _decoded(True),
    shape=_decoded_dims(3),
    host=True,
    gradient=NO_GRADIENT,
)


def unicode_transcode(
    input: Any,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """Texts from one encoding to another.

    Args:
      input: String tensor.
      input_encoding: Any encoding that Python knows.
      output_encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE".
      errors: What to do about bytes that cannot be read: "replace", "ignore" or "strict".
      replacement_char: The code point that replaces them.
      replace_control_characters: Whether control characters count as unreadable.
      name: Node name; "UnicodeTranscode" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      ValueError: an unknown output encoding or way with errors.
      InvalidArgumentError: when run, if bytes cannot be read and `errors` is "strict".

    >>> tf.Session().run(tf.strings.unicode_transcode(b"caf\\xe9", "ISO-8859-1", "UTF-8")).decode()
    'café'
    """
    _check("UnicodeTranscode", errors, output_encoding)
    return apply_op(
        "UnicodeTranscode",
        input,
        input_encoding=input_encoding,
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=replacement_char,
        replace_control_characters=replace_control_characters,
        name=name,
    )


def _check(op_type: str, errors: str, encoding: str = "UTF-8") -> None:
    for attr, value, allowed in (
        ("output_encoding", encoding, tuple(_OUTPUTS)),
        ("errors", errors, ("strict", "replace", "ignore")),
    ):
        if value not in allowed:
            names = ", ".join(f'"{name}"' for name in allowed)
            raise ValueError(f"Attr '{attr}' of '{op_type}' Op passed string '{value}' not in: {names}.")


def _points(op_type: str, scope: str, input: Any, attrs: dict[str, Any], name: str | None) -> tuple[Tensor, ...]:
    _check(op_type, attrs["errors"])
    with stacks.get_default_graph().name_scope(name or scope):
        text = convert_to_tensor(input, dtype=dtypes.string, name="input")
        if text.shape.rank != 0:
            raise NotImplementedError(
                f"tf.strings of shape {text.shape}: the code points of several texts are a ragged tensor, which is not "
                "part of scopedjax; decode one text, or use tf.py_func"
            )
        return apply_op(op_type, reshape(text, [1]), **attrs)


def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """The code points of a text.

    Args:
      input: Scalar string tensor.
      input_encoding: Any encoding that Python knows.
      errors: What to do about bytes that cannot be read: "replace", "ignore" or "strict".
      replacement_char: The code point that replaces them.
      replace_control_characters: Whether control characters count as unreadable.
      name: Name scope; "UnicodeDecode" by default.

    Returns:
      int32 tensor `[characters]`.

    Raises:
      NotImplementedError: several texts, whose result would be ragged.

    >>> tf.Session().run(tf.strings.unicode_decode("aä", "UTF-8")).tolist()
    [97, 228]
    """
    attrs = {
        "input_encoding": input_encoding,
        "errors": errors,
        "replacement_char": replacement_char,
        "replace_control_characters": replace_control_characters,
    }
    return _points("UnicodeDecode", "UnicodeDecode", input, attrs, name)[1]


def unicode_decode_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The code points of a text, and the bytes at which they begin.

    Args:
      input: Scalar string tensor.
      input_encoding: Any encoding that Python knows.
      errors: What to do about bytes that cannot be read: "replace", "ignore" or "strict".
      replacement_char: The code point that replaces them.
      replace_control_characters: Whether control characters count as unreadable.
      name: Name scope; "UnicodeDecodeWithOffsets" by default.

    Returns:
      (int32 tensor `[characters]`, int64 tensor `[characters]`).

    Raises:
      NotImplementedError: several texts, whose result would be ragged.

    >>> tf.Session().run(tf.strings.unicode_decode_with_offsets("äb", "UTF-8"))[1].tolist()
    [0, 2]
    """
    attrs = {
        "input_encoding": input_encoding,
        "errors": errors,
        "replacement_char": replacement_char,
        "replace_control_characters": replace_control_characters,
    }
    scope = "UnicodeDecodeWithOffsets"
    _, points, starts = _points(scope, scope, input, attrs, name)
    return points, starts
