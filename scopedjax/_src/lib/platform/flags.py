"""`tf.flags`: absl's flags with two habits of TF1.

`FLAGS` reads the command line when a flag is first looked at, so that a script need not call `tf.app.run`. And the
`DEFINE_*` functions that TF1 had of old take its names of arguments too (`flag_name`, `default_value`, `docstring`).
All flags live in `absl.flags.FLAGS`, where other libraries find them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from absl import flags as _flags

from scopedjax._src.lib.platform import logging

_OLD_NAMES: Final = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class FlagValuesOfTheCommandLine:
    """absl's `FlagValues` that parse `sys.argv` when a flag is first asked for.

    Args:
      values: What holds the flags.
    """

    def __init__(self, values: _flags.FlagValues) -> None:
        self.__dict__["_values"] = values

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            return super().__getattribute__(name)
        return self.__dict__["_values"].__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__["_values"]
        if not values.is_parsed():
            values(sys.argv)
        return values.__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_values"].__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__["_values"].__delattr__(name)

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_values"])

    def __getitem__(self, name: str) -> Any:
        return self.__dict__["_values"][name]

    def __setitem__(self, name: str, flag: Any) -> None:
        self.__dict__["_values"][name] = flag

    def __len__(self) -> int:
        return len(self.__dict__["_values"])

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__["_values"])

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__["_values"]

    def __repr__(self) -> str:
        return repr(self.__dict__["_values"])

    def __call__(self, *args: Any, **kwargs: Any) -> list[str]:
        return self.__dict__["_values"](*args, **kwargs)


FLAGS = FlagValuesOfTheCommandLine(_flags.FLAGS)


def _with_old_names(define: Callable[..., Any]) -> Callable[..., Any]:
    """`define`, which also takes TF1's names of its arguments."""

    @functools.wraps(define)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if kwargs.keys() & _OLD_NAMES.keys():
            logging.warn(
                "%s: flag_name, default_value and docstring are deprecated names, use name, default and help.",
                define.__name__,
            )
            kwargs = {_OLD_NAMES.get(name, name): value for name, value in kwargs.items()}
        return define(*args, **kwargs)

    return wrapper


DEFINE_bool: Final = _with_old_names(_flags.DEFINE_bool)
DEFINE_boolean: Final = _with_old_names(_flags.DEFINE_boolean)
DEFINE_float: Final = _with_old_names(_flags.DEFINE_float)
DEFINE_integer: Final = _with_old_names(_flags.DEFINE_integer)
DEFINE_string: Final = _with_old_names(_flags.DEFINE_string)


def __getattr__(name: str) -> Any:
    # tf.flags shows all of absl's names.
    return getattr(_flags, name)


__all__ = sorted({*_flags.__all__})  # pyright: ignore[reportUnsupportedDunderAll]
