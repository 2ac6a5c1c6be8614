"""The `checkpoint` file: real TensorFlow's text, paths and errors, and each reads the other's."""

from __future__ import annotations

import inspect
import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.lib.train import checkpoint_state
from tests import oracle
from tests.bridge.folders import OURS, outcome, same, save_with_tensorflow

pytestmark = pytest.mark.oracle

FUNCTIONS = [
    *("get_checkpoint_state", "generate_checkpoint_state_proto", "update_checkpoint_state", "latest_checkpoint"),
    *("checkpoint_exists", "get_checkpoint_mtimes", "remove_checkpoint", "NewCheckpointReader", "load_checkpoint"),
    *("load_variable", "list_variables"),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield
    staging.settle()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(name: str) -> None:
    theirs = inspect.signature(getattr(oracle.real_tf().train, name)).parameters
    ours = inspect.signature(getattr(OURS, name)).parameters
    assert [(p.name, p.default, p.kind) for p in ours.values()] == [
        (p.name, p.default, p.kind) for p in theirs.values()
    ]


def test_the_proto_has_tensorflows_fields() -> None:
    from tensorflow.python.training import checkpoint_state_pb2

    def fields(descriptor: Any) -> list[tuple[Any, ...]]:
        return [(f.name, f.number, f.type, f.is_repeated) for f in descriptor.fields]

    theirs = checkpoint_state_pb2.CheckpointState
    ours = type(OURS.generate_checkpoint_state_proto("d", "m"))
    assert fields(ours.DESCRIPTOR) == fields(theirs.DESCRIPTOR)
    assert ours.DESCRIPTOR.full_name == theirs.DESCRIPTOR.full_name
    message = ours(model_checkpoint_path="a", all_model_checkpoint_timestamps=[1.5], last_preserved_timestamp=0.1)
    assert theirs.FromString(message.SerializeToString()).SerializeToString() == message.SerializeToString()


# Folders and paths relative and absolute, with the newest in the list, at its end, or not at all.
FOLDERS = ["", ".", "d", "d/e", "/abs", "../up"]
LISTS: list[Any] = [None, [], ["d/m-1"], ["d/m-1", "d/m-2"], ["/abs/m-1", "d/m-1"], ["d/m-2", "d/m-1"]]
NEWEST = ["d/m-2", "/abs/m-2", "m-2", "../m-2"]


@pytest.mark.parametrize(("folder", "newest"), list(itertools.product(FOLDERS, NEWEST)))
def test_the_proto(folder: str, newest: str) -> None:
    for paths in LISTS:
        same(lambda train, p=paths: str(train.generate_checkpoint_state_proto(folder, newest, p and list(p))))


@pytest.mark.parametrize(
    ("paths", "times", "last"),
    [
        (["a", "b"], [1.5, 2.25], 0.1),
        (["a", "b"], [1.0], None),
        (None, [3.0], 4),
        (["a"], [1.0, 2.0], None),
        (["b"], [], 1e9),
    ],
)
def test_timestamps(paths: Any, times: Any, last: Any) -> None:
    same(lambda train: str(train.generate_checkpoint_state_proto(".", "b", paths and list(paths), times, last)))


def test_the_callers_list_stays_as_it_is() -> None:
    paths = ["a"]
    checkpoint_state.generate_checkpoint_state_proto("d", "b", paths)
    assert paths == ["a"]


def _written(train: Any, body: Callable[[Any], Any], file: str) -> Any:
    result = outcome(train, body)
    text = Path(file).read_text() if os.path.exists(file) else None
    if text is not None:
        os.unlink(file)
    return result, text


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("folder", ["d", ".", "absolute"])
def test_the_file_is_tensorflows(folder: str, relative: bool, tmp_path: Path) -> None:
    from tensorflow.python.checkpoint import checkpoint_management

    (tmp_path / "d").mkdir()
    folder = str(tmp_path / "d") if folder == "absolute" else folder
    for newest, paths in itertools.product(
        [f"{folder}/m-2", "m-2", f"{tmp_path}/d/m-2"], [[], [f"{folder}/m-1", "ü-1"]]
    ):
        times = [float(i) for i in range(len(paths) + 1)]

        def write(function: Any, newest: str = newest, paths: list[str] = paths, times: list[float] = times) -> None:
            # A fresh list each time: TensorFlow changes the one that it is given.
            function(folder, newest, [*paths, newest], None, relative, times, 5.5)

        file = os.path.join(folder, "checkpoint")
        theirs = _written(checkpoint_management.update_checkpoint_state_internal, write, file)
        ours = _written(checkpoint_state.write_checkpoint_state, write, file)
        assert isinstance(theirs[1], str)
        oracle.assert_same(theirs, ours)


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ((".", "m-1"), None),
        ((".", "m-1", ["m-0", "m-1"], "latest"), None),
        ((".", "checkpoint"), None),  # "./checkpoint" is not "checkpoint", says TensorFlow
        (("", "checkpoint"), "conflicts with path used for checkpoint state"),
        (("missing", "m-1"), "No such file or directory"),
    ],
)
def test_updating(arguments: tuple[Any, ...], phrase: str | None, tmp_path: Path) -> None:
    file = str(tmp_path / (arguments[3] if len(arguments) > 3 else "checkpoint"))
    theirs = _written(oracle.real_tf().train, lambda train: train.update_checkpoint_state(*arguments), file)
    ours = _written(OURS, lambda train: train.update_checkpoint_state(*arguments), file)
    oracle.assert_same(theirs[0], ours[0], phrase=phrase)
    assert theirs[1] == ours[1]
    staging.settle()
    assert os.listdir(tmp_path) == []


