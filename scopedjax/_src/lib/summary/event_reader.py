"""`tf.train.summary_iterator`: the events of an event file, one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from tensorboard.compat.proto import event_pb2

from scopedjax._src.base.values import as_text
from scopedjax._src.ops.parsing.record_format import read_records


def summary_iterator(path: Any) -> Iterator[event_pb2.Event]:
    """The events of an event file, ours or TensorFlow's.

    A file that is still being written ends at its last complete event.

    Args:
      path: The event file.

    Returns:
      An iterator of `tf.Event`.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: while iterating, where the file is damaged; the message tells the offset.
    """
    return map(event_pb2.Event.FromString, read_records(as_text(os.fspath(path))))
