"""The bytes of a checkpoint's arrays: uncompressed Zarr v2 chunks, written and read by several threads.

A chunk is a run of rows, so in C order the chunks of an array are consecutive ranges of its bytes: writing takes slices
of the array's own memory and reading fills slices of the result's; nothing is copied in between. (Zarr wants every
chunk full; the end of the last one is left as a hole in the file.) CRC-32 runs at 2.5 GB/s on one core, several times
faster than a disk.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from scopedjax._src.bridge.checkpoint_index import Damaged
from scopedjax._src.bridge.checkpoint_layout import ZARR_FILE, Store

_THREADS = min(8, 2 * (os.cpu_count() or 1))  # they wait for the disk more than they compute
_SMALL = 1 << 23  # bytes up to which starting threads costs more than it brings


Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A `map`, in order: the plain one or a pool's."""


@contextlib.contextmanager
def workers(nbytes: int) -> Iterator[Run]:
    """A `map` for work on `nbytes` bytes: threads if that is much, else the plain one."""
    if nbytes <= _SMALL:
        yield map
        return
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        yield pool.map


def write_stores(checkpoint: str, stores: Sequence[tuple[Store, Sequence[np.ndarray]]]) -> dict[str, list[int]]:
    """Writes arrays.

    Args:
      checkpoint: The checkpoint's folder.
      stores: What to write, each with the bytes of the array in order, as one-dimensional arrays of uint8.

    Returns:
      For each key of a store the CRC-32 of its blocks, padding left out.

    Raises:
      OSError: The folder cannot be written.
    """
    tasks: list[tuple[Store, str, list[np.ndarray]]] = []
    for store, pieces in stores:
        folder = os.path.join(checkpoint, store.folder)
        os.mkdir(folder)
        write_new(os.path.join(folder, ZARR_FILE), json.dumps(store.zarray()).encode())
        for number, parts in enumerate(_split(pieces, store.chunk_bytes)):
            tasks.append((store, os.path.join(folder, store.chunk_name(number)), parts))
    checksums: dict[str, list[int]] = {store.key: [] for store, _ in stores}
    with workers(sum(store.nbytes for store, _ in stores)) as run:
        for (store, *_), found in zip(tasks, run(_write_chunk, tasks), strict=True):
            checksums[store.key] += found
    return checksums


def write_new(path: str, data: bytes) -> None:
    """Writes a file that does not exist yet."""
    with open(path, "xb") as file:
        file.write(data)


def _split(pieces: Sequence[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    """The bytes of `pieces` in lists of `size` bytes each; the last may be shorter."""
    parts: list[np.ndarray] = []
    room = size
    for piece in pieces:
        while len(piece) >= room:
            parts.append(piece[:room])
            piece = piece[room:]
            yield parts
            parts, room = [], size
        if len(piece):
            parts.append(piece)
            room -= len(piece)
    if parts:
        yield parts


def _write_chunk(task: tuple[Store, str, list[np.ndarray]]) -> list[int]:
    store, path, parts = task
    data = parts[0].data if len(parts) == 1 else np.concatenate(parts).data
    with open(path, "xb", buffering=0) as file:
        done = 0
        while done < len(data):  # the system writes at most 2 GB at once
            done += file.write(data[done:])
        if done < store.chunk_bytes:
            file.truncate(store.chunk_bytes)
    return [zlib.crc32(data[start : start + store.block_bytes]) for start in range(0, len(data), store.block_bytes)]


class StoreFile:
    """Reads ranges of one array of a checkpoint; a context manager, because it holds the files that it reads from.

    Args:
      checkpoint: The checkpoint's folder.
      store: The array.
      start: First byte that will be read.
      length: Bytes from there to the last byte that will be read.

    Raises:
      Damaged: A file in this range is missing, or has another size than the index says; told before memory is asked
        for.
    """

    def __init__(self, checkpoint: str, store: Store, start: int, length: int) -> None:
        self.size = store.chunk_bytes
        self.folder = os.path.join(checkpoint, store.folder)
        self._handles: dict[int, int] = {}
        try:
            if length:
                for number in range(start // self.size, -(-(start + length) // self.size)):
                    self._take(number, os.path.join(self.folder, store.chunk_name(number)))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> StoreFile:
        return self

    def __exit__(self, *exception: object) -> None:
        while self._handles:
            os.close(self._handles.popitem()[1])

    def fill(self, start: int, out: memoryview) -> None:
        """Reads `len(out)` bytes from byte `start` of the array.

        Raises:
          Damaged: A file became shorter meanwhile.
        """
        while out:
            number, first = divmod(start, self.size)
            count = os.preadv(self._handles[number], [out[: self.size - first]], first)
            if count == 0:
                raise Damaged(f"{self.folder} ends at byte {start}")
            start += count
            out = out[count:]

    def check(self, start: int, data: memoryview, stored: int) -> None:
        """Makes sure that `data`, read from byte `start`, has the checksum `stored`.

        Raises:
          Damaged: It has another.
        """
        computed = zlib.crc32(data)
        if computed != stored:
            raise Damaged(
                f"{self.folder}, {len(data)} bytes from byte {start}: Checksum does not match: "
                f"stored {stored} vs. calculated on the restored bytes {computed}"
            )

    def _take(self, number: int, path: str) -> None:
        try:
            self._handles[number] = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise Damaged(f"{path} is missing") from None
        found = os.fstat(self._handles[number]).st_size
        if found != self.size:
            raise Damaged(f"{path} has {found} bytes in place of {self.size}")
