"""The data files of a bundle, open for reading: ranges of bytes, checked against the files' sizes.

The bytes are read into the memory where they are wanted, in parts of a size that the caches of a processor hold, and
their checksum is taken right then. (Mapping the files would need the same copy and page faults in addition, since the
arrays lie in them unaligned; and a mapped file that another process cuts off kills the program.)
"""

from __future__ import annotations

import mmap
import os
import stat

import numpy as np

from scopedjax._src.base.system_errors import translate
from scopedjax._src.bridge.tensorbundle.damage import data_loss


def data_name(prefix: str, shard: int, count: int) -> str:
    """The name of a data file."""
    return f"{prefix}.data-{shard:05d}-of-{count:05d}"


class DataFiles:
    """The data files of one bundle; each is opened when it is first asked for.

    Args:
      prefix: The bundle.
      count: How many there are.
    """

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix, self._count = prefix, count
        self._open: dict[int, tuple[int, int]] = {}

    def close(self) -> None:
        """Closes the files."""
        while self._open:
            os.close(self._open.popitem()[1][0])

    def name(self, shard: int) -> str:
        """The path of a data file."""
        return data_name(self._prefix, shard, self._count)

    def handle(self, shard: int) -> tuple[int, int]:
        """The file's descriptor and its size.

        Raises:
          tf.errors.OpError: It cannot be opened.
        """
        known = self._open.get(shard)
        if known is None:
            path = self.name(shard)
            try:
                descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
            except OSError as error:
                raise translate(error, path) from error
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                os.close(descriptor)
                raise data_loss(path, 0, "it is no plain file")
            known = self._open[shard] = (descriptor, found.st_size)
        return known

    def check(self, shard: int, offset: int, size: int) -> None:
        """Makes sure that a file holds a range.

        Raises:
          DataLossError: It ends before.
          tf.errors.OpError: It cannot be opened.
        """
        _, found = self.handle(shard)
        if offset + size > found:
            raise data_loss(
                self.name(shard), offset, f"the file has {found} bytes, and {size} from here on were promised"
            )

    def fill(self, shard: int, offset: int, out: memoryview) -> None:
        """Reads `len(out)` bytes from `offset` on.

        Raises:
          DataLossError: The file has become shorter.
        """
        descriptor, _ = self.handle(shard)
        while out:
            try:
                count = os.preadv(descriptor, [out], offset)
            except OSError as error:
                raise translate(error, self.name(shard)) from error
            if count == 0:
                raise data_loss(
                    self.name(shard), offset, f"the file ends here, and {len(out)} bytes more were promised"
                )
            offset += count
            out = out[count:]

    def mapped(self, shard: int, offset: int, size: int) -> np.ndarray:
        """A range as read-only bytes that stay on the disk until they are looked at."""
        descriptor, _ = self.handle(shard)
        first = offset - offset % mmap.ALLOCATIONGRANULARITY
        view = mmap.mmap(descriptor, offset + size - first, access=mmap.ACCESS_READ, offset=first)
        return np.frombuffer(view, np.uint8, size, offset - first)
