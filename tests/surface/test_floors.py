"""The floors of the package: each imports only lower ones, so that any part can be read without those above it.

    base 0 < graph 1 < ops 2 < lower 3, variables 3 < runtime 4 < lib 5 < bridge 6 < cli 7 < contents pages

Two exceptions, both on purpose. A function may import the bridge whatever its floor (a Saver reaches Orbax so): the
bridge is loaded on first use. And what is imported for type annotations only (`if TYPE_CHECKING:`) is no edge.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.surface import source
from tests.surface.source import Import, Module

FLOORS = {"base": 0, "graph": 1, "ops": 2, "lower": 3, "variables": 3, "runtime": 4, "lib": 5, "bridge": 6, "cli": 7}
PAGES = 8
# What a floor may import from outside: numpy and its dtypes for the lowest, protobufs for the graph, never jax there.
NO_JAX = {"base", "graph"}
BASE_LIBRARIES = {"numpy", "ml_dtypes", "scopedjax"}


def floor_of(name: str) -> str:
    """Floor of a dotted module name of the package; "" for the contents pages."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[1] == "_src" else ""


def edge_problem(module: Module, edge: Import) -> str | None:
    """Why `edge` is not allowed, or None."""
    here = floor_of(module.name)
    top = edge.target.split(".")[0]
    if edge.target.startswith("jax._src") or ".jax._src" in edge.target:
        return "jax._src is JAX's private part"
    if top == "tensorflow" or top == "tf_keras":
        return "TensorFlow is for tests only"
    if edge.typing_only:
        return None
    if here in NO_JAX and top in ("jax", "jaxlib", "flax", "optax", "orbax"):
        return f"{here}/ does not import {top}"
    if here == "base" and not edge.lazy and top not in BASE_LIBRARIES and not is_standard(top):
        return f"base/ needs numpy and ml_dtypes only, not {top}"
    if top != "scopedjax":
        return None
    return _floor_problem(here, edge)


def _floor_problem(here: str, edge: Import) -> str | None:
    there = floor_of(edge.target)
    if not here:
        return None  # a contents page may show everything
    if not there:
        return None if edge.target.startswith("scopedjax._src") else f"{here}/ imports the contents page {edge.target}"
    if there == here or (there == "bridge" and edge.lazy):
        return None
    if there not in FLOORS:
        return f"{there}/ is not a floor"
    if FLOORS[there] >= FLOORS[here]:
        return f"{here}/ (floor {FLOORS[here]}) imports {there}/ (floor {FLOORS[there]})"
    return None


def is_standard(name: str) -> bool:
    """Whether a top-level module belongs to Python itself."""
    import sys

    return name in sys.stdlib_module_names


@pytest.mark.parametrize("module", source.modules(), ids=lambda m: m.where)
def test_imports_go_down(module: Module) -> None:
    problems = [
        f"{module.where}:{edge.line}: {edge.target}: {problem}"
        for edge in source.imports(module)
        if (problem := edge_problem(module, edge))
    ]
    assert not problems, "\n".join(problems)


def test_every_folder_is_a_floor() -> None:
    folders = {p.name for p in (source.PACKAGE / "_src").iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders <= set(FLOORS), f"not floors: {sorted(folders - set(FLOORS))}"


def test_cold_floors_stay_cold() -> None:
    """Importing the package loads neither the bridge nor the command line nor TensorFlow."""
    import subprocess
    import sys

    code = "import sys, scopedjax; print([m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'tf_keras')"
    code += " or m.startswith(('scopedjax._src.bridge.', 'scopedjax._src.cli.', 'orbax'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=source.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("scopedjax._src.base.a", "import jax", "does not import jax"),
        ("scopedjax._src.base.a", "import yaml", "numpy and ml_dtypes only"),
        ("scopedjax._src.graph.a", "from scopedjax._src.ops import registry", "(floor 2)"),
        ("scopedjax._src.graph.a", "from ..ops import registry", "(floor 2)"),
        ("scopedjax._src.lower.a", "from scopedjax._src import variables", "(floor 3)"),
        ("scopedjax._src.variables.a", "def f():\n  from scopedjax._src.lower import plan", "(floor 3)"),
        ("scopedjax._src.lib.a", "from scopedjax._src.bridge import orbax", "(floor 6)"),
        ("scopedjax._src.lib.a", "import scopedjax as tf", "contents page"),
        ("scopedjax._src.ops.a", "from jax._src import core", "private"),
        ("scopedjax._src.ops.a", "import importlib\nimportlib.import_module('jax._src.core')", "private"),
        ("scopedjax._src.lib.a", "def f():\n  from scopedjax._src.bridge import orbax", None),
        ("scopedjax._src.graph.a", "if TYPE_CHECKING:\n  from scopedjax._src.ops import registry", None),
        ("scopedjax._src.runtime.a", "from scopedjax._src.lower import plan\nimport jax", None),
    ],
)
def test_the_rule_itself(name: str, text: str, expected: str | None) -> None:
    module = Module(Path("a.py"), name, text, ast.parse(text))
    problems = [p for edge in source.imports(module) if (p := edge_problem(module, edge))]
    assert (expected is None and not problems) or any(expected and expected in p for p in problems), problems
