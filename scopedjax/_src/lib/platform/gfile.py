"""`tf.gfile` and `tf.io.gfile` on the local file system: files and folders under TF1's names, with TF1's errors.

Paths are text, bytes or `os.PathLike`; a leading `file://` is dropped. Other schemes (`gs://`, `hdfs://`, `s3://`) are
refused with `UnimplementedError`, as by a TensorFlow that was built without them: mount the storage, or copy the files
first.

What differs from Python's own functions is TensorFlow's doing and is kept: making a folder that exists is no error,
patterns match hidden files, `**` is no more than `*`, and opening a file
for "r+" empties it at the first write. The names with capitals and those of `tf.io.gfile` are the same functions with
other argument names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat as _stat
from collections.abc import Callable, Iterator
from typing import Any

from scopedjax._src.base import errors
from scopedjax._src.base.paths import local_path, matches
from scopedjax._src.base.system_errors import as_tensorflow_errors, translate


def Exists(filename: Any) -> bool:
    """Whether there is a file or a folder of this name.

    Args:
      filename: The path.

    >>> tf.gfile.Exists("no such file")
    False
    """
    return os.path.exists(local_path(filename))


def IsDirectory(dirname: Any) -> bool:
    """Whether there is a folder of this name.

    Args:
      dirname: The path.
    """
    return os.path.isdir(local_path(dirname))


def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder, in no particular order.

    Args:
      dirname: The folder.

    Returns:
      Names without the folder, without "." and "..".

    Raises:
      NotFoundError: there is no such folder.
    """
    path = local_path(dirname)
    if not IsDirectory(path):
        raise errors.NotFoundError(None, None, f"Could not find directory {path}")
    with as_tensorflow_errors(path):
        return os.listdir(path)


def MkDir(dirname: Any) -> None:
    """Makes a folder whose parent exists; one that exists already is left as it is.

    Args:
      dirname: The folder.

    Raises:
      NotFoundError: its parent does not exist; other kinds of `tf.errors` for what else the system refuses.
    """
    path = local_path(dirname)
    if path and not os.path.exists(path):
        with as_tensorflow_errors(path), contextlib.suppress(FileExistsError):
            os.mkdir(path)


def MakeDirs(dirname: Any) -> None:
    """Makes a folder and those above it; what exists already is left as it is.

    Args:
      dirname: The folder.

    Raises:
      FailedPreconditionError: a part of the path is a file; other kinds of `tf.errors` for what else the system
        refuses.
    """
    path = local_path(dirname)
    if not path or IsDirectory(path):
        return
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise errors.FailedPreconditionError(None, None, f"{_first_file(path)} is not a directory") from error
    except OSError as error:
        raise translate(error, path) from error


def _first_file(path: str) -> str:
    """The topmost part of a path that is not a folder."""
    parts = [path]
    while os.path.dirname(parts[-1]) not in ("", parts[-1]):
        parts.append(os.path.dirname(parts[-1]))
    return next((p for p in reversed(parts) if os.path.lexists(p) and not os.path.isdir(p)), path)


def Remove(filename: Any) -> None:
    """Deletes a file or a symbolic link.

    Args:
      filename: The file.

    Raises:
      NotFoundError: there is none.
      FailedPreconditionError: it is a folder.
    """
    path = local_path(filename)
    with as_tensorflow_errors(path):
        os.remove(path)


def DeleteRecursively(dirname: Any) -> None:
    """Deletes a folder with all that is in it, or a file.

    Args:
      dirname: The folder.

    Raises:
      NotFoundError: there is none; other kinds of `tf.errors` for what else the system refuses.
    """
    path = local_path(dirname)
    if not os.path.lexists(path):
        raise errors.NotFoundError(None, None, f"{path} not found")
    with as_tensorflow_errors(path):
        # Of a link to a folder only the link goes: TF would follow it and empty the folder behind it.
        if os.path.isdir(path) and not os.path.islink(path.rstrip("/")):
            shutil.rmtree(path)
        else:
            os.remove(path.rstrip("/"))


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copies a file.

    Args:
      oldpath: The file.
      newpath: The name of the copy; a folder's name is not completed.
      overwrite: Whether an existing file may be replaced.

    Raises:
      AlreadyExistsError: `newpath` exists and `overwrite` is false.
      NotFoundError: there is no such file, or no folder for the copy.
      FailedPreconditionError: `oldpath` is a folder.
    """
    source, target = local_path(oldpath), local_path(newpath)
    _refuse_existing(target, overwrite)
    with as_tensorflow_errors(source):
        with open(source, "rb") as reader, as_tensorflow_errors(target), open(target, "wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)


def _refuse_existing(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise errors.AlreadyExistsError(None, None, "file already exists")


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Renames a file or a folder.

    Args:
      oldname: What it is called.
      newname: What it shall be called.
      overwrite: Whether an existing file may be replaced.

    Raises:
      AlreadyExistsError: `newname` exists and `overwrite` is false.
      NotFoundError: there is no `oldname`, or no folder for the new name.
    """
    source, target = local_path(oldname), local_path(newname)
    _refuse_existing(target, overwrite)
    with as_tensorflow_errors(source):
        os.rename(source, target)


class FileStatistics:
    """What `tf.gfile.Stat` tells about a file.

    Attributes:
      length: Size in bytes.
      mtime_nsec: Time of the last change, in nanoseconds since 1970.
      is_directory: Whether it is a folder.
    """

    def __init__(self, length: int, mtime_nsec: int, is_directory: bool) -> None:
        self.length = length
        self.mtime_nsec = mtime_nsec
        self.is_directory = is_directory


