"""Files as nodes: `tf.read_file`, `tf.write_file`, `tf.matching_files`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from scopedjax._src.base.paths import local_path, matches
from scopedjax._src.base.shapes import Dims
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext


def _text(value: Any) -> str:
    return os.fsdecode(np.asarray(value).item())


def _scalars(c: ShapeContext) -> list[Dims]:
    for index in range(len(c.inputs)):
        c.require_rank(index, 0)
    return [()] * len(c.record.signature.outputs)


@defop("ReadFile(filename: string) -> contents: string", shape=_scalars, host=True, gradient=NO_GRADIENT)
def _read_file(filename: Any) -> Any:
    path = local_path(_text(filename))
    with as_tensorflow_errors(path), open(path, "rb") as file:
        return np.array(file.read(), object)


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """The contents of a file.

    Args:
      filename: Scalar string tensor.
      name: Node name; "ReadFile" by default.

    Returns:
      Scalar string tensor.

    Raises:
      NotFoundError: when run, if there is no such file.

    >>> write = tf.write_file("note.txt", "hello")
    >>> with tf.Session() as session:
    ...     session.run(write)
    ...     print(session.run(tf.read_file("note.txt")))
    b'hello'
    """
    return apply_op("ReadFile", filename, name=name)


@defop("WriteFile(filename: string, contents: string)", shape=_scalars, host=True, stateful=True, gradient=NO_GRADIENT)
def _write_file(filename: Any, contents: Any) -> tuple[()]:
    path = local_path(_text(filename))
    with as_tensorflow_errors(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(np.asarray(contents).item())
    return ()


def write_file(filename: Any, contents: Any, name: str | None = None) -> Operation:
    """Writes a file; folders on the way are made, and a file that exists is replaced.

    Args:
      filename: Scalar string tensor.
      contents: Scalar string tensor.
      name: Node name; "WriteFile" by default.

    Returns:
      The node.

    Raises:
      PermissionDeniedError: when run, if the system refuses; other errors of `tf.errors` likewise.
    """
    return apply_op("WriteFile", filename, contents, name=name)


def _pattern_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is not None and len(dims) > 1:
        raise c.fail(f"Shape must be at most rank 1 but is rank {len(dims)}")
    return [(None,)]


@defop(
    "MatchingFiles(pattern: string) -> filenames: string", shape=_pattern_dims, host=True, gradient=NOT_DIFFERENTIABLE
)
def _matching_files(pattern: Any) -> Any:
    patterns = [os.fsdecode(item) for item in np.asarray(pattern).ravel().tolist()]
    # TensorFlow sorts all of them together.
    found = sorted(os.fsencode(path) for one in patterns for path in matches(local_path(one)))
    result = np.empty(len(found), object)
    result[:] = found
    return result


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """The files that match patterns.

    Args:
      pattern: String tensor, a scalar or a vector: `*` any characters but "/", `?` one, `[a-c]` one of a set.
      name: Node name; "MatchingFiles" by default.

    Returns:
      String vector, sorted.

    >>> with tf.Session() as session:
    ...     print(session.run(tf.matching_files("no_such_folder/*")))
    []
    """
    return apply_op("MatchingFiles", pattern, name=name)