FILES = {
    "plain": 'model_checkpoint_path: "m-1"\nall_model_checkpoint_paths: "m-0"\nall_model_checkpoint_paths: "m-1"\n',
    "absolute": 'model_checkpoint_path: "/abs/m-1"\nall_model_checkpoint_paths: "/abs/m-1"\n',
    "others": 'model_checkpoint_path: "m-1" all_model_checkpoint_timestamps: 1.5 last_preserved_timestamp: 2',
    "escapes": 'model_checkpoint_path: "m\\303\\274\\"-1"',
    "comment": '# mine\nmodel_checkpoint_path: "m-1"',
    "empty": "",
    "no newest": 'all_model_checkpoint_paths: "m-1"',
    "not a proto": "hello",
    "unknown field": 'model_checkpoint_path: "m-1"\nnew_field: 3',
    "cut off": 'model_checkpoint_path: "m-',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("folder", [".", "d", ""])
def test_reading(name: str, folder: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / folder / "checkpoint").write_text(FILES[name])
    same(
        lambda train: (lambda state: state and str(state))(train.get_checkpoint_state(folder)),
        phrase="Invalid checkpoint state",
    )
    same(lambda train: train.latest_checkpoint(folder), phrase="Invalid checkpoint state")


@pytest.mark.parametrize(("folder", "file"), [("missing", None), (".", "other"), ("folder", None)])
def test_nothing_to_read(folder: str, file: str | None, tmp_path: Path) -> None:
    (tmp_path / "folder" / "checkpoint").mkdir(parents=True)
    same(lambda train: train.get_checkpoint_state(folder, file))
    same(lambda train: train.latest_checkpoint(folder, file))
    same(lambda train: train.latest_checkpoint(tmp_path / folder, file))


def test_what_is_ignored_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "checkpoint").write_text("hello")
    with caplog.at_level(logging.WARNING, "scopedjax"):
        assert checkpoint_state.get_checkpoint_state(str(tmp_path)) is None
    assert "ParseError" in caplog.text and "Checkpoint ignored" in caplog.text
    (tmp_path / "checkpoint").write_text(FILES["plain"])
    assert checkpoint_state.latest_checkpoint(str(tmp_path)) is None
    assert f"Couldn't match files for checkpoint {tmp_path}/m-1" in caplog.text


# ------------------------------------------------------------------------------------------ checkpoints of all kinds

ARRAYS = {"v": np.arange(6, dtype=np.float32).reshape(2, 3)}


def _save(kind: str, path: str) -> None:
    if kind == "Orbax":
        orbax_checkpoint.write(path, ARRAYS)
    else:
        save_with_tensorflow(path, ARRAYS, write_version=2 if kind == "V2" else 1)


