"""A folder for the temporary files of a test program."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile


@functools.cache
def get_temp_dir() -> str:
    """A folder for the temporary files of this process; it is deleted when the process ends.

    >>> tf.test.get_temp_dir() == tf.test.get_temp_dir()
    True
    """
    script = os.path.splitext(os.path.basename(sys.argv[0] or "test"))[0]
    folder = tempfile.mkdtemp(prefix=script)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
