"""Writes the data file of a bundle: values one after the other, and their checksums on the way.

Large values go from the arrays' own memory to the file, in parts, by several threads; small neighbours are put together
first (a *run*).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from scopedjax._src.bridge import chunk_files
from scopedjax._src.bridge.array_bytes import flat_bytes, joined_bytes
from scopedjax._src.bridge.tensorbundle.checksum import combined, crc32c

_LARGE: Final = 1 << 18  # bytes from which a value is written by itself
_PART: Final = 1 << 23  # bytes of a part of a large value
_RUN: Final = 1 << 22  # bytes of small values that are put together for one write

Bounds = Sequence[tuple[int, int]]
"""The first byte of each value in the file, and the byte behind it."""


Runs = Sequence[tuple[int, int]]
"""The first value and the one behind the last of each run; a large value is one by itself."""


def write_data(handle: int, values: Sequence[np.ndarray], bounds: Bounds, runs: Runs) -> list[int]:
    """Writes values to a file.

    Args:
      handle: The file's descriptor.
      values: Arrays of numbers.
      bounds: Where each goes: each begins where the one before it ends.
      runs: What is written at once.

    Returns:
      The CRC-32C of each value's bytes.
    """
    checksums = [0] * len(values)
    tasks: list[Callable[[], None]] = []
    large: list[tuple[int, list[int], int]] = []
    for first, last in runs:
        start, end = bounds[first]
        if end - start < _LARGE:
            tasks.append(functools.partial(_write_run, handle, values, bounds, checksums, first, last))
            continue
        data = flat_bytes(values[first])
        parts = [0] * -(-len(data) // _PART)
        tasks += [functools.partial(_write_part, handle, data, start, number, parts) for number in range(len(parts))]
        large.append((first, parts, len(data)))
    with chunk_files.workers(bounds[-1][1] if bounds else 0) as work:
        for _ in work(lambda task: task(), tasks):
            pass
    for number, parts, size in large:
        checksums[number] = _joined(parts, size)
    return checksums


def runs_of(bounds: Bounds) -> Runs:
    """What of values with these places is written at once."""
    return list(_runs(bounds))


def _runs(bounds: Bounds) -> Iterator[tuple[int, int]]:
    first = 0
    for number, (start, end) in enumerate(bounds):
        if end - start >= _LARGE:
            if first < number:
                yield first, number
            yield number, number + 1
            first = number + 1
        elif end - bounds[first][0] > _RUN:
            yield first, number
            first = number
    if first < len(bounds):
        yield first, len(bounds)


def _write_run(
    handle: int, values: Sequence[np.ndarray], bounds: Bounds, checksums: list[int], first: int, last: int
) -> None:
    start = bounds[first][0]
    data, parts = joined_bytes(values[first:last])
    checksums[first:last] = map(crc32c, parts)
    _pwrite(handle, memoryview(data), start)


def _write_part(handle: int, data: np.ndarray, start: int, number: int, parts: list[int]) -> None:
    part = data[number * _PART : (number + 1) * _PART]
    parts[number] = crc32c(part)
    _pwrite(handle, part.data, start + number * _PART)


def _joined(parts: list[int], size: int) -> int:
    crc = parts[0]
    for number, part in enumerate(parts[1:], start=1):
        crc = combined(crc, part, min(_PART, size - number * _PART))
    return crc


def _pwrite(handle: int, data: memoryview, offset: int) -> None:
    while data:
        done = os.pwrite(handle, data, offset)
        offset += done
        data = data[done:]
