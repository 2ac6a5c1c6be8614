"""`tf.app.run`: parses the flags, calls `main` and ends the process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from scopedjax._src.lib.platform.flags import FLAGS


def run(main: Callable[[list[str]], Any] | None = None, argv: list[str] | None = None) -> None:
    """Runs a program with a `main` function and flags.

    Flags that are not defined are passed to `main` with the other arguments, as in TF1.

    Args:
      main: Function of the arguments that are left, the program's name first; the `main` of the script by default.
      argv: The command line; `sys.argv` by default.

    Raises:
      SystemExit: with what `main` returned, when it has returned.
    """
    # absl's app defines flags of its own when it is imported, so that is left to programs that run with it.
    from absl import app as absl_app

    script: Any = sys.modules["__main__"]
    chosen: Callable[[list[str]], Any] = script.main if main is None else main

    def parse(args: list[str]) -> list[str]:
        return FLAGS(args if args else sys.argv, known_only=True)

    absl_app.run(main=chosen, argv=argv, flags_parser=parse)
