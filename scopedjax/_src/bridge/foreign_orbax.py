"""Checkpoints that Orbax itself wrote, from a plain JAX or flax program: read through Orbax's public interface.

The names are the keys of the tree joined by "/", so that `{"dense": {"kernel": k}}` restores into the variable
`dense/kernel`, and `opt_state/0/mu/...` stands for what is in tuples and lists. Orbax is imported when such a
checkpoint is first read (1.4 s).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.bridge.checkpoint_index import Damaged
from scopedjax._src.bridge.checkpoint_layout import TREE_FILE

MARKS: Final = ("orbax.checkpoint", "manifest.ocdbt")
"""Files by which an Orbax checkpoint is known that has neither of the two metadata files."""


def read(folder: str, keys: list[str] | None) -> dict[str, np.ndarray]:
    """Restores arrays of a checkpoint that Orbax wrote.

    Args:
      folder: The checkpoint.
      keys: Names to restore; None for all.

    Returns:
      For each name a NumPy array.

    Raises:
      Damaged: Orbax cannot read it.
      tf.errors.NotFoundError: It lacks a key.
    """
    import jax
    import orbax.checkpoint as ocp

    from scopedjax._src.bridge.orbax_checkpoint import missing_key

    item = _require_item(folder)
    tree = _metadata(item)
    # NumPy for all: a saved sharding names devices that this machine may not have.
    wanted = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), tree)
    try:
        with ocp.PyTreeCheckpointer() as checkpointer:
            restored = checkpointer.restore(item, args=ocp.args.PyTreeRestore(restore_args=wanted))
    except (ValueError, OSError, KeyError) as error:
        raise Damaged(f"Orbax cannot read it ({error})") from error
    found = {name: np.asarray(value) for name, value in _leaves(restored, ()) if value is not None}
    for key in keys or ():
        if key not in found:
            raise missing_key(key, folder, found)
    return found if keys is None else {key: found[key] for key in keys}


def describe(folder: str) -> dict[str, tuple[dtypes.DType, tuple[int, ...]]]:
    """The names in a checkpoint that Orbax wrote, each with its data type and shape.

    Raises:
      Damaged: Orbax cannot read its metadata.
    """
    found: dict[str, tuple[dtypes.DType, tuple[int, ...]]] = {}
    for name, leaf in _leaves(_metadata(_require_item(folder)), ()):
        if getattr(leaf, "dtype", None) is not None:
            found[name] = dtypes.as_dtype(leaf.dtype), tuple(getattr(leaf, "shape", None) or ())
    return found


def _metadata(item: str) -> Any:
    import orbax.checkpoint as ocp

    try:
        with ocp.PyTreeCheckpointer() as checkpointer:
            return checkpointer.metadata(item).item_metadata.tree
    except (ValueError, OSError, KeyError, AttributeError) as error:
        raise Damaged(f"Orbax cannot read its metadata ({error})") from error


def _item(folder: str) -> str | None:
    """The folder that has the tree: this one, or the only one in it that has (a step of a CheckpointManager)."""
    if os.path.isfile(os.path.join(folder, TREE_FILE)):
        return folder
    try:
        inside = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError:
        return None
    trees = [place for place in inside if os.path.isfile(os.path.join(place, TREE_FILE))]
    return trees[0] if len(trees) == 1 else None


def _require_item(folder: str) -> str:
    item = _item(folder)
    if item is None:
        raise errors.UnimplementedError(
            None,
            None,
            f"{folder} is an Orbax checkpoint without exactly one tree of arrays ({TREE_FILE}) in it. "
            "Give the path of the item that holds the tree.",
        )
    return os.path.abspath(item)


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        children = tree.items()
    elif isinstance(tree, (list, tuple)):
        children = enumerate(tree)
    else:
        yield "/".join(path), tree
        return
    for key, child in children:
        yield from _leaves(child, (*path, str(key)))