def Stat(filename: Any) -> FileStatistics:
    """Size and time of a file.

    Args:
      filename: The file or folder.

    Returns:
      An object with `length`, `mtime_nsec` and `is_directory`.

    Raises:
      NotFoundError: there is none.
    """
    path = local_path(filename)
    with as_tensorflow_errors(path):
        found = os.stat(path)
    return FileStatistics(found.st_size, found.st_mtime_ns, _stat.S_ISDIR(found.st_mode))


def Glob(filename: Any) -> list[str]:
    """The files and folders that match a pattern.

    Args:
      filename: A pattern, or a list of patterns: `*` any characters but "/", `?` one character, `[a-c]` one of a set,
        `\\` takes the next character as it is.

    Returns:
      Paths, sorted for each pattern.

    >>> with tf.gfile.GFile("glob_me.txt", "w") as f:
    ...     f.write("x")
    >>> tf.gfile.Glob("glob_m?.*")
    ['./glob_me.txt']
    """
    if isinstance(filename, str | bytes | os.PathLike):
        return matches(local_path(filename))
    return [path for pattern in filename for path in matches(local_path(pattern))]


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all below it.

    Args:
      top: The folder.
      in_order: Whether a folder comes before those in it.

    Returns:
      An iterator of (folder, names of folders in it, names of files in it); empty where there is no such folder.
    """
    return walk(top, topdown=in_order)


def walk(
    top: Any, topdown: bool = True, onerror: Callable[[errors.OpError], Any] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all below it.

    Args:
      top: The folder.
      topdown: Whether a folder comes before those in it.
      onerror: Called with the error of a folder that cannot be listed; without it such a folder is passed over.

    Returns:
      An iterator of (folder, names of folders in it, names of files in it).
    """
    folder = local_path(top)
    try:
        names = ListDirectory(folder)
    except errors.OpError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [name for name in names if IsDirectory(os.path.join(folder, name))]
    here = (folder, folders, [name for name in names if name not in set(folders)])
    if topdown:
        yield here
    for name in folders:
        yield from walk(os.path.join(folder, name), topdown, onerror)
    if not topdown:
        yield here


# The names of tf.io.gfile.


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies a file; see `tf.gfile.Copy`.

    Args:
      src: The file.
      dst: The name of the copy.
      overwrite: Whether an existing file may be replaced.

    Raises:
      AlreadyExistsError: `dst` exists and `overwrite` is false.
      NotFoundError: there is no such file, or no folder for the copy.
    """
    Copy(src, dst, overwrite)


def exists(path: Any) -> bool:
    """Whether there is a file or a folder of this name.

    Args:
      path: The path.
    """
    return Exists(path)


def get_registered_schemes() -> list[str]:
    """The schemes that paths may have: "file", or none at all."""
    return ["file", ""]


def glob(pattern: Any) -> list[str]:
    """The files and folders that match a pattern; see `tf.gfile.Glob`.

    Args:
      pattern: A pattern, or a list of patterns.

    Returns:
      Paths, sorted for each pattern.
    """
    return Glob(pattern)


def isdir(path: Any) -> bool:
    """Whether there is a folder of this name.

    Args:
      path: The path.
    """
    return IsDirectory(path)


def join(path: Any, *paths: Any) -> Any:
    """Puts parts of a path together, as `os.path.join` does.

    Args:
      path: The first part.
      *paths: The others; one that is absolute discards those before it.

    >>> tf.io.gfile.join("logs", "run1")
    'logs/run1'
    """
    return os.path.join(path, *paths)


def listdir(path: Any) -> list[str]:
    """The names in a folder; see `tf.gfile.ListDirectory`.

    Args:
      path: The folder.

    Raises:
      NotFoundError: there is no such folder.
    """
    return ListDirectory(path)


def makedirs(path: Any) -> None:
    """Makes a folder and those above it; see `tf.gfile.MakeDirs`.

    Args:
      path: The folder.

    Raises:
      FailedPreconditionError: a part of the path is a file.
    """
    MakeDirs(path)


def mkdir(path: Any) -> None:
    """Makes a folder whose parent exists; see `tf.gfile.MkDir`.

    Args:
      path: The folder.

    Raises:
      NotFoundError: its parent does not exist.
    """
    MkDir(path)


def remove(path: Any) -> None:
    """Deletes a file; see `tf.gfile.Remove`.

    Args:
      path: The file.

    Raises:
      NotFoundError: there is none.
    """
    Remove(path)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Renames a file or a folder; see `tf.gfile.Rename`.

    Args:
      src: What it is called.
      dst: What it shall be called.
      overwrite: Whether an existing file may be replaced.

    Raises:
      AlreadyExistsError: `dst` exists and `overwrite` is false.
    """
    Rename(src, dst, overwrite)


def rmtree(path: Any) -> None:
    """Deletes a folder with all that is in it; see `tf.gfile.DeleteRecursively`.

    Args:
      path: The folder.

    Raises:
      NotFoundError: there is none.
    """
    DeleteRecursively(path)


def stat(path: Any) -> FileStatistics:
    """Size and time of a file; see `tf.gfile.Stat`.

    Args:
      path: The file or folder.

    Raises:
      NotFoundError: there is none.
    """
    return Stat(path)
