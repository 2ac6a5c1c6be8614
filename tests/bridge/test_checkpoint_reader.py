"""Readers of checkpoints: what real TensorFlow's reader says of the same arrays, and which kind of file is what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import orbax.checkpoint as ocp
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.lib.train import checkpoint_reader, checkpoint_state
from tests import oracle
from tests.bridge.folders import DTYPES, OURS, number_array, outcome, same, save_with_tensorflow

pytestmark = pytest.mark.oracle

ARRAYS = {
    **{f"{np.dtype(d).name}/v": number_array(d, (2, 3)) for d in DTYPES},
    **{f"{np.dtype(d).name}/scalar": number_array(d, ()) for d in DTYPES},
    "empty": np.zeros((0, 3), np.float32),
    "strings": np.array([[b"a", b""], [b"\0x", "ü".encode()]], object),
    "string": np.array(b"alone", object),
    "w": np.ones(1),
    "w/Adam": np.ones(1),
    "w/Adam_1": np.ones(1),
    "W": np.ones(1),
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(TensorFlow's checkpoint, ours) of the same arrays, each in a folder with a state file."""
    folder = tmp_path_factory.mktemp("checkpoints")
    (folder / "theirs").mkdir()
    (folder / "ours").mkdir()
    theirs = save_with_tensorflow(str(folder / "theirs" / "m-7"), ARRAYS)
    ours = str(folder / "ours" / "m-7")
    orbax_checkpoint.write(ours, ARRAYS)
    for path in (theirs, ours):
        checkpoint_state.update_checkpoint_state(str(Path(path).parent), path)
    yield theirs, ours
    staging.settle()


def _same(paths: tuple[str, str], body: Any, phrase: str | None = None) -> Any:
    return same(lambda train: body(train, paths[0]), lambda train: body(train, paths[1]), phrase)


def test_the_maps(paths: tuple[str, str]) -> None:
    _same(paths, lambda train, path: train.NewCheckpointReader(path).get_variable_to_shape_map())
    _same(paths, lambda train, path: train.NewCheckpointReader(path).get_variable_to_dtype_map())
    _same(paths, lambda train, path: train.NewCheckpointReader(path).debug_string())


@pytest.mark.parametrize("name", [*ARRAYS, "missing", "w/"])
def test_a_tensor(paths: tuple[str, str], name: str) -> None:
    phrase = f"Key {name} not found in checkpoint" if name not in ARRAYS else None

    def tensor(train: Any, path: str) -> Any:
        value = train.NewCheckpointReader(path).get_tensor(name)
        # As bits: random ones are sometimes no numbers.
        return (
            type(value).__name__,
            np.asarray(value).dtype.name,
            np.shape(value),
        )
        np.asarray(value).tolist().__repr__()

    _same(paths, tensor, phrase)
    _same(paths, lambda train, path: train.NewCheckpointReader(path).has_tensor(name))
    _same(paths, lambda train, path: train.NewCheckpointReader(path).has_tensor(name.encode()))


@pytest.mark.parametrize("wrong", [None, 3])
def test_names_that_are_no_strings(paths: tuple[str, str], wrong: Any) -> None:
    _same(paths, lambda train, path: train.NewCheckpointReader(path).get_tensor(wrong))
    _same(paths, lambda train, path: train.NewCheckpointReader(path).has_tensor(wrong))
    same(lambda train: train.NewCheckpointReader(wrong))


def test_of_a_checkpoint_or_its_folder(paths: tuple[str, str]) -> None:
    for place in (lambda path: path, lambda path: str(Path(path).parent), lambda path: Path(path).parent):
        _same(paths, lambda train, path, p=place: train.list_variables(p(path)))
        _same(paths, lambda train, path, p=place: train.load_variable(p(path), "w:0"))
        _same(paths, lambda train, path, p=place: train.load_variable(p(path), "w/Adam_1"))
        _same(paths, lambda train, path, p=place: train.load_variable(p(path), "x"), "Key x not found in checkpoint")
        _same(paths, lambda train, path, p=place: train.load_checkpoint(p(path)).has_tensor("w"))


