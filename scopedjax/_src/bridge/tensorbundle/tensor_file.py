"""What a reader of one of TensorFlow's checkpoint files offers, whichever the format.

    with open_file("/d/model-7") as file:         checkpoint_file.open_file
        file.names                                ["conv/bias", "emb", ...]
        file.info("emb").shape                    (4, 3)
        file.read("emb")                          an array; nothing else of the file is read
        file.read_many(["emb", "conv/bias"])      the same for several, in parallel

A format is a subclass with `_names`, `_info` and `_read`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.bridge.tensorbundle import element_types
from scopedjax._src.bridge.tensorbundle.slice_keys import Extents
from scopedjax._src.ops.files.slices import Slice

Wanted = tuple[str, Slice | None]
"""What to read: a name and a box, or None for all of it."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a file says of a tensor.

    Attributes:
      name: Its name.
      number: The number of its type in TensorFlow.
      shape: Its shape; of a partitioned variable that of the whole.
      nbytes: Bytes of its values in the file. In V1, where numbers are packed: in memory, and 0 for strings.
      slices: (start, length) of each dimension, for each slice of a partitioned variable; empty for a whole tensor.
    """

    name: str
    number: int
    shape: tuple[int, ...]
    nbytes: int
    slices: tuple[Extents, ...] = ()

    @property
    def type_name(self) -> str:
        """What TensorFlow calls its type: `float32`."""
        return element_types.type_name(self.number)

    @property
    def has_dtype(self) -> bool:
        """Whether its type is one of TensorFlow 1."""
        return element_types.is_former(self.number)

    @property
    def dtype(self) -> dtypes.DType:
        """Its `tf.DType`.

        Raises:
          UnimplementedError: TensorFlow gained the type after version 1 (`float8_e5m2`, ...).
        """
        return element_types.dtype_of(self.number, self.name)

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The type of the array that `read` gives; `object` for strings.

        Raises:
          UnimplementedError: Its values are no numbers or strings (`resource`, `variant`).
        """
        return element_types.numpy_type(self.number, self.name)


class TensorFile:
    """A checkpoint of TensorFlow that is open for reading; a context manager.

    Attributes:
      path: The checkpoint, as it was given.
      format: "TensorFlow V2" or "TensorFlow V1".
    """

    format = ""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files; does nothing a second time."""

    def __del__(self) -> None:
        try:
            self.close()
        except Exception:
            pass  # one that was never made whole, or a program that ends, when modules are gone

    @property
    def names(self) -> list[str]:
        """The names of the tensors, sorted by their bytes."""
        return self._names()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._table()

    def __len__(self) -> int:
        return len(self._table())

    def info(self, name: str) -> TensorInfo:
        """What the file says of a tensor.

        Args:
          name: Its name.

        Raises:
          tf.errors.NotFoundError: There is no tensor of this name ("Key v not found in checkpoint").
          tf.errors.DataLossError: What it says is damaged.
        """
        self._check_known(name)
        return self._info(name)

    def type_number(self, name: str) -> int:
        """The number of a tensor's type; `info` says more and takes longer.

        Raises:
          As `info`.
        """
        return self.info(name).number

    def infos(self) -> dict[str, TensorInfo]:
        """What the file says of each tensor, by name.

        Raises:
          tf.errors.DataLossError: Some of it is damaged.
        """
        return {name: self._info(name) for name in self.names}

    def read(self, name: str) -> np.ndarray:
        """The values of a tensor.

        Args:
          name: Its name.

        Returns:
          An array of its type and shape that is the caller's own; of strings one of `bytes` objects; of a quantized
          type one with the structured type that TensorFlow uses.

        Raises:
          tf.errors.NotFoundError: There is no tensor of this name, or a data file is missing.
          tf.errors.DataLossError: The file is damaged there: cut off, changed, or it contradicts itself.
          tf.errors.UnimplementedError: It is of a type without values (`resource`, `variant`).
        """
        return self.read_many([name])[name]

    def read_many(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """The values of several tensors, read in parallel.

        Args:
          names: Which; None for all.

        Returns:
          `{name: array}`, in the order of `names`.

        Raises:
          As `read`.
        """
        wanted = self.names if names is None else list(dict.fromkeys(names))
        return dict(zip(wanted, self._read([(name, None) for name in wanted]), strict=True))

    def read_slices(self, wanted: Sequence[Wanted]) -> list[np.ndarray]:
        """Tensors and slices of tensors, read in parallel; of a partitioned variable only the slices that are touched.

        Args:
          wanted: (name, box), or (name, None) for the whole.

        Returns:
          An array each.

        Raises:
          tf.errors.InvalidArgumentError: A box is of a tensor of another shape.
          And as `read`.
        """
        for name, box in wanted:
            if box is not None:
                check_box(name, self.info(name).shape, box)
        return self._read(wanted)

    def _check_known(self, name: str) -> None:
        if name not in self._table():
            from scopedjax._src.bridge.orbax_checkpoint import missing_key

            raise missing_key(name, self.path, self._table())

    def _names(self) -> list[str]:
        return list(self._table())

    def _table(self) -> Any:
        """The names, as the keys of a dict."""
        raise NotImplementedError

    def _info(self, name: str) -> TensorInfo:
        raise NotImplementedError

    def _read(self, wanted: Sequence[Wanted]) -> list[np.ndarray]:
        raise NotImplementedError


def check_box(name: str, shape: tuple[int, ...], box: Slice) -> None:
    """Makes sure that a box is one of a tensor of this shape.

    Raises:
      tf.errors.InvalidArgumentError: It is one of another ("does not match the shape stored in checkpoint").
    """
    if shape != box.full:
        wanted, found = (f"[{','.join(map(str, dims))}]" for dims in (box.full, shape))
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; shape in shape_and_slice spec {wanted} does not match the shape stored in "
            f"checkpoint: {found}",
        )


def cut(name: str, array: np.ndarray, box: Slice) -> np.ndarray:
    """A box of an array, as an array of its own: slices of one tensor never share memory with each other.

    Raises:
      tf.errors.InvalidArgumentError: The box is one of a tensor of another shape.
    """
    check_box(name, tuple(array.shape), box)
    return array[box.place].copy() if array.ndim else array
