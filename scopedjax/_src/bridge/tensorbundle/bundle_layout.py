"""Where everything lies in a bundle whose tensors have given names, types and shapes.

    names, types, shapes --Layout--> the order in the file, the places of the values, an index file without checksums
    checksums            --index-->  the index file

What differs between two saves of the same variables are their values and checksums. A program that saves every few
minutes has one layout, which is kept; with it a save of a thousand small variables costs a few microseconds for each.
Strings and slices of partitioned variables are not laid out here: their places depend on the values.
"""

from __future__ import annotations

import functools
import io
import math
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.bridge.tensorbundle import element_types
from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked, masked_all
from scopedjax._src.bridge.tensorbundle.data_writer import runs_of
from scopedjax._src.bridge.tensorbundle.index_messages import entry_bytes, header, index_bytes, tensor_head
from scopedjax._src.bridge.tensorbundle.table import Handle, TableWriter

_U32: Final = struct.Struct("<I")
_ANY_CRC: Final = 0x01010101  # holds the place of a checksum


class Signature(NamedTuple):
    """What a layout hangs on.

    Attributes:
      names: Of the tensors.
      kinds: Their NumPy types.
      shapes: Their shapes.
    """

    names: tuple[str, ...]
    kinds: tuple[np.dtype[Any], ...]
    shapes: tuple[tuple[int, ...], ...]


class Layout:
    """The places of tensors of numbers in one data file, and their entries in the index.

    Args:
      signature: The tensors; each name once.

    Attributes:
      order: The tensors' numbers in `signature`, in the order in which their values lie in the file.
      bounds: First byte of each tensor's values and the byte behind them, in that order.
      runs: What is written at once (`data_writer.runs_of`).
      size: Bytes of the data file.
    """

    def __init__(self, signature: Signature) -> None:
        names = [name.encode() for name in signature.names]
        self.order = sorted(range(len(names)), key=names.__getitem__)
        self.bounds: list[tuple[int, int]] = []
        self._heads: list[tuple[bytes, bytes]] = []
        self.size = 0
        for number in self.order:
            kind, shape = signature.kinds[number], signature.shapes[number]
            end = self.size + math.prod(shape) * kind.itemsize
            self.bounds.append((self.size, end))
            self._heads.append((names[number], tensor_head(element_types.number_of(kind), shape)))
            self.size = end
        self.runs = runs_of(self.bounds)
        self._forms: dict[int, tuple[np.ndarray, np.ndarray, list[Handle]]] = {}

    def index(self, checksums: Sequence[int], count: int) -> bytes:
        """The content of the index file.

        Args:
          checksums: CRC-32C of each tensor's values, in the file's order.
          count: Number of data files.
        """
        crcs = masked_all(np.array(checksums, np.uint32))
        if not crcs.all():  # a field that is zero is left out
            return index_bytes(self._entries(crcs.tolist()), count)
        form = self._forms.get(count)
        if form is None:
            form = self._forms[count] = self._form(count)
        template, places, blocks = form
        content = template.copy()
        content[places] = crcs.astype("<u4").view(np.uint8).reshape(-1, 4)
        for start, size in blocks:
            crc = masked(crc32c(content[start : start + size + 1]))
            content[start + size + 1 : start + size + 5] = np.frombuffer(_U32.pack(crc), np.uint8)
        return content.tobytes()

    def _entries(self, crcs: Sequence[int]) -> dict[bytes, bytes]:
        return {
            key: entry_bytes(head, 0, start, end - start, crc)
            for (key, head), (start, end), crc in zip(self._heads, self.bounds, crcs, strict=True)
        }

    def _form(self, count: int) -> tuple[np.ndarray, np.ndarray, list[Handle]]:
        """An index file, the places of the checksums in it, and its blocks of entries."""
        file = io.BytesIO()
        table = TableWriter(file)
        table.add(b"", header(count))
        ends = [table.add(key, entry) for key, entry in self._entries([_ANY_CRC] * len(self.order)).items()]
        table.finish()
        places = np.array(ends, np.int64).reshape(-1, 1) + np.arange(-4, 0)  # the last field of an entry
        return np.frombuffer(file.getvalue(), np.uint8), places, table.blocks


@functools.lru_cache(maxsize=8)
def layout_of(signature: Signature) -> Layout:
    """The layout of tensors; those of the last few sets of tensors are kept."""
    return Layout(signature)
