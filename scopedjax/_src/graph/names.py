"""TF1's naming rules: which names are legal, and how a name that is taken becomes `name_1`, `name_2`, ...

Uniqueness ignores case (`Foo` after `foo` becomes `Foo_1`), and every prefix of a scoped name counts as taken, so that
a scope and a node never share a name by accident.
"""

from __future__ import annotations

import re

_VALID_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_VALID_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")


def check_op_name(name: str) -> None:
    """Raises ValueError unless `name` may be a node's name."""
    if not _VALID_OP_NAME.match(name):
        raise ValueError(
            f"'{name}' is not a valid node name. It starts with a letter, a digit or '.', "
            "and goes on with letters, digits, and the characters _ . \\ / > -"
        )


def check_scope_name(name: str, at_root: bool) -> None:
    """Raises ValueError unless `name` may open a name scope; a scope at the root must be a legal node name."""
    if at_root and name:
        valid = _VALID_OP_NAME.match(name)
    else:
        valid = _VALID_SCOPE_NAME.match(name)
    if not valid:
        raise ValueError(
            f"'{name}' is not a valid {'root ' if at_root else ''}scope name. It uses letters, digits, and the "
            "characters _ . \\ / > -" + (", and at the root it starts with a letter, a digit or '.'" if at_root else "")
        )


class NameTable:
    """The names in use in one graph."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def unique(self, full_name: str, mark_as_used: bool = True) -> str:
        """Returns `full_name`, or `full_name_N` with the smallest N that is free."""
        counts = self._counts
        key = full_name.lower()
        count = counts.get(key, 0)
        if mark_as_used:
            counts[key] = count + 1
        if count == 0:
            return full_name
        base = key
        while key in counts:
            key = f"{base}_{count}"
            count += 1
        if mark_as_used:
            counts[base] = count
            counts[key] = 1
        return f"{full_name}_{count - 1}"

    def take(self, name: str) -> None:
        """Marks a name that was chosen elsewhere (an imported node) as used."""
        key = name.lower()
        self._counts[key] = max(self._counts.get(key, 0), 1)

    def is_taken(self, name: str) -> bool:
        """Whether `name`, ignoring case, was given out already."""
        return name.lower() in self._counts
