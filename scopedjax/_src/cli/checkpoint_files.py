"""Checkpoints, as files of named tensors: Orbax folders and TensorFlow's own formats.

A path may be what `Saver.save` returned, one of the files that it made (as a shell completes it), a folder with a
`checkpoint` file, which stands for the newest, or a SavedModel, which stands for its variables.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.cli.tensor_files import Array, CommandError, TensorInfo, TensorSink, TensorSource

_PARTS: Final = re.compile(r"\.(index|meta|data-\d{5,}-of-\d{5,})$")


def checkpoint_path(path: str) -> str:
    """The checkpoint that a path means.

    Raises:
      CommandError: There is none.
    """
    from scopedjax._src.lib.train import checkpoint_reader, checkpoint_state

    def is_checkpoint(place: str) -> bool:
        return any(known.recognise(place) for known in checkpoint_reader.FORMATS)

    # Its files first: an index is a table, as checkpoints of before 1.0 are.
    if is_checkpoint(plain := _PARTS.sub("", path)):
        return plain
    if is_checkpoint(path):
        return path
    if os.path.isdir(path):
        if is_checkpoint(variables := os.path.join(path, "variables", "variables")):
            return variables
        newest = checkpoint_state.latest_checkpoint(path)
        if newest is None:
            raise CommandError(
                f"{path} is a folder with no checkpoint in it: neither a `checkpoint` file that names one, nor an "
                "Orbax checkpoint, nor a SavedModel"
            )
        return newest
    if not os.path.exists(path):
        raise CommandError(f"{path}: there is no such file or checkpoint")
    raise CommandError(f"{path} is no checkpoint, .npz or .safetensors file")


class CheckpointSource(TensorSource):
    """Reads a checkpoint of any kind that `Saver.restore` takes."""

    def __init__(self, path: str) -> None:
        from scopedjax._src.lib.train import checkpoint_reader

        super().__init__(checkpoint_path(path))
        known = next(known for known in checkpoint_reader.FORMATS if known.recognise(self.path))
        self.kind = f"{known.name} checkpoint"
        self._reader = known.open(self.path)
        self.at_once = _is_foreign(self.path)
        shapes = self._reader.get_variable_to_shape_map()
        for name, dtype in self._reader.get_variable_to_dtype_map().items():
            self.tensors[name] = TensorInfo(dtype.base_dtype.name, tuple(shapes[name]))

    def read(self, names: Sequence[str]) -> Mapping[str, Array]:
        """Returns the values of some tensors."""
        return self._reader.get_tensors(names)

    def close(self) -> None:
        """Lets go of the files."""
        close = getattr(self._reader, "close", None)
        if close is not None:
            close()


def _is_foreign(path: str) -> bool:
    """Whether Orbax itself reads a checkpoint, which it does as a whole."""
    from scopedjax._src.bridge import checkpoint_index, checkpoint_layout, orbax_checkpoint

    place = orbax_checkpoint.locate(path)
    if place is None:
        return False
    for name in (checkpoint_layout.CHECKPOINT_FILE, checkpoint_layout.TREE_FILE):
        with contextlib.suppress(OSError), open(os.path.join(place, name), "rb") as file:
            if checkpoint_index.is_ours(file.read()):
                return False
    return True


def _is_tensorflow_dtype(dtype: str) -> bool:
    try:
        return dtypes.as_dtype(dtype).is_numpy_compatible
    except TypeError:
        return False


class OrbaxSink(TensorSink):
    """Writes an Orbax checkpoint. All tensors are in memory once: the layout groups small ones by dtype."""

    kind = "An Orbax checkpoint"

    def holds(self, dtype: str) -> bool:
        """All that TensorFlow has."""
        return _is_tensorflow_dtype(dtype)

    def exists(self) -> bool:
        """Whether there is a checkpoint, or something else of that name."""
        from scopedjax._src.bridge import orbax_checkpoint

        return os.path.lexists(self.path) or orbax_checkpoint.is_checkpoint(self.path)

    def write(self, tensors: Mapping[str, TensorInfo], stream: Iterable[tuple[str, Array]]) -> None:
        """Makes the folder."""
        from scopedjax._src.bridge import orbax_checkpoint, staging

        del tensors
        try:
            orbax_checkpoint.write(self.path, dict(stream))
        except ValueError as error:
            raise CommandError(str(error)) from error
        staging.settle()


class TensorFlowSink(TensorSink):
    """Writes a checkpoint in TensorFlow's format V2. All tensors are in memory once: their names are sorted first."""

    kind = "A TensorFlow checkpoint"

    def __init__(self, path: str) -> None:
        super().__init__(_PARTS.sub("", path))

    def holds(self, dtype: str) -> bool:
        """All that TensorFlow has."""
        return _is_tensorflow_dtype(dtype)

    def exists(self) -> bool:
        """Whether there is a checkpoint of this name."""
        return os.path.lexists(self.path + ".index")

    def write(self, tensors: Mapping[str, TensorInfo], stream: Iterable[tuple[str, Array]]) -> None:
        """Makes the files."""
        from scopedjax._src.bridge import checkpoint_tensors, staging

        del tensors
        pieces = ((name, "", array) for name, array in stream)
        checkpoint_tensors.write_tensors(self.path, pieces, format="tensorflow")
        staging.settle()
