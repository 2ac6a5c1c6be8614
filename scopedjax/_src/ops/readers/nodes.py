"""The node types of readers, and what a reader's handle stands for in a session.

    queue of file names  --work-->  reader: (key, value), (key, value), ...        one file after the other

A reader holds one file at a time. A read takes the next record of it; at its end the next name is taken from the
queue, waiting if there is none. A closed, empty queue ends the stream with the queue's own OutOfRangeError.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError, UnimplementedError
from scopedjax._src.base.paths import local_path
from scopedjax._src.base.shapes import Dims
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.parsing.record_format import open_source, read_record
from scopedjax._src.ops.queues.buffers import Buffer
from scopedjax._src.ops.queues.nodes import buffer_of
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, declare, declare_former, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import no_outputs, scalar

Record = tuple[bytes, bytes]
_FRAME = 16  # bytes around a record in a TFRecord file


def _lines(work: bytes, *, skip_header_lines: int) -> Iterator[Record]:
    path = local_path(work)
    with as_tensorflow_errors(path), open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if number > skip_header_lines:
                yield b"%s:%d" % (work, number), line.removesuffix(b"\n").removesuffix(b"\r")


def _whole(work: bytes) -> Iterator[Record]:
    path = local_path(work)
    with as_tensorflow_errors(path), open(path, "rb") as file:
        content = file.read()
    yield work, content


def _identity(work: bytes) -> Iterator[Record]:
    yield work, work


def _fixed(
    work: bytes, *, header_bytes: int, record_bytes: int, footer_bytes: int, hop_bytes: int, encoding: str
) -> Iterator[Record]:
    path = local_path(work)
    with as_tensorflow_errors(path), open(path, "rb") as file:
        data = file.read()
    if encoding:
        data = zlib.decompress(data, zlib.MAX_WBITS | 32)
    at, number = header_bytes, 0
    while at + record_bytes <= len(data) - footer_bytes:
        yield b"%s:%d" % (work, number), data[at : at + record_bytes]
        at += hop_bytes or record_bytes
        number += 1


def _framed(work: bytes, *, compression_type: str) -> Iterator[Record]:
    file, source = open_source(local_path(work), compression_type)
    offset = 0
    shortage = "EOF reached" if compression_type else "Read less bytes than requested"
    with file:
        while (record := read_record(source, offset, shortage)) is not None:
            yield b"%s:%d" % (work, offset), record
            offset += len(record) + _FRAME


class Reader:
    """What a reader's handle stands for.

    Args:
      name: Name of its node.
      kind: Its kind, for messages.
      open_work: Returns the records of a file.
    """

    def __init__(self, name: str, kind: str, open_work: Callable[[bytes], Iterator[Record]]) -> None:
        self.name = name
        self.kind = kind
        self.produced = 0
        self.started = 0
        self.finished = 0
        self._open = open_work
        self._work = b""
        self._records: Iterator[Record] | None = None
        self._lock = threading.Lock()

    def read(self, queue: Buffer, most: int | None = None) -> list[Record]:
        """Returns the next record; with `most` the next ones of the same file, one at least.

        Raises:
          OutOfRangeError: the queue is closed and empty.
        """
        with self._lock:
            found: list[Record] = []
            while not found:
                if self._records is None:
                    self._work = bytes(np.asarray(queue.dequeue()[0]).item())
                    self.started += 1
                    self._records = self._open(self._work)
                found = self._next_records(self._records, 1 if most is None else most)
            self.produced += len(found)
            return found

    def _next_records(self, records: Iterator[Record], most: int) -> list[Record]:
        found: list[Record] = []
        try:
            while len(found) < most:
                record = next(records, None)
                if record is None:
                    self.finished += 1
                    self._records = None
                    break
                found.append(record)
        except Exception:
            self._records = None  # the file is left; the next read takes another one
            raise
        return found

    def counts(self) -> tuple[int, int]:
        """Returns how many records were produced, and how many files are finished.

        A file counts as finished when its last record has been followed by another read; an identity reader's at once.
        """
        with self._lock:
            return self.produced, self.started if self.serializes else self.finished

    @property
    def serializes(self) -> bool:
        """Whether the state of this kind can be saved."""
        return self.kind == "IdentityReader"

    def reset(self) -> None:
        """Forgets the file that is read and the counts."""
        with self._lock:
            self._records = None
            self.produced = self.started = self.finished = 0
            self._work = b""

    def state(self) -> bytes:
        """Returns the state as a serialized `ReaderBaseState`."""
        if not self.serializes:
            raise UnimplementedError(None, None, "Reader SerializeState")
        with self._lock:
            numbers = (self.started, self.started, self.produced)
            fields = b"".join(bytes([8 * i]) + _varint(n) for i, n in enumerate(numbers, 1) if n)
            return fields + (b'"' + _varint(len(self._work)) + self._work if self._work else b"")

    def restore(self, state: bytes) -> None:
        """Takes a state that `state` returned."""
        if not self.serializes:
            raise UnimplementedError(None, None, "Reader RestoreState")
        try:
            fields = dict(_fields(state))
        except (IndexError, ValueError) as error:
            text = state.decode(errors="replace")
            raise InvalidArgumentError(
                None, None, f"Could not parse state for {self.kind} '{self.name}': {text}"
            ) from error
        with self._lock:
            self.started, self.produced = int(fields.get(1, 0)), int(fields.get(3, 0))
            self._work = fields.get(4, b"")
            self._records = None


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yields (number, value) of the fields of a protocol buffer that has numbers and texts only."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        value = number()
        if key & 7 == 2:
            if at + value > len(data):
                raise ValueError("the text ends early")
            yield key >> 3, data[at : at + value]
            at += value
        elif key & 7 == 0:
            yield key >> 3, value
        else:
            raise ValueError("another kind of field")


_OWNER = "container: string = '', shared_name: string = ''"
_KINDS: dict[str, tuple[str, Callable[..., Iterator[Record]], tuple[str, ...]]] = {
    "TextLineReaderV2": ("skip_header_lines: int = 0, ", _lines, ("skip_header_lines",)),
    "WholeFileReaderV2": ("", _whole, ()),
    "IdentityReaderV2": ("", _identity, ()),
    "FixedLengthRecordReaderV2": (
        "header_bytes: int = 0, record_bytes: int, footer_bytes: int = 0, hop_bytes: int = 0, ",
        _fixed,
        ("header_bytes", "record_bytes", "footer_bytes", "hop_bytes", "encoding"),
    ),
    "TFRecordReaderV2": ("", _framed, ("compression_type",)),
}
_AFTER = {
    "FixedLengthRecordReaderV2": ", encoding: string = ''",
    "TFRecordReaderV2": ", compression_type: string = ''",
}


def _make(ctx: Any) -> Reader:
    op: Operation = ctx.op
    _, records, names = _KINDS[f"{op.type.removesuffix('V2')}V2"]
    options = {name: op.attrs.get(name, "") for name in names}
    for name, value in options.items():
        if isinstance(value, int) and value < (name == "record_bytes"):
            least = "be positive" if name == "record_bytes" else "be >= 0"
            raise InvalidArgumentError(None, op, f"{name} must {least} but got {value}")
    return Reader(op.name, op.type.removesuffix("V2"), lambda work: records(work, **options))


for _type, (_attrs, _, _) in _KINDS.items():
    declare(
        f"{_type}(; {_attrs}{_OWNER}{_AFTER.get(_type, '')}) -> reader_handle: resource",
        _make,
        shape=scalar,
        host=True,
        stateful=True,
        owns_storage=True,
        gradient=NOT_DIFFERENTIABLE,
    )

_HOST: dict[str, Any] = {
    "host": True,
    "stateful": True,
    "reads": ("reader_handle", "queue_handle"),
    "gradient": NOT_DIFFERENTIABLE,
}


def _scalars(c: ShapeContext) -> list[Dims]:
    return [(), ()]


def _vectors(c: ShapeContext) -> list[Dims]:
    return [(None,), (None,)]


def _names_queue(ctx: Any) -> Buffer:
    queue = buffer_of(ctx, 1)
    if [t.name for t in queue.types] != ["string"]:
        raise InvalidArgumentError(
            None, None,
            f"Expected queue with a single string component, the names of files: '{queue.name}' has "
            f"{[t.name for t in queue.types]}",
        )  # fmt: skip
    return queue


@defop(
    "ReaderReadV2(reader_handle: resource, queue_handle: resource) -> key: string, value: string",
    shape=_scalars,
    **_HOST,
)
def _read(ctx: Any, reader_handle: Any, queue_handle: Any) -> tuple[Any, Any]:
    key, value = ctx.resource(0).read(_names_queue(ctx))[0]
    return np.array(key, object), np.array(value, object)


@defop(
    "ReaderReadUpToV2(reader_handle: resource, queue_handle: resource, num_records: int64) "
    "-> keys: string, values: string",
    shape=_vectors,
    **_HOST,
)
def _read_up_to(ctx: Any, reader_handle: Any, queue_handle: Any, num_records: Any) -> tuple[Any, Any]:
    if num_records <= 0:
        raise InvalidArgumentError(None, None, f"num_records must be positive, got {num_records}")
    records = ctx.resource(0).read(_names_queue(ctx), int(num_records))
    results = np.empty((2, len(records)), object)
    for i, record in enumerate(records):
        results[:, i] = record
    return results[0], results[1]


@defop("ReaderNumRecordsProducedV2(reader_handle: resource) -> records_produced: int64", shape=scalar, **_HOST)
def _records_produced(ctx: Any, reader_handle: Any) -> Any:
    return np.int64(ctx.resource(0).counts()[0])


@defop("ReaderNumWorkUnitsCompletedV2(reader_handle: resource) -> units_completed: int64", shape=scalar, **_HOST)
def _units_completed(ctx: Any, reader_handle: Any) -> Any:
    return np.int64(ctx.resource(0).counts()[1])


@defop("ReaderSerializeStateV2(reader_handle: resource) -> state: string", shape=scalar, **_HOST)
def _serialize_state(ctx: Any, reader_handle: Any) -> Any:
    return np.array(ctx.resource(0).state(), object)


@defop("ReaderRestoreStateV2(reader_handle: resource, state: string)", shape=no_outputs, **_HOST)
def _restore_state(ctx: Any, reader_handle: Any, state: Any) -> tuple[()]:
    ctx.resource(0).restore(np.asarray(state).item())
    return ()


@defop("ReaderResetV2(reader_handle: resource)", shape=no_outputs, **_HOST)
def _reset(ctx: Any, reader_handle: Any) -> tuple[()]:
    ctx.resource(0).reset()
    return ()


# Graphs of TensorFlow before 1.0 have these types with handles of another kind.
for _type in (
    *_KINDS, "ReaderReadV2", "ReaderReadUpToV2", "ReaderNumRecordsProducedV2", "ReaderNumWorkUnitsCompletedV2",
    "ReaderSerializeStateV2", "ReaderRestoreStateV2", "ReaderResetV2",
):  # fmt: skip
    declare_former(_type, without=("encoding",))
