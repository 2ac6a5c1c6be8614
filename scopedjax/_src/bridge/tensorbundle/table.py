"""Tables: sorted keys and values in a file, in blocks; LevelDB's documented table format, as TensorFlow uses it.

    block 0 | block 1 | ... | meta index block | index block | footer of 48 bytes
                                                 |             '-- where the two index blocks are, and a magic number
                                                 '-- for each block a key that is not below its last, and where it is

After each block come a byte that tells how it is compressed (0 not, 1 snappy) and the masked CRC-32C of both.
"""

from __future__ import annotations

import bisect
import os
import stat
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import cramjam
import numpy as np

from scopedjax._src.base.system_errors import translate
from scopedjax._src.bridge.tensorbundle import block
from scopedjax._src.bridge.tensorbundle.block import BlockBuilder, Data, KeyBudget, put_varint, varint
from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked
from scopedjax._src.bridge.tensorbundle.damage import data_loss, no_table, wrong_checksum

MAGIC: Final = bytes.fromhex("57fb808b247547db")
"""The last eight bytes of a table."""

_FOOTER: Final = 48
_TRAILER: Final = 5  # the byte that tells the compression, and the checksum
_BLOCK_SIZE: Final = 1 << 18  # what TensorFlow writes
_SNAPPY_MOST: Final = 24  # snappy makes at most 64 bytes of three
_PLAIN, _SNAPPY = 0, 1
_U32: Final = struct.Struct("<I")


class Handle(NamedTuple):
    """Where a block is: its first byte, and how many it has (without the five behind it)."""

    offset: int
    size: int


