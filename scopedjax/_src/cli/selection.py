"""Which tensors of a file a command deals with: `--select` and `--exclude`, regular expressions found in names."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence

from scopedjax._src.cli.tensor_files import CommandError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command."""
    parser.add_argument(
        "--select",
        metavar="REGEX",
        action="append",
        default=[],
        help="only tensors in whose name this is found; given several times, one of them is enough",
    )
    parser.add_argument(
        "--exclude", metavar="REGEX", action="append", default=[], help="no tensors in whose name this is found"
    )


def selected(names: Iterable[str], select: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """The names that the options leave.

    Raises:
      CommandError: An option is no regular expression, or nothing is left.
    """
    names = list(names)
    wanted, unwanted = _compiled("--select", select), _compiled("--exclude", exclude)
    left = [
        name
        for name in names
        if (not wanted or any(pattern.search(name) for pattern in wanted))
        and not any(pattern.search(name) for pattern in unwanted)
    ]
    if names and not left:
        raise CommandError(f"--select and --exclude leave none of the {len(names)} tensors")
    return left


def _compiled(option: str, patterns: Sequence[str]) -> list[re.Pattern[str]]:
    found: list[re.Pattern[str]] = []
    for pattern in patterns:
        try:
            found.append(re.compile(pattern))
        except (re.error, OverflowError, RecursionError) as error:
            raise CommandError(f"{option} {pattern!r} is no regular expression: {error}") from error
    return found
