"""`tf.train.Saver`: saves variables to checkpoints and restores them.

    saver = tf.train.Saver()
    saver.save(sess, "/d/model", global_step=7)   ->  "/d/model-7"

    /d/model-7/        the values: an Orbax checkpoint (or TensorFlow's files)  1. appears whole
    /d/model-7.meta    the graph: a MetaGraphDef                                2. appears whole
    /d/checkpoint      says that model-7 is the newest, and which others exist  3. is replaced in one step
    /d/model-2/        one checkpoint too many                                  4. is deleted

This order makes that a process may be killed at any moment: the state file names a checkpoint only when it is complete
with its graph, and an old one goes only when the state file no longer names it. (TensorFlow writes the graph last, so
that for a while the newest checkpoint has none.) An interrupted save of a name that exists already leaves the old
checkpoint or the new one, see `bridge.staging`.

A saver is nodes in the graph (`saver_nodes`), found again by the names in a SaverDef; so a saver can be made from a
`.meta` file alone. What the nodes say is done by `saver_plan`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import protos
from scopedjax._src.graph.proto_functions import register_proto_function
from scopedjax._src.graph.scope_names import prepend_name_scope, strip_name_scope
from scopedjax._src.lib.train import checkpoint_state
from scopedjax._src.lib.train.global_step import global_step as global_step_value
from scopedjax._src.lib.train.graph_file import GraphFile
from scopedjax._src.lib.train.meta_graph import export_meta_graph
from scopedjax._src.lib.train.saveables import all_saveable_objects, validated_saveables
from scopedjax._src.lib.train.saver_nodes import record_saver
from scopedjax._src.lib.train.saver_plan import (
    put_values,
    restore_plan,
    save_plan,
    suggestions_for,
    take_values,
    written_format,
)
from scopedjax._src.runtime.session import BaseSession

_LOG: Final = logging.getLogger("tensorflow")
_V1: Final = 1


class _Unsaid(int):
    """SaverDef.V2 as a default: a program that gives the number itself means TensorFlow's files."""


_V2: Final = _Unsaid(2)
_TENSORFLOW: Final = "tensorflow"  # the name of V2's format in `bridge.checkpoint_tensors`


