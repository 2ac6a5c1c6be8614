"""Which public names a comparison with real TensorFlow calls, read from the tests: a partial run knows it too.

    tests/ops/cases/*.py     every row is recorded once, on a namespace that writes down what is asked of it
    other tests              the source is read: `tf.nn.relu` inside a body, that is a function or a lambda that takes
                             the namespace (`def body(tf)`), or inside a test that takes both namespaces in turn

A module of tests counts when it asks the oracle (`ASKS`) or when such a module imports it (`tests/golden/*.py` hold the
bodies that TensorFlow 1.15 answered). A test function whose argument `tf` is the fixture runs on scopedjax alone, so
what it calls is evidence only where it reads such a record. A body that looks names up (`getattr(tf.nn, name)`) stands
for those names that the module spells out as strings; a program that is text (`"tf.exp({x})"`) is read as text. A
module whose names are computed lists them itself, in `COMPARES`.

An object counts once however many paths lead to it: evidence is kept by `id`.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import pkgutil
import re
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import scopedjax
from tests.surface import source

TESTS = source.ROOT / "tests"
# A module that calls one of these holds scopedjax against TensorFlow, live or as recorded.
ASKS = {"both", "check_both", "check_both_raise", "run_body", "real_tf", "golden", "assert_agree", "same"}
# What bodies call the namespace, or a page of it.
SPACES: dict[str, tuple[str, ...]] = {"tf": ("",), "nest": ("nest",)}
# The same where one module has names of its own for them; "f()" is what its function f returns.
OWN_SPACES: dict[str, dict[str, tuple[str, ...]]] = {
    "tests.lib.platform.test_gfile": {"g": ("gfile", "io.gfile")},
    "tests.lib.lookup.test_tables": {"functions()": ("contrib.lookup",)},
    "tests.lib.rnn.test_cells": {"c": ("nn.rnn_cell", "contrib.rnn")},
    "tests.bridge.test_checkpoint_reader": {"train": ("train",)},
    "tests.bridge.test_checkpoint_state": {"train": ("train",), "reader": ("train",), "checkpoint_state": ("train",)},
    "tests.golden.former_names": {"page": ("",)},
}
BODIES = ast.FunctionDef | ast.Lambda
_CHAIN_IN_TEXT = re.compile(r"\b(?:tf\.|(?=nest\.))([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")


# ------------------------------------------------------------------------------------------------- what was found


def compared() -> dict[int, set[str]]:
    """id of a public object -> the modules of tests that compare it."""
    found: dict[int, set[str]] = {}
    for path, where in [*_rows(), *_read()]:
        for value in _objects(path):
            found.setdefault(id(value), set()).add(where)
    return found


def _objects(path: str) -> Iterator[Any]:
    """What `tf.<path>` names; `nn.relu.__doc__` or `Graph.as_default` end at the first thing that is no module."""
    value: Any = scopedjax
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            return
        if not isinstance(value, types.ModuleType):
            yield value
            return


# ------------------------------------------------------------------------------------------------ rows of the tables


class Recorder:
    """A namespace that notes which names are asked of it; what it gives are the real objects."""

    def __init__(self, target: Any, path: str, asked: set[str]) -> None:
        self._target, self._path, self._asked = target, path, asked

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        path = f"{self._path}.{name}" if self._path else name
        if isinstance(value, types.ModuleType):
            return Recorder(value, path, self._asked)
        self._asked.add(path)
        return value


@functools.cache
def _rows() -> tuple[tuple[str, str], ...]:
    """(path, module) of everything that a row of a table calls."""
    from tests.ops import cases

    found = []
    for module in pkgutil.iter_modules(cases.__path__):
        asked: set[str] = set()
        tf = Recorder(scopedjax, "", asked)
        for case in importlib.import_module(f"tests.ops.cases.{module.name}").CASES:
            arrays = case.arrays(case.dtypes[0])
            with scopedjax.Graph().as_default():
                tensors = [
                    scopedjax.placeholder("string" if a.dtype.kind in "OSU" else a.dtype.name, list(a.shape))
                    for a in arrays
                ]
                try:
                    case.call(tf, *tensors)
                except Exception:
                    if not case.fails:
                        raise
        found += [(path, f"ops/cases/{module.name}") for path in asked]
    return tuple(found)


# --------------------------------------------------------------------------------------------------- other tests


@functools.cache
def _read() -> tuple[tuple[str, str], ...]:
    """(path, module) of everything that the other comparing modules call."""
    modules = {m.name: m for m in map(source.parse, sorted(TESTS.rglob("*.py")))}
    comparing = {name for name, m in modules.items() if _asks(m.tree) and not name.startswith("tests.surface")}
    todo = sorted(comparing)
    while todo:
        for target in source.imports(modules[todo.pop()]):
            for name in (target.target, target.target.rpartition(".")[0]):
                if name in modules and name not in comparing and not name.startswith("tests.surface"):
                    comparing.add(name)
                    todo.append(name)
    found = set()
    for name in comparing - {"tests.oracle", "tests.conftest", "tests.ops.engine"}:
        if name.startswith("tests.ops.cases."):
            continue
        found |= {(path, name) for path in names_in(modules[name].tree, OWN_SPACES.get(name))}
        if "COMPARES" in modules[name].text:
            found |= {(path, name) for path in importlib.import_module(name).COMPARES}
    return tuple(sorted(found))


def _asks(tree: ast.Module) -> bool:
    return any(isinstance(n, ast.Call) and _last_name(n.func) in ASKS for n in ast.walk(tree)) or bool(_records(tree))


def _records(tree: ast.Module) -> set[str]:
    """Names of a module that hold a record of TensorFlow 1.15: constants and fixtures."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.FunctionDef) and any(
            _last_name(n) in ("golden", "GOLDEN") for n in ast.walk(node)
        ):
            found |= {node.name} if isinstance(node, ast.FunctionDef) else {_last_name(t) for t in node.targets}
    return found


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def names_in(tree: ast.Module, spaces: dict[str, tuple[str, ...]] | None = None) -> set[str]:
    """Paths below `tf` that the bodies of one module use."""
    spaces = SPACES | (spaces or {})
    words = set(_words(tree))
    found: set[str] = set()
    for text in words:
        found |= _names_in_text(text)
    for body in _bodies(tree, spaces, _records(tree)):
        aliases = _aliases(body, spaces)
        found |= _chains(body, aliases)
        found |= set(_looked_up(body, aliases, words))
    return found


