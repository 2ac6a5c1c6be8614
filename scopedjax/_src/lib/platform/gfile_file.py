"""`tf.gfile.GFile`: a file with TF1's methods and errors.

Nothing is opened before it is used, so a missing file is told by the first `read`, not by the constructor; and a file
that was closed opens again, at its beginning, when it is read again. Both are TensorFlow's ways.
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Final

from scopedjax._src.base import errors
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.lib.platform.gfile import Stat, local_path

_MODES: Final = ("r", "w", "a", "r+", "w+", "a+")


class GFile:
    """A local file; also a context manager and an iterator over lines.

    Args:
      name: The path: text, bytes or `os.PathLike`.
      mode: "r", "w", "a", "r+", "w+" or "a+", with "b" for bytes instead of UTF-8 text.

    Raises:
      InvalidArgumentError: the mode is none of these.

    >>> with tf.gfile.GFile("hello.txt", "w") as f:
    ...     f.write("Hello\\nWorld\\n")
    >>> [line for line in tf.gfile.GFile("hello.txt")]
    ['Hello\\n', 'World\\n']
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = name
        self._mode = mode
        self._binary = "b" in mode
        kind = mode.replace("b", "")
        if kind not in _MODES:
            raise errors.InvalidArgumentError(
                None, None, f"mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+': got {mode!r}"
            )
        self._may_read = kind in ("r", "r+", "w+", "a+")
        self._may_write = kind != "r"
        self._appends = kind.startswith("a")
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None

    @property
    def name(self) -> Any:
        """The path, as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, as it was given."""
        return self._mode

    def _path(self) -> str:
        return local_path(self._name)

    def _open_reader(self) -> BinaryIO:
        if self._reader is None:
            if not self._may_read:
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            with as_tensorflow_errors(self._path()):
                self._reader = open(self._path(), "rb")
        return self._reader

    def _open_writer(self) -> BinaryIO:
        if self._writer is None:
            if not self._may_write:
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            with as_tensorflow_errors(self._path()):
                self._writer = open(self._path(), "ab" if self._appends else "wb")
        return self._writer

    def _result(self, data: bytes) -> Any:
        return data if self._binary else data.decode("utf-8")

    def size(self) -> int:
        """Bytes that the file has on disk.

        Raises:
          NotFoundError: there is no such file.
        """
        return Stat(self._name).length

    def read(self, n: int = -1) -> Any:
        """Text, or bytes with mode "b".

        Args:
          n: How many bytes to read; -1 is all that is left.

        Raises:
          NotFoundError: there is no such file.
          PermissionDeniedError: the mode does not allow it.
          InvalidArgumentError: `n` is below -1.
          OutOfRangeError: the position is behind the end.
        """
        reader = self._open_reader()
        if n < -1:
            raise errors.InvalidArgumentError(None, None, f"Can't read a negative number of bytes: {n}")
        with as_tensorflow_errors(self._path()):
            if n != 0 and reader.tell() > os.fstat(reader.fileno()).st_size:
                raise errors.OutOfRangeError(None, None, "reached end of file")
            return self._result(reader.read(n))

    def readline(self) -> Any:
        """The next line with its end; empty at the end of the file."""
        with as_tensorflow_errors(self._path()):
            return self._result(self._open_reader().readline())

    def readlines(self) -> list[Any]:
        """All lines that are left, with their ends."""
        with as_tensorflow_errors(self._path()):
            return [self._result(line) for line in self._open_reader().readlines()]

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Moves the place to read from.

        Args:
          offset: How far, in bytes.
          whence: From where: 0 the beginning, 1 the place now, 2 the end.
          position: Older name of `offset`.

        Raises:
          TypeError: there is no offset.
          InvalidArgumentError: the place is before the beginning, or there is no such `whence`.
          PermissionDeniedError: the mode does not allow reading.
        """
        reader = self._open_reader()
        offset = position if offset is None else offset
        if offset is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            raise errors.InvalidArgumentError(
                None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2."
            )
        start = (0, reader.tell, self.size)[whence]
        place = offset + (start() if callable(start) else start)
        if place < 0:
            raise errors.InvalidArgumentError(None, None, f"Seeking to a negative position: {place}")
        reader.seek(place)

    def seekable(self) -> bool:
        """True: local files are."""
        return True

    def tell(self) -> int:
        """The place to read from; where only writing is allowed, the place to write to."""
        return self._open_reader().tell() if self._may_read else self._open_writer().tell()

    def write(self, file_content: Any) -> None:
        """Appends text or bytes.

        Args:
          file_content: What to write; text is encoded as UTF-8, whatever the mode.

        Raises:
          PermissionDeniedError: the mode does not allow it.
          TypeError: it is neither text nor bytes.
          NotFoundError: there is no such folder.
        """
        writer = self._open_writer()
        if isinstance(file_content, str):
            file_content = file_content.encode("utf-8")
        elif not isinstance(file_content, bytes | bytearray):
            raise TypeError(f"Expected binary or unicode string, got {file_content!r}")
        with as_tensorflow_errors(self._path()):
            writer.write(file_content)

    def flush(self) -> None:
        """Hands what was written to the operating system."""
        if self._writer is not None:
            with as_tensorflow_errors(self._path()):
                self._writer.flush()

    def close(self) -> None:
        """Closes the file; doing so again does nothing."""
        reader, writer = self._reader, self._writer
        self._reader = self._writer = None
        if reader is not None:
            reader.close()
        if writer is not None:
            with as_tensorflow_errors(self._path()):
                writer.close()

    def next(self) -> Any:
        """The next line; StopIteration at the end."""
        return self.__next__()

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __iter__(self) -> GFile:
        return self

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def __del__(self) -> None:
        # A file that a script forgot to close loses nothing, as in TF; a constructor that failed has no reader yet.
        if hasattr(self, "_writer"):
            self.close()


class FastGFile(GFile):
    """`GFile` under the name of older programs: a class of its own, as in TF1."""
