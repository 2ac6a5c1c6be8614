"""Where each array of a checkpoint lies: the plan of a folder, its index, and the two JSON files that Orbax reads.

The folder is an Orbax checkpoint of one Zarr v2 array a folder (Orbax's documented layout with `use_ocdbt=False`).
Large arrays are Orbax arrays of their own; the small ones of a type lie end to end in one, the *pack* of that type:

    model-7/
      _CHECKPOINT_METADATA        Orbax's; its `custom_metadata` holds our index
      _METADATA                   Orbax's tree: {"packed": {"float32": ..., ...}, "arrays": {"embedding.Adam": ...}}
      packed.float32/.zarray 0    every float32 below LARGE bytes: conv/kernel, conv/bias, conv/bias/Adam, ...
      packed.int64/.zarray 0      global_step
      packed.string/.zarray 0     bytes: of each string tensor the lengths (int64, little endian), then the strings
      arrays.embedding.Adam/.zarray 0.0 1.0 2.0    in chunks of rows, the last one padded as Zarr wants it

    index:  {"conv/bias": {"shape": [32], "array": "packed/float32", "offset": 288, "length": 32, "crc32": 90706}, ...}

Invariants:
  - The index alone says where the bytes of an array are, and carries their checksums and its own; the `.zarray` files
    repeat it for Orbax.
  - An index is data from outside: nothing in it is used before `read_index` has checked it against the rules here
    (names of folders, sizes, ranges), so that a hostile or damaged one can neither lead out of the folder nor ask for
    memory that the files do not back.
  - `offset` counts elements of the Orbax array, so that `tree["packed"]["float32"][288:288 + 32].reshape(32)` is
    `conv/bias`.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import re
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.base import dtypes

MARK: Final = "scopedjax"
FORMAT: Final = 1
CHECKPOINT_FILE: Final = "_CHECKPOINT_METADATA"
TREE_FILE: Final = "_METADATA"
ZARR_FILE: Final = ".zarray"

LARGE: Final = 1 << 20
"""Bytes from which an array is an Orbax array of its own; below, an array costs Orbax more (2 ms) than its bytes do."""

CHUNK: Final = 1 << 26
"""Bytes of a file, about: small enough to be written and read by several threads, large enough to be few."""

_DIMENSIONS: Final = 64  # more than NumPy has
_CHECKSUM: Final = b',"crc32":'
_KEY = re.compile(r"(packed|arrays)/[A-Za-z0-9_\-][A-Za-z0-9_\-.]*")


class Damaged(Exception):
    """An index or a file does not say what it must; the caller knows the path and raises `DataLossError`."""


@dataclass(frozen=True)
class Store:
    """One Orbax array on disk.

    Attributes:
      key: Its place in Orbax's tree, `"packed/float32"` or `"arrays/embedding.Adam"`.
      dtype: TensorFlow type of the arrays in it.
      shape: Shape on disk; a pack has one dimension.
      rows: Length of a chunk along the first dimension.
    """

    key: str
    dtype: dtypes.DType
    shape: tuple[int, ...]
    rows: int

    @property
    def folder(self) -> str:
        """The folder in the checkpoint: Orbax joins the keys of its tree by a dot."""
        return self.key.replace("/", ".", 1)

    @functools.cached_property
    def is_pack(self) -> bool:
        """Whether it holds many small arrays, and not one large."""
        return self.key.startswith("packed/")

    @functools.cached_property
    def count(self) -> int:
        """Number of elements, padding left out."""
        return math.prod(self.shape)

    @functools.cached_property
    def item(self) -> np.dtype[Any]:
        """What one element is on disk."""
        return disk_dtype(self.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the array, padding left out."""
        return self.count * self.item.itemsize

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one file, padding included."""
        return self.rows * math.prod(self.shape[1:]) * self.item.itemsize

    @property
    def chunks(self) -> int:
        """Number of files."""
        return -(-self.shape[0] // self.rows)

    def chunk_name(self, number: int) -> str:
        """Zarr's name of a file: `3`, or `3.0.0` in three dimensions."""
        return ".".join([str(number)] + ["0"] * (len(self.shape) - 1))

    def zarray(self) -> dict[str, Any]:
        """The content of `.zarray`."""
        return {
            "zarr_format": 2,
            "shape": list(self.shape),
            "chunks": [self.rows, *self.shape[1:]],
            "dtype": "bfloat16" if self.dtype is dtypes.bfloat16 else self.item.str,
            "compressor": None,
            "fill_value": None,
            "filters": None,
            "order": "C",
            "dimension_separator": ".",
        }


class Entry(NamedTuple):
    """One array as the program knows it.

    Attributes:
      dtype: Its TensorFlow type.
      shape: Its shape.
      store: The Orbax array that holds it.
      offset: Its first element in `store`.
      length: Its elements in `store` (for strings: bytes).
      crc32: Checksum of its bytes; of each chunk's when the array has a store of its own.
    """

    dtype: dtypes.DType
    shape: tuple[int, ...]
    store: Store
    offset: int
    length: int
    crc32: tuple[int, ...]


def owns(name: str) -> bool:
    """Whether an entry of a checkpoint's folder is part of the checkpoint, not something that the user put there."""
    return name in (CHECKPOINT_FILE, TREE_FILE) or name.startswith(("packed.", "arrays."))


