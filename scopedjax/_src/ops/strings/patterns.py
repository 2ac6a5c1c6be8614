"""Regular expressions: RE2's, by the package `google-re2`, as TensorFlow has them.

    regex_replace("a1b22", "[0-9]+", r"<\\0>")   ->   "a<1>b<22>"

A pattern that is a Python string is an attribute of the node (`StaticRegexReplace`); a tensor is an input.
"""

from __future__ import annotations

import functools
from typing import Any

from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.strings.elementwise import each, invalid, shown


@functools.lru_cache(256)
def _compiled(pattern: bytes) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        text = shown(reason) if isinstance(reason, bytes) else str(reason)
        raise invalid(f"Invalid pattern: {shown(pattern)}, error: {text}") from error


def _parts(rewrite: bytes, groups: int) -> list[bytes | int]:
    """A rewrite text as literal pieces and numbers of groups."""
    found: list[bytes | int] = []
    at = 0
    while at < len(rewrite):
        byte = rewrite[at : at + 1]
        if byte != b"\\":
            found.append(byte)
            at += 1
            continue
        code = rewrite[at + 1 : at + 2]
        if code.isdigit():
            if int(code) > groups:
                raise invalid(f"invalid rewrite string: {shown(rewrite)}: it asks for group {int(code)} of {groups}")
            found.append(int(code))
        elif code == b"\\":
            found.append(b"\\")
        else:
            raise invalid(f"invalid rewrite string: {shown(rewrite)}: '\\' must be followed by a digit or '\\'")
        at += 2
    return found


def _replaced(text: bytes, pattern: Any, parts: list[bytes | int], everywhere: bool) -> bytes:
    found: list[bytes] = []
    done = -1  # where the last match ended
    at = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        if start == end == done:
            continue  # nothing, right behind a match: RE2 does not count it
        found.append(text[at:start])
        found.extend((match.group(p) or b"") if isinstance(p, int) else p for p in parts)
        at = done = end
        if not everywhere:
            break
    return b"".join([*found, text[at:]])


def _replace_all(texts: Any, pattern: bytes, rewrite: bytes, everywhere: bool) -> Any:
    compiled = _compiled(pattern)
    parts = _parts(rewrite, compiled.groups)
    return each(lambda text: _replaced(text, compiled, parts, everywhere), texts)


def _text_dims(c: ShapeContext) -> list[Dims]:
    for i in range(1, len(c.inputs)):
        c.require_rank(i, 0)
    return [c.dims(0)]


@defop(
    "StaticRegexReplace(input: string; pattern: string, rewrite: string, replace_global: bool = True) "
    "-> output: string",
    shape=like(0),
    host=True,
    gradient=NO_GRADIENT,
)
def _static_replace(input: Any, *, pattern: str, rewrite: str, replace_global: bool) -> Any:
    return _replace_all(input, pattern.encode(), rewrite.encode(), replace_global)


@defop(
    "RegexReplace(input: string, pattern: string, rewrite: string; replace_global: bool = True) -> output: string",
    shape=_text_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _replace(input: Any, pattern: Any, rewrite: Any, *, replace_global: bool) -> Any:
    return _replace_all(input, bytes(pattern[()]), bytes(rewrite[()]), replace_global)


@defop(
    "StaticRegexFullMatch(input: string; pattern: string) -> output: bool",
    shape=like(0),
    host=True,
    gradient=NO_GRADIENT,
)
def _static_match(input: Any, *, pattern: str) -> Any:
    compiled = _compiled(pattern.encode())
    return each(lambda text: compiled.fullmatch(text) is not None, input, bool)


@defop(
    "RegexFullMatch(input: string, pattern: string) -> output: bool",
    shape=_text_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _match(input: Any, pattern: Any) -> Any:
    compiled = _compiled(bytes(pattern[()]))
    return each(lambda text: compiled.fullmatch(text) is not None, input, bool)


def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Tensor:
    r"""Replaces what matches a regular expression.

    Args:
      input: String tensor.
      pattern: RE2 expression: a Python string, or a scalar string tensor.
      rewrite: What to put there; "\\1" to "\\9" stand for groups, "\\0" for the whole match.
      replace_global: Whether every match is replaced, or the first one only.
      name: Node name; "StaticRegexReplace" or "RegexReplace" by default.

    Returns:
      String tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the expression cannot be read.

    >>> tf.Session().run(tf.regex_replace("a1b22", "[0-9]+", "#"))
    b'a#b#'
    """
    if isinstance(pattern, str | bytes) and isinstance(rewrite, str | bytes):
        return apply_op(
            "StaticRegexReplace", input, pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name
        )
    return apply_op("RegexReplace", input, pattern, rewrite, replace_global=replace_global, name=name)


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether whole texts match a regular expression.

    Args:
      input: String tensor.
      pattern: RE2 expression: a Python string, or a scalar string tensor.
      name: Node name; "StaticRegexFullMatch" or "RegexFullMatch" by default.

    Returns:
      bool tensor of the same shape.

    Raises:
      InvalidArgumentError: when run, if the expression cannot be read.

    >>> tf.Session().run(tf.strings.regex_full_match(["a1", "1a"], "[a-z][0-9]")).tolist()
    [True, False]
    """
    if isinstance(pattern, str | bytes):
        return apply_op("StaticRegexFullMatch", input, pattern=pattern, name=name)
    return apply_op("RegexFullMatch", input, pattern, name=name)