class Saver:
    """Saves variables to checkpoints, restores them, and keeps the newest few.

    Args:
      var_list: Variables, or a dict that gives the name of each in the checkpoint; by default all global variables
        (and objects in `GraphKeys.SAVEABLE_OBJECTS`). A partitioned variable is one tensor in a checkpoint.
      reshape: Whether a value may be restored into a variable of another shape with as many elements.
      sharded: Whether the graph gets one pair of nodes for each device. The files are the same.
      max_to_keep: How many checkpoints to keep; None or 0 keeps all of them.
      keep_checkpoint_every_n_hours: One checkpoint each this many hours is kept for good.
      name: Name scope of the nodes; default "save".
      restore_sequentially: Accepted; values are restored together.
      saver_def: SaverDef that names nodes which the graph has already; no nodes are recorded then.
      builder: Not available: in TensorFlow, an object that records other nodes.
      defer_build: Whether to record the nodes only when `build` is called.
      allow_empty: Whether there may be nothing to save; saving and restoring do nothing then.
      write_version: Given as `SaverDef.V2` it asks for TensorFlow's own files (`model-7.index` and `model-7.data-*`),
        as `SaverDef.V1` for the one file that TensorFlow wrote before 1.0. Where it is not given, an Orbax checkpoint
        is written, or what the environment variable SCOPEDJAX_CHECKPOINT_FORMAT says: `orbax`, `tensorflow`,
        `tensorflow-v1`. Restoring takes all of them.
      pad_step_number: Whether the step in names has eight digits at least: `model-00000007`.
      save_relative_paths: Whether the state file has relative paths, so that the folder can be moved.
      filename: Path that the nodes take where no path is fed.

    Raises:
      TypeError: `var_list` holds something that is no variable.
      ValueError: There is nothing to save, or names are not unique.
      UnimplementedError: `builder` is given.

    >>> import os, tempfile
    >>> w = tf.get_variable("w", initializer=[1.0, 2.0])
    >>> saver = tf.train.Saver()
    >>> path = os.path.join(tempfile.mkdtemp(), "model")
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = saver.save(sess, path, global_step=7)
    >>> os.path.basename(path)
    'model-7'
    >>> with tf.Session() as sess:
    ...     saver.restore(sess, path)
    ...     print(sess.run(w).tolist())
    [1.0, 2.0]
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = _V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if defer_build and not (var_list is None or _is_nothing(var_list)):
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or "
                "var_list=None."
            )
        if builder is not None:
            raise errors.UnimplementedError(
                None,
                None,
                f"Saver(builder={type(builder).__name__}): builders record a saver's nodes in TensorFlow's own way and "
                "are not available. Give what is to be saved as `var_list`; objects that are no variables subclass "
                "SaveableObject.",
            )
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._max_to_keep = max_to_keep
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._name = name
        self._restore_sequentially = restore_sequentially
        self.saver_def: Any = saver_def
        self._allow_empty = allow_empty
        self._write_version = write_version
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = filename
        self._graph_file = GraphFile()
        self._is_built = False
        self._is_empty = False
        self._next_checkpoint_time = 0.0
        self._last_checkpoints: list[tuple[str, float]] = []
        self._checkpoints_to_be_deleted: list[tuple[str, float]] = []
        if saver_def is not None:
            self.saver_def = _checked(saver_def)
            self._write_version = self.saver_def.version
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Records the nodes, where `defer_build` put that off; does nothing a second time.

        Raises:
          ValueError: There is nothing to save.
        """
        if self._is_built:
            return
        self._is_built = True
        if self.saver_def is None:
            if not self._record():
                return
        elif self._name:
            for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
                setattr(self.saver_def, field, prepend_name_scope(getattr(self.saver_def, field), self._name))
        saver_def: Any = self.saver_def
        _check_nodes(saver_def)
        self._next_checkpoint_time = time.time() + saver_def.keep_checkpoint_every_n_hours * 3600

    def _record(self) -> bool:
        """Records the nodes; False if there is nothing to save."""
        if self._var_list is None:
            self._var_list = all_saveable_objects()
        self._is_empty = _is_nothing(self._var_list)
        if self._is_empty:
            if self._allow_empty:
                return False
            raise ValueError(
                "No variables to save: the graph has no variables yet. Make the Saver after them, or say "
                "allow_empty=True."
            )
        self.saver_def = record_saver(
            validated_saveables(self._var_list),
            self._name,
            self._filename,
            self._reshape,
            self._sharded,
            self._write_version,
            None if isinstance(self._write_version, _Unsaid) or self._write_version != _V2 else _TENSORFLOW,
        )
        self.saver_def.max_to_keep = self._max_to_keep or 0
        self.saver_def.keep_checkpoint_every_n_hours = self._keep_checkpoint_every_n_hours
        return True

    # Saving ----------------------------------------------------------------------------------------------------------

    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Saves the variables of a session.

        Killed at any moment, the newest complete checkpoint is there and can be restored.

        Args:
          sess: The session.
          save_path: Where: a path, to which the step is added. One missing level of folders is made.
          global_step: The step: a number, or the variable or tensor that holds it, or its name.
          latest_filename: Name of the state file; default "checkpoint".
          meta_graph_suffix: Ending of the name of the MetaGraphDef file.
          write_meta_graph: Whether to write the graph.
          write_state: Whether to write the state file (and delete what is too old).
          strip_default_attrs: Whether the graph leaves out attributes that have their type's default.
          save_debug_info: Whether to write, beside the graph, where in the program each node was made.

        Returns:
          The path of the checkpoint, ready for `restore`; None if there is nothing to save (see `allow_empty`).

        Raises:
          FailedPreconditionError: A variable has no value ("Attempting to use uninitialized value").
          RuntimeError: `build` was not called yet, or the session is closed.
          TypeError: `sess` is no session.
          ValueError: The folder that is to hold it does not exist, or `latest_filename` does not fit.
          tf.errors.OpError: It cannot be written; what was there before is still there.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        latest_filename = "checkpoint" if latest_filename is None else latest_filename
        if self._write_version != _V2:
            _LOG.warning(
                "TensorFlow's V1 checkpoint format has been deprecated: it is slower, and tensors of 2 GB or more have "
                "no place in it. Leave write_version out, or give tf.train.SaverDef.V2."
            )
        path = self._path(sess, _as_text(save_path), global_step, latest_filename)
        _check_session(sess)
        if not self._is_empty:
            self._write(sess, path)
        if write_meta_graph:
            file = checkpoint_state.meta_graph_filename(path, meta_graph_suffix)
            self._write_graph(file, sess.graph, strip_default_attrs, save_debug_info)
        if self._is_empty:
            return None
        if write_state:
            self._record_checkpoint(path)
            checkpoint_state.write_checkpoint_state(
                os.path.dirname(path), path, self.last_checkpoints, latest_filename, self._save_relative_paths
            )
            self._delete_old(meta_graph_suffix)
        return path

    def _path(self, sess: Any, save_path: str, global_step: Any, latest_filename: str) -> str:
        if os.path.split(latest_filename)[0]:
            raise ValueError(
                f"'latest_filename' must not contain path components: it is a file beside the checkpoint, got "
                f"{latest_filename!r}"
            )
        if global_step is None:
            if os.path.basename(save_path) == latest_filename and not self._sharded:
                raise ValueError(f"'latest_filename' collides with 'save_path': '{latest_filename}' and '{save_path}'")
            return save_path
        if not isinstance(global_step, (int, np.integer)):
            _check_session(sess)
            global_step = global_step_value(sess, global_step)
        return f"{save_path}-{int(global_step):08d}" if self._pad_step_number else f"{save_path}-{int(global_step)}"

    def _write(self, sess: Any, path: str) -> None:
        if not path:
            raise ValueError("no path specified")
        plan = save_plan(sess.graph, self.saver_def)
        if plan is None:
            sess.run(self.saver_def.save_tensor_name, {self.saver_def.filename_tensor_name: path})
            return
        from scopedjax._src.bridge import checkpoint_tensors

        checkpoint_tensors.write_tensors(path, take_values(sess, plan), written_format(plan))

    def _write_graph(self, file: str, graph: Any, strip_default_attrs: bool, save_debug_info: bool) -> None:
        def make(name: str | None = None) -> Any:
            with graph.as_default():
                return self.export_meta_graph(
                    name, strip_default_attrs=strip_default_attrs, save_debug_info=save_debug_info
                )

        if save_debug_info:
            make(file)
        else:
            saver_def = None if self.saver_def is None else self.saver_def.SerializeToString()
            self._graph_file.write(file, graph, (saver_def, strip_default_attrs), make)

    def _record_checkpoint(self, path: str) -> None:
        """Makes `path` the newest; the oldest may become one too many."""
        if not self.saver_def.max_to_keep:
            return
        self._last_checkpoints = [known for known in self._last_checkpoints if known[0] != path]
        self._last_checkpoints.append((path, time.time()))
        if len(self._last_checkpoints) > self.saver_def.max_to_keep:
            self._checkpoints_to_be_deleted.append(self._last_checkpoints.pop(0))

    def _delete_old(self, meta_graph_suffix: str) -> None:
        if not self._checkpoints_to_be_deleted:
            return
        path, saved = self._checkpoints_to_be_deleted.pop(0)
        if saved > self._next_checkpoint_time:
            self._next_checkpoint_time += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            checkpoint_state.remove_checkpoint(path, _file_version(path, self.saver_def.version), meta_graph_suffix)
        except errors.OpError as error:  # as in TF1: training goes on, though a file that is too old stays
            _LOG.warning("Ignoring: %s", error)

    # Restoring -------------------------------------------------------------------------------------------------------

    def restore(self, sess: Any, save_path: Any) -> None:
        """Gives the variables the values of a checkpoint; they need not be initialized before.

        All of them get their values, or, if anything is wrong, none.

        Args:
          sess: The session.
          save_path: The checkpoint: what `save` or `tf.train.latest_checkpoint` returned.

        Raises:
          ValueError: `save_path` is None, or no checkpoint.
          NotFoundError: The checkpoint lacks a variable ("Key v not found in checkpoint").
          InvalidArgumentError: A value has another shape or dtype than its variable ("Assign requires shapes of both
            tensors to match").
          DataLossError: The checkpoint is damaged, or a file of another kind.
          RuntimeError: The session is closed.
          TypeError: `sess` is no session.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        path = _as_text(save_path)
        if not checkpoint_state.checkpoint_exists(path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {path}")
        if not self._is_built:
            raise RuntimeError("`build()` should be called before restore if defer_build==True")
        _check_session(sess)
        _LOG.info("Restoring parameters from %s", path)
        try:
            self._read(sess, path)
        except errors.NotFoundError as error:
            reason = "a Variable name or other graph key that is missing from the checkpoint"
            raise _explained(error, reason, self._suggestions(sess, path)) from error
        except errors.InvalidArgumentError as error:
            reason = "a mismatch between the current graph and the graph from the checkpoint"
            raise _explained(error, reason, self._suggestions(sess, path)) from error

    def _read(self, sess: Any, path: str) -> None:
        plan = restore_plan(sess.graph, self.saver_def)
        if plan is None:
            sess.run(self.saver_def.restore_op_name, {self.saver_def.filename_tensor_name: path})
        else:
            put_values(sess, plan, path, self.saver_def.filename_tensor_name)

    def _suggestions(self, sess: Any, path: str) -> str:
        """Under which other names the checkpoint may have what is missing; "" if nothing is known."""
        plan = restore_plan(sess.graph, self.saver_def)
        return "" if plan is None else suggestions_for(plan, path)

    # The checkpoints that were saved ---------------------------------------------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """Paths of the checkpoints that were saved and not deleted yet, oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Sets the list of checkpoints; former name of `set_last_checkpoints_with_time`.

        Without times they count as just saved: none of them is deleted while `keep_checkpoint_every_n_hours` protects
        it, as in TF1.

        Args:
          last_checkpoints: Paths, oldest first.

        Raises:
          AssertionError: It is no list.
        """
        if not isinstance(last_checkpoints, list):
            raise AssertionError(f"last_checkpoints must be a list, got {type(last_checkpoints).__name__}")
        self._last_checkpoints = [(path, np.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Sequence[tuple[str, float]]) -> None:
        """Sets the list of checkpoints, of which old ones will be deleted.

        Args:
          last_checkpoints_with_time: (path, time in seconds since the epoch), oldest first.

        Raises:
          AssertionError: It is no list.
        """
        if not isinstance(last_checkpoints_with_time, list):
            raise AssertionError(
                f"last_checkpoints_with_time must be a list, got {type(last_checkpoints_with_time).__name__}"
            )
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Takes over the checkpoints that an earlier run left, so that old ones will be deleted.

        Args:
          checkpoint_paths: Paths, oldest first; those that do not exist any more are left out.

        >>> saver = tf.train.Saver([tf.Variable(1.0)])
        >>> saver.recover_last_checkpoints(["/nowhere/model-7"])
        >>> saver.last_checkpoints
        []
        """
        with_times = [
            (path, times[0]) for path in checkpoint_paths if (times := checkpoint_state.get_checkpoint_mtimes([path]))
        ]
        self.set_last_checkpoints_with_time(with_times)

    # Files -----------------------------------------------------------------------------------------------------------

    def as_saver_def(self) -> Any:
        """Returns the SaverDef."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Returns the SaverDef, or None for a saver outside `export_scope`.

        Args:
          export_scope: Only a saver below this scope is written, and its names without it.
        """
        if export_scope is None:
            return self.saver_def
        if not self.saver_def.filename_tensor_name.startswith(export_scope):
            return None
        proto = protos.SaverDef()
        proto.CopyFrom(self.saver_def)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            setattr(proto, field, strip_name_scope(getattr(proto, field), export_scope))
        return proto

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """Returns the saver that a SaverDef describes, over nodes that the default graph holds.

        Args:
          saver_def: The SaverDef.
          import_scope: Name scope in front of the names.
        """
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: Any = None,
        collection_list: Sequence[Any] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """Returns the MetaGraphDef of the default graph with this saver, and writes it to a file if one is named.

        Args:
          filename: The file, or None.
          collection_list: Names of the collections to write; default: all.
          as_text: Whether the file gets the text form.
          export_scope: Write only the nodes whose names begin with this.
          clear_devices: Whether to leave the devices out.
          clear_extraneous_savers: Whether to leave out the nodes of other savers.
          strip_default_attrs: Whether to leave out attributes that have their type's default.
          save_debug_info: Whether to write, beside the file, where in the program each node was made.

        Returns:
          The MetaGraphDef.

        >>> saver = tf.train.Saver([tf.Variable(1.0)])
        >>> saver.export_meta_graph().saver_def.restore_op_name
        'save/restore_all'
        """
        return export_meta_graph(
            filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
            save_debug_info=save_debug_info,
        )