def _names_in_text(text: str) -> set[str]:
    """Names in a program that is text: read as a program where it is a whole one."""
    if "\n" in text:
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(textwrap.dedent(text))
            return _chains(tree, _aliases(tree, SPACES))
    return {m.group(1) for m in _CHAIN_IN_TEXT.finditer(text)}


def _words(tree: ast.Module) -> Iterator[str]:
    """Strings of a module that are not docstrings."""
    described = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes: list[Any] = [n for n in ast.walk(tree) if isinstance(n, described)]
    firsts = [n.body[0] for n in nodes if n.body]
    docs = {id(first.value) for first in firsts if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def _bodies(
    tree: ast.AST, spaces: dict[str, tuple[str, ...]], records: set[str], alone: bool = False
) -> Iterator[ast.AST]:
    """Functions that take the namespace, outermost only; `alone` inside a test whose `tf` is the fixture."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, BODIES) and _parameters(node) & set(spaces):
            fixture = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if not fixture or any({_last_name(n), getattr(n, "arg", "")} & records for n in ast.walk(node)):
                yield node
                continue
            yield from _bodies(node, spaces, records, alone=True)
        elif isinstance(node, ast.FunctionDef) and not alone and _binds_tf(node):
            yield node
        else:
            yield from _bodies(node, spaces, records, alone)


def _parameters(node: Any) -> set[str]:
    return {a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}


def _binds_tf(node: ast.FunctionDef) -> bool:
    """`for tf in (real_tf(), our_tf())`, `tf = real_tf()`."""
    for n in ast.walk(node):
        if isinstance(n, ast.For | ast.Assign | ast.comprehension):
            target = n.targets[0] if isinstance(n, ast.Assign) else n.target
            value = n.value if isinstance(n, ast.Assign) else n.iter
            if getattr(target, "id", "") == "tf" and any(
                isinstance(c, ast.Call) and _last_name(c.func) == "real_tf" for c in ast.walk(value)
            ):
                return True
    return False


def _paths(node: ast.AST, aliases: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """`nn.relu` of the expression `tf.nn.relu`; "" of `tf` itself; nothing of what does not begin at the namespace."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    base = f"{_last_name(node.func)}()" if isinstance(node, ast.Call) else getattr(node, "id", None)
    return tuple(".".join([*([start] if start else []), *reversed(names)]) for start in aliases.get(str(base), ()))


def _aliases(body: ast.AST, spaces: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Names that stand for pages: those given, and `k` after `k = tf.keras.layers`."""
    aliases = dict(spaces)
    for node in ast.walk(body):
        if isinstance(node, ast.Assign):
            for target, value in _parts(node.targets[0], node.value):
                paths = _paths(value, aliases)
                if paths and isinstance(target, ast.Name):
                    aliases[target.id] = paths
    return aliases


def _parts(target: ast.AST, value: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
    """The single assignments of `a, b = x, y`."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _chains(body: ast.AST, aliases: dict[str, tuple[str, ...]]) -> set[str]:
    return {path for node in ast.walk(body) if isinstance(node, ast.Attribute) for path in _paths(node, aliases)}


def _looked_up(body: ast.AST, aliases: dict[str, tuple[str, ...]], words: set[str]) -> Iterator[str]:
    """Names that `getattr(tf.nn, name)`, `attrgetter(name)(tf)` or `tf.keras.losses.get(name)` may stand for."""
    for node in ast.walk(body):
        if not isinstance(node, ast.Call):
            continue
        how = _last_name(node.func.func if isinstance(node.func, ast.Call) else node.func)
        if how == "getattr" and len(node.args) >= 2:
            pages, name = _paths(node.args[0], aliases), node.args[1]
        elif how == "attrgetter" and isinstance(node.func, ast.Call) and node.args:
            pages, name = _paths(node.args[0], aliases), node.func.args[0]
        elif how == "get" and isinstance(node.func, ast.Attribute) and node.args:
            pages, name = _paths(node.func.value, aliases), node.args[0]
        else:
            continue
        yield from (f"{page}.{word}" if page else word for page in pages for word in _spellings(name, words))


def _spellings(name: ast.AST, words: set[str]) -> Iterator[str]:
    if isinstance(name, ast.Constant):
        yield str(name.value)
    elif isinstance(name, ast.JoinedStr):
        fixed = [str(p.value) if isinstance(p, ast.Constant) else None for p in name.values]
        yield from ("".join(word if part is None else part for part in fixed) for word in words)
    else:
        yield from words
