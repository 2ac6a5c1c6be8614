"""Replacing a bundle in one step, although it has several files.

Readers find the data files by their number, which stands in the index: `model.data-00000-of-00001` for an index that
says 1. So the data of a checkpoint that replaces another of the same name get a number that no file has yet, and the
rename of the index is the moment at which the new checkpoint takes the old one's place:

    model.index (1)     model.data-00000-of-00001                                   the old checkpoint
    model.index (1)     ... and model.data-00000-of-00002, -00001-of-00002          new data; the second file is empty
    model.index (2)     ...                                                         the new checkpoint
    model.index (2)     model.data-0000?-of-00002                                   the old data are deleted

A process may be killed anywhere: the name `model` means one of the two, whole. (TensorFlow uses the same number again:
killed between its renames, it leaves an index that does not fit its data.) Until the new files are on the disk, the old
index keeps a hidden name and the old data stay, in case that the whole machine goes down (`staging`).
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Callable
from typing import Final

from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.bridge.staging import StagedFile
from scopedjax._src.bridge.tensorbundle.data_files import data_name

_MOST: Final = 99999  # the number has five digits
_COUNT: Final = re.compile(r"\.data-[0-9]{5}-of-([0-9]{5})")


_CONDEMNED: Final[set[str]] = set()
"""Old data files that wait for their successors to be on the disk; until they are gone nothing takes their names."""


def data_files(path: str) -> list[str]:
    """The data files of any number that a bundle called `path` has."""
    found = glob.glob(glob.escape(path) + ".data-[0-9]*-of-[0-9]*")
    return [file for file in found if _COUNT.fullmatch(file[len(path) :])]


def write_files(path: str, needed: int, fill: Callable[[list[int]], None], index: Callable[[int], bytes]) -> None:
    """Writes a bundle and puts it in the place of what was there: a bundle, or an Orbax checkpoint written here.

    Args:
      path: The bundle.
      needed: How many data files there are to fill.
      fill: Writes the data to the descriptors of so many files.
      index: Called afterwards with the number of data files for the header; gives the content of the index file.

    Raises:
      OSError: It cannot be written; what was there before is still there.
    """
    orbax_checkpoint.check_replaceable(path)
    staging.clean(staging.split(path)[0], orbax_checkpoint.KIND)
    count = _free_count(path, needed)
    staged: list[StagedFile] = []
    try:
        for shard in range(count):
            staged.append(StagedFile(data_name(path, shard, count)))
        fill([file.handle for file in staged[:needed]])
        content = index(count)
    except BaseException:
        _discard(staged)
        raise
    place_files(path, staged, content)


def take_files(path: str, files: list[str], index: Callable[[int], bytes]) -> None:
    """Makes a bundle of data files that exist, in the place of what was there; they keep their old names too.

    Args:
      path: The bundle.
      files: The data files, in order.
      index: As for `write_files`.

    Raises:
      OSError: It cannot be written; what was there before is still there.
    """
    orbax_checkpoint.check_replaceable(path)
    staging.clean(staging.split(path)[0], orbax_checkpoint.KIND)
    count = _free_count(path, len(files))
    staged: list[StagedFile] = []
    try:
        for shard in range(count):
            source = files[shard] if shard < len(files) else None
            staged.append(StagedFile(data_name(path, shard, count), source))
        content = index(count)
    except BaseException:
        _discard(staged)
        raise
    place_files(path, staged, content)


def remove(path: str) -> None:
    """Deletes the files of a bundle, the index first; what does not exist is passed over.

    Raises:
      OSError: The folder cannot be written.
    """
    for name in (path + ".index", *data_files(path)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def place_files(path: str, staged: list[StagedFile], index: bytes) -> None:
    """Gives the data files and then the index their names; the rest happens in the background.

    Args:
      path: The bundle.
      staged: Its data files, filled, under hidden names; they are deleted if an error occurs.
      index: The content of the index file.

    Raises:
      OSError: A file cannot be written; the index is the old one.
    """
    stale = set(data_files(path)) - _CONDEMNED  # each is deleted once: its name may then be another checkpoint's
    shown: list[str] = []
    files = list(staged)
    try:
        files.append(StagedFile(path + ".index"))
        with open(files[-1].handle, "wb", closefd=False) as file:
            file.write(index)
        for data in staged:
            data.appear()
            shown.append(data.path)
        files[-1].appear()
    except BaseException:
        _discard(files)
        for name in shown:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise
    _CONDEMNED.update(stale)
    staging.later(lambda: _settle(files, stale))
    orbax_checkpoint.remove(path)


def _discard(staged: list[StagedFile]) -> None:
    for file in staged:
        file.discard()


def _settle(staged: list[StagedFile], stale: set[str]) -> None:
    try:
        for file in staged:
            file.settle()
        for name in stale:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    finally:
        _CONDEMNED.difference_update(stale)


def _free_count(path: str, needed: int) -> int:
    """The least number of data files, `needed` or more, that no file of this bundle bears."""
    known = [*data_files(path), *(file for file in set(_CONDEMNED) if file.startswith(path))]
    taken = {int(found[1]) for file in known if (found := _COUNT.fullmatch(file[len(path) :]))}
    return next(count for count in range(max(1, needed), _MOST + 1) if count not in taken)
