"""Checkpoints: named arrays in an Orbax folder that appears whole or not at all.

    write("/d/model-7", {"w": w, "w/Adam": m, "global_step": 7})
    read("/d/model-7", ["w"])            {"w": array([...])}
    describe("/d/model-7")               {"w": (tf.float32, (784, 10)), ...}

The folder is a plain Orbax checkpoint. A program that has JAX and no scopedjax restores it with Orbax's public
interface; the index under `custom_metadata` says where each array is (`checkpoint_layout` has a picture of the folder):

    import orbax.checkpoint as ocp
    checkpointer = ocp.StandardCheckpointer()
    tree = checkpointer.restore("/d/model-7")
    index = checkpointer.metadata("/d/model-7").custom_metadata["scopedjax"]["index"]["arrays"]

    def array(name):
        place = index[name]
        part, key = place["array"].split("/", 1)
        flat = tree[part][key].reshape(-1)[place["offset"] : place["offset"] + place["length"]]
        return flat.reshape(place["shape"])

Strings lie as bytes: the lengths of all of them (int64) and then their contents.

Why this module writes that folder itself: Orbax's own writer takes 10 to 25 ms for the first array and more for each
further one (*measured*: 200 arrays 280 ms), and importing it takes 1.4 s. TensorFlow's Saver writes 3 variables in 4 ms
and 200 in 10; this module in 1 and 4. The layout is Orbax's documented one (a Zarr v2 array a folder); the tests
restore every kind of array through each of Orbax's public interfaces, so that a version of Orbax which reads the folder
differently is noticed. Checkpoints that Orbax wrote are read through Orbax (`foreign_orbax`).

Where a checkpoint called `PATH` lies: in the folder `PATH`. In TensorFlow `PATH` is the beginning of file names and
may be the name of a folder or a file at the same time, or end in a slash; then the checkpoint lies in `PATH.orbax`,
and what stands at `PATH` is not touched.

Invariants: those of `staging` (whole or not at all) and `checkpoint_layout` (nothing from the index is used unchecked),
and: every byte of an array that is returned has passed its checksum.
"""

from __future__ import annotations

import bisect
import contextlib
import difflib
import functools
import itertools
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from scopedjax._src.base import dtypes, errors, system_errors
from scopedjax._src.bridge import checkpoint_index, chunk_files, foreign_orbax, staging
from scopedjax._src.bridge import checkpoint_layout as layout
from scopedjax._src.bridge.array_bytes import flat_bytes, joined_bytes
from scopedjax._src.bridge.checkpoint_index import Contents, Damaged, Entry, Index
from scopedjax._src.bridge.checkpoint_layout import Pack, Store

_SUFFIX: Final = ".orbax"
_FILES_AT_ONCE: Final = 64  # arrays whose files are open together: well below a process's limit of open files
_RETRIES: Final = 12  # another process may save again and again
_GAP: Final = 1 << 16  # bytes between two wanted arrays of a pack that are rather read than skipped
_RUN: Final = 1 << 24  # bytes of a pack after which a new read begins, for the threads' sake
_READINGS_KEPT: Final = 8  # sets of names, for one set of arrays

_T = TypeVar("_T")


# -------------------------------------------------------------------------------------------------------------- writing


def write(path: str, arrays: Mapping[str, Any], metadata: Any = None) -> None:
    """Saves arrays under their names, in one step: killed at any moment, the old checkpoint or the new one is there.

    Args:
      path: Where; a checkpoint of ours with this name is replaced. One missing level of folders is made, as TensorFlow
        does.
      arrays: For each name a `jax.Array`, a NumPy array or a number; any TensorFlow dtype and shape. Strings are
        arrays of `bytes` objects (`str` is encoded as UTF-8).
      metadata: Anything that JSON can say; `read_metadata` gives it back.

    Raises:
      ValueError: There is nothing to save, or the folder that is to hold the checkpoint does not exist.
      TypeError: A value is of a type that TensorFlow does not have.
      tf.errors.OpError: The folder cannot be written: the class that TensorFlow raises (`PermissionDeniedError`,
        `ResourceExhaustedError` for a full disk, ...). What was there before is still there.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model-7")
    >>> write(path, {"v": np.ones([2, 3], np.float32), "step": np.int64(7)})
    >>> read(path)["step"]
    array(7)
    """
    path = os.fspath(path)
    if not path:
        raise ValueError("no path specified")
    if not arrays:
        raise ValueError("No variables to save")
    values = _host_arrays(arrays)
    with system_errors.as_tensorflow_errors(path):
        make_parent(path)
        with staging.new_folder(_destination(path), KIND) as folder:
            _fill(folder, values, metadata)


