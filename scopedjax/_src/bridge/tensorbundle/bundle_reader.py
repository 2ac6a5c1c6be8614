"""Reads tensor bundles: names from the `.index` file, values from the `.data-xxxxx-of-yyyyy` files.

    wanted tensors -> their entries, slices for the partitioned -> pieces -> tasks for threads -> checksums -> arrays

Pieces below a megabyte that lie near each other are read at once (a *run*); a larger piece is read in parts, straight
into its array. A partitioned variable is put together here: a slice that is a range of rows is read into its place.

Invariants: those of the package, and: memory for a tensor is asked for only when the data files hold as many bytes as
its slices say, and no two pieces share bytes (so a small file cannot ask for much memory by naming a range often).
"""

from __future__ import annotations

import functools
import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors
from scopedjax._src.bridge import chunk_files, staging
from scopedjax._src.bridge.tensorbundle import bundle_recall, element_types, string_tensors
from scopedjax._src.bridge.tensorbundle.bundle_index import BundleIndex, Entry
from scopedjax._src.bridge.tensorbundle.checksum import combined, crc32c, masked
from scopedjax._src.bridge.tensorbundle.damage import data_loss, wrong_checksum
from scopedjax._src.bridge.tensorbundle.data_files import DataFiles
from scopedjax._src.bridge.tensorbundle.slice_keys import box_of
from scopedjax._src.bridge.tensorbundle.tensor_file import TensorFile, TensorInfo, Wanted, cut
from scopedjax._src.ops.files.slices import Slice

_LARGE: Final = 1 << 20  # bytes from which a piece is read by itself
_PART: Final = 1 << 23  # bytes of a part of a large piece
_GAP: Final = 1 << 16  # bytes between two wanted pieces that are rather read than skipped
_RUN: Final = 1 << 22  # bytes after which a new run begins
_RETRIES: Final = 5
_ALIGNMENT: Final = 64  # so that JAX takes an array's memory as it is

_Task = Callable[[], tuple["_Piece", int, int] | None]


@dataclass(slots=True, eq=False)
class _Piece:
    """Bytes to read: a tensor, or a slice of a partitioned one.

    Attributes:
      name: The tensor.
      entry: Where the bytes are.
      box: The place in a partitioned tensor.
      value: The array that takes them.
      owner: The array of several slices of which that is a part.
      checksums: Of the parts that were read, by their offset: (CRC-32C, length).
    """

    name: str
    entry: Entry
    box: Slice | None = None
    value: np.ndarray | None = None
    owner: _Whole | None = None
    checksums: dict[int, tuple[int, int]] | None = None


@dataclass(slots=True, eq=False)
class _Whole:
    """A box in a partitioned tensor, to be put together from slices.

    Attributes:
      name: The tensor.
      entry: Its entry.
      box: The box.
      pieces: The slices that it touches.
      value: The array.
    """

    name: str
    entry: Entry
    box: Slice
    pieces: list[_Piece]
    value: np.ndarray | None = None


