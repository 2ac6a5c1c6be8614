"""`scopedjax.install()`: makes `import tensorflow as tf` mean scopedjax in this process.

    import scopedjax; scopedjax.install()
    import tensorflow as tf                    # scopedjax
    import tensorflow.compat.v1 as tf          # scopedjax
    from tensorflow import nn                  # scopedjax.nn

A finder is put in front of Python's own, which answers for `tensorflow` and everything below it with the module of
the same path below `scopedjax`. Nothing is written anywhere, and `uninstall` takes it back.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_NAME = "tensorflow"


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tensorflow.x` as `scopedjax.x`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Returns a spec for `tensorflow` and the names below it."""
        if fullname != _NAME and not fullname.startswith(_NAME + "."):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Returns scopedjax's own module of that path."""
        path = spec.name[len(_NAME) + 1 :]
        ours = f"scopedjax.{path}" if path else "scopedjax"
        try:
            module = importlib.import_module(ours)
        except ModuleNotFoundError as error:
            if error.name != ours and not ours.startswith(f"{error.name}."):
                raise
            module = self._attribute(path, spec.name)
        return _Alias(module)

    @staticmethod
    def _attribute(path: str, name: str) -> Any:
        """Returns what `tf.path` is, where it is no module file of its own."""
        found: Any = sys.modules["scopedjax"]
        for part in path.split("."):
            try:
                found = getattr(found, part)
            except AttributeError as error:
                raise ModuleNotFoundError(f"No module named '{name}': {error}", name=name) from error
        return found

    def exec_module(self, module: ModuleType) -> None:
        """Puts scopedjax's module in the place of the alias that Python's import made."""
        alias: Any = module
        sys.modules[module.__spec__.name] = alias._target  # type: ignore[union-attr]


class _Alias(ModuleType):
    """Stands for a module until it has been imported, so that the module's own `__spec__` is not changed."""

    def __init__(self, target: ModuleType) -> None:
        super().__init__(target.__name__)
        self._target = target


_finder = _Finder()


def install() -> None:
    """Makes `import tensorflow` give scopedjax, for the rest of the process.

    Raises:
      RuntimeError: TensorFlow itself was imported before.

    >>> import scopedjax
    >>> scopedjax.install()
    >>> import tensorflow.compat.v1 as tf1
    >>> tf1 is scopedjax
    True
    >>> scopedjax.uninstall()
    """
    loaded = sys.modules.get(_NAME)
    if loaded is not None and loaded.__name__ != "scopedjax":
        raise RuntimeError(
            "scopedjax.install(): TensorFlow is imported already in this process. Call install() before the first "
            "`import tensorflow`."
        )
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Takes `install` back: `import tensorflow` is again what Python finds."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == _NAME or n.startswith(_NAME + ".")]:
        if getattr(sys.modules[name], "__name__", "").startswith("scopedjax"):
            del sys.modules[name]
