"""Reads checkpoints of format V1, which TensorFlow wrote before 1.0: tables in which the values lie among the names.

A checkpoint is one file, or several (`model-7-00000-of-00002`), each of which tells the tensors and slices that it has.
Only the blocks with the tensors that are asked for are read.
"""

from __future__ import annotations

import concurrent.futures
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from scopedjax._src.base import errors
from scopedjax._src.bridge.tensorbundle import element_types, messages, proto_values, wire
from scopedjax._src.bridge.tensorbundle.bundle_index import check_tensor, extents_of
from scopedjax._src.bridge.tensorbundle.damage import data_loss
from scopedjax._src.bridge.tensorbundle.slice_keys import WHOLE, Extents, box_of, slice_key
from scopedjax._src.bridge.tensorbundle.table import Table
from scopedjax._src.bridge.tensorbundle.tensor_file import TensorFile, TensorInfo, Wanted, cut

_THREADS: Final = min(8, os.cpu_count() or 1)
_META, _DATA = 1, 2  # fields of SavedTensorSlices
_VALUES: Final = 3  # field of SavedSlice
_VERSION: Final = 1  # of checkpoints of this format, as it stands in `versions`


@dataclass(slots=True)
class _Tensor:
    """A tensor: its type and shape, and its slices, each with the table that has it."""

    number: int
    shape: tuple[int, ...]
    slices: list[tuple[Extents, Table]] = field(default_factory=list)


class SlicesReader(TensorFile):
    """A checkpoint of format V1 that is open for reading.

    Args:
      path: The checkpoint, as it was given.
      files: Its files.

    Raises:
      tf.errors.DataLossError: One of them is damaged.
    """

    format = "TensorFlow V1"

    def __init__(self, path: str, files: Sequence[str]) -> None:
        super().__init__(path)
        self._tables: list[Table] = []
        self._tensors: dict[str, _Tensor] = {}
        try:
            for file in files:
                self._tables.append(Table(file))
                self._add(self._tables[-1])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the files; does nothing a second time."""
        for table in self._tables:
            table.close()

    @property
    def files(self) -> list[str]:
        """The paths of the files."""
        return [table.path for table in self._tables]

    def _table(self) -> Any:
        return self._tensors

    def _names(self) -> list[str]:
        return sorted(self._tensors, key=str.encode)

    def _info(self, name: str) -> TensorInfo:
        tensor = self._tensors[name]
        slices = tuple(extents for extents, _ in tensor.slices)
        if len(slices) == 1 and all(extent == (0, WHOLE) for extent in slices[0]):
            slices = ()
        size = element_types.NUMBERS_WITH_SIZE.get(tensor.number, 0)
        return TensorInfo(name, tensor.number, tensor.shape, math.prod(tensor.shape) * size, slices)

    # ------------------------------------------------------------------------------------------------------ contents

    def _add(self, table: Table) -> None:
        """Takes note of the tensors of a file."""
        found = table.get(b"")
        if found is None:
            raise data_loss(table.path, 0, "the table has no list of tensors")
        value, place = found
        meta = messages.SavedTensorSliceMeta()
        try:
            message = wire.submessage(memoryview(value), _META)
            if message is not None:
                meta.ParseFromString(bytes(message[0]))
        except (ValueError, DecodeError, RecursionError):
            raise data_loss(table.path, place, "the list of tensors is no SavedTensorSliceMeta") from None
        if meta.versions.min_consumer > _VERSION:
            raise errors.InvalidArgumentError(
                None, None, f"{table.path} needs version {meta.versions.min_consumer} of the format; this is {_VERSION}"
            )
        for saved in meta.tensor:
            self._add_tensor(table, place, saved)

    def _add_tensor(self, table: Table, place: int, saved: Any) -> None:
        shape = tuple([dim.size for dim in saved.shape.dim])
        wrong = check_tensor(saved.type, shape, saved.shape.unknown_rank)
        if wrong:
            raise data_loss(table.path, place, f"the entry of {saved.name}: {wrong}")
        tensor = self._tensors.setdefault(saved.name, _Tensor(saved.type, shape))
        if (tensor.number, tensor.shape) != (saved.type, shape):
            raise data_loss(table.path, place, f"{saved.name} has another type or shape here than elsewhere")
        for proto in saved.slice:
            extents = extents_of(proto)
            try:
                box_of(extents, shape)
            except ValueError as error:
                raise data_loss(table.path, place, f"the entry of {saved.name}: {error}") from None
            tensor.slices.append((extents, table))

    # ------------------------------------------------------------------------------------------------------- reading

    def _read(self, wanted: Sequence[Wanted]) -> list[np.ndarray]:
        for name, _ in wanted:
            self._check_known(name)
        if len(wanted) < 2 or _THREADS < 2:
            return [self._array(item) for item in wanted]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(self._array, wanted))

    def _array(self, wanted: Wanted) -> np.ndarray:
        name, box = wanted
        if box is None:
            return self._tensor(name)
        tensor = self._tensors[name]
        for extents, table in tensor.slices:
            if box_of(extents, tensor.shape) == box:
                kind = element_types.numpy_type(tensor.number, name)
                return self._values(name, tensor, extents, table, kind).reshape(box.size)
        return cut(name, self._tensor(name), box)

    def _tensor(self, name: str) -> np.ndarray:
        tensor = self._tensors[name]
        kind = element_types.numpy_type(tensor.number, name)
        boxes = [(box_of(extents, tensor.shape), extents, table) for extents, table in tensor.slices]
        count = math.prod(tensor.shape)
        if sum(math.prod(box.size) for box, _, _ in boxes) != count:
            raise self._incomplete(name)
        # All values before the whole: what they take is in proportion to the file, whatever the shape says.
        parts = [self._values(name, tensor, extents, table, kind) for _, extents, table in boxes]
        if len(parts) == 1:
            return parts[0].reshape(tensor.shape)
        if not parts:
            return np.empty(tensor.shape, kind)
        whole = np.empty(tensor.shape, kind)
        covered = np.zeros(tensor.shape, bool)
        for (box, _, _), part in zip(boxes, parts, strict=True):
            whole[box.place] = part.reshape(box.size)
            covered[box.place] = True
        if not covered.all():
            raise self._incomplete(name)
        return whole

    def _incomplete(self, name: str) -> errors.OpError:
        return data_loss(self.files[0], 0, f"the slices of {name} are not together the whole of it")

    def _values(self, name: str, tensor: _Tensor, extents: Extents, table: Table, kind: np.dtype[Any]) -> np.ndarray:
        """The values of a slice, in one dimension."""
        found = table.get(slice_key(name, extents))
        if found is None:
            raise data_loss(table.path, 0, f"a slice of {name} is missing in the table")
        data, place = memoryview(found[0]), found[1]
        try:
            for number in (_DATA, _VALUES):
                inner = wire.submessage(data, number)
                if inner is None:
                    raise ValueError("it has no values")
                data, place = inner[0], place + inner[1]
            values = proto_values.decode(data, element_types.type_name(tensor.number), kind)
        except ValueError as error:
            raise data_loss(table.path, place, f"the values of {name}: {error}") from None
        count = math.prod(box_of(extents, tensor.shape).size)
        if len(values) != count:
            raise data_loss(table.path, place, f"the values of {name} are {len(values)} in place of {count}")
        return values
