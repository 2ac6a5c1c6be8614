"""Makes one bundle of several, without copying their data: what `MergeV2Checkpoints` does at the end of a sharded save.

    model_temp/part-00000-of-00002.index, .data-00000-of-00001        model.index
    model_temp/part-00001-of-00002.index, .data-00000-of-00001   ->   model.data-00000-of-00002, .data-00001-of-00002

The data files get new names (hard links, until the merged checkpoint is there), the entries are put into one index.
Slices of one partitioned tensor may come from several bundles; its own entry then lists all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from scopedjax._src.base import errors
from scopedjax._src.bridge.tensorbundle import bundle_files
from scopedjax._src.bridge.tensorbundle.bundle_index import BundleIndex, Entry
from scopedjax._src.bridge.tensorbundle.data_files import data_name
from scopedjax._src.bridge.tensorbundle.index_messages import entry_bytes, index_bytes, tensor_head, whole_entry
from scopedjax._src.bridge.tensorbundle.slice_keys import Extents


def merge_bundles(prefixes: Sequence[str], path: str, delete: bool) -> None:
    """Makes one checkpoint of several, in one step.

    Args:
      prefixes: The bundles.
      path: The one that takes their place.
      delete: Whether to delete them afterwards.

    Raises:
      InvalidArgumentError: They contradict each other: a name in two of them, slices of different types or shapes.
      DataLossError: An index is damaged.
      OSError: A file cannot be read or written; what was there before is still there.
    """
    entries: dict[bytes, bytes] = {}
    wholes: dict[str, tuple[Entry, list[Extents]]] = {}
    files: list[str] = []
    for prefix in dict.fromkeys(prefixes):
        index = BundleIndex(prefix + ".index")
        _add(index, len(files), entries, wholes)
        files += [data_name(prefix, shard, index.shards) for shard in range(index.shards)]
    for name, (entry, slices) in wholes.items():
        entries[name.encode()] = whole_entry(tensor_head(entry.number, entry.shape), slices)
    bundle_files.take_files(path, files, lambda count: index_bytes(entries, count))
    if delete:
        for prefix in prefixes:
            bundle_files.remove(prefix)


def _add(
    index: BundleIndex, first: int, entries: dict[bytes, bytes], wholes: dict[str, tuple[Entry, list[Extents]]]
) -> None:
    """Adds the entries of a bundle; its data files get the numbers from `first` on."""
    if index.order != "<":
        raise errors.UnimplementedError(None, None, f"{index.path}: bundles of big-endian machines cannot be merged")
    for name in index.tensors:
        entry = index.entry(name)
        key = name.encode()
        if not entry.slices:
            if key in entries or name in wholes:
                raise errors.InvalidArgumentError(None, None, f"Adding duplicate key: {name} is in two of the shards")
            entries[key] = _moved(entry, first)
            continue
        known, slices = wholes.setdefault(name, (entry, []))
        if (known.number, known.shape) != (entry.number, entry.shape) or key in entries:
            raise errors.InvalidArgumentError(
                None, None, f"{name} is of another type or shape in {index.path} than in the shards before it"
            )
        for extents in entry.slices:
            slice_key, piece = index.slice_of(name, extents, entry)
            if slice_key in entries:
                raise errors.InvalidArgumentError(None, None, f"Adding duplicate key: a slice of {name}")
            entries[slice_key] = _moved(piece, first)
            slices.append(extents)


def _moved(entry: Entry, first: int) -> bytes:
    head = tensor_head(entry.number, entry.shape)
    return entry_bytes(head, entry.shard + first, entry.offset, entry.nbytes, entry.crc32c)
