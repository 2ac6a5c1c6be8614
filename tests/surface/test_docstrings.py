"""Every public object has a docstring, and the examples in docstrings run as written."""

from __future__ import annotations

import doctest
import inspect
import sys
from typing import Any

import numpy as np
import pytest

import scopedjax
from tests.surface import pages

DOCUMENTED = list(pages.documented())
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _own_members(value: Any) -> list[tuple[str, Any]]:
    """Methods and properties that a class of ours defines itself."""
    if not inspect.isclass(value):
        return []
    kinds = (staticmethod, classmethod, property)
    return [
        (name, member)
        for name, member in vars(value).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, kinds))
    ]


@pytest.mark.parametrize(("path", "value"), DOCUMENTED, ids=[path for path, _ in DOCUMENTED])
def test_has_a_docstring(path: str, value: Any) -> None:
    missing = [] if (vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__) else [path]
    for name, _ in _own_members(value):
        # A method may take over the words of the one that it overrides.
        if not any(inspect.getdoc(getattr(base, name, None)) for base in value.__mro__):
            missing.append(f"{path}.{name}")
    assert not missing, f"no docstring: {missing}"


def _doctests(path: str, value: Any) -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=True)
    found = list(finder.find(value, name=path, module=False, globs={}))
    for name, member in _own_members(value):
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        found += finder.find(function, name=f"{path}.{name}", module=False, globs={})
    return [test for test in found if test.examples]


EXAMPLES = [test for path, value in DOCUMENTED for test in _doctests(path, value)]


@pytest.mark.parametrize("example", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_examples_run(example: doctest.DocTest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A reader's process has no TensorFlow in it; this one may, since other tests compare with it.
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    output: list[str] = []
    with scopedjax.Graph().as_default():
        example.globs = {"tf": scopedjax, "np": np}
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(example, out=output.append, clear_globs=True)
    assert runner.summarize(verbose=False).failed == 0, "".join(output)


def test_the_pages_have_examples() -> None:
    """A page without examples would make the test above pass for nothing."""
    assert len(EXAMPLES) >= 50
