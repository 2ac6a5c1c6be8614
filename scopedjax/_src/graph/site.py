"""The user's line: which statement outside this package made a node.

Every error at run time names it, so it is recorded for every node; that has to cost about a microsecond. Only the
innermost frame outside the package is kept, as (file, line, function).
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_PACKAGE_FILES: dict[str, bool] = {}


class Site(NamedTuple):
    """A place in the user's source: `filename`, 1-based `lineno`, and the name of the enclosing `function`."""

    filename: str
    lineno: int
    function: str

    def __str__(self) -> str:
        return f"{self.filename}:{self.lineno}"


def _is_package_file(filename: str) -> bool:
    known = _PACKAGE_FILES.get(filename)
    if known is None:
        known = _PACKAGE_FILES[filename] = filename.startswith(_PACKAGE) or filename.endswith("contextlib.py")
    return known


def user_site() -> Site:
    """Returns the innermost frame that is not part of this package."""
    frame = sys._getframe(1)
    last = frame
    while frame is not None:
        code = frame.f_code
        if not _is_package_file(code.co_filename):
            return Site(code.co_filename, frame.f_lineno, code.co_name)
        last, frame = frame, frame.f_back
    return Site(last.f_code.co_filename, last.f_lineno, last.f_code.co_name)
