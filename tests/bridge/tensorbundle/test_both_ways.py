"""Files that TensorFlow writes are read here equal to the bit, files written here are read there, for every type."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge import checkpoint_tensors, staging
from scopedjax._src.bridge.checkpoint_tensors import Wanted
from scopedjax._src.bridge.tensorbundle.bundle_merge import merge_bundles
from scopedjax._src.bridge.tensorbundle.bundle_reader import BundleReader
from scopedjax._src.bridge.tensorbundle.bundle_writer import write_bundle
from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file
from scopedjax._src.bridge.tensorbundle.slices_writer import write_slices
from scopedjax._src.ops.files.slices import parse_slice
from tests import oracle
from tests.bridge.folders import assert_equal, everything, number_array

pytestmark = pytest.mark.oracle

Pieces = list[tuple[str, str, Any]]
_QUANTIZED = {"qint8": np.int8, "quint8": np.uint8, "qint16": np.int16, "quint16": np.uint16, "qint32": np.int32}
_NOT_IN_V1 = ("bfloat16", "uint32", "uint64", "qint16", "quint16", "int4", "uint4")


def _quantized(name: str) -> np.ndarray:
    return number_array(_QUANTIZED[name], (3, 2), 5).view(np.dtype([(name, _QUANTIZED[name])]))


def _arrays(version: int) -> dict[str, np.ndarray]:
    arrays = everything() | {name: _quantized(name) for name in _QUANTIZED}
    arrays["int4"], arrays["uint4"] = np.arange(-8, 8).astype(ml_dtypes.int4), np.arange(16).astype(ml_dtypes.uint4)
    arrays["large"] = number_array(np.float32, (1500, 700), 3)  # more than a block, read and written in parts
    arrays["a/very" + "/very" * 40 + "/long/name"] = np.float32(1.5)
    arrays["ünïcode"] = np.int32(7)
    if version == 1:
        arrays = {n: np.asarray(a) for n, a in arrays.items() if not n.startswith(_NOT_IN_V1)}
    return {name: np.asarray(array) for name, array in arrays.items()}


def _tensor(tf: Any, array: np.ndarray) -> Any:
    if array.dtype == object:
        return tf.constant(array.tolist(), tf.string, array.shape)
    if array.dtype.names:
        plain = tf.constant(array.view(array.dtype[0]), shape=array.shape)
        return tf.bitcast(plain, getattr(tf, array.dtype.names[0]))
    if array.dtype in (ml_dtypes.int4, ml_dtypes.uint4):
        return tf.cast(tf.constant(array.astype(np.int8)), tf.as_dtype(array.dtype))
    return tf.constant(array, shape=array.shape)


def _save_there(path: str, pieces: Pieces, version: int = 2) -> str:
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        names, specs = [n for n, _, _ in pieces], [s for _, s, _ in pieces]
        tensors = [_tensor(tf, np.asarray(a)) for _, _, a in pieces]
        if version == 2:
            op = tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=specs, tensors=tensors)
        else:
            op = tf.raw_ops.SaveSlices(filename=path, tensor_names=names, shapes_and_slices=specs, data=tensors)
        session.run(op)
    return path


def _read_there(path: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What TensorFlow restores, with the types that it says."""
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        types = [_tensor(tf, array).dtype for array in arrays.values()]
        found = tf.raw_ops.RestoreV2(
            prefix=path, tensor_names=list(arrays), shape_and_slices=[""] * len(arrays), dtypes=types
        )
        values = session.run(found)
    result = {}
    for (name, array), value in zip(arrays.items(), values, strict=True):
        value = np.asarray(value, object) if array.dtype == object else np.asarray(value)
        result[name] = value.view(array.dtype) if array.dtype.names else value
    return result


def _whole(arrays: dict[str, np.ndarray]) -> Pieces:
    return [(name, "", array) for name, array in arrays.items()]


