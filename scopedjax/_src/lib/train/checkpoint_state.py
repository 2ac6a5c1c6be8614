"""The `checkpoint` file: which checkpoints a folder has, and which is the newest.

The file is a text proto that TensorFlow writes and reads too:

    model_checkpoint_path: "model-7"
    all_model_checkpoint_paths: "model-5"
    all_model_checkpoint_paths: "model-7"

Paths in it are relative to the folder of the file or absolute; what `get_checkpoint_state` gives back can be opened
from the current folder. TensorFlow's rule on writing, kept here: a relative folder makes relative paths relative to
it; an absolute folder leaves paths as they were given.

A path names a checkpoint, whose files depend on who wrote it: an Orbax folder `model-7` (this library), `model-7.index`
and `model-7.data-*` (TensorFlow), or a file `model-7` (TensorFlow before 1.0). All functions here know all three.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import logging
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from scopedjax._src.base import system_errors

_LOGGER: Final = logging.getLogger("scopedjax")
_V2: Final = 2  # SaverDef.V2, the format with an .index file


@functools.cache
def _message_class() -> Any:
    """The class of the proto message; TensorBoard ships no such proto, so it is declared here.

    In a pool of its own: the default pool would refuse the name when TensorFlow is loaded into the same process.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    fields = (
        ("model_checkpoint_path", kinds.TYPE_STRING, kinds.LABEL_OPTIONAL),
        ("all_model_checkpoint_paths", kinds.TYPE_STRING, kinds.LABEL_REPEATED),
        ("all_model_checkpoint_timestamps", kinds.TYPE_DOUBLE, kinds.LABEL_REPEATED),
        ("last_preserved_timestamp", kinds.TYPE_DOUBLE, kinds.LABEL_OPTIONAL),
    )
    file = descriptor_pb2.FileDescriptorProto(
        name="scopedjax/checkpoint_state.proto", package="tensorflow", syntax="proto3"
    )
    message = file.message_type.add(name="CheckpointState")
    for number, (name, kind, label) in enumerate(fields, start=1):
        message.field.add(name=name, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.CheckpointState"))


# -------------------------------------------------------------------------------------------------------------- writing


def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """Makes a `CheckpointState` proto.

    Args:
      save_dir: Folder of the state file. If it is relative, relative paths are made relative to it.
      model_checkpoint_path: The newest checkpoint.
      all_model_checkpoint_paths: All checkpoints that still exist, oldest first. The newest is appended if it is not
        the last. (TF1 appends it to the caller's own list; here the caller's list stays as it is.)
      all_model_checkpoint_timestamps: When each of them was saved, in seconds since the epoch; one for each path.
      last_preserved_timestamp: When the last checkpoint was saved that is kept for good, in seconds since the epoch.

    Returns:
      The proto.

    Raises:
      ValueError: There are timestamps, but not one for each path.

    >>> tf.train.generate_checkpoint_state_proto("runs", "runs/model-7").model_checkpoint_path
    'model-7'
    """
    paths = list(all_model_checkpoint_paths or ())
    if not paths or paths[-1] != model_checkpoint_path:
        _LOGGER.info("%s is not in all_model_checkpoint_paths. Manually adding it.", model_checkpoint_path)
        paths.append(model_checkpoint_path)
    timestamps = list(all_model_checkpoint_timestamps or ())
    if timestamps and len(timestamps) != len(paths):
        raise ValueError(
            "Checkpoint timestamps, if provided, must match checkpoint paths "
            f"(got paths {paths} and timestamps {timestamps})"
        )
    if not os.path.isabs(save_dir):
        model_checkpoint_path = _relative(model_checkpoint_path, save_dir)
        paths = [_relative(path, save_dir) for path in paths]
    return _message_class()(
        model_checkpoint_path=model_checkpoint_path,
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Writes the `checkpoint` file of a folder, in one step.

    Args:
      save_dir: The folder.
      model_checkpoint_path: The newest checkpoint.
      all_model_checkpoint_paths: All checkpoints that still exist, oldest first.
      latest_filename: Name of the file; None for "checkpoint".
      all_model_checkpoint_timestamps: When each of them was saved, in seconds since the epoch.
      last_preserved_timestamp: When the last checkpoint was saved that is kept for good, in seconds since the epoch.

    Raises:
      RuntimeError: The checkpoint has the path of the state file.
      tf.errors.OpError: The folder does not exist (`NotFoundError`) or cannot be written.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> tf.train.update_checkpoint_state(folder, folder + "/model-7")
    >>> tf.train.get_checkpoint_state(folder).model_checkpoint_path == folder + "/model-7"
    True
    """
    write_checkpoint_state(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        False,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )


def write_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """`update_checkpoint_state` with the choice that `Saver` has.

    Args:
      save_dir: As there.
      model_checkpoint_path: As there.
      all_model_checkpoint_paths: As there.
      latest_filename: As there.
      save_relative_paths: Whether absolute paths are written relative to `save_dir`, so that the folder can be moved.
      all_model_checkpoint_timestamps: As there.
      last_preserved_timestamp: As there.

    Raises:
      RuntimeError, tf.errors.OpError: As there.
    """
    from google.protobuf import text_format

    from scopedjax._src.bridge import staging

    newest, paths = model_checkpoint_path, list(all_model_checkpoint_paths or ())
    if save_relative_paths:
        newest, *paths = (os.path.relpath(path, save_dir) if os.path.isabs(path) else path for path in (newest, *paths))
    state = generate_checkpoint_state_proto(
        save_dir, newest, paths, all_model_checkpoint_timestamps, last_preserved_timestamp
    )
    file = _state_file(save_dir, latest_filename)
    if file == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    with system_errors.as_tensorflow_errors(file):
        staging.write_file(file, text_format.MessageToString(state).encode())


def _relative(path: str, folder: str) -> str:
    return path if os.path.isabs(path) else os.path.relpath(path, folder)


def _state_file(folder: str, latest_filename: str | None) -> str:
    return os.path.join(folder, "checkpoint" if latest_filename is None else latest_filename)


# -------------------------------------------------------------------------------------------------------------- reading


def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> Any:
    """Reads the `checkpoint` file of a folder.

    Args:
      checkpoint_dir: The folder.
      latest_filename: Name of the file; None for "checkpoint".

    Returns:
      A `CheckpointState` proto, its paths joined with `checkpoint_dir` where they were relative; None if there is no
      such file or it cannot be read or understood (a warning is logged then, as in TF1).

    Raises:
      ValueError: The file names no newest checkpoint.

    >>> tf.train.get_checkpoint_state("/nowhere") is None
    True
    """
    from google.protobuf import text_format

    folder = os.fspath(checkpoint_dir)
    file = _state_file(folder, latest_filename)
    state = _message_class()()
    try:
        with open(file, "rb") as opened:
            text_format.Merge(opened.read().decode(), state)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        _LOGGER.warning("%s: %s", type(error).__name__, error)
        _LOGGER.warning("%s: Checkpoint ignored", file)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}: {file} has no model_checkpoint_path")
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    # os.path.join leaves an absolute second part alone.
    state.all_model_checkpoint_paths[:] = [os.path.join(folder, path) for path in state.all_model_checkpoint_paths]
    return state


def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The newest checkpoint that the `checkpoint` file of a folder names.

    Args:
      checkpoint_dir: The folder.
      latest_filename: Name of the file; None for "checkpoint".

    Returns:
      Its path, ready for `Saver.restore`; None if there is no such file or the checkpoint that it names does not exist.

    Raises:
      ValueError: The file names no newest checkpoint.

    >>> tf.train.latest_checkpoint("/nowhere") is None
    True
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    path = str(state.model_checkpoint_path)
    if checkpoint_exists(path):
        return path
    _LOGGER.error("Couldn't match files for checkpoint %s", path)
    return None


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Whether there is a checkpoint of this name, of this library or of TensorFlow.

    As in TF1, any file or folder called `checkpoint_prefix` counts (it may be a checkpoint of the old format), and
    wildcards match.

    Args:
      checkpoint_prefix: What `Saver.save` or `tf.train.latest_checkpoint` returned.

    Returns:
      `True` if there is.

    >>> tf.train.checkpoint_exists("/nowhere/model-7")
    False
    """
    return _first_file(checkpoint_prefix) is not None


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """When checkpoints were written.

    Args:
      checkpoint_prefixes: What `Saver.save` or `tf.train.latest_checkpoint` returned.

    Returns:
      Seconds since the epoch, one for each checkpoint that exists: fewer than were asked for if some do not.

    >>> tf.train.get_checkpoint_mtimes(["/nowhere/model-7"])
    []
    """
    from scopedjax._src.bridge import orbax_checkpoint

    times: list[float] = []
    for prefix in checkpoint_prefixes:
        written = orbax_checkpoint.modified(prefix)
        file = _first_file(prefix) if written is None else None
        if file is not None:
            written = os.stat(file).st_mtime
        if written is not None:
            times.append(written)
    return times


def _first_file(prefix: str) -> str | None:
    """What shows that a checkpoint exists: its Orbax folder, its `.index` file, or what has its very name."""
    from scopedjax._src.bridge import orbax_checkpoint

    prefix = os.fspath(prefix)
    place = orbax_checkpoint.locate(prefix)
    if place is not None:
        return place
    return next((found[0] for found in (_matching(prefix + ".index"), _matching(prefix)) if found), None)


def _matching(pattern: str) -> list[str]:
    # A name that exists is itself, brackets or not; TensorFlow's patterns know *, ? and [] as glob does.
    return [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern))


# ------------------------------------------------------------------------------------------------------------- removing


def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: int = _V2, meta_graph_suffix: str = "meta"
) -> None:
    """Deletes a checkpoint and its MetaGraphDef file; what does not exist is passed over.

    Args:
      checkpoint_prefix: What `Saver.save` or `tf.train.latest_checkpoint` returned.
      checkpoint_format_version: `SaverDef.V2` (2) deletes an Orbax folder or the `.index` and `.data-*` files of
        TensorFlow; `SaverDef.V1` (1) an Orbax folder or the files of the old format, whose names match
        `checkpoint_prefix` itself.
      meta_graph_suffix: Ending of the name of the MetaGraphDef file.

    Raises:
      tf.errors.OpError: The folder cannot be written.

    >>> tf.train.remove_checkpoint("/nowhere/model-7")
    """
    from scopedjax._src.bridge import orbax_checkpoint

    prefix = os.fspath(checkpoint_prefix)
    orbax_checkpoint.remove(prefix)
    with system_errors.as_tensorflow_errors(prefix):
        _delete([meta_graph_filename(prefix, meta_graph_suffix)])
        if checkpoint_format_version == _V2:
            _delete([prefix + ".index", *glob.glob(glob.escape(prefix) + ".data-?????-of-?????")])
        else:
            _delete(_matching(prefix))


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """The MetaGraphDef file that belongs to a checkpoint: `model-7.meta`, also of the shards `model-7-?????-of-00002`.

    Args:
      checkpoint_filename: Path of the checkpoint.
      meta_graph_suffix: Ending of the name.

    Returns:
      Path of the file.
    """
    return re.sub(r"-[0-9?]+-of-[0-9]+\Z", "", checkpoint_filename) + "." + meta_graph_suffix


def _delete(paths: Iterable[str]) -> None:
    """Deletes files. Folders are passed over: those that are checkpoints are deleted as such, others are the user's."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if not os.path.isdir(path):
                os.unlink(path)
