"""Files of named tensors, whatever their format: the one interface that the commands know.

    TensorSource  describes what a file has, and reads some of it         inspect, diff, convert
    TensorSink    takes a stream of tensors and makes a file of it        convert

    Orbax ─┐                                    ┌─> Orbax
    TF V2 ─┤    source.stream(names)            ├─> TF V2
    TF V1 ─┼──> (name, array), (name, array)... ┼─> .safetensors     each as it comes: never all at once in memory,
    .npz  ─┤                                    └─> .npz             where the format permits that
    .safetensors

A format is one file with a subclass of each, and a line in `SOURCES` and `SINKS`. Its module is imported when a path of
its kind is first met.

Invariants: what a sink writes appears whole or not at all; a sink says before it writes which tensors its format cannot
hold; a source never runs code from a file, and never asks for more memory than a tensor's description says, which it
has compared with the size of the file.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np

from scopedjax._src.base import dtypes

Array = np.ndarray[Any, np.dtype[Any]]
_BATCH: Final = 1 << 26  # bytes that are read at once: enough to keep threads busy, little beside a checkpoint


class CommandError(Exception):
    """What a command cannot do, in one line for its user."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a file says about a tensor.

    Attributes:
      dtype: Its name: TensorFlow's, or NumPy's for one that TensorFlow does not have.
      shape: Its sizes.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int | None:
        """How many bytes its elements take; None for strings and what is not known here."""
        size = item_size(self.dtype)
        return None if size is None else self.count * size


def item_size(dtype: str) -> int | None:
    """Bytes of an element; None where that is not fixed, or the dtype is unknown."""
    with contextlib.suppress(TypeError):
        return dtypes.as_dtype(dtype).size or None
    with contextlib.suppress(TypeError):  # float8 and its like: ml_dtypes registers their names with NumPy
        size = np.dtype(dtype)
        return None if size.hasobject else size.itemsize
    return None


def dtype_name(dtype: Any) -> str:
    """The name of an array's dtype: TensorFlow's where it has one, else NumPy's."""
    try:
        return dtypes.as_dtype(dtype).name
    except TypeError:
        return str(np.dtype(dtype))


