"""One line of CSV as TensorFlow splits it, and its fields as numbers.

It is stricter than Python's `csv`: an unquoted field holds no quotes and no line ends, and a quoted one ends at the
separator.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors

_INTEGER: Final = re.compile(rb"[+-]?\d+\Z")
_NAMES: Final = {"float32": "float", "float64": "double", "int32": "int32", "int64": "int64"}


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def split(line: bytes, separator: bytes, quotes: bool) -> list[bytes]:
    """The fields of a line.

    Args:
      line: The line, without its end.
      separator: What separates fields, one byte.
      quotes: Whether a field may stand in double quotes.

    Returns:
      The fields without their quotes; none for an empty line.

    Raises:
      InvalidArgumentError: quotes or line ends stand where they may not.
    """
    fields: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in b"\n\r":  # before a field they are passed over
            at += 1
            continue
        if quotes and line[at : at + 1] == b'"':
            text, at = _quoted(line, at + 1, separator)
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            text, at = line[at:end], end
            if any(c in text for c in (b'"\n\r' if quotes else b"\n\r")):
                raise _invalid("Unquoted fields cannot have quotes/CRLFs inside")
        fields.append(text)
        at += 1
    if line[-1:] == separator:
        fields.append(b"")
    return fields


def _quoted(line: bytes, at: int, separator: bytes) -> tuple[bytes, int]:
    """The field whose opening quote stands before `at`; returns it and the place behind its closing quote."""
    text = b""
    while True:
        end = line.find(b'"', at)
        if end < 0:
            raise _invalid("Quoted field has to end with quote followed by delim or end")
        text += line[at:end]
        following = line[end + 1 : end + 2]
        if following == b'"':
            text += b'"'
            at = end + 2
        elif following in (b"", separator):
            return text, end + 1
        else:
            raise _invalid("Quote inside a string has to be escaped by another quote")


def number(text: bytes, dtype: np.dtype[Any], field: int, record: int) -> Any:
    """A field as a value of its column's type.

    Args:
      text: The field.
      dtype: The column's type; `object` for strings.
      field: Number of the field, for messages.
      record: Number of the line, for messages.

    Returns:
      A number, or `text` itself for a string column.

    Raises:
      InvalidArgumentError: it is no such number, or too large.
    """
    if dtype.kind == "O":
        return text
    stripped = text.strip()
    try:
        if dtype.kind == "f":
            if b"_" in stripped:  # Python's digit grouping
                raise ValueError
            return float(stripped)
        if _INTEGER.match(stripped):
            return np.array(int(stripped), dtype)[()]
        raise ValueError
    except (ValueError, OverflowError) as error:
        kind = _NAMES[dtype.name]
        shown = text.decode(errors="replace")
        raise _invalid(f"Field {field} in record {record} is not a valid {kind}: {shown}") from error