class BundleReader(TensorFile):
    """A tensor bundle that is open for reading.

    If another process replaces the checkpoint meanwhile, the new one is read.

    Args:
      path: The checkpoint: the names of its files up to `.index`.
      index_path: The index file, where that is another than `path + ".index"`.

    Raises:
      tf.errors.NotFoundError: There is no such file.
      tf.errors.DataLossError: The index is damaged.
    """

    format = "TensorFlow V2"

    def __init__(self, path: str, index_path: str | None = None) -> None:
        super().__init__(path)
        self._is_given = index_path is not None
        self._index_path = path + ".index" if index_path is None else index_path
        self._data: DataFiles | None = None
        try:
            self._load()
        except errors.DataLossError as error:
            if not self._turn_to_predecessor(error):
                raise

    def _load(self) -> None:
        self.close()
        self._seen = _identity(self._index_path)
        self._index = BundleIndex(self._index_path)
        self._data = DataFiles(self.path, self._index.shards)

    def _turn_to_predecessor(self, error: errors.OpError) -> bool:
        """Opens the checkpoint that a torn one replaced (the machine went down before the disk had the new)."""
        found = None if self._is_given else staging.stepped_aside(self.path + ".index")
        if found is None:
            return False
        try:
            with BundleReader(self.path, found) as other:
                other.read_many()
        except errors.OpError:
            return False
        warnings.warn(
            f"{self.path} is damaged ({error.message}); the checkpoint that it replaced is read", stacklevel=4
        )
        self._index_path, self._is_given = found, True
        self._load()
        return True

    def close(self) -> None:
        """Closes the data files; does nothing a second time."""
        if self._data is not None:
            self._data.close()

    @property
    def files(self) -> list[str]:
        """The paths of the files: the index and the data files."""
        assert self._data is not None
        return [self._index_path, *map(self._data.name, range(self._index.shards))]

    def _table(self) -> Any:
        return self._index.tensors

    def _info(self, name: str) -> TensorInfo:
        entry = self._index.entry(name)
        nbytes = sum(piece.entry.nbytes for piece in self._pieces(name, entry))
        return TensorInfo(name, entry.number, entry.shape, nbytes, entry.slices)

    def type_number(self, name: str) -> int:
        """The number of a tensor's type."""
        self._check_known(name)
        return self._index.entry(name).number

    def place(self, name: str) -> list[tuple[str, int, int]]:
        """Where the bytes of a tensor lie: (file, first byte, number of bytes), for each of its slices."""
        self._check_known(name)
        assert self._data is not None
        pieces = self._pieces(name, self._index.entry(name))
        return [(self._data.name(p.entry.shard), p.entry.offset, p.entry.nbytes) for p in pieces]

    def mapped(self, name: str) -> np.ndarray:
        """A tensor as a read-only array that stays in its file: only what is looked at is loaded.

        The checksum is not checked, and the file must not be cut off while the array is in use.

        Args:
          name: A tensor of numbers that is not partitioned.

        Raises:
          ValueError: It is one of strings, partitioned, or of the other byte order.
          tf.errors.OpError: As `read`.
        """
        info = self.info(name)
        entry = self._index.entry(name)
        if entry.slices or entry.number not in element_types.NUMBERS_WITH_SIZE or self._index.order == ">":
            raise ValueError(f"{name} does not lie in the file as it would in memory: use read")
        assert self._data is not None
        self._data.check(entry.shard, entry.offset, entry.nbytes)
        if not entry.nbytes:
            return np.empty(entry.shape, info.numpy_dtype)
        view = self._data.mapped(entry.shard, entry.offset, entry.nbytes)
        return view.view(info.numpy_dtype).reshape(entry.shape)

    def remember(self, names: tuple[str, ...]) -> None:
        """Keeps what is known of tensors that have been read, for the next checkpoint that is like this one."""
        index = self._index
        if index.order == "<":
            bundle_recall.remember(self._index_path, names, [index.entry(name) for name in names], index.shards)

    # ------------------------------------------------------------------------------------------------------- reading

    def _read(self, wanted: Sequence[Wanted]) -> list[np.ndarray]:
        for _ in range(_RETRIES):
            try:
                for name, _ in wanted:
                    self._check_known(name)
                return self._attempt(wanted)
            except errors.OpError as error:
                now = _identity(self._index_path)
                if now is None or now == self._seen:
                    if not isinstance(error, errors.DataLossError) or not self._turn_to_predecessor(error):
                        raise
                    continue
            self._load()  # it was replaced: what did not fit together were two checkpoints
        raise errors.UnavailableError(None, None, f"{self.path} was replaced {_RETRIES} times while it was read")

    def _attempt(self, wanted: Sequence[Wanted]) -> list[np.ndarray]:
        pieces: dict[tuple[str, Slice | None], _Piece] = {}
        plans: list[tuple[_Piece | None, _Whole | None]] = []
        for name, box in wanted:
            entry = self._index.entry(name)
            if not entry.slices:
                plans.append((pieces.setdefault((name, None), _Piece(name, entry)), None))
                continue
            own = [pieces.setdefault((name, piece.box), piece) for piece in self._pieces(name, entry, box)]
            if len(own) == 1 and own[0].box == box:
                plans.append((own[0], None))
            else:
                plans.append((None, _Whole(name, entry, box or _all_of(entry.shape), own)))
        self._check_ranges(list(pieces.values()))
        for _, whole in plans:
            if whole is not None:
                self._prepare(whole)
        self._read_pieces(list(pieces.values()))
        return [_result(piece, whole, box) for (piece, whole), (_, box) in zip(plans, wanted, strict=True)]

    def _pieces(self, name: str, entry: Entry, wanted: Slice | None = None) -> list[_Piece]:
        """What is to be read for a tensor: its slices, or those that the wanted box touches."""
        if not entry.slices:
            return [_Piece(name, entry)]
        pieces: list[_Piece] = []
        for extents in entry.slices:
            try:
                box = box_of(extents, entry.shape)
            except ValueError as error:
                raise data_loss(self._index_path, entry.place, f"the entry of {name}: {error}") from None
            if wanted is not None and not _touch(wanted, box):
                continue
            _, found = self._index.slice_of(name, extents, entry)
            if found.shape != box.size:
                raise data_loss(
                    self._index_path, found.place, f"a slice of {name} has the shape {found.shape} and not {box.size}"
                )
            pieces.append(_Piece(name, found, box))
        return pieces

    def _check_ranges(self, pieces: list[_Piece]) -> None:
        """Whether the data files hold all pieces, none of them twice."""
        assert self._data is not None
        ends: dict[int, int] = {}
        # One tensor may be asked for twice as a whole and as a slice, but a name is in `names` once.
        for piece in sorted(pieces, key=lambda piece: (piece.entry.shard, piece.entry.offset)):
            entry = piece.entry
            if not entry.nbytes:
                continue
            if entry.offset < ends.get(entry.shard, 0):
                raise data_loss(self._index_path, entry.place, f"the bytes of {piece.name} are those of another tensor")
            ends[entry.shard] = entry.offset + entry.nbytes
        for shard, end in ends.items():
            self._data.check(shard, end, 0)

    def _prepare(self, whole: _Whole) -> None:
        """Makes the array of a box in a partitioned tensor; slices that are ranges of its rows are read into it."""
        box = whole.box
        common = [_common(box, piece.box) for piece in whole.pieces if piece.box is not None]
        covered = sum(math.prod(part.size) for part in common)
        if covered != math.prod(box.size) or not _cover(common, box):
            raise data_loss(
                self._index_path,
                whole.entry.place,
                f"{whole.name} has no values for a part of the slice {list(box.start)}, {list(box.size)} long",
            )
        kind = element_types.numpy_type(whole.entry.number, whole.name)
        if kind.kind == "O":
            whole.value = np.empty(box.size, object)
            return
        whole.value = _aligned(box.size, kind)
        for piece, part in zip(whole.pieces, common, strict=True):
            target = whole.value[_inside(part, box)]
            if part == piece.box and target.flags.c_contiguous and target.nbytes >= _LARGE and piece.value is None:
                piece.value, piece.owner = target, whole

    def _read_pieces(self, pieces: list[_Piece]) -> None:
        small: list[_Piece] = []
        tasks: list[_Task] = []
        for piece in pieces:
            kind = element_types.numpy_type(piece.entry.number, piece.name)
            if kind.kind == "O" or piece.entry.nbytes < _LARGE:
                small.append(piece)
                continue
            if piece.value is None:
                piece.value = _aligned(piece.entry.shape, kind)
            piece.checksums = {}
            tasks += self._part_tasks(piece)
        tasks += [functools.partial(self._read_run, run) for run in _runs(small)]
        with chunk_files.workers(sum(piece.entry.nbytes for piece in pieces)) as run:
            for result in run(lambda task: task(), tasks):
                if result is not None:
                    piece, crc, offset = result
                    assert piece.checksums is not None
                    piece.checksums[offset] = crc, min(_PART, piece.entry.nbytes - offset)
        for piece in pieces:
            if piece.checksums is not None:
                self._finish_large(piece)

    def _part_tasks(self, piece: _Piece) -> Iterator[_Task]:
        assert piece.value is not None
        view = piece.value.reshape(-1).view(np.uint8)
        for offset in range(0, piece.entry.nbytes, _PART):
            yield functools.partial(self._read_part, piece, view[offset : offset + _PART], offset)

    def _read_part(self, piece: _Piece, out: np.ndarray, offset: int) -> tuple[_Piece, int, int]:
        assert self._data is not None
        self._data.fill(piece.entry.shard, piece.entry.offset + offset, out.data)
        return piece, crc32c(out), offset

    def _finish_large(self, piece: _Piece) -> None:
        assert piece.checksums is not None and piece.value is not None
        crc = 0
        for offset in sorted(piece.checksums):
            part, length = piece.checksums[offset]
            crc = combined(crc, part, length) if offset else part
        self._check(piece.entry, crc)
        _put_right(piece.value, self._index.order)

    def _read_run(self, run: list[_Piece]) -> None:
        """Reads small neighbours at once."""
        assert self._data is not None
        first = run[0].entry
        end = max(piece.entry.offset + piece.entry.nbytes for piece in run)
        buffer = np.empty(end - first.offset, np.uint8)
        if len(buffer):
            self._data.fill(first.shard, first.offset, buffer.data)
        for piece in run:
            entry = piece.entry
            start = entry.offset - first.offset
            data = buffer[start : start + entry.nbytes]
            kind = element_types.numpy_type(entry.number, piece.name)
            if kind.kind == "O":
                piece.value = self._strings(entry, data)
                continue
            self._check(entry, crc32c(data))
            # A copy, so that keeping one small array does not keep all of them.
            piece.value = np.ndarray(entry.shape, kind, buffer, start).copy()
            _put_right(piece.value, self._index.order)

    def _strings(self, entry: Entry, data: np.ndarray) -> np.ndarray:
        assert self._data is not None
        try:
            order = self._index.order
            value, crc = string_tensors.decode(data.tobytes(), entry.shape, math.prod(entry.shape), order)
        except ValueError as error:
            raise data_loss(self._data.name(entry.shard), entry.offset, str(error)) from None
        self._check(entry, crc)
        return value

    def _check(self, entry: Entry, crc: int) -> None:
        computed = masked(crc)
        if computed != entry.crc32c:
            assert self._data is not None
            file = self._data.name(entry.shard)
            raise wrong_checksum(file, entry.offset, entry.nbytes, entry.crc32c, computed)


