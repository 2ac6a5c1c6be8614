"""Where each array of a checkpoint lies: the plan of a folder.

The folder is an Orbax checkpoint of one Zarr v2 array a folder (Orbax's documented layout with `use_ocdbt=False`).
Large arrays are Orbax arrays of their own; the small ones of a type lie end to end in one, the *pack* of that type:

    model-7/
      _CHECKPOINT_METADATA        Orbax's; its `custom_metadata` holds our index
      _METADATA                   Orbax's tree: {"packed": {"float32": ..., ...}, "arrays": {"embedding.Adam": ...}}
      packed.float32/.zarray 0    every float32 below LARGE bytes: conv/kernel, conv/bias, conv/bias/Adam, ...
      packed.int64/.zarray 0      global_step
      packed.string/.zarray 0     bytes: of each string tensor the lengths (int64, little endian), then the strings
      arrays.embedding.Adam/.zarray 0.0 1.0 2.0    in chunks of rows, the last one padded as Zarr wants it

    index:  {"conv/bias": {"shape": [32], "array": "packed/float32", "offset": 288, "length": 32}, ...}, and checksums

Two saves of the same variables have the same plan, which is kept (`plan_of`).

Invariants:
  - The index alone says where the bytes of an array are (`checkpoint_index`); the `.zarray` files repeat it for Orbax.
  - `offset` counts elements of the Orbax array, so that `tree["packed"]["float32"][288:288 + 32].reshape(32)` is
    `conv/bias`.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.base import dtypes

CHECKPOINT_FILE: Final = "_CHECKPOINT_METADATA"
TREE_FILE: Final = "_METADATA"
ZARR_FILE: Final = ".zarray"

LARGE: Final = 1 << 20
"""Bytes from which an array is an Orbax array of its own; below, an array costs Orbax more (2 ms) than its bytes do."""

CHUNK: Final = 1 << 26
"""Bytes of a file, about: small enough to be written and read by several threads, large enough to be few."""

BLOCK: Final = 1 << 16
"""Bytes of a pack that have a checksum together; a chunk of a pack ends where a block does."""


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

    @property
    def block_bytes(self) -> int:
        """Bytes that have a checksum together: a block of a pack, a file of a large array."""
        return min(BLOCK, self.chunk_bytes) if self.is_pack else self.chunk_bytes

    @property
    def blocks(self) -> int:
        """Number of checksums."""
        return -(-self.nbytes // self.block_bytes) if self.nbytes else 0

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


class Signature(NamedTuple):
    """What the plan of a folder hangs on.

    Attributes:
      names: Of the arrays.
      kinds: Their NumPy types.
      shapes: Their shapes.
      text_bytes: The bytes on disk of each array of strings, in order.
    """

    names: tuple[str, ...]
    kinds: tuple[np.dtype[Any], ...]
    shapes: tuple[tuple[int, ...], ...]
    text_bytes: tuple[int, ...]


class Pack(NamedTuple):
    """The small arrays of a type.

    Attributes:
      store: Where they lie.
      members: Their numbers in the signature, in order.
    """

    store: Store
    members: list[int]


class Plan:
    """What a folder for arrays of given names, types and shapes looks like.

    Attributes:
      packs: The small arrays.
      large: (number in the signature, store) of the others.
      entries: The lines of the index, in the order of the packs and then the large ones.
    """

    def __init__(self, signature: Signature) -> None:
        self.large: list[tuple[int, Store]] = []
        self.packs: list[Pack] = []
        self.entries: list[str] = []
        taken: set[str] = set()
        small: dict[dtypes.DType, list[tuple[int, int]]] = {}
        texts = iter(signature.text_bytes)
        for number, (name, kind, shape) in enumerate(zip(*signature[:3], strict=True)):
            dtype = dtypes.as_dtype(kind)
            nbytes = next(texts) if dtype is dtypes.string else math.prod(shape) * kind.itemsize
            if nbytes >= LARGE and dtype is not dtypes.string:
                self.large.append((number, store_of(name, dtype, shape, taken)))
            else:
                small.setdefault(dtype, []).append((number, nbytes))
        for dtype, members in small.items():
            self._add_pack(dtype, members, signature)
        for number, store in self.large:
            self.entries.append(entry_text(signature.names[number], store.shape, store, 0, store.count))

    def _add_pack(self, dtype: dtypes.DType, members: list[tuple[int, int]], signature: Signature) -> None:
        size = disk_dtype(dtype).itemsize
        ends = list(itertools.accumulate((nbytes // size for _, nbytes in members), initial=0))
        pack = Pack(pack_of(dtype, ends[-1]), [number for number, _ in members])
        self.packs.append(pack)
        for number, (start, end) in zip(pack.members, itertools.pairwise(ends), strict=True):
            name, shape = signature.names[number], signature.shapes[number]
            self.entries.append(entry_text(name, shape, pack.store, start, end - start))

    @functools.cached_property
    def stores(self) -> list[Store]:
        """All stores."""
        return [*(pack.store for pack in self.packs), *(store for _, store in self.large)]


@functools.lru_cache(maxsize=8)
def plan_of(signature: Signature) -> Plan:
    """The plan for arrays; those for the last few sets of arrays are kept."""
    return Plan(signature)


def entry_text(name: str, shape: Iterable[int], store: Store, offset: int, length: int) -> str:
    """The line of the index for one array."""
    sizes = ",".join(map(str, shape))
    return f'{json.dumps(name)}:{{"shape":[{sizes}],"array":"{store.key}","offset":{offset},"length":{length}}}'
