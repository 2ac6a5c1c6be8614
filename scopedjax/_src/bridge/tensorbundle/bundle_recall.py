"""Reads the same variables from checkpoint after checkpoint: what the first one taught is kept.

    ordinary reading   index file -> entries -> places of the values -> values        some 30 us a variable
    recalled reading   index file = the last one but for checksums  -> values         some 3 us

A program that evaluates each checkpoint of a training, or goes back to the best one, reads the same names from index
files that differ in their checksums only. Such a file is recognised by its bytes, with the checksums blanked out; then
everything that was found out and checked for the last one holds for it, and what is left is to read and check values.

Invariants: nothing is believed that was not checked for the same bytes; checksums are checked each time; when anything
is not as expected, the ordinary reader reads, and says what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.base.errors import OpError
from scopedjax._src.bridge.tensorbundle import element_types
from scopedjax._src.bridge.tensorbundle.bundle_index import Entry
from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked, masked_all
from scopedjax._src.bridge.tensorbundle.data_files import DataFiles
from scopedjax._src.bridge.tensorbundle.table import Handle, Table

_LEAST: Final = 16  # variables: for fewer the ordinary way is as quick
_LARGEST_INDEX: Final = 1 << 22  # bytes
_LARGEST_DATA: Final = 1 << 24  # bytes: larger values take longer to read than to find
_KEPT: Final = 4
_CRC32C: Final = 0x35  # the tag of that field of a BundleEntryProto

_recent: list[_Recall] = []


class _Value(NamedTuple):
    """A value in a data file.

    Attributes:
      number: Its place among the names.
      start: Its first byte, counted from the first that is read.
      end: The byte behind it.
      kind: Its NumPy type.
      shape: Its shape.
      aligned: Whether an element begins where the processor wants it, so that it can be used where it was read.
    """

    number: int
    start: int
    end: int
    kind: np.dtype[Any]
    shape: tuple[int, ...]
    aligned: bool


class _Recall(NamedTuple):
    """What is known of an index file, for some names.

    Attributes:
      names: The names.
      types: Their types' numbers.
      content: The index file, its checksums zero.
      checksums: The places of the checksums of all blocks and of the names' values in it.
      crcs: For each name the places of its checksum.
      blocks: Where the blocks of entries are.
      shards: Number of data files.
      start: The first byte that is read of the data file.
      size: How many.
      values: What is there.
    """

    names: tuple[str, ...]
    types: tuple[int, ...]
    content: np.ndarray
    checksums: np.ndarray
    crcs: np.ndarray
    blocks: list[Handle]
    shards: int
    start: int
    size: int
    values: list[_Value]


def read_again(path: str, names: tuple[str, ...], types: Sequence[int | None]) -> list[np.ndarray] | None:
    """The values of tensors in a checkpoint that is like one that was read before.

    Args:
      path: The checkpoint.
      names: The tensors.
      types: The number of each one's type, or None for any.

    Returns:
      An array each, most of them views of one buffer; None if it has to be read in the ordinary way.
    """
    candidates = [recall for recall in list(_recent) if recall.names == names]
    if not candidates:
        return None
    try:
        with open(path + ".index", "rb") as file:
            index = np.frombuffer(file.read(max(len(known.content) for known in candidates) + 1), np.uint8)
        known = next((known for known in candidates if _is_alike(index, known)), None)
        if known is None or any(wanted not in (None, found) for wanted, found in zip(types, known.types, strict=True)):
            return None
        files = DataFiles(path, known.shards)
        try:
            data = np.empty(known.size, np.uint8)
            files.fill(0, known.start, data.data)
        finally:
            files.close()
    except (OSError, OpError):
        return None
    crcs = [crc32c(data[start:end]) for _, start, end, *_ in known.values]
    stored = index[known.crcs].view("<u4").ravel()
    if (masked_all(np.array(crcs, np.uint32)) != stored[[value.number for value in known.values]]).any():
        return None
    found: list[Any] = [None] * len(names)
    for number, start, _, kind, shape, aligned in known.values:
        array = np.ndarray(shape, kind, data, start)
        found[number] = array if aligned else array.copy()
    return found


def _is_alike(index: np.ndarray, known: _Recall) -> bool:
    """Whether an index file is the one that is known but for its checksums, and its blocks are sound."""
    if len(index) != len(known.content):
        return False
    blank = index.copy()
    blank[known.checksums] = 0
    if not np.array_equal(blank, known.content):
        return False
    for start, size in known.blocks:
        end = start + size + 1
        if masked(crc32c(index[start:end])) != int.from_bytes(index[end : end + 4].tobytes(), "little"):
            return False
    return True


def remember(path: str, names: tuple[str, ...], entries: Sequence[Entry], shards: int) -> None:
    """Keeps what was learnt from a checkpoint that was read.

    Args:
      path: Its index file.
      names: The tensors that were read.
      entries: Their entries.
      shards: Number of data files.
    """
    if len(names) < _LEAST or len(set(names)) < len(names):
        return
    end = max(entry.offset + entry.nbytes for entry in entries)
    start = min(entry.offset for entry in entries)
    plain = all(
        not entry.shard and not entry.slices and entry.number in element_types.NUMBERS_WITH_SIZE
        and element_types.numpy_type(entry.number, "").kind != "b"
        for entry in entries
    )  # fmt: skip
    if not plain or end - start > _LARGEST_DATA:
        return
    try:
        located = _located(path, names, entries)
    except (OSError, OpError):
        return
    if located is None:
        return
    content, checksums, crcs, blocks = located
    values: list[_Value] = []
    for number, entry in enumerate(entries):
        kind, first = element_types.numpy_type(entry.number, ""), entry.offset - start
        aligned = first % max(1, kind.alignment) == 0
        values.append(_Value(number, first, first + entry.nbytes, kind, entry.shape, aligned))
    values.sort(key=lambda value: value.start)
    types = tuple(entry.number for entry in entries)
    _recent.insert(0, _Recall(names, types, content, checksums, crcs, blocks, shards, start, end - start, values))
    del _recent[_KEPT:]


def _located(
    path: str, names: tuple[str, ...], entries: Sequence[Entry]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[Handle]] | None:
    """An index file with blank checksums, their places, those of the names' values, the blocks."""
    if os.stat(path).st_size > _LARGEST_INDEX:
        return None
    with open(path, "rb") as file:
        index = np.frombuffer(file.read(), np.uint8).copy()
    ends: dict[bytes, int] = {}
    with Table(path) as table:
        blocks = table.blocks
        if any(index[start + size] for start, size in blocks):
            return None  # compressed
        for key, value, place in table.items():
            ends[key] = place + len(value)
    places = np.array([ends.get(name.encode(), 5) for name in names], np.int64).reshape(-1, 1) + np.arange(-4, 0)
    stored = index[places].view("<u4").ravel()
    if (index[places[:, 0] - 1] != _CRC32C).any() or stored.tolist() != [entry.crc32c for entry in entries]:
        return None  # a checksum that is not the last field of its entry, or another file meanwhile
    trailers = np.array([start + size + 1 for start, size in blocks], np.int64).reshape(-1, 1) + np.arange(4)
    # Those of tensors that are not wanted differ as well; what else might stand there says nothing of the wanted.
    others = np.array([end for end in ends.values() if index[end - 5] == _CRC32C], np.int64).reshape(-1, 1)
    checksums = np.concatenate([(others + np.arange(-4, 0)).ravel(), trailers.ravel()])
    index[checksums] = 0
    return index, checksums, places, blocks
