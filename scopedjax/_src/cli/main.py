"""`python -m scopedjax COMMAND`: reads the command line, runs a command, says in one line what went wrong.

Exit status: 0 done, 1 `diff` found differences, 2 something went wrong, 130 interrupted. A command's module is imported
when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

_COMMANDS: Final = {
    "inspect": ("inspection", "print the tensors of a checkpoint, .npz or .safetensors file"),
    "convert": ("conversion", "write the tensors of one file as another format, renamed if need be"),
    "diff": ("difference", "compare a checkpoint with a graph or another checkpoint; suggest renames"),
    "graph": ("census", "print what is in a graph: ops, inputs, outputs, parameters, scopes; draw it"),
}
_EPILOG: Final = """\
`python -m scopedjax COMMAND --help` tells the options of a command, with examples.
"""
TRACEBACK: Final = "SCOPEDJAX_TRACEBACK"
"""Environment variable that, set, lets errors through with their traceback."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
      argv: The arguments; default: those of the process.

    Returns:
      The exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _parser(arguments).parse_args(arguments)
        return _run(options)
    except SystemExit as stop:  # argparse has said what is wrong, or printed the help
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... | head`: who reads has seen enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        print(f"scopedjax: {_one_line(error)}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    module: Any = importlib.import_module(f"scopedjax._src.cli.{options.module}")
    status = module.run(options)
    sys.stdout.flush()
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; the options of a command are there only where that command is asked for."""
    parser = argparse.ArgumentParser(
        "python -m scopedjax",
        description="Looks at checkpoints and graphs of TensorFlow 1 programs, converts and compares them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module_name, summary) in _COMMANDS.items():
        if name not in arguments:
            commands.add_parser(name, help=summary)
            continue
        module: Any = importlib.import_module(f"scopedjax._src.cli.{module_name}")
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{module.__doc__.split('`: ', 1)[1].split(chr(10), 1)[0].capitalize()}",
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_options(command)
        command.set_defaults(module=module_name)
    return parser


def _one_line(error: BaseException) -> str:
    from scopedjax._src.base.errors import OpError
    from scopedjax._src.cli.tables import visible
    from scopedjax._src.cli.tensor_files import CommandError

    if isinstance(error, OpError):
        text = f"{type(error).__name__.removesuffix('Error')}: {error.message}"
    elif isinstance(error, CommandError):
        text = str(error)
    elif isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = f"{type(error).__name__}: {error} ({TRACEBACK}=1 shows where)"
    return visible(" ".join(text.split()))