def remove(path: str) -> None:
    """Deletes a checkpoint, in one step; nothing happens if there is none.

    Args:
      path: As given to `write`.

    Raises:
      tf.errors.OpError: The folder cannot be written.
    """
    place = locate(path)
    if place is not None:
        with system_errors.as_tensorflow_errors(path), contextlib.suppress(FileNotFoundError):
            staging.remove_folder(place, KIND)


def check_replaceable(path: str) -> None:
    """Makes sure that a checkpoint of another kind may take the name `path`.

    Raises:
      FailedPreconditionError: It is an Orbax checkpoint that another program wrote.
    """
    place = locate(path)
    if place is not None and not _is_ours(place):
        raise errors.FailedPreconditionError(
            None,
            None,
            f"{place} is an Orbax checkpoint that another program wrote; it would hide the checkpoint {path}. Choose "
            "another name, or move it away.",
        )


def make_way(path: str) -> None:
    """Moves a checkpoint of ours that is a folder called `path` to `PATH.orbax`, where it is found too.

    For a file that is to have the name: it can then take it in one step.

    Raises:
      OSError: The folder cannot be moved.
    """
    if not _is_ours(path):
        return
    if _is_ours(path + _SUFFIX):
        staging.remove_folder(path, KIND)  # the other one has hidden it already
    else:
        os.rename(path, path + _SUFFIX)


def make_parent(path: str) -> None:
    """Makes the folder that is to hold a checkpoint, if one level is missing, as TensorFlow does.

    Raises:
      ValueError: More is missing, or the folder is a file.
    """
    parent = staging.split(path)[0]
    if os.path.isdir(parent):
        return
    try:
        os.mkdir(parent)
    except (FileNotFoundError, NotADirectoryError, FileExistsError):
        raise ValueError(
            f"Parent directory of {path} doesn't exist, can't save. "
            f"Make it first: os.makedirs({parent!r}, exist_ok=True)"
        ) from None


def _destination(path: str) -> str:
    """The folder that a checkpoint called `path` is written to."""
    beside = path + _SUFFIX
    if path.endswith("/") or _is_ours(beside):
        return beside
    for _ in range(_RETRIES):
        before = _identity(path)
        if before is None and not os.path.lexists(path) or _is_ours(path):
            return path
        if _identity(path) == before:  # otherwise another process was just replacing it
            return beside
    return path