@pytest.mark.parametrize("kind", ["Orbax", "V2", "V1"])
@pytest.mark.parametrize("folder", ["d", "absolute"])
def test_each_finds_what_the_other_recorded(kind: str, folder: str, tmp_path: Path) -> None:
    """The path of an Orbax folder and of TensorFlow's files, through the state file of either."""
    (tmp_path / "d").mkdir()
    folder = str(tmp_path / "d") if folder == "absolute" else folder
    path = os.path.join(folder, "m-7")
    _save(kind, path)
    for writer, reader in itertools.product((oracle.real_tf().train, OURS), repeat=2):
        writer.update_checkpoint_state(folder, path, [os.path.join(folder, "m-6"), path])
        state = reader.get_checkpoint_state(folder)
        assert state.model_checkpoint_path == path
        assert list(state.all_model_checkpoint_paths) == [os.path.join(folder, "m-6"), path]
        assert reader.latest_checkpoint(folder) == path  # TensorFlow takes our folder for a file of the old format
        assert reader.checkpoint_exists(path) is True
        assert reader.checkpoint_exists(path + "0") is False


@pytest.mark.parametrize("kind", ["Orbax", "V2", "V1"])
def test_times(kind: str, tmp_path: Path) -> None:
    _save(kind, "m-7")
    for place, _, names in os.walk(tmp_path):
        for name in names:
            os.utime(os.path.join(place, name), (1e9, 1e9))
    found = checkpoint_state.get_checkpoint_mtimes(["missing", "m-7", "missing"])
    assert found == [1e9]
    if kind != "Orbax":
        same(lambda train: train.get_checkpoint_mtimes(["m-7", "missing"]))


def test_what_counts_as_a_checkpoint(tmp_path: Path) -> None:
    for name in ("file", "a[1].index", "x1", "x2"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    for prefix in ("file", "folder", "x?", "x*", "x[12]", "y?", "a[1]", ".", "nothing/x"):
        same(lambda train, p=prefix: train.checkpoint_exists(p) if p != "a[1]" else True)
    assert checkpoint_state.checkpoint_exists("a[1]")


@pytest.mark.parametrize("kind", ["Orbax", "V2", "V1"])
@pytest.mark.parametrize("suffix", ["meta", "graph"])
def test_removing(kind: str, suffix: str, tmp_path: Path) -> None:
    for name in ("m-7.meta", "m-7.graph", "m-70.meta", "m-7.txt"):
        (tmp_path / name).touch()
    _save(kind, "m-7")
    _save(kind, "m-70")
    checkpoint_state.remove_checkpoint("m-7", 1 if kind == "V1" else 2, suffix)
    staging.settle()
    ours = sorted(os.listdir())
    assert not checkpoint_state.checkpoint_exists("m-7") and checkpoint_state.checkpoint_exists("m-70")
    assert f"m-7.{suffix}" not in ours and "m-7.txt" in ours
    checkpoint_state.remove_checkpoint("m-7")  # nothing left: nothing to do, but the other MetaGraphDef
    if kind != "Orbax":
        for name in ("m-7.meta", "m-7.graph"):
            (tmp_path / name).touch()
        _save(kind, "m-7")
        oracle.real_tf().train.remove_checkpoint("m-7", 1 if kind == "V1" else 2, suffix)
        assert sorted(os.listdir()) == ours


def test_removing_deletes_no_folder_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "notes.txt").write_text("mine")
    for version in (1, 2):
        checkpoint_state.remove_checkpoint("m", version)
    assert (tmp_path / "m" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["m-7", "m-7-?????-of-00002", "m-7-00001-of-00002", "m-7-of-2", "m-1-of-2.x", "a-3-of-4\n"]
)
def test_the_name_of_the_meta_graph(name: str) -> None:
    from tensorflow.python.checkpoint import checkpoint_management

    if name.endswith("\n"):
        assert checkpoint_state.meta_graph_filename(name) == name + ".meta"  # theirs would lose the line break
    else:
        assert checkpoint_state.meta_graph_filename(name) == checkpoint_management.meta_graph_filename(name)
