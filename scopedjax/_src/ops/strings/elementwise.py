"""What the string ops share: a NumPy object array of bytes, one element at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import errors


def invalid(message: str) -> errors.InvalidArgumentError:
    """The error of a value that an op cannot take."""
    return errors.InvalidArgumentError(None, None, message)


def each(function: Callable[[bytes], Any], texts: np.ndarray, dtype: Any = object) -> np.ndarray:
    """An array of the results of `function`, of the same shape."""
    result = np.empty(texts.shape, dtype)
    flat = result.reshape(-1)
    for i, text in enumerate(texts.reshape(-1)):
        flat[i] = function(text)
    return result


def array_of(items: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An object array of a list, which NumPy would otherwise take apart."""
    result = np.empty(len(items), object)
    for i, item in enumerate(items):
        result[i] = item
    return result.reshape(shape)


def shown(text: bytes) -> str:
    """A text for an error message."""
    return text.decode("utf-8", "replace")
