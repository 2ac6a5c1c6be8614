"""`tf.saved_model.Builder`: writes a SavedModel.

    builder = tf.saved_model.Builder("/d/model")
    builder.add_meta_graph_and_variables(sess, ["serve"], {"serving_default": signature})
    builder.add_meta_graph(["train"], ...)                      other graphs over the same variables
    builder.save()

    /d/model/saved_model.pb                      the graphs, their tags, signatures and collections
    /d/model/variables/variables.index, .data-*  the values: a TensorFlow checkpoint, whatever a Saver writes by default
    /d/model/assets/words.txt                    files that the graph reads

The variables are in TensorFlow's format since a SavedModel is a file for other programs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.base.paths import local_path
from scopedjax._src.graph import protos, stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.saved_model.assets import assets_of, copy_assets
from scopedjax._src.lib.saved_model.messages import saved_model_class, write_saved_model
from scopedjax._src.lib.saved_model.signatures import predict_signature_def
from scopedjax._src.lib.saved_model.variables import save_variables
from scopedjax._src.lib.train.saveables import all_saveable_objects
from scopedjax._src.lib.train.saver import Saver

_LOG: Final = logging.getLogger("tensorflow")


class SavedModelBuilder:
    """Writes a SavedModel: graphs with their signatures, the variables, and assets.

    Args:
      export_dir: Folder of the SavedModel; it must not exist, or be empty.

    Raises:
      AssertionError: There is something in the folder.

    >>> import os, tempfile
    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> y = tf.multiply(x, tf.get_variable("w", initializer=2.0))
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> builder = tf.saved_model.Builder(folder)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
    ...     builder.add_meta_graph_and_variables(sess, ["serve"], {"serving_default": signature})
    >>> os.path.basename(builder.save())
    b'saved_model.pb'
    >>> with tf.Session(graph=tf.Graph()) as sess:
    ...     meta = tf.saved_model.load(sess, ["serve"], folder)
    ...     print(sess.run(meta.signature_def["serving_default"].outputs["y"].name, {"x:0": 3.0}))
    6.0
    """

    def __init__(self, export_dir: Any) -> None:
        self._saved_model = saved_model_class()(saved_model_schema_version=names.SAVED_MODEL_SCHEMA_VERSION)
        self._export_dir = local_path(export_dir)
        if os.path.exists(self._export_dir):
            if os.listdir(self._export_dir):
                raise AssertionError(
                    f"Export directory {export_dir} already exists, and isn't empty. Please choose a different export "
                    "directory, or delete all the contents of the specified directory."
                )
        else:
            os.makedirs(self._export_dir)
        self._has_saved_variables = False
        self._saved_asset_files: set[str] = set()

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Iterable[str],
        signature_def_map: Mapping[str, Any] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Adds the default graph, and saves the variables of a session; to be called once, for the first graph.

        Args:
          sess: The session.
          tags: Tags by which the graph is found again.
          signature_def_map: Signatures by name.
          assets_collection: Constants that hold paths of files to take along.
          legacy_init_op: Former name of `main_op`.
          clear_devices: Whether to leave the devices out.
          main_op: Node that is run when the graph is loaded, after the variables were restored.
          strip_default_attrs: Whether to leave out attributes that have their type's default.
          saver: The saver that saves the variables; default: one for all variables of the default graph.

        Raises:
          AssertionError: Variables were saved before, or a TensorInfo is not complete.
          FailedPreconditionError: A variable has no value.
          KeyError: A signature has a reserved name.
          TypeError: `main_op` is no node, or an asset no constant of text.
          ValueError: The graph has a main op already.
        """
        if self._has_saved_variables:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` "
                "instead."
            )
        signatures = _checked_signatures(signature_def_map)
        self._add_assets_and_main_op(assets_collection, main_op if main_op is not None else legacy_init_op)
        saver = saver or _saver_of_all()
        save_variables(sess, saver, self._export_dir)
        self._add(saver, tags, signatures, clear_devices, strip_default_attrs)
        self._has_saved_variables = True

    def add_meta_graph(
        self,
        tags: Iterable[str],
        signature_def_map: Mapping[str, Any] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Adds the default graph over the variables that were saved with the first one.

        Args:
          tags: Tags by which the graph is found again.
          signature_def_map: Signatures by name.
          assets_collection: Constants that hold paths of files to take along.
          legacy_init_op: Former name of `main_op`.
          clear_devices: Whether to leave the devices out.
          main_op: Node that is run when the graph is loaded, after the variables were restored.
          strip_default_attrs: Whether to leave out attributes that have their type's default.
          saver: The saver that restores the variables; default: one for all variables of the default graph.

        Raises:
          AssertionError: No variables were saved yet, or a TensorInfo is not complete.
          KeyError: A signature has a reserved name.
          TypeError: `main_op` is no node, or an asset no constant of text.
          ValueError: The graph has a main op already.
        """
        if not self._has_saved_variables:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        signatures = _checked_signatures(signature_def_map)
        self._add_assets_and_main_op(assets_collection, main_op if main_op is not None else legacy_init_op)
        self._add(saver or _saver_of_all(), tags, signatures, clear_devices, strip_default_attrs)

    def _add_assets_and_main_op(self, assets: Iterable[Any] | None, main_op: Any) -> None:
        graph = stacks.get_default_graph()
        copies, entries = assets_of(assets)
        for entry in entries:
            graph.add_to_collection(names.ASSETS_KEY, entry)
        copy_assets(copies, self._export_dir, self._saved_asset_files)
        if main_op is None:
            return
        if not isinstance(main_op, Operation):
            raise TypeError(f"Expected {main_op} to be an Operation but got type {type(main_op)} instead.")
        for key in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
            if graph.get_collection(key):
                raise ValueError(f"Graph already contains one or more main ops under the collection {key}.")
        graph.add_to_collection(names.MAIN_OP_KEY, main_op)

    def _add(
        self, saver: Saver, tags: Iterable[str], signatures: dict[str, Any], clear_devices: bool, strip: bool
    ) -> None:
        meta = saver.export_meta_graph(clear_devices=clear_devices, strip_default_attrs=strip)
        meta.meta_info_def.tags.extend(tags)
        for name, signature in signatures.items():
            meta.signature_def[name].CopyFrom(signature)
        self._saved_model.meta_graphs.add().CopyFrom(meta)

    def save(
        self,
        as_text: bool = False,
        experimental_image_format: bool = False,
        experimental_image_writer_options: Any = None,
    ) -> bytes:
        """Writes the file of the graphs.

        Args:
          as_text: Whether to write the text form (`saved_model.pbtxt`).
          experimental_image_format: Not available, as in TensorFlow's own packages.
          experimental_image_writer_options: Not used.

        Returns:
          The path of the file.

        Raises:
          RuntimeError: `experimental_image_format` is asked for.
          tf.errors.OpError: It cannot be written.
        """
        del experimental_image_writer_options
        if experimental_image_format and not as_text:
            raise RuntimeError("No proto_splitter is provided, cannot use experimental_image_format.")
        path = write_saved_model(self._saved_model, self._export_dir, as_text)
        _LOG.info("SavedModel written to: %s", path)
        return path.encode()


def _saver_of_all() -> Saver:
    return Saver(all_saveable_objects(), sharded=True, allow_empty=True)


def _checked_signatures(signatures: Mapping[str, Any] | None) -> dict[str, Any]:
    """The signatures as messages of the class used here.

    Raises:
      AssertionError: a TensorInfo lacks its name or its dtype.
      KeyError: a name is reserved.
    """
    checked = {name: protos.converted(signature, "SignatureDef") for name, signature in (signatures or {}).items()}
    for signature in checked.values():
        for infos in (signature.inputs, signature.outputs):
            for key in infos:
                _check_tensor_info(infos[key])
    for key, purpose in (
        (names.INIT_OP_SIGNATURE_KEY, "initialization"),
        (names.TRAIN_OP_SIGNATURE_KEY, "the train op"),
    ):
        if key in checked:
            raise KeyError(f'SignatureDef map key "{key}" is reserved for {purpose}. Please use a different key.')
    return checked


def _check_tensor_info(info: Any) -> None:
    encoding = info.WhichOneof("encoding")
    if encoding is None:
        raise AssertionError(
            f"Invalid `tensor_info`: {info}. All TensorInfo protos used in the SignatureDefs must have one of the "
            "'encoding' fields (e.g., name or coo_sparse) set."
        )
    if encoding == "composite_tensor":
        for component in info.composite_tensor.components:
            _check_tensor_info(component)
    elif not info.dtype:  # DT_INVALID
        raise AssertionError(
            f"Invalid `tensor_info`: {info}. All TensorInfo protos used in the SignatureDefs must have the dtype field "
            "set."
        )


def simple_save(
    session: Any,
    export_dir: Any,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    legacy_init_op: Operation | None = None,
) -> None:
    """Writes a SavedModel of the default graph with one signature for predictions, as a server needs it.

    Its tag is `tf.saved_model.SERVING`, its signature "serving_default"; devices are left out, and the files in the
    collection `tf.GraphKeys.ASSET_FILEPATHS` are taken along.

    Args:
      session: The session that has the variables' values.
      export_dir: Folder of the SavedModel; it must not exist, or be empty.
      inputs: Tensors by name.
      outputs: Tensors by name.
      legacy_init_op: Node that is run when the model is loaded.

    Raises:
      AssertionError: There is something in the folder.

    >>> import os, tempfile
    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> with tf.Session() as sess:
    ...     tf.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
    >>> sorted(os.listdir(folder))
    ['saved_model.pb', 'variables']
    """
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [names.SERVING],
        {names.DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)},
        stacks.get_default_graph().get_collection(GraphKeys.ASSET_FILEPATHS),
        clear_devices=True,
        main_op=legacy_init_op,
    )
    builder.save()
