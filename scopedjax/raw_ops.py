"""`tf.raw_ops`: every op type as a function of keyword arguments, `tf.raw_ops.AddV2(x=1, y=2)`."""

from __future__ import annotations

from typing import Any

from scopedjax._src.ops.raw import function as _function
from scopedjax._src.ops.raw import names as _names


def __dir__() -> list[str]:
    return _names()


def __getattr__(name: str) -> Any:
    return _function(name)
