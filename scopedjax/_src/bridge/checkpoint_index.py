"""The index of a checkpoint, and the two JSON files that Orbax reads: `_CHECKPOINT_METADATA` and `_METADATA`.

    {"custom_metadata": {"scopedjax": {"format": 3,
      "index": {"stores": {...}, "arrays": {"conv/bias": {...}, ...},      the same for each save of these variables
                "checksums": [90706, ...], "metadata": ...},               of each block of each store, in their order
      "crc32": 40321}}}                                                    of all that is before it

A program that saves or restores the same variables again has the upper part of the index already: for writing it is
kept with the plan of the folder; read, it is recognised by its bytes and not taken apart again.

A block is 64 KiB of a pack, or a file of a large array (`Store.block_bytes`): as many checksums as variables took as
long as the variables themselves. Formats 1 and 2, which are read still, had a checksum for each array in a pack, in its
line or in a list; there the blocks of a pack are its arrays.

Invariants: an index is data from outside. Nothing in it is used before it has been checked against the rules here
(names of folders, sizes, ranges), so that a hostile or damaged one can neither lead out of the folder nor ask for
memory that the files do not back.
"""

from __future__ import annotations

import functools
import json
import math
import re
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from scopedjax._src.base import dtypes
from scopedjax._src.bridge.checkpoint_layout import Store

MARK: Final = "scopedjax"
FORMAT: Final = 3
_READ: Final = (1, 2, FORMAT)
_DIMENSIONS: Final = 64  # more than NumPy has
_CRC32: Final = b',"crc32":'
_CHECKSUMS: Final = b',"checksums":['
_INDEX: Final = b'"index":{'
_LONGEST_KEPT: Final = 1 << 22  # bytes
_KEY = re.compile(r"(packed|arrays)/[A-Za-z0-9_\-][A-Za-z0-9_\-.]*")


class Damaged(Exception):
    """An index or a file does not say what it must; the caller knows the path and raises `DataLossError`."""


class Entry(NamedTuple):
    """One array as the program knows it.

    Attributes:
      dtype: Its TensorFlow type.
      shape: Its shape.
      store: The Orbax array that holds it.
      offset: Its first element in `store`.
      length: Its elements in `store` (for strings: bytes).
    """

    dtype: dtypes.DType
    shape: tuple[int, ...]
    store: Store
    offset: int
    length: int


class Blocks(NamedTuple):
    """The parts of a store that have a checksum each.

    Attributes:
      bounds: Where each begins, and the end of the last one, in bytes.
      numbers: The places of their checksums among all checksums.
    """

    bounds: Sequence[int]
    numbers: Sequence[int]


class Contents:
    """The arrays of a checkpoint, without their checksums.

    Args:
      stores: All stores by key.
      entries: The arrays by name.
      by_array: Whether each array in a pack has a checksum (formats 1 and 2) and not each block.

    Attributes:
      entries: The arrays by name.
      checksums: How many checksums there must be.
      kept: What a reader keeps of this for the next checkpoint of the same arrays.
    """

    def __init__(self, stores: Mapping[str, Store], entries: dict[str, Entry], by_array: bool) -> None:
        self.entries = entries
        self.kept: dict[Any, Any] = {}
        self._first: dict[str, int] = {}
        self._parts: dict[str, list[tuple[int, int, int]]] = {}  # (begin, end, number) of the arrays in a pack
        self.checksums = 0
        for store in () if by_array else stores.values():
            self._first[store.key] = self.checksums
            self.checksums += store.blocks
        for _, _, store, offset, length in entries.values() if by_array else ():
            if store.is_pack:
                size = store.item.itemsize
                part = (offset * size, (offset + length) * size, self.checksums)
                self._parts.setdefault(store.key, []).append(part)
                self.checksums += 1
            else:
                self._first[store.key] = self.checksums
                self.checksums += store.chunks

    def blocks(self, store: Store) -> Blocks:
        """The parts of a store that have a checksum each; for a checkpoint that has `checksums` of them.

        Raises:
          Damaged: The arrays of a pack overlap, or there is something between them.
        """
        parts = self._parts.get(store.key)
        if parts is None:
            first = self._first[store.key]
            bounds = [*range(0, store.nbytes, store.block_bytes), store.nbytes]
            return Blocks(bounds, range(first, first + store.blocks))
        parts.sort()
        bounds = [0, *(end for _, end, _ in parts)]
        if bounds[:-1] != [start for start, _, _ in parts]:
            raise Damaged(f"its index is not valid: the arrays of {store.key!r} do not lie end to end")
        return Blocks(bounds, [number for _, _, number in parts])