def _identity(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _aligned(shape: tuple[int, ...], kind: np.dtype[Any]) -> np.ndarray:
    size = math.prod(shape) * kind.itemsize
    buffer = np.empty(size + _ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + size].view(kind).reshape(shape)


def _put_right(value: np.ndarray, order: str) -> None:
    """Gives numbers this machine's byte order, and truth values the two that there are."""
    if value.dtype.kind == "b":
        flat = value.view(np.uint8)
        if flat.size and flat.max() > 1:
            np.not_equal(flat, 0, out=value)
    elif order == ">":
        size = value.itemsize // 2 if value.dtype.kind == "c" else value.itemsize
        value.reshape(-1).view(f"u{size}").byteswap(inplace=True)


def _runs(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Cuts pieces into runs of neighbours that are worth one read each."""
    run: list[_Piece] = []
    end = 0
    for piece in sorted(pieces, key=lambda piece: (piece.entry.shard, piece.entry.offset)):
        entry = piece.entry
        if run and (entry.shard != run[0].entry.shard or entry.offset - end > _GAP or end - run[0].entry.offset > _RUN):
            yield run
            run, end = [], 0
        run.append(piece)
        end = max(end, entry.offset + entry.nbytes)
    if run:
        yield run


def _result(piece: _Piece | None, whole: _Whole | None, box: Slice | None) -> np.ndarray:
    """The array that was asked for."""
    if whole is None:
        assert piece is not None and piece.value is not None
        return piece.value if box is None or piece.box is not None else cut(piece.name, piece.value, box)
    assert whole.value is not None
    for piece in whole.pieces:
        assert piece.value is not None and piece.box is not None
        if piece.owner is not whole:
            part = _common(whole.box, piece.box)
            whole.value[_inside(part, whole.box)] = piece.value[_inside(part, piece.box)]
    return whole.value


def _all_of(shape: tuple[int, ...]) -> Slice:
    return Slice(shape, (0,) * len(shape), shape)


def _touch(one: Slice, other: Slice) -> bool:
    return all(_common(one, other).size)


def _common(one: Slice, other: Slice) -> Slice:
    """The box that two boxes of one tensor have in common; a size is 0 if there is none."""
    start = tuple(map(max, one.start, other.start))
    ends = (min(a + m, b + n) for a, m, b, n in zip(one.start, one.size, other.start, other.size, strict=True))
    return Slice(one.full, start, tuple(max(0, end - first) for end, first in zip(ends, start)))


def _inside(part: Slice, box: Slice) -> tuple[slice, ...]:
    """The place of a part in an array of the box."""
    starts = (first - origin for first, origin in zip(part.start, box.start, strict=True))
    return tuple(slice(start, start + size) for start, size in zip(starts, part.size, strict=True))


def _cover(parts: list[Slice], box: Slice) -> bool:
    """Whether parts of a box, which together have as many elements as it has, are all of it: none of them overlap."""
    if len(parts) < 2:
        return True
    parts = sorted((part for part in parts if all(part.size)), key=lambda part: part.start)
    if all(before.start[0] + before.size[0] <= after.start[0] for before, after in zip(parts, parts[1:])):
        return True
    covered = np.zeros(box.size, bool)
    for part in parts:
        covered[_inside(part, box)] = True
    return bool(covered.all())
