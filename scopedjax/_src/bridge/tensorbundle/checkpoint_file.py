"""Opens TensorFlow's checkpoint files, whichever their format."""

from __future__ import annotations

import glob
import os

from scopedjax._src.base import errors
from scopedjax._src.bridge.tensorbundle.bundle_reader import BundleReader
from scopedjax._src.bridge.tensorbundle.table import MAGIC
from scopedjax._src.bridge.tensorbundle.tensor_file import TensorFile


def is_bundle(path: str) -> bool:
    """Whether there is a checkpoint of format V2 called `path`: an index file. A damaged one counts."""
    return os.path.isfile(path + ".index")


def v1_files(path: str) -> list[str]:
    """The files of the checkpoint of format V1 called `path`, sorted; none if there is none.

    Args:
      path: A file, or a pattern of files such as `model-7-?????-of-00002`.
    """
    files = [path] if os.path.exists(path) else sorted(glob.glob(path))
    return files if files and all(map(_is_table, files)) else []


def _is_table(path: str) -> bool:
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            file.seek(-len(MAGIC), os.SEEK_END)
            return file.read() == MAGIC
    except OSError:
        return False


def open_file(path: str) -> TensorFile:
    """Opens a checkpoint that TensorFlow wrote, or that was written here in its formats.

    Args:
      path: What `Saver.save` returned: of `model-7.index` and `model-7.data-00000-of-00001` it is `model-7`.

    Returns:
      The open file; use it in a `with` statement, or close it.

    Raises:
      tf.errors.NotFoundError: There is no checkpoint of this name.
      tf.errors.DataLossError: It is damaged.
    """
    path = os.fspath(path)
    if is_bundle(path):
        return BundleReader(path)
    files = v1_files(path)
    if files:
        from scopedjax._src.bridge.tensorbundle.slices_reader import SlicesReader

        return SlicesReader(path, files)
    raise errors.NotFoundError(
        None, None, f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {path}"
    )
