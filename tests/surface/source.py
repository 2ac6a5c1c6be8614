"""The package's source files as syntax trees, for the tests that read code instead of running it."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scopedjax"


@dataclass(frozen=True)
class Module:
    """One file: its path, dotted name, text and tree."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether relative imports count from the module itself."""
        return self.path.name == "__init__.py"

    @property
    def where(self) -> str:
        """Path below the repository root."""
        return str(self.path.relative_to(ROOT))


def parse(path: Path, root: Path = ROOT) -> Module:
    """The module of one file."""
    text = path.read_text()
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    return Module(path, name, text, ast.parse(text, filename=str(path)))


@functools.cache
def modules() -> tuple[Module, ...]:
    """All modules of the package, by path."""
    return tuple(parse(path) for path in sorted(PACKAGE.rglob("*.py")))


def test_files() -> Iterator[Path]:
    """All Python files of the tests and examples."""
    for folder in ("tests", "examples"):
        yield from sorted((ROOT / folder).rglob("*.py"))


@dataclass(frozen=True)
class Import:
    """One imported module name, with the line, and whether it happens at run time inside a function."""

    target: str
    line: int
    lazy: bool
    typing_only: bool


def imports(module: Module) -> Iterator[Import]:
    """Every module that `module` imports, in absolute names; `from a import b` yields `a.b` (b may be a module)."""
    yield from _walk(module, module.tree, lazy=False, typing_only=False)


def _walk(module: Module, node: ast.AST, lazy: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, lazy, typing_only)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(module, child)
            for alias in child.names:
                yield Import(f"{base}.{alias.name}", child.lineno, lazy, typing_only)
        elif isinstance(child, ast.Call) and _imported_by_call(child):
            yield Import(_imported_by_call(child) or "", child.lineno, lazy, typing_only)
            yield from _walk(module, child, lazy, typing_only)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from _walk(module, child, lazy or inside, typing_only or for_types)


def _imported_by_call(call: ast.Call) -> str | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in ("import_module", "__import__") and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    return None


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + (1 if module.is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])
