"""What is to be written: tensors and slices of tensors, by name, checked and with TensorFlow's types.

[("emb", "4 3 0,2:0,3", a), ("emb", "4 3 2,2:0,3", b), ("w", "", c)]
    -> {"emb": Tensor(float32, [4, 3], 2 slices), "w": Tensor(float32, [...], whole)}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.bridge.tensorbundle import element_types
from scopedjax._src.ops.files.slices import Slice, parse_slice


@dataclass(slots=True)
class Tensor:
    """A tensor to write.

    Attributes:
      number: The number of its type.
      shape: Its shape.
      parts: Its values: (None, all of them), or for each slice (the box, its values).
    """

    number: int
    shape: tuple[int, ...]
    parts: list[tuple[Slice | None, np.ndarray]] = field(default_factory=list)


def gathered(pieces: Iterable[tuple[str, str, Any]]) -> dict[str, Tensor]:
    """The tensors that pieces make up, sorted by the bytes of their names.

    Args:
      pieces: (name, slice or "", values), in any order. The slices of a tensor need not be complete.

    Raises:
      InvalidArgumentError: A name comes twice, or slices do not fit together.
      TypeError: TensorFlow does not have the type of a value.
    """
    found: dict[str, Tensor] = {}
    for name, spec, value in pieces:
        array = np.asarray(value)
        if array.dtype.kind in "SU":
            array = array.astype(object)
        number = element_types.number_of(array.dtype)
        box = parse_slice(spec) if spec else None
        shape = array.shape if box is None else box.full
        if box is not None and array.shape != box.size:
            raise _error(f"Slice spec '{spec}' of {name} has shape {list(box.size)}, its values {list(array.shape)}")
        tensor = found.get(name)
        if tensor is None:
            tensor = found[name] = Tensor(number, shape)
        elif box is None or tensor.parts[0][0] is None:
            raise _error(f"Adding duplicate key: {name} is saved twice")
        elif (tensor.number, tensor.shape) != (number, shape):
            raise _error(f"Slice '{spec}' of {name} is of another type or shape than the slices before it")
        elif any(box == other for other, _ in tensor.parts):
            raise _error(f"Adding duplicate key: slice '{spec}' of {name} is saved twice")
        tensor.parts.append((box, array))
    return dict(sorted(found.items(), key=lambda item: item[0].encode()))


def _error(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def strings_of(name: str, array: np.ndarray) -> list[bytes]:
    """The strings in an array, as bytes.

    Raises:
      TypeError: It holds something else.
    """
    items = [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    wrong = next((item for item in items if not isinstance(item, bytes)), None)
    if wrong is not None:
        raise TypeError(f"{name!r} holds {wrong!r}, a {type(wrong).__name__}; strings are saved as bytes or str")
    return items
