"""The program `scopedjax`, which is `python -m scopedjax` without the wait.

Importing the package brings JAX and every op along (*measured*: 2.7 s of processor time), and most commands need
neither: they read files. Python runs `scopedjax/__init__.py` before any module of the package, so this module, which
lies beside it, puts the package in place without running that file. It is for this program only: a process that goes
on to use TensorFlow's names needs the real import, as `python -m scopedjax` does it.

    scopedjax --help          0.04 s       python -m scopedjax --help          2.7 s
    scopedjax inspect FILE    0.24 s       python -m scopedjax inspect FILE    2.9 s
"""

from __future__ import annotations

import importlib.util
import sys


def main() -> int:
    """Runs the command line; returns the exit status."""
    if "scopedjax" not in sys.modules:
        spec = importlib.util.find_spec("scopedjax")
        if spec is not None:
            sys.modules["scopedjax"] = importlib.util.module_from_spec(spec)  # not executed
    from scopedjax._src.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