def _host_arrays(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The values as NumPy arrays of TensorFlow's types, in this machine's memory."""
    wrong = next((name for name in arrays if not isinstance(name, str)), None)
    if wrong is not None:
        raise TypeError(f"The name of a saved array must be a string, got {wrong!r}")
    found = dict(arrays)
    if set(map(type, found.values())) != {np.ndarray}:
        for value in arrays.values():
            if hasattr(value, "copy_to_host_async"):  # a jax.Array: all copies go on together
                value.copy_to_host_async()
        found = {name: np.asarray(value) for name, value in arrays.items()}
    for kind in {array.dtype for array in found.values()}:
        dtypes.as_dtype(kind)  # raises for what TensorFlow does not have
    return found


def _string_bytes(name: str, array: np.ndarray) -> np.ndarray:
    items = [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    wrong = next((item for item in items if not isinstance(item, bytes)), None)
    if wrong is not None:
        raise TypeError(f"{name!r} holds {wrong!r}, a {type(wrong).__name__}; strings are saved as bytes or str")
    lengths = np.array([len(item) for item in items], "<i8").tobytes()
    return np.frombuffer(lengths + b"".join(items), np.uint8)


def _fill(folder: str, values: Mapping[str, np.ndarray], metadata: Any) -> None:
    """Writes everything into an empty folder."""
    arrays = list(values.values())
    kinds = tuple([array.dtype for array in arrays])
    shapes = tuple([array.shape for array in arrays])
    texts = [number for number, kind in enumerate(kinds) if kind.kind in "OSU"]
    names = tuple(values)
    for number in texts:
        arrays[number] = _string_bytes(names[number], arrays[number])
    plan = layout.plan_of(layout.Signature(names, kinds, shapes, tuple([arrays[number].nbytes for number in texts])))
    stores = [(pack.store, _pack_bytes(pack, arrays)) for pack in plan.packs]
    stores += [(store, [flat_bytes(arrays[number])]) for number, store in plan.large]
    written = chunk_files.write_stores(folder, stores)
    checksums = [checksum for store in plan.stores for checksum in written[store.key]]
    text = checkpoint_index.index_text(plan.stores, plan.entries, checksums, metadata)
    chunk_files.write_new(os.path.join(folder, layout.TREE_FILE), checkpoint_index.tree_file(plan.stores))
    chunk_files.write_new(os.path.join(folder, layout.CHECKPOINT_FILE), checkpoint_index.checkpoint_file(text))


def _pack_bytes(pack: Pack, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The bytes of a pack."""
    members = [arrays[number] for number in pack.members]
    if pack.store.nbytes > _RUN:  # not all of them a second time in memory
        return [flat_bytes(array) for array in members]
    return [np.frombuffer(joined_bytes(members)[0], np.uint8)]


# -------------------------------------------------------------------------------------------------------------- finding


def is_checkpoint(path: str) -> bool:
    """Whether there is an Orbax checkpoint called `path`; a damaged one counts, so that reading it tells."""
    return locate(path) is not None


def locate(path: str) -> str | None:
    """The folder that holds the checkpoint called `path`, or None.

    Args:
      path: As given to `write`.

    Returns:
      `path`; or `PATH.orbax` where `path` is something else; or, after a kill between two renames, a hidden folder
      beside it.

    >>> locate("/nowhere/model-7") is None
    True
    """
    path = os.fspath(path)
    if not path:
        return None
    for place in (path + _SUFFIX, path):
        if _is_orbax(place):
            return place
    if os.path.lexists(path):
        return None
    return staging.stepped_aside(path, path + _SUFFIX)


def modified(path: str) -> float | None:
    """When the checkpoint called `path` was written, in seconds since the epoch; None if there is none."""
    place = locate(path)
    if place is None:
        return None
    for name in (layout.CHECKPOINT_FILE, layout.TREE_FILE, ""):
        with contextlib.suppress(OSError):
            return os.stat(os.path.join(place, name)).st_mtime
    return None


def _is_orbax(folder: str) -> bool:
    names = (layout.CHECKPOINT_FILE, layout.TREE_FILE, *foreign_orbax.MARKS)
    return os.path.isdir(folder) and any(os.path.isfile(os.path.join(folder, name)) for name in names)


def _is_ours(folder: str) -> bool:
    for name in (layout.CHECKPOINT_FILE, layout.TREE_FILE):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as file:
            if checkpoint_index.is_ours(file.read()):
                return True
    return False


# -------------------------------------------------------------------------------------------------------------- reading


def read(path: str, keys: Iterable[str] | None = None, shared: bool = False) -> dict[str, np.ndarray]:
    """Restores arrays; every byte is checked against its checksum.

    Args:
      path: A checkpoint written by `write`, or any Orbax checkpoint: then the names are the keys of its tree joined by
        "/".
      keys: Names to restore; None for all.
      shared: Whether small arrays may be views of one buffer, which lives as long as any of them: quicker, for who
        keeps all of them or none.

    Returns:
      For each name a NumPy array of the saved type and shape (no scalars: 0-dimensional arrays); strings as objects of
      `bytes`.

    Raises:
      tf.errors.NotFoundError: There is no such checkpoint ("Failed to find any matching files for PATH") or it lacks a
      key ("Key v not found in
        checkpoint").
      tf.errors.DataLossError: `path` is something else than a checkpoint, or a file of it was truncated or changed.
    """
    return _attempt(path, lambda place: _read(place, None if keys is None else list(keys), shared))


def load_pytree(path: str) -> dict[str, np.ndarray]:
    """All arrays of a checkpoint as one flat dict, which is a pytree; the way from a TF1 checkpoint to a plain JAX
    program.

    Args:
      path: As for `read`.

    Returns:
      `{scoped name: array}`. `flax.traverse_util.unflatten_dict(d, sep="/")` nests it by scopes where no variable has
      the name of a scope (slots such as `w/Adam` live under the name of their variable `w`: leave them out first).

    Raises:
      As `read`.
    """
    return read(path)


def describe(path: str) -> dict[str, tuple[dtypes.DType, tuple[int, ...]]]:
    """The names in a checkpoint, each with its data type and shape; reads the index only.

    Args:
      path: As for `read`.

    Returns:
      For each name `(DType, shape)`.

    Raises:
      As `read`.
    """

    def shapes(place: str) -> dict[str, tuple[dtypes.DType, tuple[int, ...]]]:
        index = _our_index(place)
        if index is None:
            return foreign_orbax.describe(place)
        return {name: (entry.dtype, entry.shape) for name, entry in index.contents.entries.items()}

    return _attempt(path, shapes)


def read_metadata(path: str) -> Any:
    """What was given to `write` as `metadata`; None for a checkpoint that Orbax wrote.

    Args:
      path: As for `read`.

    Returns:
      The value as JSON gives it back (lists for tuples).

    Raises:
      As `read`.
    """

    def metadata(place: str) -> Any:
        index = _our_index(place)
        return None if index is None else index.metadata

    return _attempt(path, metadata)


def missing_key(key: str, path: str, names: Iterable[str]) -> errors.NotFoundError:
    """The error for a name that a checkpoint lacks, in TensorFlow's words and with the nearest name that it has."""
    names = list(names)
    near = difflib.get_close_matches(key, names, n=1)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    return errors.NotFoundError(
        None,
        None,
        f"Key {key} not found in checkpoint {path}, which has {len(names)} names{hint} "
        "(tf.train.list_variables shows them).",
    )


def _attempt(path: str, action: Callable[[str], _T]) -> _T:
    """Runs `action` on the folder of `path`; again, if another process replaced that folder meanwhile."""
    path = os.fspath(path)
    for attempt in range(_RETRIES):
        time.sleep(0.001 * attempt)  # whoever replaces it may be between two renames, and want the processor
        place = locate(path) or locate(path)  # it may have been replaced between two looks
        if place is None:
            raise _not_a_checkpoint(path)
        before = _identity(place)
        # A hidden folder stepped aside for another one, and may be on its way out.
        lasting = place in (path, path + _SUFFIX) or attempt == _RETRIES - 1
        try:
            return action(place)
        except errors.UnimplementedError:  # a folder on its way out looks like one of another kind
            if lasting and _is_still(place, before) and locate(path) == place:
                raise
        except (Damaged, FileNotFoundError) as error:
            if lasting and _is_still(place, before) and locate(path) == place:
                return _from_predecessor(path, place, action, error)
        except OSError as error:
            raise system_errors.translate(error, path) from error
    raise errors.UnavailableError(None, None, f"{path} was replaced {_RETRIES} times while it was read; try again")


def _from_predecessor(path: str, place: str, action: Callable[[str], _T], error: Exception) -> _T:
    """The result from the checkpoint that a torn one replaced (the machine went down before the disk had the new)."""
    predecessor = staging.stepped_aside(path)
    if predecessor is not None and predecessor != place:
        try:
            result = action(predecessor)
        except (Damaged, OSError):
            pass
        else:
            warnings.warn(f"{place} is damaged ({error}); the checkpoint that it replaced was read", stacklevel=4)
            return result
    raise _data_loss(place, str(error)) from error


def _is_sound(place: str) -> bool:
    try:
        _read(place, None)
    except (Damaged, OSError, errors.OpError):
        return False
    return True


def _is_sound_file(file: str) -> bool:
    """The same for one of TensorFlow's files: the index of a bundle, or a table of values."""
    from scopedjax._src.bridge.tensorbundle.bundle_reader import BundleReader
    from scopedjax._src.bridge.tensorbundle.slices_reader import SlicesReader

    is_index = file.endswith(".index")
    try:
        with BundleReader(file.removesuffix(".index"), file) if is_index else SlicesReader(file, [file]) as opened:
            opened.read_many()
    except (OSError, errors.OpError):
        return False
    return True


KIND: Final = staging.Kind(layout.owns, _is_sound, _is_sound_file)
"""What `staging` must know of checkpoints."""


def _is_still(place: str, before: tuple[int, int] | None) -> bool:
    return before is not None and _identity(place) == before


def _identity(place: str) -> tuple[int, int] | None:
    try:
        found = os.stat(place)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _our_index(place: str) -> Index | None:
    """The index of a checkpoint of ours; None if it is of another kind.

    Raises:
      Damaged: It cannot be read.
      OSError: The same.
    """
    file = os.path.join(place, layout.CHECKPOINT_FILE)
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError:
        if not _is_ours(place):
            return None
        raise
    if not checkpoint_index.is_ours(data) and not _is_ours(place):
        return None
    try:
        return checkpoint_index.read_index(data)
    except Damaged as error:
        raise Damaged(f"{file}: {error}") from error


class _Run(NamedTuple):
    """Neighbours in a pack that are read at once.

    Attributes:
      start: The first byte.
      size: How many bytes.
      blocks: The blocks that are read: (first byte counted from `start`, byte behind it, number of the checksum).
      values: Of each array (name, first byte counted from `start`, byte behind it, shape).
    """

    start: int
    size: int
    blocks: list[tuple[int, int, int]]
    values: list[tuple[str, int, int, tuple[int, ...]]]


class _StoreReading(NamedTuple):
    """What is read of a store.

    Attributes:
      store: The store.
      start: The first byte.
      size: Bytes from there to the last.
      runs: In a pack what is read at once.
      whole: The array that has the store for itself, and its name.
      blocks: Its blocks: as in `_Run`.
    """

    store: Store
    start: int
    size: int
    runs: list[_Run]
    whole: tuple[str, Entry] | None
    blocks: list[tuple[int, int, int]]


def _read(place: str, keys: list[str] | None, shared: bool = False) -> dict[str, np.ndarray]:
    index = _our_index(place)
    if index is None:
        return foreign_orbax.read(place, keys)
    readings = _readings(index.contents, None if keys is None else tuple(keys), place)
    found: dict[str, np.ndarray] = {}
    with chunk_files.workers(sum(reading.size for reading in readings)) as run:
        for first in range(0, len(readings), _FILES_AT_ONCE):
            found |= _read_stores(place, readings[first : first + _FILES_AT_ONCE], index.checksums, shared, run)
    return {name: found[name] for name in (index.contents.entries if keys is None else dict.fromkeys(keys))}


def _readings(contents: Contents, keys: tuple[str, ...] | None, place: str) -> list[_StoreReading]:
    """How to read some arrays of a checkpoint; the answer is kept for the next checkpoint of the same arrays."""
    known = contents.kept.get(keys)
    if known is not None:
        return known
    entries = contents.entries
    for key in keys or ():
        if key not in entries:
            raise missing_key(key, place, entries)
    by_store: dict[str, list[tuple[str, Entry]]] = {}
    for name in entries if keys is None else dict.fromkeys(keys):
        entry = entries[name]
        by_store.setdefault(entry.store.key, []).append((name, entry))
    try:
        found = [_store_reading(named, contents) for named in by_store.values()]
    except Damaged as error:
        raise Damaged(f"{place}: {error}") from error
    if len(contents.kept) < _READINGS_KEPT:
        contents.kept[keys] = found
    return found


def _store_reading(named: list[tuple[str, Entry]], contents: Contents) -> _StoreReading:
    store = named[0][1].store
    bounds, numbers = contents.blocks(store)
    if not store.is_pack:
        blocks = [(*pair, number) for pair, number in zip(itertools.pairwise(bounds), numbers, strict=True)]
        return _StoreReading(store, 0, store.nbytes, [], named[0], blocks)
    named.sort(key=lambda pair: pair[1].offset)
    runs = [_run_of(run, bounds, numbers) for run in _runs(named, store.item.itemsize)]
    start, end = runs[0].start, max(run.start + run.size for run in runs)
    return _StoreReading(store, start, end - start, runs, None, [])


def _run_of(named: list[tuple[str, Entry]], bounds: Sequence[int], numbers: Sequence[int]) -> _Run:
    """The run for neighbours in a pack: the blocks in which they lie."""
    size = named[0][1].store.item.itemsize
    end = max(entry.offset + entry.length for _, entry in named) * size
    first = max(0, bisect.bisect_right(bounds, named[0][1].offset * size) - 1)
    last = max(first, bisect.bisect_left(bounds, end))
    start = bounds[first]
    blocks = [(bounds[block] - start, bounds[block + 1] - start, numbers[block]) for block in range(first, last)]
    values = [
        (name, entry.offset * size - start, (entry.offset + entry.length) * size - start, entry.shape)
        for name, entry in named
    ]
    return _Run(start, bounds[last] - start, blocks, values)


def _read_stores(
    place: str, readings: Sequence[_StoreReading], checksums: list[int], shared: bool, run: chunk_files.Run
) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    tasks: list[Callable[[], dict[str, np.ndarray]]] = []
    with contextlib.ExitStack() as files:
        for store, start, size, runs, whole, blocks in readings:
            file = files.enter_context(chunk_files.StoreFile(place, store, start, size))
            tasks += [functools.partial(_read_run, file, store, part, checksums, shared) for part in runs]
            if whole is None:
                continue
            name, entry = whole
            array = np.empty(entry.length, store.item)
            found[name] = array.view(store.dtype.as_numpy_dtype).reshape(entry.shape)
            data = array.view(np.uint8).data
            for first, last, number in blocks:
                tasks.append(functools.partial(_read_chunk, file, first, data[first:last], checksums[number]))
        for part in run(lambda task: task(), tasks):
            found |= part
    return found


def _read_chunk(file: chunk_files.StoreFile, start: int, data: memoryview, checksum: int) -> dict[str, np.ndarray]:
    """Reads a part of a large array into its place."""
    file.fill(start, data)
    file.check(start, data, checksum)
    return {}


def _runs(named: list[tuple[str, Entry]], size: int) -> Iterator[list[tuple[str, Entry]]]:
    """Cuts entries of a pack, sorted by offset, into runs that are worth one read each."""
    run: list[tuple[str, Entry]] = []
    for name, entry in named:
        if run:
            begin, end = run[0][1].offset * size, (run[-1][1].offset + run[-1][1].length) * size
            if entry.offset * size - end > _GAP or end - begin > _RUN:
                yield run
                run = []
        run.append((name, entry))
    yield run


def _read_run(
    file: chunk_files.StoreFile, store: Store, run: _Run, checksums: list[int], shared: bool
) -> dict[str, np.ndarray]:
    """Reads neighbours in a pack at once."""
    buffer = np.empty(run.size, np.uint8)
    data = buffer.data
    file.fill(run.start, data)
    for first, last, number in run.blocks:
        file.check(run.start + first, data[first:last], checksums[number])
    if store.dtype is dtypes.string:
        return {name: _strings(shape, buffer[first:last]) for name, first, last, shape in run.values}
    kind = np.dtype(store.dtype.as_numpy_dtype)
    if shared:
        return {name: np.ndarray(shape, kind, buffer, first) for name, first, _, shape in run.values}
    # Copies, so that keeping one small array does not keep all of them.
    return {name: np.ndarray(shape, kind, buffer, first).copy() for name, first, _, shape in run.values}


def _strings(shape: tuple[int, ...], data: np.ndarray) -> np.ndarray:
    result = np.empty(shape, object)
    lengths = np.frombuffer(data, "<i8", result.size).tolist()
    if any(length < 0 for length in lengths) or 8 * result.size + sum(lengths) != len(data):
        raise Damaged(f"the lengths of {result.size} strings do not fit into {len(data)} bytes")
    content, place = data.tobytes(), 8 * result.size
    flat = result.reshape(-1)
    for number, length in enumerate(lengths):
        flat[number] = content[place : place + length]
        place += length
    return result


# --------------------------------------------------------------------------------------------------------------- errors


def _data_loss(place: str, reason: str) -> errors.DataLossError:
    return errors.DataLossError(
        None,
        None,
        f"The checkpoint {place} is damaged: {reason}. It was cut off or changed after it was saved. Restore an "
        "earlier one (tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths lists them) or bring this one "
        "back from a copy.",
    )


def _not_a_checkpoint(path: str) -> errors.OpError:
    """TensorFlow's words for a path where no checkpoint is: a folder, a file of another kind, nothing."""
    if os.path.isdir(path):
        reason = f"{path}; Is a directory and no checkpoint (tf.train.latest_checkpoint finds the newest in a folder)"
    elif os.path.exists(path):
        reason = "Data loss: not an sstable (bad magic number)"
    else:
        message = f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {path}"
        return errors.NotFoundError(None, None, message)
    return errors.DataLossError(
        None,
        None,
        f"Unable to open table file {path}: {reason}: perhaps your file is in a different file format and you need to "
        "use a different restore operator?",
    )
