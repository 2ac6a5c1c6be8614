"""The public objects of scopedjax: what the contents pages show, by the paths under which users reach them."""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scopedjax


def pages() -> dict[str, types.ModuleType]:
    """Every contents page by its path below the package ("" for the package itself, "nn", "contrib.layers", ...)."""
    found = {"": scopedjax}
    root = Path(scopedjax.__file__).parent
    for file in sorted(root.rglob("*.py")):
        parts = list(file.relative_to(root).with_suffix("").parts)
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        # compat.v1 is the package itself once more.
        if not parts or any(part.startswith("_") for part in parts) or parts[:2] == ["compat", "v1"]:
            continue
        found[".".join(parts)] = importlib.import_module("scopedjax." + ".".join(parts))
    return found


def public() -> Iterator[tuple[str, Any]]:
    """(path, object) of everything public, such as ("nn.relu", <function>); modules are left out."""
    for path, page in pages().items():
        if path.startswith("compat"):
            continue  # the same objects once more
        for name, value in sorted(vars(page).items()):
            if name.startswith("_") or isinstance(value, types.ModuleType) or is_foreign(value):
                continue
            yield (f"{path}.{name}" if path else name), value


def is_foreign(value: Any) -> bool:
    """Whether something on a page comes from elsewhere (`annotations`, `Any`), or is shown as it is (`np.float32`)."""
    module = getattr(value, "__module__", None)
    return module is not None and not str(module).startswith("scopedjax") and not inspect.isroutine(value)


def documented() -> Iterator[tuple[str, Any]]:
    """Public functions and classes, each once, under its shortest path."""
    first: dict[int, tuple[str, Any]] = {}
    for path, value in public():
        if not (inspect.isroutine(value) or inspect.isclass(value)):
            continue
        known = first.get(id(value))
        if known is None or (path.count("."), path) < (known[0].count("."), known[0]):
            first[id(value)] = (path, value)
    yield from sorted(first.values(), key=lambda item: item[0])
