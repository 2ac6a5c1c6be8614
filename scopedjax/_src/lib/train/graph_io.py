"""Files that hold a graph: `tf.train.write_graph`, and reading GraphDefs and MetaGraphDefs in either form.

A file is binary (`.pb`, `.meta`) or the text form of protocol buffers (`.pbtxt`). Which one is found by trying, as
TensorFlow does, since the suffix proves nothing. A file appears whole or not at all.
"""

from __future__ import annotations

import os
from typing import Any

from scopedjax._src.base.errors import InvalidArgumentError, NotFoundError
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph import protos
from scopedjax._src.graph.graph import Graph
from scopedjax._src.lib.platform.gfile import local_path


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Writes a graph to a file.

    Args:
      graph_or_graph_def: A Graph, or a GraphDef or another message.
      logdir: Folder of the file; made if it is missing.
      name: Name of the file.
      as_text: Whether to write the text form.

    Returns:
      The path of the file.

    Raises:
      TypeError: `graph_or_graph_def` is neither.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> path = tf.train.write_graph(tf.get_default_graph(), folder, "graph.pbtxt")
    >>> path == folder + "/graph.pbtxt"
    True
    """
    message = graph_or_graph_def
    if isinstance(message, Graph):
        message = message.as_graph_def()
    elif not hasattr(message, "SerializeToString"):
        raise TypeError(f"graph_or_graph_def must be a tf.Graph or a GraphDef, got {type(message).__name__}")
    path = os.path.join(local_path(logdir), name)
    write_message(message, path, as_text)
    return path


def write_message(message: Any, path: str, as_text: bool) -> None:
    """Writes a protocol buffer to a file, in one step; folders on the way are made."""
    from scopedjax._src.bridge.staging import write_file

    if as_text:
        from google.protobuf import text_format

        content = text_format.MessageToString(message).encode()
    else:
        content = message.SerializeToString()
    with as_tensorflow_errors(path):
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        write_file(path, content)


def read_message(path: Any, name: str) -> Any:
    """Returns the message called `name` (of `protos`) that a file holds, in binary or text form.

    Raises:
      OSError: there is no such file.
      InvalidArgumentError: the file holds no such message.
    """
    return read_message_as(path, getattr(protos, name))


def read_message_as(path: Any, message_type: Any) -> Any:
    """Does what `read_message` does, for a class of messages."""
    name = message_type.DESCRIPTOR.name
    place = local_path(path)
    if not os.path.isfile(place):
        raise OSError(f"File does not exist. Received: {place}.")
    with as_tensorflow_errors(place), open(place, "rb") as file:
        content = file.read()
    try:
        return protos.parsed_as(content, message_type)
    except InvalidArgumentError as error:
        binary_problem = error.message
    try:
        return _from_text(content.decode(), message_type)
    except ValueError as error:
        raise InvalidArgumentError(
            None,
            None,
            f"Cannot parse file {place} as a {name}: it is neither binary ({binary_problem}) nor text ({error})",
        ) from error


def _from_text(text: str, message_type: Any) -> Any:
    from google.protobuf import text_format

    message = message_type()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise ValueError(str(error)) from error
    return message


def read_graph_def(path: Any) -> Any:
    """Returns the GraphDef that a `.pb` or `.pbtxt` file holds.

    Args:
      path: The file.

    Raises:
      NotFoundError: there is no such file.
      InvalidArgumentError: the file holds no GraphDef.
    """
    try:
        return read_message(path, "GraphDef")
    except OSError as error:
        raise NotFoundError(None, None, str(error)) from error
