"""Slices of tensors in checkpoints, as the strings with which SaveV2 and RestoreV2 name them.

    "4 3 2,2:0,3"       of a tensor of shape [4, 3]: from row 2 two rows, from column 0 three columns
    "4 3 2,2:-"         the same: "-" is the whole of a dimension
    ""                  the whole tensor

A partitioned variable is saved slice by slice and is one tensor in the checkpoint: slices that together are the whole
are put together (`joined`). Slices that are not, as in one shard of several, are kept each under a name of its own
(`partial_name`), until the shards are merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError

_PARTIAL = re.compile(r"(?P<name>.*) \[slice (?P<spec>[0-9 ,:-]+)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slice:
    """A box in a tensor.

    Attributes:
      full: Shape of the tensor.
      start: First index of each dimension.
      size: Length of each dimension.
    """

    full: tuple[int, ...]
    start: tuple[int, ...]
    size: tuple[int, ...]

    @property
    def place(self) -> tuple[slice, ...]:
        """The box as an index."""
        return tuple(slice(start, start + size) for start, size in zip(self.start, self.size, strict=True))


def parse_slice(spec: str) -> Slice | None:
    """Returns the slice that `spec` names, or None for a whole tensor.

    Raises:
      InvalidArgumentError: it names none.
    """
    if not spec:
        return None
    *sizes, boxes = spec.split(" ")
    try:
        full = tuple(int(size) for size in sizes)
        parts = [_part(text, size) for text, size in zip(boxes.split(":"), full, strict=True)]
    except ValueError as error:
        raise InvalidArgumentError(
            None,
            None,
            f"Unable to parse shape_and_slice spec '{spec}': it is the shape and, for each dimension, 'start,length' "
            f"or '-', as in '4 3 2,2:0,3' ({error})",
        ) from error
    return Slice(full, tuple(start for start, _ in parts), tuple(size for _, size in parts))


def _part(text: str, full: int) -> tuple[int, int]:
    if text == "-":
        return 0, full
    start, _, size = text.partition(",")
    found = int(start), int(size)
    if found[0] < 0 or found[1] < 0 or sum(found) > full:
        raise ValueError(f"{text} is outside of a dimension of size {full}")
    return found


def partial_name(name: str, spec: str) -> str:
    """The name under which a slice is kept whose tensor is not complete."""
    return f"{name} [slice {spec}]"


def parse_partial_name(name: str) -> tuple[str, str]:
    """Returns (name of the tensor, its slice or "") for a name in a checkpoint: undoes `partial_name`."""
    found = _PARTIAL.fullmatch(name)
    return (found["name"], found["spec"]) if found else (name, "")


def joined(pieces: Iterable[tuple[str, str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Puts slices together.

    Args:
      pieces: (name of the tensor, slice, values of the slice), in any order.

    Returns:
      A tensor a name, and the slices of incomplete tensors under their partial names.

    Raises:
      InvalidArgumentError: a piece has another shape than its slice, or pieces of one tensor do not fit together.
    """
    pieces = list(pieces)
    found: dict[str, np.ndarray] = {name: array for name, _, array in pieces}
    if len(found) == len(pieces) and not any(spec for _, spec, _ in pieces):
        return found
    found = {}
    boxes: dict[str, list[tuple[Slice, str, np.ndarray]]] = {}
    for name, spec, array in pieces:
        box = parse_slice(spec)
        if box is None:
            if name in found:
                raise InvalidArgumentError(None, None, f"Adding duplicate key: {name} is saved twice")
            found[name] = array
            continue
        if tuple(array.shape) != box.size:
            raise InvalidArgumentError(
                None,
                None,
                f"Slice spec '{spec}' of {name} has shape {list(box.size)}, the tensor to save {list(array.shape)}",
            )
        boxes.setdefault(name, []).append((box, spec, array))
    for name, parts in boxes.items():
        whole = _whole(name, parts)
        if whole is not None:
            found[name] = whole
        else:
            found |= {partial_name(name, spec): array for _, spec, array in parts}
    return found


def _whole(name: str, parts: Sequence[tuple[Slice, str, np.ndarray]]) -> np.ndarray | None:
    """The tensor that slices make up, or None where some of it is missing."""
    first, _, array = parts[0]
    result = np.empty(first.full, array.dtype)
    covered = np.zeros(first.full, bool)
    for box, spec, values in parts:
        if box.full != first.full or values.dtype != array.dtype:
            raise InvalidArgumentError(
                None,
                None,
                f"Slice '{spec}' of {name} ({values.dtype}) and slice '{parts[0][1]}' ({array.dtype}) are not of one "
                "tensor",
            )
        result[box.place] = values
        covered[box.place] = True
    return result if covered.all() else None
