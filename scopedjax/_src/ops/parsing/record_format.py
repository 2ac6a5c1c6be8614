"""TFRecord framing: byte strings one after the other in a file, each with two checksums. Event files have the same
form.

    uint64 length | uint32 masked crc of length | length bytes | uint32 masked crc of the bytes        (little-endian)

The checksum is CRC-32C, computed by google-crc32c in C; "masked" means rotated and shifted by a constant, so that the
checksum of data which holds checksums stays a good one. A file may be compressed as a whole (GZIP or ZLIB).

What the reader makes of a damaged file is TensorFlow's choice, offsets included: a file that ends inside the 12 bytes
before a record has ended (a writer may be at work there); one that ends inside a record is truncated; a wrong checksum
is corruption. A length is believed only as far as the file holds bytes: nothing is allocated for a length that damage
made up.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, Protocol

import google_crc32c

from scopedjax._src.base import errors
from scopedjax._src.base.system_errors import as_tensorflow_errors

_HEADER: Final = struct.Struct("<QI")
_FOOTER: Final = struct.Struct("<I")
_MASK_DELTA: Final = 0xA282EAD8
_CHUNK: Final = 1 << 20
# zlib's "wbits" of the two compressions when reading: 16 asks for a gzip header.
_WINDOW_BITS: Final = {"GZIP": zlib.MAX_WBITS + 16, "ZLIB": zlib.MAX_WBITS}


def masked_crc(data: bytes) -> int:
    """The masked CRC-32C of `data`, as the files hold it.

    Args:
      data: Any bytes.

    Returns:
      An unsigned 32-bit integer.
    """
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    """`data` as it stands in a file: length, checksum, bytes, checksum.

    Args:
      data: The record.
    """
    length = struct.pack("<Q", len(data))
    return b"".join((length, _FOOTER.pack(masked_crc(length)), data, _FOOTER.pack(masked_crc(data))))


class ByteSource(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes; none at the end."""
        ...


class Inflating:
    """A compressed stream as the bytes that were compressed; reads in chunks and takes concatenated streams as one.

    Args:
      raw: The compressed bytes.
      compression: "GZIP" or "ZLIB".
    """

    def __init__(self, raw: BinaryIO, compression: str) -> None:
        self._raw = raw
        self._bits = _WINDOW_BITS[compression]
        self._machine = zlib.decompressobj(self._bits)
        self._ready = b""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes; fewer only at the end.

        Raises:
          DataLossError: the stream is not what `compression` says.
        """
        parts: list[bytes] = []
        while size > 0:
            if not self._ready and not self._inflate():
                break
            parts.append(self._ready[:size])
            self._ready = self._ready[size:]
            size -= len(parts[-1])
        return b"".join(parts)

    def _inflate(self) -> bool:
        """Makes the next bytes ready; False at the end."""
        while not self._ready:
            pending = self._machine.unused_data if self._machine.eof else self._machine.unconsumed_tail
            pending = pending or self._raw.read(_CHUNK)
            if self._machine.eof:
                if not pending:
                    return False
                self._machine = zlib.decompressobj(self._bits)
            try:
                # Without input this still gives what zlib held back when the last output was full.
                self._ready = self._machine.decompress(pending, _CHUNK)
            except zlib.error as error:
                # zlib says "Error -3 while decompressing data: incorrect header check".
                words = str(error).replace("Error ", "").replace(" while decompressing data", "")
                raise errors.DataLossError(None, None, f"inflate() failed with error {words}") from error
            if not pending and not self._ready:
                return False
        return True


def _read_fully(source: ByteSource, size: int) -> bytes:
    """`size` bytes, or what is left of them; memory grows with what is there, not with what was asked."""
    if size <= _CHUNK:
        return source.read(size)
    parts: list[bytes] = []
    while size > 0:
        part = source.read(min(size, _CHUNK))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_record(source: ByteSource, offset: int, shortage: str = "Read less bytes than requested") -> bytes | None:
    """The record that begins where `source` stands, or None at the end of the file.

    Args:
      source: What to read from.
      offset: Where that is in the (uncompressed) file; for messages.
      shortage: How TensorFlow words a source that ends too early.

    Raises:
      DataLossError: the file is damaged; the message tells the offset.
    """
    header = source.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, crc = _HEADER.unpack(header)
    if masked_crc(header[:8]) != crc:
        hint = " (Is this even a TFRecord file?)" if offset == 0 else ""
        raise errors.DataLossError(None, None, f"corrupted record at {offset}{hint}")
    body = _read_fully(source, length + _FOOTER.size)
    if len(body) < length + _FOOTER.size:
        raise errors.DataLossError(None, None, f"truncated record at {offset}' failed with {shortage}")
    data = body[:length]
    if masked_crc(data) != _FOOTER.unpack_from(body, length)[0]:
        raise errors.DataLossError(None, None, f"corrupted record at {offset + _HEADER.size}")
    return data


def open_source(path: str, compression: str = "") -> tuple[BinaryIO, ByteSource]:
    """Opens a file of records.

    Args:
      path: The file.
      compression: "", "GZIP" or "ZLIB".

    Returns:
      (the open file, for closing; what to give to `read_record`).

    Raises:
      NotFoundError: there is no such file; other kinds for what else the system refuses.
    """
    with as_tensorflow_errors(path):
        file = open(path, "rb", buffering=1 << 16)
    return file, Inflating(file, compression) if compression else file


def read_records(path: str, compression: str = "") -> Iterator[bytes]:
    """All records of a file, one after the other.

    Args:
      path: The file; opened at once, so that a missing file is told here and not at the first record.
      compression: "", "GZIP" or "ZLIB".

    Returns:
      An iterator of byte strings.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: while iterating, where the file is damaged.
    """
    file, source = open_source(path, compression)
    return _iterate(file, source, "EOF reached" if compression else "Read less bytes than requested")


def _iterate(file: BinaryIO, source: ByteSource, shortage: str) -> Iterator[bytes]:
    offset = 0
    with file:
        while (record := read_record(source, offset, shortage)) is not None:
            offset += len(record) + _HEADER.size + _FOOTER.size
            yield record


class Deflating:
    """A file that compresses what is written to it.

    Args:
      raw: Where the compressed bytes go.
      settings: Arguments of `zlib.compressobj`.
      flush_mode: zlib's mode for `flush`.
    """

    def __init__(self, raw: BinaryIO, settings: dict[str, Any], flush_mode: int = zlib.Z_SYNC_FLUSH) -> None:
        self._raw = raw
        self._machine = zlib.compressobj(**settings)
        self._flush_mode = flush_mode

    def write(self, data: bytes) -> None:
        """Takes bytes; they may stay in zlib's buffer."""
        self._raw.write(self._machine.compress(data))

    def flush(self) -> None:
        """Sends what has been taken so far to the file, so that a reader can have it."""
        self._raw.write(self._machine.flush(self._flush_mode))
        self._raw.flush()

    def close(self) -> None:
        """Ends the stream and closes the file."""
        self._raw.write(self._machine.flush(zlib.Z_FINISH))
        self._raw.close()
