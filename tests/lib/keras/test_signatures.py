"""Parameters of tf.keras are those of TensorFlow 1.15, in their order."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.lib.keras.test_answers import ANSWERS
from tests.surface import pages

# TF 1.15 declares *args, **kwargs, or is a wrapper that hides what it takes.
# (InputSpec is also on tf.layers, where compat.v1 of 2.21 is the judge.)
HIDDEN = (["args", "kwargs"], ["args"], ["kwargs"], None)


def _parameters(value: Any) -> list[str]:
    function = value.__init__ if inspect.isclass(value) else value
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def test_parameters() -> None:
    theirs = ANSWERS["signatures"]
    wrong = {}
    for path, value in pages.public():
        wanted = theirs.get(path)
        if not path.startswith("keras.") or not callable(value) or wanted in HIDDEN or path.endswith("InputSpec"):
            continue
        if _parameters(value) != wanted:
            wrong[path] = (wanted, _parameters(value))
    assert not wrong


@pytest.mark.parametrize("path", ["models.Model", "models.Sequential", "layers.Layer"])
def test_methods(path: str) -> None:
    import scopedjax.keras as keras

    page, name = path.split(".")
    cls = getattr(getattr(keras, page), name)
    wrong = {}
    for method in dir(cls):
        wanted = ANSWERS["signatures"].get(f"keras.{path}.{method}")
        if wanted in HIDDEN or not callable(getattr(cls, method)):
            continue
        if _parameters(getattr(cls, method)) != wanted:
            wrong[method] = (wanted, _parameters(getattr(cls, method)))
    assert not wrong
