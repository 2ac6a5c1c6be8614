"""Assets: files (vocabularies, mostly) that a SavedModel takes with it.

    constant "/home/me/words.txt"  --builder-->  assets/words.txt, and an AssetFileDef: words.txt belongs to Const:0
                                   --loader--->  the init op runs with Const:0 fed: "/d/model/assets/words.txt"

Two files of one name and other content get names of their own (`words.txt_1`).
"""

from __future__ import annotations

import filecmp
import logging
import os
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.paths import local_path
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.platform.gfile import Copy
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.saved_model.messages import packed_asset, unpacked_asset
from scopedjax._src.ops.constant_value import constant_value

_LOG: Final = logging.getLogger("tensorflow")


# --------------------------------------------------------------------------------------------------------------- saving


def assets_of(tensors: Iterable[Any] | None) -> tuple[dict[str, str], list[Any]]:
    """Returns what to copy, {name in the folder of assets: path}, and the entries of the collection of assets.

    Args:
      tensors: Constants that hold paths, or None.

    Raises:
      TypeError: one is no scalar constant of text.
      ValueError: a path is empty.
    """
    copies: dict[str, str] = {}
    entries: list[Any] = []
    if tensors is None:
        _LOG.info("No assets to save.")
        return copies, entries
    for tensor in tensors:
        path = _path_of(tensor)
        if not path:
            raise ValueError(f"Asset filepath tensor {tensor} in is invalid.")
        name = _name_for(path, copies)
        entries.append(packed_asset(name, tensor.name))
        copies[name] = path
    _LOG.info("Assets added to graph.")
    return copies, entries


def _path_of(tensor: Any) -> str:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"Asset path tensor {tensor} must be a Tensor.")
    if tensor.op.type != "Const":
        raise TypeError(f"Asset path tensor {tensor} must be of type constant.Has type {tensor.op.type} instead.")
    if tensor.dtype is not dtypes.string:
        raise TypeError(f"Asset path tensor {tensor}` must be of dtype string.Has type {tensor.dtype} instead.")
    values = np.asarray(constant_value(tensor)).ravel().tolist()
    if len(values) != 1:
        raise TypeError(f"Asset path tensor {tensor} must be a scalar.")
    return values[0].decode() if isinstance(values[0], bytes) else str(values[0])


def _name_for(path: str, copies: dict[str, str]) -> str:
    """The file's own name, or one behind which no other file stands."""
    name = os.path.basename(path)
    known = copies.get(name)
    if known is None or known == path or filecmp.cmp(local_path(path), local_path(known), shallow=False):
        return name
    count = 1
    while f"{name}_{count}" in copies:
        count += 1
    return f"{name}_{count}"


def copy_assets(copies: dict[str, str], export_dir: str, done: set[str]) -> None:
    """Copies files into the folder of assets.

    Args:
      copies: {name in the folder: path}.
      export_dir: The folder of the SavedModel.
      done: What was copied before; it is not copied again.

    Raises:
      tf.errors.OpError: A file cannot be copied.
    """
    if not copies:
        _LOG.info("No assets to write.")
        return
    folder = os.path.join(export_dir, names.ASSETS_DIRECTORY)
    os.makedirs(folder, exist_ok=True)
    for name, path in copies.items():
        target = os.path.join(folder, name)
        if os.path.exists(local_path(path)) and path != target and target not in done:
            Copy(path, target, overwrite=True)
            done.add(target)
    _LOG.info("Assets written to: %s", folder)


# -------------------------------------------------------------------------------------------------------------- loading


def assets_in(meta_graph_def: Any) -> list[Any]:
    """Returns the AssetFileDefs of a MetaGraphDef: TensorFlow 2 has a field for them, before there was a collection."""
    if meta_graph_def.asset_file_def:
        return list(meta_graph_def.asset_file_def)
    if names.ASSETS_KEY not in meta_graph_def.collection_def:
        return []
    return [unpacked_asset(item) for item in meta_graph_def.collection_def[names.ASSETS_KEY].any_list.value]


def asset_paths(export_dir: str, meta_graph_def: Any, import_scope: str | None) -> dict[str, str]:
    """Returns {tensor name: path of its file} of a MetaGraphDef's assets.

    Raises:
      InvalidArgumentError: a name leads out of the folder of assets.
    """
    folder = os.path.join(export_dir, names.ASSETS_DIRECTORY)
    found: dict[str, str] = {}
    for asset in assets_in(meta_graph_def):
        path = os.path.normpath(os.path.join(folder, asset.filename))
        if not path.startswith(os.path.normpath(folder) + os.sep):
            raise InvalidArgumentError(
                None, None, f"The asset {asset.filename!r} of the SavedModel at {export_dir} lies outside its folder."
            )
        tensor = asset.tensor_info.name
        found[f"{import_scope}/{tensor}" if import_scope else tensor] = os.path.join(folder, asset.filename)
    return found
