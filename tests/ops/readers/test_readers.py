"""Readers: nodes, keys, records, counts, damaged and missing files, state, against real TensorFlow."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_bytes(b"l1\nl\r2\r\n\nlast")
    (tmp_path / "b.txt").write_bytes(b"x1\nx2\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "bin").write_bytes(b"HH" + bytes(range(10)) + b"FFF")
    (tmp_path / "bin.z").write_bytes(zlib.compress(b"HH" + bytes(range(10)) + b"FFF"))
    return tmp_path


def stream(tf: Any, folder: Path, reader: Any, files: Any, most: int | None = None) -> Any:
    """All that a reader gives until the end or an error, without the folder and the queue's number."""
    q = tf.FIFOQueue(10, tf.string, shapes=[[]])
    record = reader.read(q) if most is None else reader.read_up_to(q, most)
    counts = reader.num_records_produced(), reader.num_work_units_completed()
    found: list[Any] = []
    with tf.Session() as session:
        session.run(q.enqueue_many([[str(folder / f) for f in files]]))
        session.run(q.close())
        while True:
            try:
                found.append([str(part).replace(str(folder), "") for part in session.run(record)])
            except tf.errors.OpError as error:
                last = [line for line in error.message.splitlines() if line and "[[" not in line][-1]
                found.append((type(error).__name__, last.replace(str(folder), "").split("queue")[-1]))
                break
        return found, session.run(counts), [t.shape for t in record], graph_nodes(tf.get_default_graph())


KINDS: dict[str, Any] = {
    "lines": (lambda tf: tf.TextLineReader(), ["a.txt", "empty", "b.txt"], None),
    "lines_without_header": (lambda tf: tf.TextLineReader(skip_header_lines=1), ["a.txt", "b.txt"], None),
    "lines_at_once": (lambda tf: tf.TextLineReader(name="r"), ["a.txt", "b.txt"], 3),
    "lines_missing": (lambda tf: tf.TextLineReader(), ["none", "b.txt"], None),
    "whole": (lambda tf: tf.WholeFileReader(), ["a.txt", "empty", "none"], None),
    "whole_at_once": (lambda tf: tf.WholeFileReader(), ["a.txt", "b.txt"], 3),
    "identity": (lambda tf: tf.IdentityReader(), ["w1", "w2"], None),
    "fixed": (lambda tf: tf.FixedLengthRecordReader(3, header_bytes=2, footer_bytes=3), ["bin", "bin"], None),
    "fixed_hop": (lambda tf: tf.FixedLengthRecordReader(4, 2, 3, hop_bytes=2), ["bin"], None),
    "fixed_gaps": (lambda tf: tf.FixedLengthRecordReader(3, hop_bytes=5), ["bin"], None),
    "fixed_at_once": (lambda tf: tf.FixedLengthRecordReader(5), ["bin", "bin"], 2),
    "fixed_zlib": (lambda tf: tf.FixedLengthRecordReader(3, encoding="ZLIB"), ["bin.z"], None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_streams(kind: str, folder: Path) -> None:
    make, files, most = KINDS[kind]
    check_both(lambda tf: stream(tf, folder, make(tf), files, most))


@pytest.mark.parametrize("compression", ["", "GZIP", "ZLIB"])
@pytest.mark.parametrize("most", [None, 2])
def test_records(compression: str, most: int | None, folder: Path) -> None:
    def body(tf: Any) -> Any:
        options = tf.python_io.TFRecordOptions(compression)
        with tf.python_io.TFRecordWriter(str(folder / "records"), options) as writer:
            for i in range(3):
                writer.write(b"rec%d" % i * (i + 1))
        return stream(tf, folder, tf.TFRecordReader(options=options), ["records", "records"], most)

    check_both(body)


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_damaged_records(damage: str, folder: Path) -> None:
    def body(tf: Any) -> Any:
        path = folder / "records"
        with tf.python_io.TFRecordWriter(str(path)) as writer:
            for i in range(3):
                writer.write(b"rec%d" % i * (i + 1))
        data = path.read_bytes()
        bad = {"cut": data[:-3], "changed": data[:30] + b"X" + data[31:], "missing": None}[damage]
        path.unlink() if bad is None else path.write_bytes(bad)
        return stream(tf, folder, tf.TFRecordReader(), ["records"])

    check_both(body)


def test_state_and_reset() -> None:
    def body(tf: Any) -> Any:
        reader = tf.IdentityReader()
        q = tf.FIFOQueue(10, tf.string, shapes=[[]])
        key, _ = reader.read(q)
        state, counts = reader.serialize_state(), reader.num_records_produced()
        text = tf.placeholder(tf.string, [])
        restore, reset = reader.restore_state(text), reader.reset()
        found: list[Any] = []
        with tf.Session() as session:
            session.run(q.enqueue_many([["a", "b", "c"]]))
            found.append(session.run(state))
            session.run(key)
            found.append(session.run(state))
            session.run(key)
            session.run(restore, {text: found[1]})
            found.append(session.run(counts))
            session.run(reset)
            found.append(session.run([counts, state]))
            for bad in (b"bad", b"\x22\x09a"):
                try:
                    session.run(restore, {text: bad})
                except tf.errors.InvalidArgumentError as error:
                    found.append("Could not parse state for IdentityReader" in error.message)
        return found, [r.supports_serialize for r in (reader, tf.WholeFileReader(), tf.TextLineReader())]

    check_both(body)


def test_reset_leaves_the_file(folder: Path) -> None:
    def body(tf: Any) -> Any:
        reader = tf.TextLineReader()
        q = tf.FIFOQueue(10, tf.string, shapes=[[]])
        record = reader.read(q)
        with tf.Session() as session:
            session.run(q.enqueue_many([[str(folder / "a.txt"), str(folder / "b.txt")]]))
            first = session.run(record)[1]
            session.run(reader.reset())
            return first, session.run(record)[1], session.run(reader.num_records_produced())

    check_both(body)


def test_refusals() -> None:
    check_both_raise(lambda tf: tf.Session().run(tf.TextLineReader().serialize_state()), match="Reader SerializeState")
    check_both_raise(lambda tf: tf.Session().run(tf.TextLineReader().restore_state("x")), match="Reader RestoreState")
