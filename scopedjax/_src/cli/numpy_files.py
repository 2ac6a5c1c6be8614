""".npz files: NumPy's archive of arrays, one after the other in a zip file, each with a header of its own.

An entry is read only when it is asked for, and what its header says is compared with the entry's size first, and that
with the size of the file: a few bytes cannot ask for memory. Object arrays are pickles, which run code when they are
read; they are refused by name.

NumPy cannot write three of TensorFlow's types so that they are known again. Strings become fixed-width bytes, where
that loses nothing; bfloat16 lies as plain two-byte items, as `np.savez` writes it, and the entry `scopedjax.json`
says so; `np.load(...)[name].view(ml_dtypes.bfloat16)` gives it back elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import ml_dtypes
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.cli.tensor_files import Array, CommandError, TensorInfo, TensorSink, TensorSource, dtype_name
from scopedjax._src.cli.tensor_files import replacing as replacing_file

_NOTES: Final = "scopedjax.json"
_MOST_NOTES: Final = 1 << 26
_BEST_RATIO: Final = 1032  # what zlib can compress at most: one bit a repetition of 258 bytes, in two codes
_MOST_HEADER: Final = 1 << 16
_MOST_PADDING: Final = 1 << 28  # bytes that strings of unequal lengths may waste
_TROUBLE: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, SyntaxError),
    *(OverflowError, NotImplementedError, RuntimeError, tokenize.TokenError, RecursionError, IndexError, UnicodeError),
    *(MemoryError, OSError),
)


class NpzSource(TensorSource):
    """Reads an .npz file."""

    kind = "NumPy archive (.npz)"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._size = os.path.getsize(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except _TROUBLE as error:
            raise self._damaged(error) from error
        try:
            self._entries = {self._name(info): info for info in self._zip.infolist() if info.filename != _NOTES}
            self._types = self._read_notes()
            self.tensors = {name: self._describe(name) for name in self._entries}
        except _TROUBLE as error:
            self.close()
            raise self._damaged(error) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._zip.close()

    def read(self, names: Sequence[str]) -> Mapping[str, Array]:
        """Returns the values of some arrays."""
        return {name: self._read(name) for name in names}

    def _damaged(self, error: Exception) -> CommandError:
        return CommandError(f"{self.path} is no .npz file, or is damaged: {type(error).__name__}: {error}")

    @staticmethod
    def _name(info: zipfile.ZipInfo) -> str:
        return info.filename.removesuffix(".npy")

    def _read_notes(self) -> dict[str, str]:
        """What `NpzSink` says about dtypes that NumPy's header cannot name."""
        if _NOTES not in self._zip.namelist():
            return {}
        info = self._zip.getinfo(_NOTES)
        self._check_entry(info)
        if info.file_size > _MOST_NOTES:
            raise ValueError(f"the entry {_NOTES} has {info.file_size} bytes")
        notes = json.loads(self._zip.read(info))
        return {str(name): str(dtype) for name, dtype in notes["dtypes"].items()}

    def _check_entry(self, info: zipfile.ZipInfo) -> None:
        """Makes sure that the file is large enough to hold what its directory says."""
        most = info.compress_size if info.compress_type == zipfile.ZIP_STORED else _BEST_RATIO * info.compress_size
        if info.compress_size > self._size or info.file_size > most:
            raise ValueError(f"the entry {info.filename!r} claims {info.file_size} bytes")

    def _header(self, file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file, max_header_size=_MOST_HEADER)
        return np.lib.format.read_array_header_2_0(file, max_header_size=_MOST_HEADER)

    def _describe(self, name: str) -> TensorInfo:
        info = self._entries[name]
        self._check_entry(info)
        with self._zip.open(info) as file:
            shape, _, dtype = self._header(file)
            start = file.tell()
        count = 1
        for size in shape:
            if type(size) is not int or size < 0:
                raise ValueError(f"{name!r} has the shape {shape}")
            count *= size
        if not dtype.hasobject and start + count * dtype.itemsize != info.file_size:
            raise ValueError(f"{name!r} has the shape {shape} of {dtype}, and {info.file_size - start} bytes")
        return TensorInfo(self._type(name, dtype), shape)

    def _type(self, name: str, dtype: np.dtype[Any]) -> str:
        if dtype.hasobject:
            return "object"
        if self._types.get(name) == "bfloat16" and dtype.kind == "V" and dtype.itemsize == 2:
            return "bfloat16"
        return dtype_name(dtype.newbyteorder("="))

    def _read(self, name: str) -> Array:
        if self.tensors[name].dtype == "object":
            raise CommandError(
                f"{self.path}: {name} holds Python objects (a pickle), which may run code when it is read; it is not "
                "read here"
            )
        if not _is_known(self.tensors[name].dtype):
            raise CommandError(f"{self.path}: {name} is of the type {self.tensors[name].dtype}, which no tensor has")
        try:
            with self._zip.open(self._entries[name]) as file:
                array = np.lib.format.read_array(file, allow_pickle=False, max_header_size=_MOST_HEADER)
        except _TROUBLE as error:
            raise self._damaged(error) from error
        return self._converted(name, array)

    def _converted(self, name: str, array: Array) -> Array:
        if array.dtype.kind == "U":
            texts = [item.encode("utf-8", "surrogatepass") for item in array.reshape(-1).tolist()]
            return _objects(texts, array.shape)
        if array.dtype.kind == "S":
            return _objects(array.reshape(-1).tolist(), array.shape)
        if array.dtype.kind == "V" and self.tensors[name].dtype == "bfloat16":
            return np.ascontiguousarray(array).view(ml_dtypes.bfloat16)
        return np.asarray(array, array.dtype.newbyteorder("="))


