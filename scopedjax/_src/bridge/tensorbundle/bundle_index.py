"""The `.index` file of a bundle: the header, and for each tensor where its bytes are.

An entry is taken apart when it is first asked for: a checkpoint may have many thousands, and a program that restores
ten of them need not wait for the others.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from scopedjax._src.base import errors
from scopedjax._src.bridge.tensorbundle import element_types, messages
from scopedjax._src.bridge.tensorbundle.block import varint
from scopedjax._src.bridge.tensorbundle.damage import data_loss
from scopedjax._src.bridge.tensorbundle.index_messages import VERSION
from scopedjax._src.bridge.tensorbundle.slice_keys import WHOLE, Extents, slice_key
from scopedjax._src.bridge.tensorbundle.table import Table

_MOST_DIMENSIONS: Final = 64  # NumPy's limit; TensorFlow's is 254
_MOST_BYTES: Final = 1 << 62
_TYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _CRC32C = (
    0x08,
    0x12,
    0x18,
    0x20,
    0x28,
    0x35,
)  # tags of fields of a BundleEntryProto


class Entry(NamedTuple):
    """Where a tensor, or a slice of one, lies.

    Attributes:
      number: The number of its type.
      shape: Its shape.
      shard: Number of the data file.
      offset: Its first byte there.
      nbytes: Its bytes.
      crc32c: Their masked CRC-32C.
      slices: For a partitioned variable its slices; their own entries say where they lie.
      place: Where the entry itself stands in the index file, for messages.
    """

    number: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    nbytes: int
    crc32c: int
    slices: tuple[Extents, ...]
    place: int


class BundleIndex:
    """An `.index` file that has been read.

    Args:
      path: The file.

    Raises:
      tf.errors.OpError: It cannot be opened.
      DataLossError: It is damaged.
      InvalidArgumentError: It is of a version of the format that came later.

    Attributes:
      path: The file.
      shards: Number of data files.
      order: Byte order of the numbers in them, "<" or ">".
      tensors: The tensors by name (the values are for `entry`).
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.tensors: dict[str, Any] = {}
        self._slices: dict[bytes, Any] = {}
        self._heads: dict[bytes, tuple[int, tuple[int, ...]]] = {}
        header: tuple[Any, int] | None = None
        with Table(path) as table:
            self.size = table.size
            for key, value, place in table.items():
                if not key:
                    header = value, place
                elif key[0]:
                    self.tensors[self._text(key, place)] = value, place
                else:
                    self._slices[key] = value, place
        if header is None:
            raise data_loss(path, 0, "the table has no header of a bundle")
        self.shards, self.order = self._header(*header)

    def entry(self, name: str) -> Entry:
        """The entry of a tensor that is in `tensors`.

        Raises:
          DataLossError: It is damaged.
        """
        known = self.tensors[name]
        if type(known) is not Entry:
            known = self.tensors[name] = self._parsed(name, *known)
        return known

    def slice_entry(self, name: str, key: bytes, whole: Entry) -> Entry:
        """The entry of a slice.

        Args:
          name: The tensor.
          key: The key of the slice.
          whole: The tensor's own entry.

        Raises:
          DataLossError: There is none, or it is damaged, or of another type.
        """
        known = self._slices.get(key)
        if known is None:
            raise data_loss(self.path, whole.place, f"a slice of {name} is missing in the table")
        found = self._parsed(name, *known)
        if found.number != whole.number or found.slices:
            raise data_loss(self.path, found.place, f"a slice of {name} is of another type, or has slices itself")
        return found

    def slice_of(self, name: str, extents: Extents, whole: Entry) -> tuple[bytes, Entry]:
        """The key and the entry of a slice, as `slice_entry`."""
        key = slice_key(name, extents)
        return key, self.slice_entry(name, key, whole)

    def _text(self, key: bytes, place: int) -> str:
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise data_loss(self.path, place, "the name of a tensor is no text") from None

    def _header(self, value: Any, place: int) -> tuple[int, str]:
        header = self._message(messages.BundleHeaderProto, value, place, "the header")
        if header.num_shards < 1 or header.endianness not in (0, 1):
            raise data_loss(self.path, place, f"a bundle of {header.num_shards} data files, {header.endianness}-endian")
        if header.version.min_consumer > VERSION:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"{self.path} is a checkpoint of a later format: it needs version {header.version.min_consumer}, and "
                f"this is a reader of version {VERSION}",
            )
        return header.num_shards, "<>"[header.endianness]

    def _message(self, kind: Any, value: Any, place: int, what: str) -> Any:
        message = kind()
        try:
            message.ParseFromString(bytes(value))
        except (DecodeError, RecursionError):
            raise data_loss(self.path, place, f"{what} is no {kind.DESCRIPTOR.name}") from None
        return message

    def _parsed(self, name: str, value: Any, place: int) -> Entry:
        data = bytes(value)
        # TensorFlow writes type and shape first: entries of the same begin with the same bytes.
        head = _head(data)
        known = self._heads.get(head)
        if known is not None:
            entry = _plain_entry(data, len(head), *known, place)
            if entry is not None:
                self._check_range(name, entry)
                return entry
        found = self._message(messages.BundleEntryProto, data, place, f"the entry of {name}")
        number, proto = found.dtype, found.shape
        shape = tuple([dim.size for dim in proto.dim])
        wrong = check_tensor(number, shape, proto.unknown_rank)
        if wrong:
            raise data_loss(self.path, place, f"the entry of {name}: {wrong}")
        if found.slices:
            slices = tuple(extents_of(proto) for proto in found.slices)
            return Entry(number, shape, 0, 0, 0, 0, slices, place)
        entry = Entry(number, shape, found.shard_id, found.offset, found.size, found.crc32c, (), place)
        self._check_range(name, entry)
        if head:
            self._heads[head] = number, shape
        return entry

    def _check_range(self, name: str, entry: Entry) -> None:
        """Whether the bytes are as many as the shape says, and in a file that there is."""
        if not 0 <= entry.shard < self.shards or entry.offset < 0 or not 0 <= entry.nbytes < _MOST_BYTES:
            raise data_loss(self.path, entry.place, f"the entry of {name}: its bytes are nowhere")
        if entry.number in element_types.NUMBERS_WITH_SIZE:
            expected = math.prod(entry.shape) * element_types.NUMBERS_WITH_SIZE[entry.number]
            fits = expected == entry.nbytes
        else:  # a string takes a byte at least, for its length
            fits = math.prod(entry.shape) <= entry.nbytes
        if not fits:
            raise data_loss(
                self.path, entry.place, f"the entry of {name}: {entry.nbytes} bytes for a shape of {list(entry.shape)}"
            )


