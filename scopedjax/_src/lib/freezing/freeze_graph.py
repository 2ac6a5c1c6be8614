"""`tensorflow.python.tools.freeze_graph`: a graph and its checkpoint become one file.

    model.pbtxt, or model-7.meta,    +    checkpoint model-7     -- variables restored, made constants --> frozen.pb
    or a SavedModel, which has both

What is read (GraphDef, MetaGraphDef, SaverDef) may be binary or text; which one is found by trying.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.paths import local_path
from scopedjax._src.base.shapes import compatible, format_dims
from scopedjax._src.graph import protos
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.lib.freezing.constants import convert_variables_to_constants
from scopedjax._src.lib.saved_model.loader import SavedModelLoader
from scopedjax._src.lib.train import checkpoint_state
from scopedjax._src.lib.train.checkpoint_reader import open_checkpoint
from scopedjax._src.lib.train.graph_io import read_message, write_message
from scopedjax._src.lib.train.meta_graph import import_meta_graph
from scopedjax._src.lib.train.saver import Saver
from scopedjax._src.lower.effects import storage_key
from scopedjax._src.ops.importer import import_graph_def
from scopedjax._src.ops.state.handles import is_resource, stored_dims
from scopedjax._src.runtime.session import Session

_V2 = 2


def freeze_graph(
    input_graph: Any,
    input_saver: Any,
    input_binary: bool,
    input_checkpoint: Any,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: Any,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph: Any = None,
    input_saved_model_dir: Any = None,
    saved_model_tags: str = "serve",
    checkpoint_version: int = _V2,
) -> Any:
    """Makes a frozen graph of files.

    Args:
      input_graph: File with a GraphDef, or nothing.
      input_saver: File with the SaverDef of `input_graph`, or nothing: variables are then restored by their names.
      input_binary: Not used: whether a file is binary is found out.
      input_checkpoint: The checkpoint, of any kind that `Saver.restore` takes.
      output_node_names: Names of the nodes that the frozen graph is to compute, with commas between them.
      restore_op_name: Not used, as in TensorFlow.
      filename_tensor_name: Not used, as in TensorFlow.
      output_graph: File for the frozen graph, or nothing.
      clear_devices: Whether to leave the devices out.
      initializer_nodes: Names of nodes to run before, with commas between them.
      variable_names_whitelist: Names of the variables to convert, with commas between them; default: all.
      variable_names_blacklist: Names of variables that stay.
      input_meta_graph: File with a MetaGraphDef, in place of `input_graph`.
      input_saved_model_dir: Folder of a SavedModel, in place of `input_graph` and `input_checkpoint`.
      saved_model_tags: Tags of the graph in the SavedModel, with commas between them.
      checkpoint_version: Not used: what kind a checkpoint is of is found out.

    Returns:
      The frozen GraphDef.

    Raises:
      OSError: A file is not there.
      ValueError: The checkpoint is not there, no node is named, or the graph has no variables.
      AssertionError: A node is not in the graph.
    """
    del input_binary
    graph_def = meta_graph_def = saver_def = None
    tags = _split(saved_model_tags)
    if input_saved_model_dir:
        graph_def = SavedModelLoader(input_saved_model_dir).get_meta_graph_def_from_tags(tags).graph_def
    elif input_graph:
        graph_def = _read("Input graph file", input_graph, "GraphDef")
    if input_meta_graph:
        meta_graph_def = _read("Input meta graph file", input_meta_graph, "MetaGraphDef")
        print(f"Loaded meta graph file '{input_meta_graph}")
    if input_saver:
        saver_def = _read("Input saver file", input_saver, "SaverDef")
    return freeze_graph_with_def_protos(
        graph_def,
        saver_def,
        input_checkpoint,
        output_node_names,
        restore_op_name,
        filename_tensor_name,
        output_graph,
        clear_devices,
        initializer_nodes,
        variable_names_whitelist,
        variable_names_blacklist,
        meta_graph_def,
        input_saved_model_dir,
        tags,
        checkpoint_version,
    )


def freeze_graph_with_def_protos(
    input_graph_def: Any,
    input_saver_def: Any,
    input_checkpoint: Any,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: Any,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph_def: Any = None,
    input_saved_model_dir: Any = None,
    saved_model_tags: Sequence[str] | None = None,
    checkpoint_version: int = _V2,
) -> Any:
    """Makes a frozen graph of messages; the arguments are those of `freeze_graph`, with messages for files."""
    del restore_op_name, filename_tensor_name, checkpoint_version
    if not input_saved_model_dir and not checkpoint_state.checkpoint_exists(input_checkpoint):
        raise ValueError(f"Input checkpoint '{input_checkpoint}' doesn't exist!")
    if not output_node_names:
        raise ValueError("You need to supply the name of a node to --output_node_names.")
    with Graph().as_default(), Session() as sess:
        if input_saved_model_dir:
            loader = SavedModelLoader(input_saved_model_dir)
            input_graph_def = loader.load(sess, saved_model_tags or [], clear_devices=clear_devices).graph_def
        elif input_meta_graph_def is not None:
            input_graph_def = _copied(input_meta_graph_def, "MetaGraphDef").graph_def
            import_meta_graph(input_meta_graph_def, clear_devices=True).restore(sess, input_checkpoint)
        else:
            import_graph_def(input_graph_def, name="")
            if input_saver_def:
                Saver(saver_def=input_saver_def).restore(sess, input_checkpoint)
            else:
                _restore_by_name(sess, local_path(input_checkpoint))
        if initializer_nodes and not input_saved_model_dir and not input_saver_def:  # in TensorFlow, too
            sess.run(_split(initializer_nodes))
        names = [_split(text) or None for text in (variable_names_whitelist, variable_names_blacklist)]
        frozen = convert_variables_to_constants(
            sess, _prepared(sess, input_graph_def, clear_devices), _split(output_node_names), *names
        )
    if output_graph:
        write_message(frozen, local_path(output_graph), as_text=False)
    return frozen


def _prepared(sess: Any, graph_def: Any, clear_devices: bool) -> Any:
    """The GraphDef to freeze: that of the file, or, where its functions were taken apart, that of the session."""
    copy = _copied(graph_def, "GraphDef")
    if copy.library.function:
        copy = sess.graph.as_graph_def()
    for node in copy.node if clear_devices else ():
        node.device = ""
    return copy


def _copied(message: Any, name: str) -> Any:
    return protos.parsed(message.SerializeToString(), name)


def _split(names: str) -> list[str]:
    return [name for name in (names or "").replace(" ", "").split(",") if name]


def _read(what: str, path: Any, name: str) -> Any:
    if not os.path.exists(local_path(path)):
        raise OSError(f"{what} '{path}' does not exist!")
    return read_message(path, name)


# ------------------------------------------------------------------------------------------------- restoring by names


def _restore_by_name(sess: Any, path: str) -> None:
    """Gives the variables of a graph the values that the checkpoint has under their names."""
    reader = open_checkpoint(path)
    shapes = reader.get_variable_to_shape_map()
    variables = [op for op in sess.graph.get_operations() if op.record is not None and op.record.owns_storage]
    if not variables:
        raise ValueError(
            "No variables were found in this model. It is likely the model was frozen previously. You cannot freeze a "
            "graph twice."
        )
    parts = (re.match(r"(.+)/part_\d+$", op.name) for op in variables)
    if any(part is not None and part[1] in shapes for part in parts):
        raise ValueError(
            "Models containing partition variables cannot be converted from checkpoint files. Please pass in a "
            "SavedModel using the flag --input_saved_model_dir."
        )
    found = {op.name: op for op in variables if op.name in shapes}
    values = reader.get_tensors(list(found))
    sess.state.load_all({storage_key(op): _fitting(op, values[name], path) for name, op in found.items()})


def _fitting(op: Operation, value: np.ndarray, path: str) -> np.ndarray:
    handle = op.outputs[0]
    dims = stored_dims(handle) if is_resource(handle) else handle._dims
    if not compatible(dims, value.shape):
        raise InvalidArgumentError(
            None,
            op,
            f"Assign requires shapes of both tensors to match. lhs shape= {format_dims(dims)} rhs shape= "
            f"{format_dims(value.shape)}: the variable {op.name} has the first, the checkpoint {path} the second",
        )
    return value