@functools.cache
def disk_dtype(dtype: dtypes.DType) -> np.dtype[Any]:
    """The little-endian NumPy type of an element on disk: bytes for strings, the plain integer for a quantized type."""
    if dtype is dtypes.string:
        return np.dtype(np.uint8)
    numpy_dtype = np.dtype(dtype.as_numpy_dtype)
    if numpy_dtype.names:
        numpy_dtype = numpy_dtype[0]
    return numpy_dtype if numpy_dtype.kind == "V" else numpy_dtype.newbyteorder("<")


# ------------------------------------------------------------------------------------------------------------- planning


def pack_of(dtype: dtypes.DType, length: int) -> Store:
    """The pack that holds `length` elements of small arrays of a type."""
    return Store(f"packed/{dtype.name}", dtype, (length,), max(1, min(length, CHUNK // disk_dtype(dtype).itemsize)))


def store_of(name: str, dtype: dtypes.DType, shape: tuple[int, ...], taken: set[str]) -> Store:
    """The store of a large array; `taken` gains its key (in lower case: some file systems do not tell cases apart)."""
    # A readable folder name; the scoped name itself may hold "..", a chunk's name ("w/0") or 300 characters.
    plain = re.sub(r"[^A-Za-z0-9_\-]+", ".", name)[:120].strip(".") or "array"
    names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    key = next(key for key in (f"arrays/{name}" for name in names) if key.lower() not in taken)
    taken.add(key.lower())
    row = math.prod(shape[1:]) * disk_dtype(dtype).itemsize
    return Store(key, dtype, shape, max(1, min(shape[0], CHUNK // row)))


# ----------------------------------------------------------------------------------------------------- the JSON files


def entry_text(name: str, shape: Iterable[int], store: Store, offset: int, length: int, crc32: Sequence[int]) -> str:
    """The line of the index for one array.

    Text at once, because the dicts of a thousand variables would set off Python's garbage collector.
    """
    sizes = ",".join(map(str, shape))
    checksums = str(crc32[0]) if store.is_pack else f"[{','.join(map(str, crc32))}]"
    return (
        f'{json.dumps(name)}:{{"shape":[{sizes}],"array":"{store.key}",'
        f'"offset":{offset},"length":{length},"crc32":{checksums}}}'
    )


def index_text(stores: Iterable[Store], entries: Iterable[str], metadata: Any) -> str:
    """The index: the stores, the lines made by `entry_text`, and the caller's metadata, as JSON.

    Raises:
      TypeError: `metadata` is not made of dicts, lists, strings, numbers, booleans and None.
    """
    described = {store.key: {"dtype": store.dtype.name, "shape": store.shape, "rows": store.rows} for store in stores}
    return f'{{"stores":{json.dumps(described)},"arrays":{{{",".join(entries)}}},"metadata":{json.dumps(metadata)}}}'


def checkpoint_file(index: str) -> bytes:
    """The content of `_CHECKPOINT_METADATA`: Orbax's fields, then our index, last the CRC-32 of all that is before."""
    now = time.time_ns()
    head: dict[str, Any] = {"item_handlers": None, "metrics": {}, "performance_metrics": {}}
    head |= {"init_timestamp_nsecs": now, "commit_timestamp_nsecs": now}
    text = f'{json.dumps(head)[:-1]},"custom_metadata":{{"{MARK}":{{"format":{FORMAT},"index":{index}'.encode()
    return b"%b%b%d}}}" % (text, _CHECKSUM, zlib.crc32(text))


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


def is_ours(metadata: bytes) -> bool:
    """Whether a `_CHECKPOINT_METADATA` or a `_METADATA` is of this format, without reading it."""
    return f'"{MARK}":'.encode() in metadata


def read_index(checkpoint_metadata: bytes) -> tuple[dict[str, Entry], Any]:
    """The entries and the caller's metadata in a `_CHECKPOINT_METADATA` of ours.

    Raises:
      Damaged: It is not JSON, its checksum is wrong, it is of a later format, or it breaks a rule of the layout.
    """
    try:
        text, _, stored = checkpoint_metadata.rpartition(_CHECKSUM)
        computed = zlib.crc32(text)
        if stored != b"%d}}}" % computed:
            stored = stored[:10].decode(errors="replace")
            raise Damaged(f"Checksum does not match: stored {stored} vs. calculated on the restored bytes {computed}")
        ours = json.loads(checkpoint_metadata)["custom_metadata"][MARK]
        if ours["format"] != FORMAT:
            raise Damaged(f"its format is {ours['format']!r}, and this version of {MARK} reads format {FORMAT}")
        content = ours["index"]
        stores = {key: _checked_store(key, fields) for key, fields in content["stores"].items()}
        entries = {name: _checked_entry(name, fields, stores) for name, fields in content["arrays"].items()}
        return entries, content["metadata"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"its index cannot be read ({type(error).__name__}: {error})") from error


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
    shape, offset, length, crc32 = tuple(fields["shape"]), fields["offset"], fields["length"], fields["crc32"]
    crc32 = (crc32,) if store.is_pack else tuple(crc32)
    for number in (offset, length, *shape, *crc32):
        if type(number) is not int or number < 0:
            raise Damaged(f"its index is not valid: {name!r} has {number!r} for a size")
    count = math.prod(shape)
    fits = count == length if store.dtype is not dtypes.string else 8 * count <= length
    if not fits or offset + length > store.count or len(shape) > _DIMENSIONS:
        raise Damaged(f"its index is not valid: {name!r} does not fit into {store.key!r}")
    if not store.is_pack and not (len(crc32) == store.chunks and shape == store.shape and offset == 0):
        raise Damaged(f"its index is not valid: {name!r} is not all of {store.key!r}, or lacks checksums")
    return Entry(store.dtype, shape, store, offset, length, crc32)


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