@pytest.mark.parametrize("version", [2, 1])
def test_what_tensorflow_writes(tmp_path: Path, version: int) -> None:
    arrays = _arrays(version)
    with open_file(_save_there(str(tmp_path / "m"), _whole(arrays), version)) as file:
        assert file.format == f"TensorFlow V{version}"
        assert file.names == sorted(arrays, key=str.encode)
        assert_equal(file.read_many(), arrays)
        for name in ("large", "string", "float32/v3", "global_step"):
            if name in arrays:
                assert_equal({name: file.read(name)}, {name: arrays[name]})
                assert file.info(name).shape == arrays[name].shape


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "snappy"])
@pytest.mark.parametrize("version", [2, 1])
def test_what_is_written_here(tmp_path: Path, version: int, compress: bool) -> None:
    arrays, path = _arrays(version), str(tmp_path / "m")
    (write_bundle if version == 2 else write_slices)(path, _whole(arrays), compress)
    assert_equal(_read_there(path, arrays), arrays)
    with open_file(path) as file:
        assert_equal(file.read_many(), arrays)


def test_types_without_a_place_in_the_former_format(tmp_path: Path) -> None:
    with pytest.raises(errors.UnimplementedError, match="bfloat16.*V1 have no place"):
        write_slices(str(tmp_path / "m"), [("v", "", np.ones(3, ml_dtypes.bfloat16))])
    assert not os.listdir(tmp_path)


EMB = number_array(np.int32, (9, 4), 1)
GRID: Pieces = [
    ("emb", "9 4 0,4:0,4", EMB[:4]),
    ("emb", "9 4 4,3:0,4", EMB[4:7]),
    ("emb", "9 4 7,2:-", EMB[7:]),
    ("grid", "9 4 0,5:0,2", EMB[:5, :2]),
    ("grid", "9 4 0,5:2,2", EMB[:5, 2:]),
    ("grid", "9 4 5,4:0,4", EMB[5:]),
    ("words", "3 0,1", np.array([b"x"], object)),
    ("words", "3 1,2", np.array([b"", b"yz"], object)),
    ("far", "300000 299000,1000", number_array(np.int8, (1000,), 2)),
    ("far", "300000 0,299000", number_array(np.int8, (299000,), 3)),
]
# TensorFlow writes partitioned strings, and cannot restore them ("Dtype string not supported").
WHOLE = {
    "emb": EMB,
    "grid": EMB,
    "words": np.array([b"x", b"", b"yz"], object),
    "far": np.concatenate([GRID[9][2], GRID[8][2]]),
}
NUMBERS = {name: array for name, array in WHOLE.items() if name != "words"}


@pytest.mark.parametrize("version", [2, 1])
def test_partitioned_variables(tmp_path: Path, version: int) -> None:
    theirs = _save_there(str(tmp_path / "theirs"), GRID, version)
    ours = str(tmp_path / "ours")
    (write_bundle if version == 2 else write_slices)(ours, GRID)
    assert_equal(_read_there(ours, NUMBERS), NUMBERS)
    for path in (theirs, ours):
        with open_file(path) as file:
            assert_equal(file.read_many(), WHOLE)
            assert [len(file.info(name).slices) for name in ("emb", "grid", "words")] == [3, 3, 2]
            for spec in ("9 4 4,3:0,4", "9 4 2,5:1,2", "9 4 -:-", "9 4 8,1:3,1", "9 4 3,0:0,4", "9 4 0,5:0,2"):
                box = parse_slice(spec)
                assert box is not None
                for name in ("emb", "grid"):
                    (found,) = file.read_slices([(name, box)])
                    assert found.tolist() == EMB[box.place].tolist(), (name, spec)
            with pytest.raises(errors.InvalidArgumentError, match="does not match the shape stored in checkpoint"):
                file.read_slices([("emb", parse_slice("8 4 0,4:0,4"))])


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    write_bundle(path, [*GRID, ("v", "", np.arange(5.0))])
    with BundleReader(path) as file:
        assert isinstance(file, BundleReader)
        data, place, size = file.place("emb")[1]
        assert file.mapped("v").tolist() == [0, 1, 2, 3, 4]
    content = bytearray(Path(data).read_bytes())
    content[place : place + size] = bytes(size)
    Path(data).write_bytes(content)
    wanted = [("emb", "9 4 0,4:0,4", None), ("emb", "9 4 7,2:0,4", None), ("v", "", None)]
    found = checkpoint_tensors.read_tensors(path, Wanted(wanted))
    assert [a.tolist() for a in found[:2]] == [EMB[:4].tolist(), EMB[7:].tolist()]
    with pytest.raises(errors.DataLossError, match="Checksum does not match") as raised:
        checkpoint_tensors.read_tensors(path, Wanted([("emb", "", None)]))
    assert f"{data}, byte {place}:" in raised.value.message


