"""Programs that write files: each run gets a new current folder, whose name is taken out of the results."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from tests import oracle


@contextlib.contextmanager
def new_current_folder() -> Iterator[str]:
    """A new folder that is the current one until the end of the block."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def same_in_folders(program: Callable[..., Any], *args: Any, rtol: float | None = None, atol: float = 0.0) -> Any:
    """Runs `program(tf, *args)` on both namespaces, each in a new current folder; the results must be equal."""

    def run(tf: Any) -> Any:
        with new_current_folder() as folder:
            return without(folder, program(tf, *args))

    return oracle.check_both(run, rtol=rtol, atol=atol)


def without(folder: str, value: Any) -> Any:
    """A result with the folder's name replaced."""
    if isinstance(value, str):
        return value.replace(folder, "FOLDER")
    if isinstance(value, (list, tuple)):
        return type(value)(without(folder, v) for v in value)
    if isinstance(value, dict):
        return {k: without(folder, v) for k, v in value.items()}
    return value


def raised(action: Callable[[], Any]) -> tuple[str, str] | None:
    """Type and first sentence of what an action raises."""
    try:
        action()
    except Exception as error:
        message = oracle.key_phrase(str(getattr(error, "message", error)))
        return type(error).__name__, message.split(". ")[0].split(", but")[0]
    return None
