"""`tf.ReaderBase` and its kinds: the objects with which a program records the nodes of a reader.

names = tf.train.string_input_producer(["a.tfrecord", "b.tfrecord"])
key, example = tf.TFRecordReader().read(names)        the next record each time that it is run
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op

_COMPRESSIONS = {0: "", 1: "ZLIB", 2: "GZIP"}


class ReaderBase:
    """Reads records from files whose names a queue gives.

    Args:
      reader_ref: The handle: output of the reader's node.
      supports_serialize: Whether the state of the reader can be saved.
    """

    def __init__(self, reader_ref: Any, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Any:
        """The handle."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether the state of the reader can be saved."""
        return self._supports_serialize

    def read(self, queue: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Returns the next record as (key, value); its run takes a name from the queue where a file is at its end.

        Args:
          queue: The queue of names, or its handle.
          name: Node name; "ReaderReadV2" by default.

        Returns:
          Two scalar string tensors: where the record is from, and its contents. Their run raises OutOfRangeError
          when the queue is closed and the last file is read.
        """
        key, value = apply_op("ReaderReadV2", self._reader_ref, _handle(queue), name=name)
        return key, value

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Returns the next records of the file as (keys, values), one at least.

        Args:
          queue: The queue of names, or its handle.
          num_records: How many at most.
          name: Node name; "ReaderReadUpToV2" by default.

        Returns:
          Two string vectors.
        """
        keys, values = apply_op("ReaderReadUpToV2", self._reader_ref, _handle(queue), num_records, name=name)
        return keys, values

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """Returns how many records were read, as an int64 scalar tensor.

        Args:
          name: Node name; "ReaderNumRecordsProducedV2" by default.
        """
        return apply_op("ReaderNumRecordsProducedV2", self._reader_ref, name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """Returns how many files were read to their end, as an int64 scalar tensor.

        Args:
          name: Node name; "ReaderNumWorkUnitsCompletedV2" by default.
        """
        return apply_op("ReaderNumWorkUnitsCompletedV2", self._reader_ref, name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Returns the reader's state as a scalar string tensor; only an `IdentityReader` has one.

        Args:
          name: Node name; "ReaderSerializeStateV2" by default.
        """
        return apply_op("ReaderSerializeStateV2", self._reader_ref, name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Operation:
        """Returns a node that puts the reader into a state that `serialize_state` gave.

        Args:
          state: Scalar string tensor.
          name: Node name; "ReaderRestoreStateV2" by default.
        """
        return apply_op("ReaderRestoreStateV2", self._reader_ref, state, name=name)

    def reset(self, name: str | None = None) -> Operation:
        """Returns a node that makes the reader forget its file and its counts.

        Args:
          name: Node name; "ReaderResetV2" by default.
        """
        return apply_op("ReaderResetV2", self._reader_ref, name=name)


def _handle(queue: Any) -> Any:
    return queue if isinstance(queue, Tensor) else queue.queue_ref


class WholeFileReader(ReaderBase):
    """Reads each file as one record, whose key is the file's name.

    Args:
      name: Node name; "WholeFileReaderV2" by default.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply_op("WholeFileReaderV2", name=name), supports_serialize=True)


class TextLineReader(ReaderBase):
    """Reads the lines of text files; the key is "name:line", the first line being 1.

    Args:
      skip_header_lines: How many lines of each file to leave out at its beginning.
      name: Node name; "TextLineReaderV2" by default.

    >>> with tf.gfile.GFile("lines.txt", "w") as file:
    ...     file.write("one\\ntwo\\n")
    >>> names = tf.FIFOQueue(1, tf.string, shapes=[[]])
    >>> record = tf.TextLineReader().read(names)
    >>> with tf.Session() as session:
    ...     session.run(names.enqueue("lines.txt"))
    ...     print(session.run(record))
    (b'lines.txt:1', b'one')
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(apply_op("TextLineReaderV2", skip_header_lines=skip_header_lines, name=name))


class FixedLengthRecordReader(ReaderBase):
    """Reads records of one length; the key is "name:number", the first record being 0.

    Args:
      record_bytes: Length of a record.
      header_bytes: What to leave out at the beginning of each file.
      footer_bytes: What to leave out at its end.
      hop_bytes: From the beginning of a record to that of the next; `record_bytes` by default.
      name: Node name; "FixedLengthRecordReaderV2" by default.
      encoding: "", "ZLIB" or "GZIP".
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ) -> None:
        reference = apply_op(
            "FixedLengthRecordReaderV2", record_bytes=record_bytes, header_bytes=header_bytes,
            footer_bytes=footer_bytes, hop_bytes=hop_bytes, encoding=encoding, name=name,
        )  # fmt: skip
        super().__init__(reference)


class TFRecordReader(ReaderBase):
    """Reads the records of TFRecord files; the key is "name:offset".

    Args:
      name: Node name; "TFRecordReaderV2" by default.
      options: `tf.python_io.TFRecordOptions` that tell the compression.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        kind = getattr(options, "compression_type", options)
        kind = "" if kind is None else _COMPRESSIONS.get(kind, kind)
        super().__init__(apply_op("TFRecordReaderV2", compression_type=kind, name=name))


class IdentityReader(ReaderBase):
    """Gives the names in the queue themselves, as key and as value.

    Args:
      name: Node name; "IdentityReaderV2" by default.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply_op("IdentityReaderV2", name=name), supports_serialize=True)