def _head(data: bytes) -> bytes:
    """The type and shape of a serialized entry, if they come first and are short; else nothing."""
    if len(data) < 4 or data[0] != _TYPE or data[2] != _SHAPE or data[1] > 0x7F or data[3] > 0x7F:
        return b""
    return data[: 4 + data[3]] if len(data) >= 4 + data[3] else b""


def _plain_entry(data: bytes, place: int, number: int, shape: tuple[int, ...], entry_place: int) -> Entry | None:
    """The entry in `data` whose fields from `place` on are where its bytes lie; None if there are others.

    A protobuf library does this too, four times slower.
    """
    shard = offset = nbytes = crc = 0
    end = len(data)
    try:
        while place < end:
            tag = data[place]
            if tag == _CRC32C and place + 5 <= end:
                crc = int.from_bytes(data[place + 1 : place + 5], "little")
                place += 5
                continue
            value, place = varint(data, place + 1, end)
            if value > _MOST_BYTES:
                return None
            if tag == _SIZE:
                nbytes = value
            elif tag == _OFFSET:
                offset = value
            elif tag == _SHARD:
                shard = value
            else:
                return None
    except ValueError:
        return None
    return Entry(number, shape, shard, offset, nbytes, crc, (), entry_place)


def check_tensor(number: int, shape: tuple[int, ...], unknown_rank: bool) -> str:
    """What is wrong with a type and a shape from a file; "" if nothing is."""
    if number not in element_types.NUMBERS:
        return f"there is no type of tensors with the number {number}"
    if unknown_rank or len(shape) > _MOST_DIMENSIONS:
        return f"a shape of {'unknown' if unknown_rank else len(shape)} dimensions; at most {_MOST_DIMENSIONS} are read"
    size = 16  # the largest element
    for length in shape:
        if length < 0:
            return f"a shape of {list(shape)}"
        size *= length or 1
        if size >= _MOST_BYTES:
            return f"a shape of {list(shape)}"
    return ""


def extents_of(proto: Any) -> Extents:
    """The extents in a TensorSliceProto."""
    return tuple((extent.start, extent.length if extent.HasField("length") else WHOLE) for extent in proto.extent)
