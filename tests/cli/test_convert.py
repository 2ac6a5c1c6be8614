"""`convert`: every format to every other, bit for bit; renaming, selection, types; nothing half written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from scopedjax._src.cli import tensor_files
from tests import oracle
from tests.cli.commands import NUMBERS, OTHERS, assert_equal, output, problem, read, run, write

FORMATS = {"npz": "m.npz", "safetensors": "m.safetensors", "orbax": "m.orbax", "tf": "m.ckpt-7"}
FULL = ("npz", "orbax", "tf")  # those that hold all of TensorFlow's types


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_each_to_each(source: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = NUMBERS | (OTHERS if {source, target} <= set(FULL) else {})
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    first = write(str(tmp_path / "in" / FORMATS[source]), arrays)
    second = str(tmp_path / "out" / FORMATS[target])
    said = output(capsys, "convert", first, second)
    assert f"{len(arrays)} tensors" in said
    assert_equal(read(first), arrays)
    assert_equal(read(second), arrays)
    run("diff", first, second, "--values")


def test_what_libraries_make_of_it(tmp_path: Path) -> None:
    """NumPy's and safetensors' own readers see the same values."""
    source = write(str(tmp_path / "m.npz"), NUMBERS)
    run("convert", source, str(tmp_path / "m.safetensors"))
    assert_equal(safetensors.numpy.load_file(tmp_path / "m.safetensors"), NUMBERS)
    with np.load(source, allow_pickle=False) as archive:
        names = [name for name in archive.files if name != "scopedjax.json"]
        arrays = {name: archive[name] for name in names}
    arrays["net/brain"] = arrays["net/brain"].view(ml_dtypes.bfloat16)
    assert_equal(arrays, NUMBERS)


def test_what_libraries_have_written_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    safetensors.numpy.save_file(NUMBERS, tmp_path / "m.safetensors", metadata={"format": "np"})
    run("convert", str(tmp_path / "m.safetensors"), str(tmp_path / "a.npz"))
    assert_equal(read(str(tmp_path / "a.npz")), NUMBERS)
    arrays = {
        "big-endian": np.array([1.0, 2.0], ">f4"),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "text": np.array(["ä", "b"]),
    }
    np.savez_compressed(tmp_path / "b.npz", **arrays)
    run("convert", str(tmp_path / "b.npz"), str(tmp_path / "b.orbax"))
    found = read(str(tmp_path / "b.orbax"))
    assert found["big-endian"].dtype == np.float32 and found["big-endian"].tolist() == [1, 2]
    assert found["fortran"].tolist() == arrays["fortran"].tolist()
    assert found["text"].tolist() == ["ä".encode(), b"b"]


def _train_once(tf: Any, folder: str, version: int) -> dict[str, Any]:
    x = tf.constant([[1.0, 2.0, 3.0]])
    y = tf.layers.dense(x, 2, name="dense", kernel_initializer=tf.constant_initializer(0.5))
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(y), global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        tf.train.Saver(write_version=version).save(sess, folder + "/model.ckpt", global_step=step)
        return {v.op.name: np.asarray(sess.run(v)) for v in tf.global_variables()}


@pytest.mark.oracle
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("target", FORMATS)
def test_checkpoints_of_real_tensorflow(version: int, target: str, tmp_path: Path) -> None:
    values = oracle.run_body(oracle.real_tf(), _train_once, str(tmp_path), version)
    out = str(tmp_path / "out" / FORMATS[target])
    os.mkdir(tmp_path / "out")
    run("convert", str(tmp_path / "model.ckpt-1"), out)
    assert_equal(read(out), values)


@pytest.mark.oracle
def test_real_tensorflow_reads_what_is_written(tmp_path: Path) -> None:
    arrays = {name: array for name, array in (NUMBERS | OTHERS).items() if name != "q8"}  # its Python has no quantized
    source = write(str(tmp_path / "m.npz"), arrays)
    run("convert", source, str(tmp_path / "m.ckpt"))
    reader = oracle.real_tf().train.load_checkpoint(str(tmp_path / "m.ckpt"))
    found = {name: np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}
    for name in ("words", "word"):
        found[name] = np.asarray(found[name], object)
    assert_equal(found, arrays)


# ---------------------------------------------------------------------------------------- names, selection, types


def test_renaming_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(str(tmp_path / "a.npz"), {"net/c/weights": np.ones(2), "net/c/weights/Adam": np.zeros(2)})
    rules = tmp_path / "rules.txt"
    rules.write_text("# older names\n\n(^|/)weights(/|$)=\\1kernel\\2\n")
    out = str(tmp_path / "b.npz")
    said = output(capsys, "convert", source, out, "--rules", str(rules), "--rename", "^net/=", "--rename", "^c=d/c")
    assert sorted(read(out)) == ["d/c/kernel", "d/c/kernel/Adam"]
    assert "net/c/weights/Adam -> d/c/kernel/Adam" in said


@pytest.mark.parametrize(
    ("rule", "phrase"),
    [
        ("nothing", "is OLD=NEW"),
        ("=x", "is OLD=NEW"),
        ("(=x", "no regular expression"),
        ("a=\\2", "no regular expression"),
        ("a|b=c", "the same name, 'c'"),
        ("^.*$=", "leave nothing"),
    ],
)
def test_rules_that_cannot_be(rule: str, phrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(str(tmp_path / "a.npz"), {"a": np.ones(2), "b": np.zeros(2)})
    assert phrase in problem(capsys, "convert", source, str(tmp_path / "b.npz"), "--rename", rule)
    (tmp_path / "rules").write_text(f"x=y\n{rule}\n")
    said = problem(capsys, "convert", source, str(tmp_path / "b.npz"), "--rules", str(tmp_path / "rules"))
    assert phrase in said and ("rules:2:" in said or "same name" in said or "nothing" in said)
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "rules"]


def test_selection_and_types(tmp_path: Path) -> None:
    source = write(str(tmp_path / "a.npz"), NUMBERS)
    out = str(tmp_path / "b.npz")
    run(
        "convert",
        source,
        out,
        "--select",
        "^net/",
        "--exclude",
        "Adam",
        "--dtype",
        "float64",
        "--dtype",
        "half=float32",
    )
    found = read(out)
    assert {name: array.dtype.name for name, array in found.items()} == {
        "net/dense/kernel": "float64",
        "net/half": "float32",
        "net/brain": "float64",
        "net/double": "float64",
    }
    assert np.array_equal(found["net/dense/kernel"], NUMBERS["net/dense/kernel"].astype(np.float64), equal_nan=True)
    run("convert", source, out, "--force", "--select", "i8|flags", "--dtype", "i8|flags=bfloat16")
    assert read(out)["i8"].tolist() == [-128, 127] and read(out)["flags"].dtype == ml_dtypes.bfloat16


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(str(tmp_path / "a.npz"), NUMBERS | OTHERS)
    safe, npz = str(tmp_path / "b.safetensors"), str(tmp_path / "b.npz")
    said = problem(capsys, "convert", source, safe)
    assert "words (string)" in said and "zz (complex128)" in said and "q8 (qint8)" in said and "--exclude" in said
    assert "--to" in problem(capsys, "convert", source, str(tmp_path / "unclear"))
    assert "--dtype" in problem(capsys, "convert", source, npz, "--dtype", "string")
    assert "imaginary" in problem(capsys, "convert", source, npz, "--dtype", "^z$=float32")
    assert "words is of the type string" in problem(capsys, "convert", source, npz, "--dtype", "words=int8")
    assert "none of the 20 tensors" in problem(capsys, "convert", source, npz, "--select", "nowhere")
    assert "no regular expression" in problem(capsys, "convert", source, npz, "--select", "(")
    zeros = write(str(tmp_path / "z.orbax"), {"w": np.array([b"a\0"], object)})
    assert "ends in a zero byte" in problem(capsys, "convert", zeros, npz)
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "z.orbax"]
    run("convert", source, safe, "--exclude", "word|zz|q8")
    assert_equal(read(safe), NUMBERS)


# ------------------------------------------------------------------------------------------------ whole or not at all


@pytest.mark.parametrize("target", FORMATS)
def test_nothing_is_replaced_without_force(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(str(tmp_path / "new.npz"), {"v": np.ones(3)})
    (tmp_path / "out").mkdir()
    out = write(str(tmp_path / "out" / FORMATS[target]), {"v": np.zeros(3)})
    assert "exists; --force replaces it" in problem(capsys, "convert", source, out)
    assert read(out)["v"].tolist() == [0, 0, 0]
    run("convert", source, out, "--force")
    assert read(out)["v"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError(28, "No space left on device"), MemoryError])
def test_trouble_leaves_nothing_behind(
    target: str, trouble: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes wrong between two tensors: the old file stays, and no part of the new one."""
    source = write(str(tmp_path / "new.npz"), {"a": np.ones(3), "b": np.ones(3)})
    (tmp_path / "out").mkdir()
    out = write(str(tmp_path / "out" / FORMATS[target]), {"old": np.zeros(3)})
    there = sorted(os.listdir(tmp_path / "out"))
    original = tensor_files.TensorSource.stream

    def breaking(self: Any, names: Any) -> Any:
        for number, pair in enumerate(original(self, names)):
            if number:
                raise trouble
            yield pair

    monkeypatch.setattr(tensor_files.TensorSource, "stream", breaking)
    run("convert", source, out, "--force", status=130 if trouble is KeyboardInterrupt else 2)
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path / "out")) == there
    assert_equal(read(out), {"old": np.zeros(3)})


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(str(tmp_path / "a.npz"), {"w": np.ones((2, 3), np.float32)})
    out = str(tmp_path / "b.npz")
    said = output(capsys, "convert", source, out, "--dry-run", "--rename", "w=v", "--dtype", "float16")
    assert said == "w -> v  float32 -> float16 [2, 3]\n" and not os.path.exists(out)


@pytest.mark.parametrize("target", ["npz", "safetensors"])
def test_large_files_stream(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than one batch is alive while the file is written."""
    monkeypatch.setattr(tensor_files, "_BATCH", 1000)
    arrays = {f"v{number}": np.full(100, number, np.float64) for number in range(20)}
    source = write(str(tmp_path / "a.orbax"), arrays)
    alive: list[int] = []
    most = 0
    original = tensor_files.TensorSource._batches

    def counting(self: Any, names: Any) -> Any:
        nonlocal most
        for batch in original(self, names):
            alive.append(len(batch))
            most = max(most, len(batch))
            yield batch

    monkeypatch.setattr(tensor_files.TensorSource, "_batches", counting)
    out = str(tmp_path / FORMATS[target])
    run("convert", source, out)
    assert len(alive) == 20 and most == 1
    monkeypatch.undo()
    assert_equal(read(out), arrays)


def test_two_files_of_equal_tensors_are_equal(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(str(tmp_path / f"{name}.npz"), NUMBERS)
        write(str(tmp_path / f"{name}.safetensors"), NUMBERS)
    for suffix in ("npz", "safetensors"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    header = (tmp_path / "a.safetensors").read_bytes()
    assert json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["i8"]["dtype"] == "I8"
