"""Reading the same variables from one checkpoint after the other: what is kept from the last one is never believed
for another (scopedjax/_src/bridge/tensorbundle/bundle_recall.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import dtypes, errors
from scopedjax._src.bridge import checkpoint_tensors, staging
from scopedjax._src.bridge.checkpoint_tensors import Wanted
from scopedjax._src.bridge.tensorbundle import bundle_recall
from tests import oracle

COUNT = 40
NAMES = [f"layer_{number}/w" for number in range(COUNT)]
WANTED = Wanted((name, "", None) for name in NAMES)


def _arrays(seed: int, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.normal(size=(3, number % 5)).astype(dtype) for number, name in enumerate(NAMES)}


def _save(path: Path, arrays: dict[str, np.ndarray]) -> str:
    checkpoint_tensors.write_tensors(str(path), [(name, "", value) for name, value in arrays.items()], "tensorflow")
    return str(path)


def _assert_read(path: str, arrays: dict[str, np.ndarray]) -> None:
    found = checkpoint_tensors.read_tensors(path, WANTED)
    for name, value in zip(NAMES, found, strict=True):
        np.testing.assert_array_equal(value, arrays[name])
        assert value.dtype == arrays[name].dtype


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `read_again` answered: whether each reading was recalled."""
    answers: list[bool] = []
    plain = bundle_recall.read_again

    def noted(*arguments: Any) -> Any:
        found = plain(*arguments)
        answers.append(found is not None)
        return found

    monkeypatch.setattr(bundle_recall, "read_again", noted)
    monkeypatch.setattr(bundle_recall, "_recent", [])
    yield answers
    staging.settle()


def test_values_that_lie_where_the_processor_does_not_want_them(tmp_path: Path, calls: list[bool]) -> None:
    kinds = [np.int8, np.float64, np.float16, np.complex64]
    for step in range(3):
        plain = _arrays(step)
        arrays = {name: value.astype(kinds[number % 4]) for number, (name, value) in enumerate(plain.items())}
        _assert_read(_save(tmp_path / f"m-{step}", arrays), arrays)
    assert calls == [False, True, True]
    assert all(value.flags.aligned for value in checkpoint_tensors.read_tensors(str(tmp_path / "m-2"), WANTED))


def test_the_next_checkpoint_of_the_same_variables(tmp_path: Path, calls: list[bool]) -> None:
    for step in range(4):
        arrays = _arrays(step)
        _assert_read(_save(tmp_path / f"m-{step}", arrays), arrays)
    assert calls == [False, True, True, True]


def test_checkpoints_of_tensorflow(tmp_path: Path, calls: list[bool]) -> None:
    tf = oracle.real_tf()
    for step in range(3):
        arrays = _arrays(step)
        with tf.Graph().as_default(), tf.Session() as session:
            for name, value in arrays.items():
                tf.Variable(value, name=name)
            session.run(tf.global_variables_initializer())
            path = tf.train.Saver().save(session, str(tmp_path / f"m-{step}"), write_meta_graph=False)
        _assert_read(path, arrays)
    assert calls == [False, True, True]


def test_other_types_of_the_same_names(tmp_path: Path, calls: list[bool]) -> None:
    for step, dtype in enumerate((np.float32, np.int32, np.float32, np.float16)):
        arrays = _arrays(step, dtype)
        _assert_read(_save(tmp_path / f"m-{step}", arrays), arrays)
    assert calls == [False, False, True, False]


def test_a_wrong_type_is_told_as_ever(tmp_path: Path) -> None:
    path = _save(tmp_path / "m", _arrays(0))
    _assert_read(path, _arrays(0))
    with pytest.raises(errors.InvalidArgumentError, match="expected dtype int32 does not equal original dtype float"):
        checkpoint_tensors.read_tensors(path, Wanted((name, "", dtypes.int32) for name in NAMES))


def test_a_changed_value_is_told_as_ever(tmp_path: Path) -> None:
    path = _save(tmp_path / "m", _arrays(0))
    _assert_read(path, _arrays(0))
    file = Path(path + ".data-00000-of-00001")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(errors.DataLossError, match="Checksum does not match"):
        checkpoint_tensors.read_tensors(path, WANTED)


@pytest.mark.parametrize("place", [9, -60, -100, 300])
def test_a_changed_index_is_told_as_ever(tmp_path: Path, place: int) -> None:
    path = _save(tmp_path / "m", _arrays(0))
    _assert_read(path, _arrays(0))
    file = Path(path + ".index")
    data = bytearray(file.read_bytes())
    data[place] ^= 4
    file.write_bytes(data)
    with pytest.raises(errors.DataLossError):
        checkpoint_tensors.read_tensors(path, WANTED)


def test_a_file_cut_off_is_told_as_ever(tmp_path: Path) -> None:
    path = _save(tmp_path / "m", _arrays(0))
    _assert_read(path, _arrays(0))
    file = Path(path + ".data-00000-of-00001")
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(errors.DataLossError):
        checkpoint_tensors.read_tensors(path, WANTED)


def test_a_checkpoint_that_is_gone(tmp_path: Path) -> None:
    path = _save(tmp_path / "m", _arrays(0))
    _assert_read(path, _arrays(0))
    for file in tmp_path.glob("m.*"):
        file.unlink()
    with pytest.raises(errors.NotFoundError):
        checkpoint_tensors.read_tensors(path, WANTED)


def test_an_index_compressed_or_with_other_variables(tmp_path: Path, calls: list[bool]) -> None:
    from scopedjax._src.bridge.tensorbundle.bundle_writer import write_bundle

    arrays = _arrays(0)
    pieces = [(name, "", value) for name, value in arrays.items()]
    write_bundle(str(tmp_path / "c"), pieces, compress=True)
    _assert_read(str(tmp_path / "c"), arrays)
    _assert_read(_save(tmp_path / "more", arrays | {"other": np.zeros(3)}), arrays)
    _assert_read(_save(tmp_path / "more2", arrays | {"other": np.ones(3)}), arrays)
    assert calls == [False, False, True]