def test_an_index_of_many_blocks(tmp_path: Path) -> None:
    arrays = {f"scope_{i * 7919 % 6007}/{'deep/' * (i % 10)}v{i}": np.array([i, -i], np.int64) for i in range(6000)}
    path = _save_there(str(tmp_path / "theirs"), _whole(arrays))
    assert os.path.getsize(path + ".index") > 1 << 18
    with open_file(path) as file:
        assert_equal(file.read_many(), arrays)
    write_bundle(str(tmp_path / "ours"), _whole(arrays))
    some = dict(list(arrays.items())[::29])
    assert_equal(_read_there(str(tmp_path / "ours"), some), some)


def test_merged_shards(tmp_path: Path) -> None:
    """Three shards, merged by TensorFlow and here; slices of one variable in all of them."""
    tf = oracle.real_tf()
    pieces = [*GRID, ("a", "", np.ones(3)), ("b", "", np.array(b"text", object))]
    expected = WHOLE | {"a": np.ones(3), "b": np.array(b"text", object)}
    for maker in ("theirs", "ours"):
        (tmp_path / maker).mkdir()
        parts = [str(tmp_path / maker / f"part-{i}") for i in range(3)]
        for i, part in enumerate(parts):
            _save_there(part, pieces[i::3])
        merged = str(tmp_path / maker / "m")
        if maker == "theirs":
            with tf.Graph().as_default(), tf.Session() as session:
                session.run(tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=merged))
        else:
            merge_bundles(parts, merged, delete=True)
            staging.settle()
        names = sorted(os.listdir(tmp_path / maker))
        assert names == [*(f"m.data-0000{i}-of-00003" for i in range(3)), "m.index"]
        with open_file(merged) as file:
            assert_equal(file.read_many(), expected)
        del expected["words"]
        assert_equal(_read_there(merged, expected), expected)
        expected["words"] = WHOLE["words"]


def test_a_sharded_checkpoint_of_the_former_format(tmp_path: Path) -> None:
    for i in range(2):
        _save_there(str(tmp_path / f"m-0000{i}-of-00002"), GRID[i::2], version=1)
    with open_file(str(tmp_path / "m-?????-of-00002")) as file:
        assert_equal(file.read_many(), WHOLE)


def test_replacing_a_checkpoint(tmp_path: Path) -> None:
    """Each save leaves one checkpoint, which TensorFlow reads, and no other files."""
    path = str(tmp_path / "m")
    for step in range(6):
        write_bundle(path, [("step", "", np.int64(step)), ("v", "", np.full(step + 1, step))])
        if step % 2:
            staging.settle()
            files = [name for name in os.listdir(tmp_path) if os.path.getsize(tmp_path / name)]
            assert len(files) == 2
        expected = {"step": np.asarray(np.int64(step)), "v": np.full(step + 1, step)}
        assert_equal(_read_there(path, expected), expected)
    staging.settle()
    counts = {name.rpartition("-of-")[2] for name in os.listdir(tmp_path) if "data" in name}
    assert len(counts) == 1


def test_a_checkpoint_of_a_big_endian_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such machine is at hand: the bytes are turned here, and the checksums made anew."""
    from scopedjax._src.bridge.tensorbundle import index_messages as writer
    from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked

    arrays = {
        "c": np.array([1 + 2j, 3j], np.complex64),
        "i": np.arange(5, dtype=np.int64),
        "n": np.array([7], np.uint8),
    }
    data, entries = b"", {}
    for name, array in arrays.items():
        size = array.itemsize // 2 if array.dtype.kind == "c" else array.itemsize
        raw = array.view(f"u{size}").byteswap().tobytes()
        head = writer.tensor_head({"c": 8, "i": 9, "n": 4}[name], array.shape)
        entries[name.encode()] = writer.entry_bytes(head, 0, len(data), len(raw), masked(crc32c(raw)))
        data += raw
    monkeypatch.setattr(writer, "header", lambda count: b"\x08\x01\x10\x01")
    index = writer.index_bytes(entries, 1)
    (tmp_path / "m.index").write_bytes(index)
    (tmp_path / "m.data-00000-of-00001").write_bytes(data)
    with open_file(str(tmp_path / "m")) as file:
        assert_equal(file.read_many(), arrays)
