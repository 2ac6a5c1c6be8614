"""`tf.python_io`: TFRecord files written and read from Python, without a graph.

    with tf.python_io.TFRecordWriter("a.tfrecord") as writer:
        writer.write(example.SerializeToString())
    for data in tf.python_io.tf_record_iterator("a.tfrecord"):
        example = tf.train.Example.FromString(data)

The framing is in `ops.parsing.record_format`; this file has TF1's classes around it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import Any, Final

from scopedjax._src.base import errors
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.base.values import as_text
from scopedjax._src.ops.parsing import record_format


class TFRecordCompressionType:
    """How a TFRecord file is compressed: `NONE` (0), `ZLIB` (1) or `GZIP` (2)."""

    NONE: Final = 0
    ZLIB: Final = 1
    GZIP: Final = 2


class TFRecordOptions:
    """How to write or read a TFRecord file.

    Args:
      compression_type: A `TFRecordCompressionType`, or "", "GZIP" or "ZLIB"; None is no compression.
      flush_mode: zlib's flush mode for `TFRecordWriter.flush`; None is `zlib.Z_NO_FLUSH` as in TF.
      input_buffer_size, output_buffer_size: Accepted; buffering is the file object's own.
      window_bits: zlib's window size in bits (base-two logarithm), with 16 added for a gzip header; None is 15.
      compression_level: 0 (none) to 9 (best); None is zlib's default.
      compression_method: zlib's method; there is only `zlib.DEFLATED`.
      mem_level: Memory zlib may use, 1 to 9; None is 9.
      compression_strategy: zlib's strategy; None is `zlib.Z_DEFAULT_STRATEGY`.

    Raises:
      ValueError: `compression_type` is not one of those.

    >>> tf.python_io.TFRecordOptions.get_compression_type_string(tf.python_io.TFRecordOptions("GZIP"))
    'GZIP'
    """

    compression_type_map: dict[int, str] = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)  # says now what could not be used later
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """The name of a compression.

        Args:
          options: `TFRecordOptions`, a `TFRecordCompressionType`, one of the names, or None.

        Returns:
          "", "GZIP" or "ZLIB".

        Raises:
          ValueError: it is none of those.
        """
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if not options:
            return ""
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return options
        raise ValueError(f'Not a valid compression_type: "{options}"')

    def _zlib_settings(self) -> dict[str, Any]:
        """Arguments of `zlib.compressobj`."""
        gzip = self.get_compression_type_string(self) == "GZIP"
        chosen = {
            "level": self.compression_level,
            "method": self.compression_method,
            "wbits": self.window_bits,
            "memLevel": self.mem_level,
            "strategy": self.compression_strategy,
        }
        return {
            "memLevel": 9,
            "wbits": zlib.MAX_WBITS + (16 if gzip else 0),
            **{k: v for k, v in chosen.items() if v is not None},
        }


def _as_options(options: Any) -> TFRecordOptions:
    return options if isinstance(options, TFRecordOptions) else TFRecordOptions(compression_type=options)


class TFRecordWriter:
    """Writes records to a new TFRecord file; also a context manager, which closes it.

    Args:
      path: The file; one that exists is replaced.
      options: `TFRecordOptions`, a `TFRecordCompressionType`, one of its names, or None.

    Raises:
      NotFoundError: the folder does not exist; other kinds of `tf.errors` for what else the system refuses.
      ValueError: there is no such compression.

    >>> with tf.python_io.TFRecordWriter("two.tfrecord") as writer:
    ...     writer.write(b"first")
    ...     writer.write(b"second")
    >>> list(tf.python_io.tf_record_iterator("two.tfrecord"))
    [b'first', b'second']
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        options = _as_options(options)
        self._path = as_text(os.fspath(path))
        compression = options.get_compression_type_string(options)
        with as_tensorflow_errors(self._path):
            file = open(self._path, "wb", buffering=1 << 16)
        self._file: Any = file
        if compression:
            mode = zlib.Z_NO_FLUSH if options.flush_mode is None else options.flush_mode
            self._file = record_format.Deflating(file, options._zlib_settings(), mode)

    def write(self, record: Any) -> None:
        """Appends a record.

        Args:
          record: bytes; text is encoded as UTF-8.

        Raises:
          TypeError: it is neither.
          FailedPreconditionError: the writer is closed.
        """
        if isinstance(record, str):
            record = record.encode()
        elif not isinstance(record, bytes | bytearray):
            raise TypeError(
                f"TFRecordWriter.write(): a record is bytes or text, not {type(record).__name__} ({record!r}). "
                "Serialize it first: record.SerializeToString()."
            )
        data = record_format.frame(bytes(record))
        with as_tensorflow_errors(self._path):
            self._opened().write(data)

    def flush(self) -> None:
        """Hands what was written to the operating system.

        Raises:
          FailedPreconditionError: the writer is closed.
        """
        with as_tensorflow_errors(self._path):
            self._opened().flush()

    def close(self) -> None:
        """Closes the file; doing so again does nothing."""
        if self._file is not None:
            file, self._file = self._file, None
            with as_tensorflow_errors(self._path):
                file.close()

    def _opened(self) -> Any:
        if self._file is None:
            raise errors.FailedPreconditionError(None, None, "Writer is closed.")
        return self._file

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def __del__(self) -> None:
        # A writer that a script forgot to close loses nothing, as in TF.
        if getattr(self, "_file", None) is not None:
            self.close()


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a TFRecord file.

    Args:
      path: The file.
      options: `TFRecordOptions`, a `TFRecordCompressionType`, one of its names, or None.

    Returns:
      An iterator of byte strings.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: while iterating, where the file is damaged or compressed otherwise; the message tells the offset.
      ValueError: there is no such compression.
    """
    compression = TFRecordOptions.get_compression_type_string(options)
    return record_format.read_records(as_text(os.fspath(path)), compression)