class Index(NamedTuple):
    """An index that has been read.

    Attributes:
      contents: The arrays.
      checksums: CRC-32 of the bytes of each block; `Contents.blocks` tells which are whose.
      metadata: What the caller gave.
    """

    contents: Contents
    checksums: list[int]
    metadata: Any


# -------------------------------------------------------------------------------------------------------------- writing


def index_text(stores: Iterable[Store], entries: Iterable[str], checksums: Iterable[int], metadata: Any) -> str:
    """The index, as JSON.

    Args:
      stores: All stores.
      entries: A line for each array (`checkpoint_layout.entry_text`).
      checksums: Of each block of each store, in the order of the stores.
      metadata: The caller's.

    Raises:
      TypeError: `metadata` is not made of dicts, lists, strings, numbers, booleans and None.
    """
    described = {store.key: {"dtype": store.dtype.name, "shape": store.shape, "rows": store.rows} for store in stores}
    # Text at once, because the dicts of a thousand variables would set off Python's garbage collector.
    return (
        f'{{"stores":{json.dumps(described)},"arrays":{{{",".join(entries)}}},'
        f'"checksums":{json.dumps(list(checksums), separators=(",", ":"))},"metadata":{json.dumps(metadata)}}}'
    )


def checkpoint_file(index: str) -> bytes:
    """The content of `_CHECKPOINT_METADATA`: Orbax's fields, then our index, last the CRC-32 of all that is before."""
    now = time.time_ns()
    head: dict[str, Any] = {"item_handlers": None, "metrics": {}, "performance_metrics": {}}
    head |= {"init_timestamp_nsecs": now, "commit_timestamp_nsecs": now}
    text = f'{json.dumps(head)[:-1]},"custom_metadata":{{"{MARK}":{{"format":{FORMAT},"index":{index}'.encode()
    return b"%b%b%d}}}" % (text, _CRC32, zlib.crc32(text))


def tree_file(stores: Iterable[Store]) -> bytes:
    """The content of `_METADATA`: which arrays there are, and that they are NumPy arrays in folders of their own."""
    value = {"value_type": "np.ndarray", "skip_deserialize": False}
    tree = {}
    for store in stores:
        path = tuple(store.key.split("/", 1))
        keys = [{"key": key, "key_type": 2} for key in path]  # 2: a key of a dict
        tree[repr(path)] = {"key_metadata": keys, "value_metadata": value}
    content = {
        "tree_metadata": tree,
        "use_ocdbt": False,
        "use_zarr3": False,
        "store_array_data_equal_to_fill_value": True,
        "custom_metadata": {MARK: FORMAT},  # a second mark, in case that the other file is damaged
    }
    return json.dumps(content).encode()


# -------------------------------------------------------------------------------------------------------------- reading


def is_ours(metadata: bytes) -> bool:
    """Whether a `_CHECKPOINT_METADATA` or a `_METADATA` is of this format, without reading it."""
    return f'"{MARK}":'.encode() in metadata


