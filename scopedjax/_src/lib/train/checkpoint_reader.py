"""Reading checkpoints without a graph: which names, shapes and types a checkpoint has, and the values.

    reader = tf.train.NewCheckpointReader("/d/model-7")
    reader.get_variable_to_shape_map()          {"w": [784, 10], "w/Adam": [784, 10], "global_step": []}
    reader.get_tensor("w")                      an array

What kind of checkpoint a path names is asked of `FORMATS`, in order; the first that recognises the path opens it:

    path -> Orbax folder?  -> TensorFlow .index and .data files?  -> TensorFlow file from before 1.0?  -> no checkpoint

A format is one `register_format` call; a reader is one subclass with two methods (`_describe`, `_read`).
`Saver.restore` uses the same registry through `open_checkpoint`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.lib.train import checkpoint_state


class CheckpointReader:
    """What is in a checkpoint; made by `tf.train.NewCheckpointReader`.

    A value is read when it is asked for; names, shapes and types are read once, when the reader is made.

    Args:
      path: The checkpoint.

    >>> import os, tempfile
    >>> w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = tf.train.Saver().save(sess, os.path.join(tempfile.mkdtemp(), "model"))
    >>> reader = tf.train.NewCheckpointReader(path)
    >>> reader.has_tensor("w"), reader.get_variable_to_shape_map(), reader.get_tensor("w")
    (True, {'w': [2]}, array([0., 0.], dtype=float32))
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._tensors = dict(self._describe())

    def _describe(self) -> Mapping[str, tuple[dtypes.DType, tuple[int, ...]]]:
        """For each name in the checkpoint its type and shape."""
        raise NotImplementedError

    def _read(self, names: list[str]) -> Mapping[str, np.ndarray]:
        """The values of names that are in the checkpoint, as arrays."""
        raise NotImplementedError

    def _type_name(self, name: str) -> str:
        """What the type of a tensor is called."""
        return self._tensors[name][0].name

    @property
    def path(self) -> str:
        """The checkpoint, as it was given."""
        return self._path

    def has_tensor(self, tensor_str: str | bytes) -> bool:
        """Whether the checkpoint has a tensor of this name.

        Args:
          tensor_str: The name.

        Returns:
          `True` if it has.

        Raises:
          TypeError: The name is no string.
        """
        return _as_text(tensor_str) in self._tensors

    def get_tensor(self, tensor_str: str | bytes) -> Any:
        """Reads the value of a tensor.

        Args:
          tensor_str: Its name.

        Returns:
          An array of its shape and type; a NumPy scalar if it has no dimensions; `bytes` for a string without
          dimensions.

        Raises:
          tf.errors.NotFoundError: The checkpoint has no such name ("Key v not found in checkpoint").
          tf.errors.DataLossError: The file that holds it is damaged.
          TypeError: The name is no string.
        """
        name = _as_text(tensor_str)
        value = self.get_tensors([name])[name]
        return value[()] if value.ndim == 0 else value

    def get_tensors(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Reads several values at once, which is faster than one by one.

        Args:
          names: Their names.

        Returns:
          For each name an array (0-dimensional for scalars).

        Raises:
          As `get_tensor`.
        """
        names = list(names)
        for name in names:
            if name not in self._tensors:
                from scopedjax._src.bridge import orbax_checkpoint

                raise orbax_checkpoint.missing_key(name, self._path, self._tensors)
        return dict(self._read(names))

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor.

        Returns:
          `{name: list of sizes}`.
        """
        return {name: list(shape) for name, (_, shape) in self._tensors.items()}

    def get_variable_to_dtype_map(self) -> dict[str, dtypes.DType]:
        """The type of each tensor.

        Returns:
          `{name: DType}`.
        """
        return {name: dtype for name, (dtype, _) in self._tensors.items()}

    def debug_string(self) -> bytes:
        """A line for each tensor, sorted by name: `conv/kernel (DT_FLOAT) [3,3,1,8]`.

        Returns:
          The lines, as UTF-8 bytes.
        """
        lines = (
            f"{name} ({_proto_name(self._type_name(name))}) [{','.join(map(str, shape))}]\n"
            for name, (_, shape) in sorted(self._tensors.items(), key=lambda item: item[0].encode())
        )
        return "".join(lines).encode()


class _OrbaxReader(CheckpointReader):
    """Reads Orbax folders, those of this library and others."""

    def _describe(self) -> Mapping[str, tuple[dtypes.DType, tuple[int, ...]]]:
        from scopedjax._src.bridge import orbax_checkpoint

        return orbax_checkpoint.describe(self._path)

    def _read(self, names: list[str]) -> Mapping[str, np.ndarray]:
        from scopedjax._src.bridge import orbax_checkpoint

        return orbax_checkpoint.read(self._path, names)


class _TensorFlowReader(CheckpointReader):
    """Reads TensorFlow's own files, of both formats."""

    def _describe(self) -> Mapping[str, tuple[Any, tuple[int, ...]]]:
        from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file

        self._file = open_file(self._path)
        found: dict[str, tuple[Any, tuple[int, ...]]] = {}
        for name, info in self._file.infos().items():
            # A type that TensorFlow gained later does not hide the other tensors: it is named when it is asked for.
            found[name] = info.dtype if info.has_dtype else None, info.shape
        return found

    def _read(self, names: list[str]) -> Mapping[str, np.ndarray]:
        return self._file.read_many(names)

    def _type_name(self, name: str) -> str:
        return self._file.info(name).type_name

    def get_variable_to_dtype_map(self) -> dict[str, dtypes.DType]:
        """The type of each tensor.

        Returns:
          `{name: DType}`.

        Raises:
          tf.errors.UnimplementedError: One is of a type that TensorFlow gained after version 1.
        """
        return {name: info.dtype for name, info in self._file.infos().items()}


# -------------------------------------------------------------------------------------------------------------- formats


@dataclass(frozen=True)
class Format:
    """A kind of checkpoint.

    Attributes:
      name: What it is called in messages.
      recognise: Whether a path names a checkpoint of this kind; damaged ones count, so that opening them tells what is
        wrong.
      open: Makes the reader.
    """

    name: str
    recognise: Callable[[str], bool]
    open: Callable[[str], CheckpointReader]


FORMATS: Final[list[Format]] = []
"""The known kinds, in the order in which they are asked."""


def register_format(name: str, recognise: Callable[[str], bool], open: Callable[[str], CheckpointReader]) -> None:
    """Adds a kind of checkpoint after those known, or puts another reader in the place of the one with this name.

    Args:
      name: What it is called in messages.
      recognise: Whether a path names a checkpoint of this kind.
      open: Makes the reader of a path that was recognised.
    """
    new = Format(name, recognise, open)
    for place, known in enumerate(FORMATS):
        if known.name == name:
            FORMATS[place] = new
            return
    FORMATS.append(new)


def _is_orbax(path: str) -> bool:
    from scopedjax._src.bridge import orbax_checkpoint

    return orbax_checkpoint.is_checkpoint(path)


def _is_tensorflow_v2(path: str) -> bool:
    from scopedjax._src.bridge.tensorbundle import checkpoint_file

    return checkpoint_file.is_bundle(path)


def _is_tensorflow_v1(path: str) -> bool:
    from scopedjax._src.bridge.tensorbundle import checkpoint_file

    return bool(checkpoint_file.v1_files(path))


register_format("Orbax", _is_orbax, _OrbaxReader)
register_format("TensorFlow V2", _is_tensorflow_v2, _TensorFlowReader)
register_format("TensorFlow V1", _is_tensorflow_v1, _TensorFlowReader)


def open_checkpoint(path: str) -> CheckpointReader:
    """The reader of a checkpoint, whatever kind it is.

    Args:
      path: What `Saver.save` or `tf.train.latest_checkpoint` returned.

    Returns:
      The reader.

    Raises:
      tf.errors.NotFoundError: There is no checkpoint of this name.
      tf.errors.DataLossError: It is damaged, or something else.
    """
    for known in FORMATS:
        if known.recognise(path):
            return known.open(path)
    # Says what is at `path` in place of a checkpoint.
    return _OrbaxReader(path)


# ----------------------------------------------------------------------------------------------- tf.train's functions


def NewCheckpointReader(filepattern: str) -> CheckpointReader:
    """Opens a checkpoint.

    Args:
      filepattern: What `Saver.save` or `tf.train.latest_checkpoint` returned.

    Returns:
      A `CheckpointReader`.

    Raises:
      tf.errors.NotFoundError: There is no checkpoint of this name ("Failed to find any matching files for PATH").
      tf.errors.DataLossError: It is damaged, or something else ("perhaps your file is in a different file format").

    >>> try:
    ...     tf.train.NewCheckpointReader("/nowhere/model-7")
    ... except tf.errors.NotFoundError as error:
    ...     print(error.message)
    Unsuccessful TensorSliceReader constructor: Failed to find any matching files for /nowhere/model-7
    """
    return open_checkpoint(_as_text(filepattern))


def load_checkpoint(ckpt_dir_or_file: str | os.PathLike[str]) -> CheckpointReader:
    """Opens a checkpoint, or the newest one of a folder.

    Args:
      ckpt_dir_or_file: A checkpoint, or a folder with a `checkpoint` file.

    Returns:
      A `CheckpointReader`.

    Raises:
      ValueError: It is a folder that names no checkpoint.
      tf.errors.OpError: As `NewCheckpointReader`.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = tf.train.Saver().save(sess, folder + "/model", global_step=7)
    >>> tf.train.load_checkpoint(folder).path == folder + "/model-7"
    True
    """
    path: str | None = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path) and not any(known.recognise(path) for known in FORMATS):
        path = checkpoint_state.latest_checkpoint(path)
    if path is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {ckpt_dir_or_file}")
    return NewCheckpointReader(path)