register_proto_function(GraphKeys.SAVERS, "SaverDef", to_proto=Saver.to_proto, from_proto=Saver.from_proto)


# ------------------------------------------------------------------------------------------------------------- checks


def _checked(saver_def: Any) -> Any:
    """A SaverDef of one's own: its names may get a scope."""
    if not protos.is_message(saver_def, "SaverDef"):
        raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {saver_def}")
    _check_nodes(saver_def)
    copy = protos.SaverDef()
    copy.CopyFrom(protos.converted(saver_def, "SaverDef"))
    return copy


def _check_nodes(saver_def: Any) -> None:
    for field in ("save_tensor_name", "restore_op_name"):
        if not getattr(saver_def, field):
            raise ValueError(f"saver_def must specify the {field}: {saver_def}")


def _file_version(path: str, version: int) -> int:
    """The version of TensorFlow's files of a checkpoint: the settings may say another one than the saver."""
    from scopedjax._src.bridge.tensorbundle.checkpoint_file import v1_files

    return _V1 if v1_files(path) else version


def _is_nothing(var_list: Any) -> bool:
    return hasattr(var_list, "__len__") and not len(var_list)


def _check_session(sess: Any) -> None:
    if not isinstance(sess, BaseSession):
        raise TypeError(f"'sess' must be a Session; {sess}")
    if sess._closed:
        raise RuntimeError("Attempted to use a closed Session.")


def _as_text(path: Any) -> str:
    if isinstance(path, bytes):
        return path.decode()
    if isinstance(path, (str, os.PathLike)):
        return os.fspath(path)
    raise TypeError(f"Expected binary or unicode string, got {path!r}")


def _explained(error: errors.OpError, reason: str, suggestions: str) -> errors.OpError:
    """The error with what TF1 says before it, and what may help behind it."""
    kind: Any = type(error)
    return kind(
        None,
        error.op,
        f"Restoring from checkpoint failed. This is most likely due to {reason}. Please ensure that you have not "
        f"altered the graph expected based on the checkpoint. Original error:\n\n{error.message}"
        + (suggestions and f"\n\n{suggestions}"),
    )