def read_index(checkpoint_metadata: bytes) -> Index:
    """The index in a `_CHECKPOINT_METADATA` of ours.

    Raises:
      Damaged: It is not JSON, its checksum is wrong, it is of a later format, or it breaks a rule of the layout.
    """
    try:
        text, _, stored = checkpoint_metadata.rpartition(_CRC32)
        computed = zlib.crc32(text)
        if stored != b"%d}}}" % computed:
            stored = stored[:10].decode(errors="replace")
            raise Damaged(f"Checksum does not match: stored {stored} vs. calculated on the restored bytes {computed}")
        # JSON writes no quotation mark into a text without a backslash before it: these marks are no part of a name.
        start, end = text.find(_INDEX), text.rfind(_CHECKSUMS)
        if 0 <= start < end <= start + _LONGEST_KEPT:
            return _known_index(checkpoint_metadata, start + len(_INDEX), end)
        ours = _our_part(json.loads(checkpoint_metadata))
        content = ours["index"]
        contents = _contents(content["stores"], content["arrays"], ours["format"])
        if ours["format"] == 1:
            content["checksums"] = [fields["crc32"] for fields in content["arrays"].values()]
        return Index(contents, _checked_checksums(contents, ours["format"], content["checksums"]), content["metadata"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"its index cannot be read ({type(error).__name__}: {error})") from error


def _known_index(data: bytes, start: int, end: int) -> Index:
    """The index whose stores and arrays are the text from `start` to `end`."""
    ours = _our_part(json.loads(data[:start] + data[end + 1 :]))
    rest = ours["index"]
    contents = _contents_of(data[start:end], ours["format"])
    return Index(contents, _checked_checksums(contents, ours["format"], rest["checksums"]), rest["metadata"])


def _our_part(metadata: Any) -> Any:
    ours = metadata["custom_metadata"][MARK]
    if ours["format"] not in _READ:
        raise Damaged(f"its format is {ours['format']!r}, and this version of {MARK} reads up to {FORMAT}")
    return ours


@functools.lru_cache(maxsize=4)
def _contents_of(text: bytes, format: int) -> Contents:
    content = json.loads(b"{%b}" % text)
    return _contents(content["stores"], content["arrays"], format)


def _contents(stores: Any, arrays: Any, format: int) -> Contents:
    checked = {key: _checked_store(key, fields) for key, fields in stores.items()}
    entries = (_checked_entry(name, fields, checked) for name, fields in arrays.items())
    return Contents(checked, dict(zip(arrays, entries, strict=True)), by_array=format < FORMAT)


def _checked_checksums(contents: Contents, format: int, checksums: Any) -> list[int]:
    _rule(type(checksums) is list, "there are no checksums")
    found = checksums if format == FORMAT else _checksums_of_arrays(contents, checksums)
    _rule(len(found) == contents.checksums, f"{len(found)} checksums in place of {contents.checksums}")
    if not set(map(type, found)) <= {int} or min(found, default=0) < 0:
        wrong = next(value for value in found if not _is_size(value))
        raise Damaged(f"its index is not valid: {wrong!r} for a checksum")
    return found


def _checksums_of_arrays(contents: Contents, checksums: list[Any]) -> list[int]:
    """The checksums of formats 1 and 2, which have a list of them for a large array."""
    found: list[int] = []
    _rule(len(checksums) == len(contents.entries), "not a checksum for each array")
    for (name, entry), value in zip(contents.entries.items(), checksums, strict=True):
        known = [value] if entry.store.is_pack else value
        _rule(type(known) is list, f"{name!r} lacks checksums")
        _rule(entry.store.is_pack or len(known) == entry.store.chunks, f"{name!r} lacks checksums, or has too many")
        found += known
    return found


def _checked_store(key: str, fields: dict[str, Any]) -> Store:
    store = Store(key, dtypes.as_dtype(str(fields["dtype"])), _checked_sizes(fields["shape"]), fields["rows"])
    _rule(_KEY.fullmatch(key) is not None, f"{key!r} is not a key of a store")
    _rule(store.dtype.is_numpy_compatible, f"{store.dtype.name} has no bytes")
    _rule(len(store.shape) >= 1 and _is_size(store.rows) and store.rows >= 1, f"{key!r} has no valid chunks")
    _rule(not store.is_pack or len(store.shape) == 1, f"the pack {key!r} has more than one dimension")
    return store


def _checked_entry(name: str, fields: dict[str, Any], stores: Mapping[str, Store]) -> Entry:
    # Plain comparisons: a checkpoint may have thousands of entries, and this is most of the time of reading them.
    store = stores[fields["array"]]
    shape, offset, length = tuple(fields["shape"]), fields["offset"], fields["length"]
    for number in (offset, length, *shape):
        if type(number) is not int or number < 0:
            raise Damaged(f"its index is not valid: {name!r} has {number!r} for a size")
    count = math.prod(shape)
    fits = count == length if store.dtype is not dtypes.string else 8 * count <= length
    if not fits or offset + length > store.count or len(shape) > _DIMENSIONS:
        raise Damaged(f"its index is not valid: {name!r} does not fit into {store.key!r}")
    if not store.is_pack and not (shape == store.shape and offset == 0):
        raise Damaged(f"its index is not valid: {name!r} is not all of {store.key!r}")
    return Entry(store.dtype, shape, store, offset, length)


def _checked_sizes(values: Any) -> tuple[int, ...]:
    _rule(
        isinstance(values, list) and len(values) <= _DIMENSIONS and all(map(_is_size, values)),
        f"{values!r} is no shape",
    )
    return tuple(values)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _rule(holds: bool, broken: str) -> None:
    if not holds:
        raise Damaged(f"its index is not valid: {broken}")
