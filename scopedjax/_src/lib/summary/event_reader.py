"""`tf.train.summary_iterator`: the events of an event file, one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from scopedjax._src.base.values import as_text
from scopedjax._src.ops.parsing.record_format import read_records
from scopedjax._src.ops.summary.protos import Event


def summary_iterator(path: Any) -> Iterator[Any]:
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
    return map(Event.FromString, read_records(as_text(os.fspath(path))))
