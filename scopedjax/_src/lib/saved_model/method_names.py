"""`MethodNameUpdater`: gives signatures of a SavedModel on disk another method name."""

from __future__ import annotations

import logging
import os
from typing import Any, Final

from scopedjax._src.base.paths import local_path
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.saved_model.messages import read_saved_model, write_saved_model

_LOG: Final = logging.getLogger("tensorflow")


class MethodNameUpdater:
    """Changes the method names of the signatures of a SavedModel.

    Args:
      export_dir: Folder of the SavedModel.

    Raises:
      OSError: There is no SavedModel, or its file cannot be read.

    >>> import os, tempfile
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> with tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [], name="x")
    ...     tf.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
    >>> updater = tf.saved_model.signature_def_utils.MethodNameUpdater(folder)
    >>> updater.replace_method_name("serving_default", "tensorflow/serving/regress")
    >>> updater.save()
    """

    def __init__(self, export_dir: Any) -> None:
        self._export_dir = local_path(export_dir)
        self._saved_model = read_saved_model(export_dir)

    def replace_method_name(self, signature_key: str, method_name: str, tags: Any = None) -> None:
        """Changes the method name of a signature, in the graph with these tags or in all graphs.

        Args:
          signature_key: Name of the signature.
          method_name: The new method name.
          tags: A tag or a list of tags, all that the graph has; None for all graphs.

        Raises:
          ValueError: An argument is empty, or there is no such graph or signature.
        """
        if not signature_key:
            raise ValueError("`signature_key` must be defined.")
        if not method_name:
            raise ValueError("`method_name` must be defined.")
        tags = [tags] if tags is not None and not isinstance(tags, list) else tags
        chosen = [
            meta for meta in self._saved_model.meta_graphs if tags is None or set(tags) == set(meta.meta_info_def.tags)
        ]
        for meta in chosen:
            if signature_key not in meta.signature_def:
                raise ValueError(
                    f"MetaGraphDef associated with tags {tags} does not have a signature_def with key: "
                    f"'{signature_key}'. It has {sorted(meta.signature_def)}."
                )
            meta.signature_def[signature_key].method_name = method_name
        if not chosen:
            raise ValueError(
                f"MetaGraphDef associated with tags {tags} could not be found in SavedModel. It has graphs with "
                f"the tags {[sorted(meta.meta_info_def.tags) for meta in self._saved_model.meta_graphs]}."
            )

    def save(self, new_export_dir: Any = None) -> None:
        """Writes the file, in the form that it had.

        Args:
          new_export_dir: Folder to write it to; default: where it was read.

        Raises:
          tf.errors.OpError: It cannot be written.
        """
        text = os.path.exists(os.path.join(self._export_dir, names.SAVED_MODEL_FILENAME_PBTXT))
        path = write_saved_model(self._saved_model, new_export_dir or self._export_dir, text)
        _LOG.info("SavedModel written to: %s", path)
