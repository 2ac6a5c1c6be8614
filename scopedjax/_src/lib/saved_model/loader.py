"""`tf.saved_model.load`: records a graph of a SavedModel, restores its variables, runs its init op.

    saved_model.pb -- the MetaGraphDef with exactly these tags -- import -- variables restored -- init op run

SavedModels of TensorFlow 2 (`tf.saved_model.save`) are loaded the same way: their signatures are nodes, and they have a
saver.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any, Final

from scopedjax._src.base.errors import NotFoundError
from scopedjax._src.base.paths import local_path
from scopedjax._src.graph.graph import Graph
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.saved_model.assets import asset_paths
from scopedjax._src.lib.saved_model.messages import read_saved_model
from scopedjax._src.lib.saved_model.tensor_info import node_from_info
from scopedjax._src.lib.train.meta_graph import import_meta_graph_with_return_elements
from scopedjax._src.lib.train.saveables import all_saveable_objects
from scopedjax._src.lib.train.saver import Saver

_LOG: Final = logging.getLogger("tensorflow")


def maybe_saved_model_directory(export_dir: Any) -> bool:
    """Returns whether a folder holds the file of a SavedModel; whether it can be read is not looked at.

    Args:
      export_dir: The folder.

    >>> tf.saved_model.contains_saved_model("/nowhere")
    False
    """
    folder = local_path(export_dir)
    files = (names.SAVED_MODEL_FILENAME_PBTXT, names.SAVED_MODEL_FILENAME_PB, names.SAVED_MODEL_FILENAME_CPB)
    return any(os.path.exists(os.path.join(folder, name)) for name in files)


def load(sess: Any, tags: Iterable[str], export_dir: Any, import_scope: str | None = None, **saver_kwargs: Any) -> Any:
    """Loads a SavedModel into a session: its graph, its variables, and what its init op makes.

    Args:
      sess: The session; the graph is recorded into its graph.
      tags: Tags of the MetaGraphDef, all of them.
      export_dir: Folder of the SavedModel.
      import_scope: Name scope under which the nodes are recorded. The names in the result do not have it.
      **saver_kwargs: Further arguments of `tf.train.import_meta_graph`.

    Returns:
      The MetaGraphDef, with the signatures.

    Raises:
      OSError: There is no SavedModel, or its file cannot be read.
      RuntimeError: No MetaGraphDef has exactly these tags.
      tf.errors.OpError: The variables cannot be restored.

    >>> import os, tempfile
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> with tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [], name="x")
    ...     tf.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
    >>> with tf.Session(graph=tf.Graph()) as sess:
    ...     signature = tf.saved_model.load(sess, ["serve"], folder).signature_def["serving_default"]
    ...     print(sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: 21.0}))
    42.0
    """
    return SavedModelLoader(export_dir).load(sess, tags, import_scope, **saver_kwargs)


class SavedModelLoader:
    """A SavedModel that was read, and the steps of loading it.

    Args:
      export_dir: Folder of the SavedModel.

    Raises:
      OSError: There is no SavedModel, or its file cannot be read.
    """

    def __init__(self, export_dir: Any) -> None:
        self._export_dir = local_path(export_dir)
        self._saved_model = read_saved_model(export_dir)

    @property
    def export_dir(self) -> str:
        """The folder."""
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The checkpoint with the variables."""
        return os.path.join(self._export_dir, names.VARIABLES_DIRECTORY, names.VARIABLES_FILENAME)

    @property
    def saved_model(self) -> Any:
        """The SavedModel message."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: Iterable[str]) -> Any:
        """Returns the MetaGraphDef that has exactly these tags.

        Args:
          tags: The tags.

        Raises:
          RuntimeError: There is none.
        """
        wanted = set(tags)
        available = [set(meta.meta_info_def.tags) for meta in self._saved_model.meta_graphs]
        for meta, found in zip(self._saved_model.meta_graphs, available, strict=True):
            if found == wanted:
                return meta
        raise RuntimeError(
            f"MetaGraphDef associated with tags {str(tags).strip('[]')} could not be found in SavedModel, with "
            f"available tags '{available}'. To inspect available tag-sets in the SavedModel, please use the SavedModel "
            "CLI: `saved_model_cli`."
        )

    def load_graph(
        self, graph: Graph, tags: Iterable[str], import_scope: str | None = None, **saver_kwargs: Any
    ) -> tuple[Any, Any]:
        """Records the graph; returns (saver, what `return_elements` names).

        Args:
          graph: The graph to record into.
          tags: Tags of the MetaGraphDef.
          import_scope: Name scope of the nodes.
          **saver_kwargs: Further arguments of `tf.train.import_meta_graph`.
        """
        meta = self.get_meta_graph_def_from_tags(tags)
        with graph.as_default():
            return import_meta_graph_with_return_elements(meta, import_scope=import_scope, **saver_kwargs)

    def restore_variables(self, sess: Any, saver: Any, import_scope: str | None = None) -> None:
        """Restores the variables.

        Args:
          sess: The session.
          saver: The saver, or None where there are no variables.
          import_scope: Name scope of the nodes.

        Raises:
          ValueError: There are variables and no saver.
        """
        with sess.graph.as_default():
            if saver is None and not all_saveable_objects(import_scope):
                _LOG.info("The specified SavedModel has no variables; no checkpoints were restored.")
            elif isinstance(saver, Saver):
                saver.restore(sess, self.variables_path)
            else:
                raise ValueError(
                    "No tf.train.Saver object was passed to the function `SavedModelLoader.restore_variables`. Since "
                    "there are variables in the graph, a saver is required."
                )

    def run_init_ops(self, sess: Any, tags: Iterable[str], import_scope: str | None = None) -> None:
        """Runs the node that the graph names for that, with the paths of the assets fed.

        Args:
          sess: The session.
          tags: Tags of the MetaGraphDef.
          import_scope: Name scope of the nodes.

        Raises:
          RuntimeError: The graph names more than one.
        """
        meta = self.get_meta_graph_def_from_tags(tags)
        with sess.graph.as_default():
            node = _init_op(meta, sess.graph, import_scope)
            if node is not None:
                sess.run(fetches=[node], feed_dict=asset_paths(self._export_dir, meta, import_scope))

    def load(self, sess: Any, tags: Iterable[str], import_scope: str | None = None, **saver_kwargs: Any) -> Any:
        """Does what `tf.saved_model.load` does.

        Args:
          sess: The session.
          tags: Tags of the MetaGraphDef.
          import_scope: Name scope of the nodes.
          **saver_kwargs: Further arguments of `tf.train.import_meta_graph`.
        """
        with sess.graph.as_default():
            saver, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, saver, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)


def _init_op(meta: Any, graph: Graph, import_scope: str | None) -> Any:
    """The node to run when the graph is loaded, or None."""
    key = names.INIT_OP_SIGNATURE_KEY
    if key in meta.signature_def:
        try:
            return node_from_info(meta.signature_def[key].outputs[key], graph, import_scope)
        except KeyError:
            raise NotFoundError(
                None,
                None,
                f'The key "{key}" could not be found in the graph. Please make sure the SavedModel was created by the '
                "internal _SavedModelBuilder. If you are using the public API, please make sure the SignatureDef in "
                f'the SavedModel does not contain the key "{key}".',
            ) from None
    for key in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
        if key in meta.collection_def:
            nodes = meta.collection_def[key].node_list.value
            if len(nodes) != 1:
                raise RuntimeError(f"Expected exactly one SavedModel init op. Found {len(nodes)}: {nodes}.")
            return graph.get_collection(key)[0]
    return None