class TensorSource:
    """Reads a file of named tensors; a context manager, because it may hold the file open.

    Attributes:
      kind: What the file is, in words.
      path: Where it is.
      tensors: What it has, in its own order.
      at_once: Whether reading a part costs as much as reading all.
    """

    kind: str = ""
    at_once: bool = False

    def __init__(self, path: str) -> None:
        self.path = path
        self.tensors: dict[str, TensorInfo] = {}

    def __enter__(self) -> TensorSource:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""

    def read(self, names: Sequence[str]) -> Mapping[str, Array]:
        """Returns the values of some tensors.

        Raises:
          CommandError: the file is damaged, or holds what may not be read.
        """
        raise NotImplementedError

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, Array]]:
        """Yields (name, values) in the order of `names`, reading about 64 MB at a time."""
        names = list(names)
        for batch in [names] if self.at_once else self._batches(names):
            found = dict(self.read(batch))
            for name in batch:
                yield name, found.pop(name)  # the caller's is the only one that is kept

    def _batches(self, names: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for name in names:
            nbytes = self.tensors[name].nbytes or 0
            if batch and size + nbytes > _BATCH:
                yield batch
                batch, size = [], 0
            batch.append(name)
            size += nbytes
        if batch:
            yield batch


class TensorSink:
    """Writes a file of named tensors.

    Attributes:
      kind: What the file will be, in words.
      path: Where it will be.
    """

    kind: str = ""

    def __init__(self, path: str) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether there is something at the path that writing would replace."""
        return os.path.lexists(self.path)

    def holds(self, dtype: str) -> bool:
        """Whether the format has a dtype."""
        raise NotImplementedError

    def order(self, tensors: Mapping[str, TensorInfo]) -> list[str]:
        """The order in which the tensors shall come."""
        return list(tensors)

    def write(self, tensors: Mapping[str, TensorInfo], stream: Iterable[tuple[str, Array]]) -> None:
        """Makes the file, whole or not at all.

        Args:
          tensors: What will come.
          stream: The values of all of them, in that order; each is used once and then let go where possible.
        """
        raise NotImplementedError

    def check(self, tensors: Mapping[str, TensorInfo]) -> None:
        """Makes sure that the format can hold all tensors.

        Raises:
          CommandError: It cannot; the message names them.
        """
        wrong = [f"{name} ({info.dtype})" for name, info in tensors.items() if not self.holds(info.dtype)]
        if wrong:
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise CommandError(
                f"{self.kind} has no place for {', '.join(wrong[:5])}{more}. Leave them out (--exclude), give them "
                "another dtype (--dtype), or write another format"
            )


# ------------------------------------------------------------------------------------------------------------ formats


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how its paths look, and where its classes are.

    Attributes:
      name: As `--from` and `--to` take it.
      path: What the paths look like that name a file of this format, whether it exists or not.
      module: The module with `Source` and `Sink`.
      source, sink: Names of the two classes; "" where there is none.
    """

    name: str
    path: re.Pattern[str] | None
    module: str
    source: str
    sink: str


FORMATS: Final = (
    Format("npz", re.compile(r"\.npz$"), "numpy_files", "NpzSource", "NpzSink"),
    Format("safetensors", re.compile(r"\.safetensors$"), "safetensors_files", "SafetensorsSource", "SafetensorsSink"),
    Format("tf", re.compile(r"\.ckpt(-\d+)?$|\.index$"), "checkpoint_files", "CheckpointSource", "TensorFlowSink"),
    Format("orbax", re.compile(r"\.orbax/?$"), "checkpoint_files", "CheckpointSource", "OrbaxSink"),
)
SINK_NAMES: Final = tuple(known.name for known in FORMATS)
_MAGIC: Final = {b"PK\x03\x04": "npz", b"PK\x05\x06": "npz"}
_GRAPH: Final = re.compile(r"\.(meta|pb|pbtxt)$")


def _member(known: Format, name: str) -> Any:
    return getattr(importlib.import_module(f"scopedjax._src.cli.{known.module}"), name)


def open_source(path: str) -> TensorSource:
    """Opens a file of named tensors, whatever it is.

    Args:
      path: A checkpoint as `Saver.save` returns it, any of its files, a folder with a `checkpoint` file, a SavedModel,
        an `.npz` or a `.safetensors` file.

    Raises:
      CommandError: There is none, or its format is unknown.
      tf.errors.OpError: It is damaged.
    """
    name = _format_of_content(path)
    if name is None and _GRAPH.search(path) and not path.endswith(".meta"):
        raise CommandError(f"{path} is named like a graph, not like a checkpoint: see `python -m scopedjax graph`")
    known = next(known for known in FORMATS if known.name == (name or "orbax"))
    return _member(known, known.source)(path)


def _format_of_content(path: str) -> str | None:
    """npz and safetensors by what is in the file; all else is for the readers of checkpoints to tell."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        head = file.read(9)
    if head[:4] in _MAGIC:
        return _MAGIC[head[:4]]
    for known in FORMATS[:2]:
        if known.path is not None and known.path.search(path):
            return known.name
    return "safetensors" if head[8:] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27 else None


def open_sink(path: str, name: str | None = None) -> TensorSink:
    """The writer of a file of named tensors.

    Args:
      path: Where.
      name: Its format; None if the path tells it.

    Raises:
      CommandError: Nothing tells the format.
    """
    for known in FORMATS:
        if known.name == name or (name is None and known.path is not None and known.path.search(path)):
            return _member(known, known.sink)(path)
    raise CommandError(
        f"The name {path!r} does not tell which format to write: say --to {'|'.join(SINK_NAMES)} (or end it in .npz, "
        ".safetensors, .orbax, or .ckpt for TensorFlow's)"
    )


# ------------------------------------------------------------------------------------------------------------ writing


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """Gives a hidden file to write; when the block ends without an error, it takes the place of `path` in one step.

    Raises:
      OSError: The folder cannot be written; nothing is left behind.
    """
    folder, name = os.path.split(path)
    hidden = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.part")
    try:
        with open(hidden, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(hidden)
        raise
