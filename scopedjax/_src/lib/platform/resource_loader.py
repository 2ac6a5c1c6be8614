"""`tf.resource_loader`: files that lie beside a program's modules."""

from __future__ import annotations

import os
import sys


def get_data_files_path() -> str:
    """The folder of the module that calls this function."""
    return os.path.dirname(os.path.abspath(sys._getframe(1).f_code.co_filename))


def get_path_to_datafile(path: str) -> str:
    """The path of a file that lies beside the module which calls this function.

    Args:
      path: Relative to that module's folder.

    Returns:
      The path, absolute.
    """
    return os.path.join(os.path.dirname(os.path.abspath(sys._getframe(1).f_code.co_filename)), path)


def get_root_dir_with_all_resources() -> str:
    """The folder below which a program's files are: that of the module which calls this function."""
    return os.path.dirname(os.path.abspath(sys._getframe(1).f_code.co_filename))


def load_resource(path: str) -> bytes:
    """The contents of a file that lies beside the module which calls this function.

    Args:
      path: Relative to that module's folder; TF1 took it relative to its own package, whose files are not here.

    Returns:
      The bytes of the file.

    Raises:
      IOError: there is no such file.
    """
    folder = os.path.dirname(os.path.abspath(sys._getframe(1).f_code.co_filename))
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """The path to open a file by so that it is read ahead; a local file's own path.

    Args:
      path: The file.
      readahead: Accepted; the operating system reads ahead by itself.
    """
    del readahead
    return path
