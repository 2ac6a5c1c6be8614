"""TFRecord files: each side reads what the other wrote, whole and damaged."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.lib.records import tfrecord
from scopedjax._src.ops.parsing import record_format
from tests import oracle

pytestmark = pytest.mark.oracle

COMPRESSIONS = ["", "GZIP", "ZLIB"]


# What is compared here though no body names it: tests/surface/evidence.py.
COMPARES = ["python_io.tf_record_iterator"]


def _records() -> list[bytes]:
    random = np.random.default_rng(0)
    return [b"", b"a", b"x" * 5_000_000, *(random.bytes(n) for n in (1, 12, 70_000, 2_500_000)), b"last"]


def _write(module: Any, path: Path, records: list[bytes], options: Any) -> None:
    with module.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_they_read_ours_and_we_read_theirs(compression: str, tmp_path: Path) -> None:
    theirs = oracle.real_tf().python_io
    _write(theirs, tmp_path / "theirs", _records(), compression)
    _write(tfrecord, tmp_path / "ours", _records(), compression)
    assert list(theirs.tf_record_iterator(str(tmp_path / "ours"), compression)) == _records()
    assert list(tfrecord.tf_record_iterator(str(tmp_path / "theirs"), compression)) == _records()
    oracle.COUNTS["comparisons"] += 2
    if not compression:
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_zlib_options(compression: str, tmp_path: Path) -> None:
    def options(module: Any) -> Any:
        return module.TFRecordOptions(
            compression,
            flush_mode=zlib.Z_SYNC_FLUSH,
            compression_level=9,
            mem_level=8,
            compression_strategy=zlib.Z_FILTERED,
        )

    theirs = oracle.real_tf().python_io
    _write(tfrecord, tmp_path / "ours", _records(), options(tfrecord))
    assert list(theirs.tf_record_iterator(str(tmp_path / "ours"), options(theirs))) == _records()
    oracle.COUNTS["comparisons"] += 1


def test_flush_mode_decides_what_a_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "a"
    writer = tfrecord.TFRecordWriter(path, tfrecord.TFRecordOptions("ZLIB", flush_mode=zlib.Z_SYNC_FLUSH))
    writer.write(b"seen")
    writer.flush()
    assert next(tfrecord.tf_record_iterator(path, "ZLIB")) == b"seen"
    writer.close()


def _outcome(iterate: Callable[[], Any]) -> Any:
    """(records read, type of the error, its message)."""
    found: list[int] = []
    try:
        for record in iterate():
            found.append(len(record))
    except Exception as error:
        raised = oracle.Raised.of(error)
        return [found, raised.type, raised.message]
    return [found, "", ""]


def _same_outcome(path: Path, options: Any = None) -> None:
    name = str(path)
    oracle.assert_same(
        _outcome(lambda: oracle.real_tf().python_io.tf_record_iterator(name, options)),
        _outcome(lambda: tfrecord.tf_record_iterator(name, options)),
    )


def test_every_flipped_byte_is_found_as_tensorflow_finds_it(tmp_path: Path) -> None:
    good = b"".join(record_format.frame(r) for r in (b"abc", b"", b"y" * 20))
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x55
        (tmp_path / "bad").write_bytes(bad)
        _same_outcome(tmp_path / "bad")


def test_every_truncation_ends_as_in_tensorflow(tmp_path: Path) -> None:
    good = b"".join(record_format.frame(r) for r in (b"abc", b"", b"y" * 20))
    for size in range(len(good) + 1):
        (tmp_path / "cut").write_bytes(good[:size])
        _same_outcome(tmp_path / "cut")


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_truncated_compressed_files(compression: str, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    _write(tfrecord, tmp_path / "a", [random.bytes(50) for _ in range(50)], compression)
    whole = (tmp_path / "a").read_bytes()
    for size in (len(whole) // 2, len(whole) // 3):
        (tmp_path / "b").write_bytes(whole[:size])
        theirs = _outcome(lambda: oracle.real_tf().python_io.tf_record_iterator(str(tmp_path / "b"), compression))
        ours = _outcome(lambda: tfrecord.tf_record_iterator(tmp_path / "b", compression))
        # zlib may hand out a few bytes more or less of what it has when the file ends.
        assert theirs[1] == ours[1] == "DataLossError"
        assert "truncated record at" in theirs[2] and ours[2].endswith(theirs[2].partition("'")[2])
        assert abs(len(theirs[0]) - len(ours[0])) <= 1


def test_the_wrong_compression_is_refused(tmp_path: Path) -> None:
    for written, read in [("", "GZIP"), ("", "ZLIB"), ("GZIP", "ZLIB"), ("ZLIB", "GZIP"), ("GZIP", "")]:
        _write(tfrecord, tmp_path / "a", [b"abc" * 30], written)
        _same_outcome(tmp_path / "a", read)


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    for compression in COMPRESSIONS:
        (tmp_path / "empty").write_bytes(b"")
        _same_outcome(tmp_path / "empty", compression)
        _write(tfrecord, tmp_path / "none", [], compression)
        _same_outcome(tmp_path / "none", compression)


def test_a_made_up_length_allocates_nothing(tmp_path: Path) -> None:
    """A good checksum over an absurd length: the file ends long before, and that is what is said."""
    import struct

    length = struct.pack("<Q", 1 << 60)
    (tmp_path / "huge").write_bytes(length + struct.pack("<I", record_format.masked_crc(length)) + b"some bytes")
    with pytest.raises(errors.DataLossError, match="truncated record at 0"):
        list(tfrecord.tf_record_iterator(tmp_path / "huge"))


def test_places_that_cannot_be_opened(tmp_path: Path) -> None:
    def body(module: Any, action: str, path: str) -> Any:
        if action == "read":
            return list(module.tf_record_iterator(path))
        return module.TFRecordWriter(path)

    for action, name in [("read", "none"), ("write", "no/such/folder"), ("write", ".")]:
        path = str(tmp_path / name)
        oracle.assert_same(
            oracle.run_body(oracle.real_tf(), lambda tf, a=action, p=path: body(tf.python_io, a, p)),
            _raised(lambda a=action, p=path: body(tfrecord, a, p)),
        )


def _raised(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return oracle.Raised.of(error)


def test_a_closed_writer(tmp_path: Path) -> None:
    def body(module: Any) -> list[Any]:
        writer = module.TFRecordWriter(str(tmp_path / "a"))
        writer.write("text is encoded: é")
        writer.write(bytearray(b"bytes"))
        writer.close()
        writer.close()
        return [_raised(lambda: writer.write(b"x")), _raised(writer.flush)]

    theirs, ours = body(oracle.real_tf().python_io), body(tfrecord)
    oracle.assert_same(theirs, ours)
    assert list(tfrecord.tf_record_iterator(tmp_path / "a")) == ["text is encoded: é".encode(), b"bytes"]


def test_only_bytes_are_records(tmp_path: Path) -> None:
    with tfrecord.TFRecordWriter(tmp_path / "a") as writer:
        for wrong in (3, None, [b"a"], np.zeros(2)):
            with pytest.raises(TypeError, match="SerializeToString"):
                writer.write(wrong)


def test_a_forgotten_writer_loses_nothing(tmp_path: Path) -> None:
    writer = tfrecord.TFRecordWriter(tmp_path / "a")
    writer.write(b"kept")
    del writer
    assert list(tfrecord.tf_record_iterator(tmp_path / "a")) == [b"kept"]


def test_options() -> None:
    kind = tfrecord.TFRecordCompressionType
    theirs = oracle.real_tf().python_io

    def names(module: Any) -> list[Any]:
        options, kinds = module.TFRecordOptions, module.TFRecordCompressionType
        given = [kinds.NONE, kinds.ZLIB, kinds.GZIP, "", "GZIP", "ZLIB", None, options(kinds.GZIP), "gzip", "FOO", 7]
        return [_raised(lambda g=g: options.get_compression_type_string(g)) for g in given]

    oracle.assert_same(names(theirs), names(tfrecord))
    oracle.assert_same(_raised(lambda: theirs.TFRecordOptions("FOO")), _raised(lambda: tfrecord.TFRecordOptions("FOO")))
    assert vars(tfrecord.TFRecordOptions(kind.GZIP, 1, 2, 3, 4, 5, 6, 7, 8)) == vars(
        theirs.TFRecordOptions(kind.GZIP, 1, 2, 3, 4, 5, 6, 7, 8)
    )


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    _write(tfrecord, tmp_path / "a", [b"one", b"two"], "")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        next(iter(tfrecord.tf_record_iterator(tmp_path / "a")))
    assert len(os.listdir("/proc/self/fd")) <= before + 1
