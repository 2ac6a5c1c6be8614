"""The variables of a SavedModel: a TensorFlow checkpoint in its folder, whatever format savers write otherwise."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.train.saver import Saver
from scopedjax._src.lib.train.saver_plan import save_plan, take_values


def save_variables(sess: Any, saver: Saver, export_dir: str) -> None:
    """Saves what a saver saves into the folder of a SavedModel; nothing, where there is nothing to save.

    Args:
      sess: The session.
      saver: The saver.
      export_dir: The folder.

    Raises:
      FailedPreconditionError: A variable has no value.
      RuntimeError: The saver was not built yet.
      tf.errors.OpError: It cannot be written.
    """
    from scopedjax._src.bridge import checkpoint_tensors

    folder = os.path.join(export_dir, names.VARIABLES_DIRECTORY)
    with as_tensorflow_errors(folder):
        os.makedirs(folder, exist_ok=True)
    if saver._is_empty:
        return
    if saver.saver_def is None:
        raise RuntimeError("`build()` should be called before save if defer_build==True")
    plan = save_plan(sess.graph, saver.saver_def)
    pieces = _saved_by_nodes(sess, saver.saver_def) if plan is None else take_values(sess, plan)
    path = os.path.join(folder, names.VARIABLES_FILENAME)
    checkpoint_tensors.write_tensors(path, pieces, checkpoint_tensors.TENSORFLOW)


def _saved_by_nodes(sess: Any, saver_def: Any) -> list[tuple[str, str, Any]]:
    """What a saver saves whose nodes must be run: they write a checkpoint, which is read again."""
    from scopedjax._src.lib.train.checkpoint_reader import open_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "variables")
        sess.run(saver_def.save_tensor_name, {saver_def.filename_tensor_name: path})
        reader = open_checkpoint(path)
        found = reader.get_tensors(list(reader.get_variable_to_shape_map()))
        return [(name, "", value) for name, value in found.items()]
