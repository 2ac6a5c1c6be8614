"""Paths as TensorFlow takes them: text, bytes or `os.PathLike`, a leading `file://` dropped, and its file patterns."""

from __future__ import annotations

import os
import re
from typing import Any

from scopedjax._src.base import errors
from scopedjax._src.base.values import as_text

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


def local_path(path: Any) -> str:
    """A path as text without `file://`.

    Args:
      path: Text, bytes or `os.PathLike`.

    Raises:
      TypeError: it is none of these.
      UnimplementedError: it has a scheme other than `file`.
    """
    text = as_text(os.fspath(path) if isinstance(path, os.PathLike) else path)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return text
    if scheme.group(1) != "file":
        raise errors.UnimplementedError(
            None, None, f"File system scheme '{scheme.group(1)}' not implemented (file: '{text}')"
        )
    return text[scheme.end() :]


def _part_pattern(part: str) -> re.Pattern[str]:
    """One component of a pattern, where `*`, `?`, `[...]` and `\\` mean what they mean to TensorFlow."""
    text, at = "", 0
    while at < len(part):
        c = part[at]
        at += 1
        if c == "*":
            text += ".*"
        elif c == "?":
            text += "."
        elif c == "\\" and at < len(part):
            text += re.escape(part[at])
            at += 1
        elif c == "[":
            end = part.find("]", at + 1)
            if end < 0:
                return re.compile(r"(?!)")  # a bracket that is never closed matches nothing
            inside = part[at:end]
            negated = inside[:1] in ("!", "^")
            text += "[" + ("^" if negated else "") + inside[negated:].replace("\\", "\\\\").replace("[", "\\[") + "]"
            at = end + 1
        else:
            text += re.escape(c)
    return re.compile(text + r"\Z", re.DOTALL)


_MAGIC = re.compile(r"[*?\[\\]")


def matches(pattern: str) -> list[str]:
    """The paths that match a pattern, sorted within each folder; `*`, `?`, `[...]` as TensorFlow takes them."""
    if not _MAGIC.search(pattern):
        return [pattern] if pattern and os.path.lexists(pattern) else []
    # A relative pattern whose first part is one gives "./name", as in TF.
    found = ["/"] if pattern.startswith("/") else ["." if _MAGIC.search(pattern.split("/")[0]) else ""]
    for part in (p for p in pattern.split("/") if p):
        if _MAGIC.search(part):
            wanted = _part_pattern(part)
            found = [
                os.path.join(folder, name)
                for folder in found
                for name in _names(folder or ".")
                if wanted.match(name) and name
            ]
        else:
            joined = (os.path.join(folder, part) for folder in found)
            found = [path for path in joined if os.path.lexists(path)]
    return found


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # not a folder, or not ours to read: nothing in it matches
        return []