def load_variable(ckpt_dir_or_file: str | os.PathLike[str], name: str) -> Any:
    """Reads one value of a checkpoint.

    Args:
      ckpt_dir_or_file: A checkpoint, or a folder with a `checkpoint` file.
      name: Name of the variable; a tensor's name `v:0` is taken for `v`.

    Returns:
      As `CheckpointReader.get_tensor`.

    Raises:
      tf.errors.NotFoundError: It has no such name ("Key v not found in checkpoint").
      ValueError, tf.errors.OpError: As `load_checkpoint`.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> w = tf.get_variable("w", initializer=3.0)
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = tf.train.Saver().save(sess, folder + "/model")
    >>> float(tf.train.load_variable(folder, "w"))
    3.0
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: str | os.PathLike[str]) -> list[tuple[str, list[int]]]:
    """The names in a checkpoint and their shapes.

    Args:
      ckpt_dir_or_file: A checkpoint, or a folder with a `checkpoint` file.

    Returns:
      `[(name, list of sizes), ...]`, sorted by name.

    Raises:
      ValueError, tf.errors.OpError: As `load_checkpoint`.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> w = tf.get_variable("w", [2, 3], initializer=tf.zeros_initializer())
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = tf.train.Saver().save(sess, folder + "/model")
    >>> tf.train.list_variables(folder)
    [('w', [2, 3])]
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise TypeError(f"Expected binary or unicode string, got {value!r}")


def _proto_name(type_name: str) -> str:
    """The name in `types.proto`, which for these three is not that of the `DType`."""
    short = {"float32": "float", "float64": "double", "float16": "half"}
    return "DT_" + short.get(type_name, type_name).upper()
