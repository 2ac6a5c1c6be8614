"""The textual signature of an op type: its inputs, outputs and attributes, in one line.

    "MatMul(a: T, b: T; transpose_a: bool = False, transpose_b: bool = False) -> product: T"

A type is a dtype name (`int32`), a type attribute (`T`), a list of N tensors of one type (`N * T`), a list of
tensors of several types (`Tlist...`), and any of them behind `Ref` (`Ref T`) for a variable's own tensor. Attributes
stand behind the `;` with a kind and perhaps a default: `bool`, `int`, `float`, `string`, `type`, `shape`, `tensor`,
`func` and `list(...)` of these. A type attribute that an argument uses need not be listed, unless it has a default.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType


class Missing:
    """The default of an attribute that has none."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Arg:
    """An input or an output: exactly one of `dtype`, `type_attr` and `list_attr` is set."""

    name: str
    dtype: DType | None = None
    type_attr: str = ""
    number_attr: str = ""
    list_attr: str = ""
    ref: bool = False

    @property
    def is_list(self) -> bool:
        """Whether the argument stands for several tensors."""
        return bool(self.number_attr or self.list_attr)


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute: its kind ("type", "list(int)", ...) and its default."""

    name: str
    kind: str
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Signature:
    """Name, inputs, outputs and attributes of an op type."""

    type: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    attrs: dict[str, Attr]


_HEAD = re.compile(r"^(\w+)\((.*)\)\s*(?:->\s*(.*))?$", re.DOTALL)


def _split(text: str) -> list[str]:
    """Splits at the commas that are not inside brackets or quotes."""
    parts: list[str] = []
    depth, quote, start = 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]


def _parse_arg(text: str) -> Arg:
    name, _, kind = (s.strip() for s in text.partition(":"))
    ref = kind.startswith("Ref ")
    kind = kind[4:].strip() if ref else kind
    number = ""
    if "*" in kind:
        number, kind = (s.strip() for s in kind.split("*"))
    if kind.endswith("..."):
        return Arg(name, list_attr=kind[:-3], ref=ref)
    known = getattr(dtypes, kind, None)
    if isinstance(known, DType):
        return Arg(name, dtype=known, number_attr=number, ref=ref)
    return Arg(name, type_attr=kind, number_attr=number, ref=ref)


def _default(kind: str, text: str) -> Any:
    if kind == "type":
        return getattr(dtypes, text)
    if kind == "list(type)":
        return tuple(getattr(dtypes, t.strip()) for t in text.strip("[]()").split(",") if t.strip())
    if kind == "shape":
        return ast.literal_eval(text)
    value = ast.literal_eval(text)
    if kind == "tensor":  # the one default of this kind among TF1's ops is a colour
        return np.asarray(value, np.uint8)
    return tuple(value) if kind.startswith("list") else value


def _parse_attr(text: str) -> Attr:
    name, _, rest = (s.strip() for s in text.partition(":"))
    kind, _, default = (s.strip() for s in rest.partition("="))
    return Attr(name, kind, _default(kind, default) if default else MISSING)


def parse(text: str) -> Signature:
    """Parses a signature.

    Raises:
      ValueError: the text does not follow the grammar above.
    """
    head = _HEAD.match(text.strip())
    if head is None:
        raise ValueError(f"not a signature: {text!r}; expected 'Type(args; attrs) -> outputs'")
    op_type, body, result = head.groups()
    arg_text, _, attr_text = body.partition(";")
    inputs = tuple(_parse_arg(a) for a in _split(arg_text))
    outputs = tuple(_parse_arg(a) for a in _split(result or ""))
    attrs = {a.name: a for a in map(_parse_attr, _split(attr_text))}
    for arg in (*inputs, *outputs):
        for name, kind in ((arg.type_attr, "type"), (arg.number_attr, "int"), (arg.list_attr, "list(type)")):
            if name and name not in attrs:
                attrs[name] = Attr(name, kind)
    return Signature(op_type, inputs, outputs, attrs)