def _objects(items: list[bytes], shape: tuple[int, ...]) -> Array:
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(shape)


class NpzSink(TensorSink):
    """Writes an .npz file, uncompressed as `np.savez` does, one array after the other."""

    kind = "a NumPy archive (.npz)"

    def holds(self, dtype: str) -> bool:
        """All that TensorFlow has."""
        return re.fullmatch(r"resource|variant|object", dtype) is None and _is_known(dtype)

    def write(self, tensors: Mapping[str, TensorInfo], stream: Iterable[tuple[str, Array]]) -> None:
        """Makes the file."""
        for name in tensors:
            if name + ".npy" == _NOTES or "\0" in name:
                raise CommandError(f"A NumPy archive cannot hold an array called {name!r}")
        special = {name: info.dtype for name, info in tensors.items() if info.dtype == "bfloat16"}
        with (
            replacing_file(self.path) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
        ):
            for name, array in stream:
                plain = _fixed_width(name, array) if array.dtype.hasobject else array
                # A date of its own would make two files of equal arrays differ.
                entry = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
                with archive.open(entry, "w", force_zip64=True) as place:
                    np.lib.format.write_array(place, np.asanyarray(plain), allow_pickle=False)
            if special:
                entry = zipfile.ZipInfo(_NOTES, (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, json.dumps({"dtypes": special}))


def _is_known(dtype: str) -> bool:
    try:
        dtypes.as_dtype(dtype)
    except TypeError:
        return False
    return True


def _fixed_width(name: str, array: Array) -> Array:
    """Strings as items of equal length, padded with zero bytes."""
    items = [item if isinstance(item, bytes) else str(item).encode() for item in array.reshape(-1).tolist()]
    if any(item.endswith(b"\0") for item in items):
        raise CommandError(
            f"{name} has a string that ends in a zero byte, which NumPy's strings of fixed width lose: leave it out "
            "(--exclude), or write an Orbax or a TensorFlow checkpoint"
        )
    width = max(map(len, items), default=1) or 1
    if width * len(items) - sum(map(len, items)) > _MOST_PADDING:
        raise CommandError(
            f"{name} has strings of up to {width} bytes, and NumPy would give each of the {len(items)} that much: "
            "leave it out (--exclude), or write an Orbax or a TensorFlow checkpoint"
        )
    return np.array(items, f"S{width}").reshape(array.shape)