@pytest.mark.parametrize("name", ["missing", "no/missing", "folder", "text", "short", "empty"])
def test_what_is_no_checkpoint(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("this is text, and it is long enough to have a footer " * 3)
    (tmp_path / "short").write_text("x")
    (tmp_path / "empty").touch()
    phrases = {"folder": "Is a directory", "short": "Unable to open table file", "empty": "Unable to open table file"}
    phrases["text"] = "not an sstable (bad magic number)"
    phrase = phrases.get(name, "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for")
    path = str(tmp_path / name)
    same(lambda train: train.NewCheckpointReader(path), phrase=phrase)
    phrase = "Couldn't find 'checkpoint' file or checkpoints in given directory" if name == "folder" else phrase
    for function in ("load_checkpoint", "list_variables"):
        same(lambda train, f=function: getattr(train, f)(path), phrase=phrase)
    same(lambda train: train.load_variable(path, "v"), phrase=phrase)


@pytest.mark.parametrize("version", [1, 2])
def test_checkpoints_of_tensorflow_are_read(tmp_path: Path, version: int) -> None:
    path = save_with_tensorflow(str(tmp_path / "m"), {"v": np.arange(3.0), "s": np.array([b"x", b""], object)}, version)
    for what in (
        lambda train: train.NewCheckpointReader(path).get_tensor("v").tolist(),
        lambda train: train.NewCheckpointReader(path).get_tensor("s").tolist(),
        lambda train: sorted(train.NewCheckpointReader(path).debug_string().splitlines()),  # V1: by hashes
        lambda train: train.list_variables(path),
        lambda train: train.checkpoint_exists(path),
        lambda train: train.NewCheckpointReader(path).get_variable_to_dtype_map(),
    ):
        same(what)


def test_a_format_can_be_added_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_reader, "FORMATS", list(checkpoint_reader.FORMATS))
    names = [known.name for known in checkpoint_reader.FORMATS]

    class Text(checkpoint_reader.CheckpointReader):
        def _describe(self) -> Any:
            return {"v": (checkpoint_reader.dtypes.float64, ())}

        def _read(self, names: list[str]) -> Any:
            return {name: np.asarray(float(Path(self.path).read_text())) for name in names}

    file = tmp_path / "v.txt"
    file.write_text("2.5")
    checkpoint_reader.register_format("text", lambda path: path.endswith(".txt"), Text)
    assert OURS.load_variable(str(file), "v") == 2.5
    with pytest.raises(errors.NotFoundError, match="Key w not found in checkpoint"):
        OURS.load_variable(str(file), "w")
    checkpoint_reader.register_format("TensorFlow V2", lambda path: path.endswith(".txt"), lambda path: Text(str(file)))
    assert [known.name for known in checkpoint_reader.FORMATS] == [*names, "text"]
    assert checkpoint_reader.open_checkpoint("other.txt").path == str(file)


def test_several_tensors_at_once(paths: tuple[str, str]) -> None:
    reader = checkpoint_reader.open_checkpoint(paths[1])
    found = reader.get_tensors(["w", "string", "float32/scalar"])
    assert [value.shape for value in found.values()] == [(1,), (), ()]
    assert found["string"][()] == b"alone"


def test_what_orbax_wrote(tmp_path: Path) -> None:
    with ocp.PyTreeCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "jax", {"dense": {"kernel": np.ones((2, 2), ml_dtypes.bfloat16)}})
    assert OURS.list_variables(str(tmp_path / "jax")) == [("dense/kernel", [2, 2])]
    value = OURS.load_variable(str(tmp_path / "jax"), "dense/kernel")
    assert value.dtype == ml_dtypes.bfloat16 and value.tolist() == [[1, 1], [1, 1]]


def test_a_damaged_checkpoint(tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    orbax_checkpoint.write(path, {"v": np.ones(3), "n": np.int64(1)})
    reader = checkpoint_reader.NewCheckpointReader(path)
    Path(path, "packed.float64", "0").write_bytes(b"")
    assert reader.get_tensor("n") == 1
    with pytest.raises(errors.DataLossError, match="Restore an earlier one"):
        reader.get_tensor("v")
    Path(path, "_CHECKPOINT_METADATA").write_bytes(b"{}")
    assert isinstance(outcome(OURS, lambda train: train.NewCheckpointReader(path)), oracle.Raised)