class Table:
    """A table that is open for reading; a context manager.

    Args:
      path: The file.

    Raises:
      tf.errors.OpError: It cannot be opened.
      DataLossError: It is no table, or its footer or index is damaged.

    Attributes:
      path: The file.
      size: Its bytes.
      blocks: Where its blocks of entries are.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise translate(error, path) from error
        try:
            found = os.fstat(self._handle)
            if not stat.S_ISREG(found.st_mode):
                raise no_table(path, "it is no plain file")
            self.size = found.st_size
            self._budget = KeyBudget(self.size)
            self._recent: tuple[Handle, dict[bytes, tuple[Data, int]]] | None = None
            self._keys, self.blocks = self._index()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; does nothing a second time."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def items(self) -> Iterator[tuple[bytes, Data, int]]:
        """Yields (key, value, the value's place in the file) of the whole table, in order.

        (In a compressed block the place is that of the block plus that in the uncompressed block.)

        Raises:
          DataLossError: A block is damaged, or keys are out of order.
        """
        before: bytes | None = None
        for handle in self.blocks:
            for key, value, place in self._entries(handle):
                if before is not None and key <= before:
                    raise data_loss(self.path, handle.offset + place, "the keys of the table are not in order")
                before = key
                yield key, value, handle.offset + place

    def get(self, wanted: bytes) -> tuple[Data, int] | None:
        """The value of a key and its place in the file, or None; reads one block.

        Raises:
          DataLossError: That block is damaged.
        """
        number = bisect.bisect_left(self._keys, wanted)
        if number == len(self.blocks):
            return None
        handle = self.blocks[number]
        recent = self._recent
        if recent is None or recent[0] != handle:
            self._budget = KeyBudget(self.size)  # a block may be asked for again and again
            found = {key: (value, handle.offset + place) for key, value, place in self._entries(handle)}
            recent = handle, found
            if handle.size <= 2 * _BLOCK_SIZE:  # one of many entries; a larger one is a single tensor
                self._recent = recent
        return recent[1].get(wanted)

    def _entries(self, handle: Handle) -> Iterator[tuple[bytes, Data, int]]:
        return block.entries(self._block(handle), self.path, handle.offset, self._budget)

    def _index(self) -> tuple[list[bytes], list[Handle]]:
        """The keys that separate the blocks, and where the blocks are."""
        footer_at = self.size - _FOOTER
        if footer_at < 0:
            raise no_table(self.path, f"file is too short to be an sstable: {self.size} bytes")
        footer = self._pread(footer_at, _FOOTER)
        if footer[-8:] != MAGIC:
            raise no_table(self.path, "not an sstable (bad magic number)")
        _, place = self._place(footer, 0, footer_at)
        index, _ = self._place(footer, place, footer_at)
        keys: list[bytes] = []
        blocks: list[Handle] = []
        end = 0
        for key, value, place in block.entries(self._block(index), self.path, index.offset, self._budget):
            found, _ = self._place(value, 0, index.offset + place)
            # Blocks one after the other: so that all of them together unfold to no more than the file can hold.
            if found.offset < end or (keys and key < keys[-1]):
                raise data_loss(self.path, index.offset + place, "the blocks of the table are not in order")
            end = found.offset + found.size + _TRAILER
            keys.append(key)
            blocks.append(found)
        return keys, blocks

    def _place(self, data: Data, start: int, offset: int) -> tuple[Handle, int]:
        """Reads where a block is, and checks that the file goes so far."""
        try:
            first, place = varint(data, start, len(data))
            size, place = varint(data, place, len(data))
        except ValueError as error:
            raise data_loss(self.path, offset, f"the place of a block cannot be read: {error}") from None
        if first + size + _TRAILER > self.size - _FOOTER:
            raise data_loss(
                self.path, offset, f"truncated block read: a block of {size} bytes at byte {first} of {self.size}"
            )
        return Handle(first, size), place

    def _block(self, handle: Handle) -> Data:
        """The bytes of a block, checked and uncompressed."""
        offset, size = handle
        raw = self._pread(offset, size + _TRAILER)
        kind = raw[size]
        (stored,) = _U32.unpack_from(raw, size + 1)
        computed = masked(crc32c(np.frombuffer(raw, np.uint8, size + 1)))
        if stored != computed:
            raise wrong_checksum(self.path, offset, size, stored, computed)
        if kind == _PLAIN:
            return raw[:size] if size <= _BLOCK_SIZE else memoryview(raw)[:size]
        if kind != _SNAPPY:
            raise data_loss(self.path, offset, f"bad block type {kind}")
        return self._uncompressed(raw[:size], offset)

    def _uncompressed(self, data: bytes, offset: int) -> Data:
        try:
            length, _ = varint(data, 0, min(len(data), 5))
            if length > 64 + _SNAPPY_MOST * len(data):
                raise ValueError(f"{len(data)} bytes cannot unfold to {length}")
            found = bytes(cramjam.snappy.decompress_raw(data))
        except (ValueError, cramjam.DecompressionError) as error:
            raise data_loss(self.path, offset, f"corrupted compressed block contents ({error})") from None
        return found

    def _pread(self, offset: int, size: int) -> bytes:
        try:
            parts = [os.pread(self._handle, size, offset)]
            while (done := sum(map(len, parts))) < size and parts[-1]:  # the system reads at most 2 GB at once
                parts.append(os.pread(self._handle, size - done, offset + done))
        except OSError as error:
            raise translate(error, self.path) from error
        if done < size:
            raise data_loss(self.path, offset, f"truncated block read: {done} of {size} bytes")
        return b"".join(parts) if len(parts) > 1 else parts[0]


class TableWriter:
    """Writes a table to a file, of entries that are added in the order of their keys.

    Args:
      file: Takes the bytes.
      compress: Whether blocks are compressed by snappy. (TensorFlow reads such blocks, but writes none.)

    Attributes:
      blocks: Where the blocks of entries are that have been written.
    """

    def __init__(self, file: BinaryIO, compress: bool = False) -> None:
        self._file = file
        self._compress = compress
        self._block = BlockBuilder()
        self._index = BlockBuilder()
        self._last = b""
        self._place = 0
        self.blocks: list[Handle] = []

    def add(self, key: bytes, *value: bytes) -> int:
        """Adds an entry.

        Args:
          key: Greater than the keys before it.
          value: Its value, in pieces.

        Returns:
          The place behind it in the file, if its block is not compressed.
        """
        self._block.add(key, *value)
        self._last = key
        end = self._place + self._block.size
        if self._block.size >= _BLOCK_SIZE:
            self._flush()
        return end

    def finish(self) -> None:
        """Writes what is left, the index and the footer."""
        self._flush()
        meta = self._write(BlockBuilder())
        index = self._write(self._index)
        footer = _handle_bytes(meta) + _handle_bytes(index)
        self._file.write(footer.ljust(_FOOTER - len(MAGIC), b"\0") + MAGIC)

    def _flush(self) -> None:
        if len(self._block):
            self.blocks.append(self._write(self._block))
            self._index.add(self._last, _handle_bytes(self.blocks[-1]))

    def _write(self, builder: BlockBuilder) -> Handle:
        parts, kind = builder.finish(), _PLAIN
        if self._compress:
            parts, kind = [bytes(cramjam.snappy.compress_raw(b"".join(parts)))], _SNAPPY
        parts.append(bytes((kind,)))
        if all(len(part) < _BLOCK_SIZE for part in parts):
            parts = [b"".join(parts)]
        crc = 0
        for part in parts:
            self._file.write(part)
            crc = crc32c(part, crc)
        self._file.write(_U32.pack(masked(crc)))
        handle = Handle(self._place, sum(map(len, parts)) - 1)
        self._place += handle.size + _TRAILER
        return handle


def _handle_bytes(handle: Handle) -> bytes:
    return put_varint(handle.offset) + put_varint(handle.size)
