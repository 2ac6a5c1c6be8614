"""Files and functions stay small enough to be read in one go, and every module says what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.surface import source
from tests.surface.source import Module

FILE_LINES = 700
FUNCTION_LINES = 60  # no function is longer
USUAL_FUNCTION_LINES = 40  # few are longer
FEW = 0.02
NOT_A_NOUN = {"util", "utils", "helpers", "helper", "misc", "common", "tools", "stuff"}


def functions(module: Module) -> Iterator[tuple[str, int, int]]:
    """(name, line, lines of its body without its docstring) of every function."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield node.name, node.lineno, lines


@pytest.mark.parametrize("module", source.modules(), ids=lambda m: m.where)
def test_module(module: Module) -> None:
    problems = []
    lines = module.text.count("\n")
    if lines > FILE_LINES:
        problems.append(f"{module.where} has {lines} lines: split it by sub-family")
    if module.path.stem in NOT_A_NOUN:
        problems.append(f"{module.where}: a file is a noun that says what is in it")
    if module.text.strip() and not ast.get_docstring(module.tree):
        problems.append(f"{module.where} does not say what it is for")
    for name, line, length in functions(module):
        if length > FUNCTION_LINES:
            problems.append(f"{module.where}:{line}: {name} has {length} lines")
    assert not problems, "\n".join(problems)


def test_few_functions_are_long() -> None:
    every = [(f"{m.where}:{line} {name}", length) for m in source.modules() for name, line, length in functions(m)]
    long = [f"{where}: {length} lines" for where, length in every if length > USUAL_FUNCTION_LINES]
    assert len(long) <= max(1, FEW * len(every)), f"{len(long)} of {len(every)} functions are long:\n" + "\n".join(long)


def test_test_files_are_small_too() -> None:
    long = {
        p.relative_to(source.ROOT): n for p in source.test_files() if (n := p.read_text().count("\n")) > 2 * FILE_LINES
    }
    assert not long
