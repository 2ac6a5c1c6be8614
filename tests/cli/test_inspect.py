"""`inspect`: what it prints of files of every kind, and what it says of those that it cannot read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.cli.statistics import statistics
from tests import oracle
from tests.cli.commands import NUMBERS, OTHERS, json_output, output, problem, run, write


@pytest.mark.parametrize("name", ["m.npz", "m.orbax", "m.ckpt"])
def test_every_tensor_is_listed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = NUMBERS | OTHERS
    path = write(str(tmp_path / name), arrays)
    found = json_output(capsys, "inspect", path)
    assert {t["name"]: (t["dtype"], t["shape"]) for t in found["tensors"]} == {
        name: (_dtype(array), list(array.shape)) for name, array in arrays.items()
    }
    sizes = {name: array.nbytes for name, array in arrays.items() if not array.dtype.hasobject}
    assert {t["name"]: t["bytes"] for t in found["tensors"] if t["dtype"] != "string"} == sizes
    assert found["totals"]["bytes"] == sum(sizes.values()) and found["totals"]["tensors"] == len(arrays)
    text = output(capsys, "inspect", path)
    assert all(name in text for name in arrays) and f"{len(arrays)} tensors" in text


def _dtype(array: np.ndarray) -> str:
    return "string" if array.dtype.hasobject else array.dtype.names[0] if array.dtype.names else array.dtype.name


def test_any_file_of_a_checkpoint_stands_for_it(tf: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tf.get_variable("w", [2, 3])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "model"), global_step=7)
    for given in (path, path + ".meta", str(tmp_path)):
        assert json_output(capsys, "inspect", given)["path"] == path


@pytest.mark.oracle
@pytest.mark.parametrize("version", [1, 2])
def test_checkpoints_of_real_tensorflow(version: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def save(tf: Any) -> dict[str, Any]:
        values = {"a/w": np.float32([[1, 2], [3, np.nan]]), "b": np.int64(5), "s": np.array([b"x", b"yy"], object)}
        variables = {
            name: tf.Variable(value, name=name) for name, value in values.items() if version == 2 or name != "s"
        }
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            path = tf.train.Saver(variables, write_version=version).save(sess, str(tmp_path / "m"), global_step=3)
        reader = tf.train.load_checkpoint(path)
        shapes = reader.get_variable_to_shape_map()
        return {name: (dtype.name, shapes[name]) for name, dtype in reader.get_variable_to_dtype_map().items()}

    theirs = oracle.run_body(oracle.real_tf(), save)
    given = [tmp_path / "m-3", tmp_path, *(tmp_path / name for name in os.listdir(tmp_path) if name.startswith("m-3."))]
    assert len(given) == (4 if version == 1 else 5) - (version == 1)
    for path in given:
        found = json_output(capsys, "inspect", str(path), "--stats")
        assert {t["name"]: (t["dtype"], t["shape"]) for t in found["tensors"]} == theirs
        assert f"V{version}" in found["kind"]
        w = next(t for t in found["tensors"] if t["name"] == "a/w")["stats"]
        assert (w["minimum"], w["maximum"], w["mean"], w["nans"]) == (1, 3, 2, 1)


def test_filters_and_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(str(tmp_path / "m.npz"), NUMBERS)

    def names(*options: str) -> list[str]:
        return [t["name"] for t in json_output(capsys, "inspect", path, *options)["tensors"]]

    assert names("--select", "^net/", "--exclude", "Adam") == [
        n for n in NUMBERS if n[:4] == "net/" and "Adam" not in n
    ]
    assert names("--select", "^i8$", "--select", "^i16$") == ["i8", "i16"]
    assert names("--sort", "name") == sorted(NUMBERS)
    assert names("--sort", "size")[:2] == ["net/dense/kernel", "net/dense/kernel/Adam"]
    assert "leave none" in problem(capsys, "inspect", path, "--select", "nowhere")


def test_one_tensor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(str(tmp_path / "m.npz"), NUMBERS | OTHERS | {"long": np.arange(5000)})
    for name, array in (NUMBERS | OTHERS).items():
        text = output(capsys, "inspect", path, "--tensor", name)
        assert text.startswith(f"{name}: {_dtype(array)} ")
        values = json_output(capsys, "inspect", path, "--tensor", name)["values"]
        assert np.shape(values)[: array.ndim] == array.shape or array.size == 0
    assert json_output(capsys, "inspect", path, "--tensor", "net/dense/kernel")["values"][1] == ["nan", "inf"]
    assert json_output(capsys, "inspect", path, "--tensor", "net/brain:0")["values"][0] == [[1.0]]
    assert json_output(capsys, "inspect", path, "--tensor", "z")["values"][0] == [1, -2]
    assert "..." in output(capsys, "inspect", path, "--tensor", "long")
    assert output(capsys, "inspect", path, "--tensor", "long", "--all").split()[-1] == "4999]"
    assert "net/dense/kernel" in problem(capsys, "inspect", path, "--tensor", "net/dense/kernal")


@pytest.mark.parametrize("name", NUMBERS)
def test_statistics(name: str) -> None:
    """NumPy in float64 says the same."""
    array = NUMBERS[name]
    found = statistics(array)
    assert found is not None
    values = (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64).reshape(-1)
    numbers = values[~np.isnan(values)]
    assert found.nans == values.size - numbers.size and found.infinite == int(np.isinf(values).sum())
    if not numbers.size:
        assert found.minimum is found.mean is None
        return
    with np.errstate(all="ignore"):
        expected = [numbers.min(), numbers.max(), numbers.mean(), numbers.std()]
    np.testing.assert_allclose([found.minimum, found.maximum, found.mean, found.deviation], expected, rtol=1e-12)


def test_statistics_of_a_large_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scopedjax._src.cli.statistics._PIECE", 100)
    array = np.random.default_rng(0).normal(5, 2, 1234).astype(np.float32)
    found = statistics(array)
    assert found is not None
    expected = [array.min(), array.max(), array.mean(dtype=np.float64), array.std(dtype=np.float64)]
    np.testing.assert_allclose([found.minimum, found.maximum, found.mean, found.deviation], expected, rtol=1e-12)


def test_stats_in_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(str(tmp_path / "m.npz"), NUMBERS | OTHERS)
    entries = json_output(capsys, "inspect", path, "--stats")["tensors"]
    assert [e["stats"] is None for e in entries] == [e["dtype"] == "string" for e in entries]
    kernel = next(line for line in output(capsys, "inspect", path, "--stats").splitlines() if "kernel " in line)
    assert kernel.split()[-2:] == ["1", "1"]  # a NaN and an infinity


def test_names_cannot_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(str(tmp_path / "m.npz"), {"a\x1b[31mred": np.ones(1)})
    assert "\x1b" not in output(capsys, "inspect", path) and "\\x1b[31mred" in output(capsys, "inspect", path)
    assert json.loads(output(capsys, "inspect", path, "--json"))["tensors"][0]["name"] == "a\x1b[31mred"


def test_what_is_no_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("hello" * 100)
    (tmp_path / "graph.pb").write_bytes(b"\x0a\x05hello")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04rest")
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 20)
    (tmp_path / "empty").mkdir()
    assert "no such file" in problem(capsys, "inspect", str(tmp_path / "nowhere"))
    assert "is no checkpoint" in problem(capsys, "inspect", str(tmp_path / "text"))
    assert "scopedjax graph" in problem(capsys, "inspect", str(tmp_path / "graph.pb"))
    assert "is no .npz file" in problem(capsys, "inspect", str(tmp_path / "broken.npz"))
    assert "is no .safetensors file" in problem(capsys, "inspect", str(tmp_path / "broken.safetensors"))
    assert "no checkpoint in it" in problem(capsys, "inspect", str(tmp_path / "empty"))


@pytest.mark.parametrize("name", ["m.npz", "m.safetensors"])
def test_files_that_were_cut_off(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(write(str(tmp_path / name), NUMBERS))
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        assert "damaged" in problem(capsys, "inspect", str(path), "--stats") or length < 9


def test_a_bit_that_fell_is_noticed_in_npz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(write(str(tmp_path / "m.npz"), {"w": np.zeros(100000)}))
    content = bytearray(path.read_bytes())
    content[500_000] ^= 1
    path.write_bytes(bytes(content))
    run("inspect", str(path))
    assert "CRC" in problem(capsys, "inspect", str(path), "--stats")
