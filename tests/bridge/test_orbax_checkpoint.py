"""Checkpoints as Orbax folders: every type comes back, Orbax reads them, and they read Orbax's."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import orbax.checkpoint as ocp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scopedjax._src.base import dtypes, errors
from scopedjax._src.bridge import checkpoint_layout, foreign_orbax, orbax_checkpoint, staging
from tests.bridge.folders import DTYPES, SHAPES, assert_equal, everything, number_array


@pytest.fixture
def path(tmp_path: Path) -> Any:
    yield str(tmp_path / "model-7")
    staging.settle()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small arrays make all of what large ones make: stores of their own, several chunks, padding."""
    monkeypatch.setattr(checkpoint_layout, "LARGE", 64)
    monkeypatch.setattr(checkpoint_layout, "CHUNK", 48)
    monkeypatch.setattr(checkpoint_layout, "plan_of", checkpoint_layout.Plan)  # none of other sizes that is kept


# ----------------------------------------------------------------------------------------------------- round trips


def test_every_type_and_shape_comes_back(path: str) -> None:
    orbax_checkpoint.write(path, everything())
    assert_equal(orbax_checkpoint.read(path), everything())
    assert_equal(orbax_checkpoint.load_pytree(path), everything())


@pytest.mark.usefixtures("small_chunks")
def test_every_type_and_shape_comes_back_in_chunks(path: str) -> None:
    arrays = everything() | {f"big/{np.dtype(d).name}": number_array(d, (7, 3, 5)) for d in DTYPES}
    orbax_checkpoint.write(path, arrays)
    assert len(os.listdir(os.path.join(path, "arrays.big.float64"))) > 7  # a chunk is a row, and .zarray
    assert_equal(orbax_checkpoint.read(path), arrays)


@pytest.mark.usefixtures("small_chunks")
def test_what_is_read_belongs_to_the_caller(path: str) -> None:
    orbax_checkpoint.write(path, {"a": np.zeros(3), "b": np.zeros(3), "big": np.zeros(100)})
    found = orbax_checkpoint.read(path)
    for array in found.values():
        array += 1  # writable
    assert not np.shares_memory(found["a"], found["b"])
    np.testing.assert_array_equal(orbax_checkpoint.read(path)["big"], 0)


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.sampled_from(["w", "w/0", "W", "../x", "/"])


@given(
    arrays=st.dictionaries(
        NAMES,
        st.one_of(
            st.builds(
                number_array,
                st.sampled_from(DTYPES),
                hnp.array_shapes(min_dims=0, min_side=0, max_side=6),
                st.integers(0, 99),
            ),
            hnp.arrays(
                np.dtype(object), hnp.array_shapes(min_dims=0, min_side=0, max_side=4), elements=st.binary(max_size=9)
            ),
        ),
        min_size=1,
        max_size=8,
    ),
    metadata=st.recursive(
        st.none() | st.integers() | st.text(max_size=9) | st.floats(allow_nan=False), st.lists, max_leaves=4
    ),
    sizes=st.sampled_from([(64, 48), (17, 1), (1 << 20, 1 << 26)]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_arrays_under_any_names(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arrays: dict[str, np.ndarray],
    metadata: Any,
    sizes: tuple[int, int],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_layout, "LARGE", sizes[0])
        patch.setattr(checkpoint_layout, "CHUNK", sizes[1])
        patch.setattr(checkpoint_layout, "plan_of", checkpoint_layout.Plan)
        path = str(tmp_path / "model")
        orbax_checkpoint.write(path, arrays, metadata)
        assert_equal(orbax_checkpoint.read(path), arrays)
        some = sorted(arrays)[::2]
        assert_equal(orbax_checkpoint.read(path, some), {name: arrays[name] for name in some})
        assert orbax_checkpoint.read_metadata(path) == metadata
        assert orbax_checkpoint.describe(path) == {
            name: (dtypes.as_dtype(array.dtype), array.shape) for name, array in arrays.items()
        }
        staging.settle()
        assert os.listdir(tmp_path) == ["model"]


def test_names_that_folders_cannot_have(path: str) -> None:
    big = np.arange(1 << 18, dtype=np.float32)
    names = ["w", "w/0", "w/.zarray", "W", "../escape", "/abs", "a/../../b", "x" * 300, "x" * 299, ".", "", "ü"]
    arrays = {name: big + i for i, name in enumerate(names)}
    orbax_checkpoint.write(path, arrays)
    assert_equal(orbax_checkpoint.read(path), arrays)
    staging.settle()
    assert os.listdir(os.path.dirname(path)) == ["model-7"]
    tree = ocp.StandardCheckpointer().restore(path)
    assert len({key.lower() for key in tree["arrays"]}) == len(names)


def test_jax_arrays_numbers_and_other_layouts(path: str) -> None:
    with jax.enable_x64(True):
        wide = jnp.arange(3, dtype=jnp.int64)
    arrays = {
        "jax": jnp.ones((2, 3), jnp.bfloat16),
        "wide": wide,
        "scalar": 7,
        "float": 0.5,
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(10)[::3],
        "swapped": np.arange(3, dtype=">f4"),
        "text": np.array(["ä", "b"]),
    }
    orbax_checkpoint.write(path, arrays)
    found = orbax_checkpoint.read(path)
    assert found["jax"].dtype == ml_dtypes.bfloat16 and found["wide"].dtype == np.int64
    assert found["scalar"].shape == () and found["text"].tolist() == ["ä".encode(), b"b"]
    assert found["swapped"].dtype == np.float32
    for name in ("fortran", "strided", "swapped"):
        np.testing.assert_array_equal(found[name], arrays[name])


def test_the_description_needs_the_index_only(path: str) -> None:
    orbax_checkpoint.write(path, {"w": np.zeros((2, 3), np.float32), "s": np.array([b"x"], object), "n": np.int64(3)})
    os.unlink(os.path.join(path, "packed.float32", "0"))
    expected = {"w": (dtypes.float32, (2, 3)), "s": (dtypes.string, (1,)), "n": (dtypes.int64, ())}
    assert orbax_checkpoint.describe(path) == expected
    assert orbax_checkpoint.read(path, ["n"])["n"] == 3


def test_writing_needs_neither_orbax_nor_tensorflow(tmp_path: Path) -> None:
    code = f"""
        import sys, numpy as np
        from scopedjax._src.bridge import orbax_checkpoint
        orbax_checkpoint.write({str(tmp_path / "m")!r}, {{"w": np.ones(3)}})
        assert orbax_checkpoint.read({str(tmp_path / "m")!r})["w"].sum() == 3
        late = {{"orbax", "tensorstore", "tensorflow"}} & {{name.split(".")[0] for name in sys.modules}}
        assert not late, late
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


# ------------------------------------------------------------------------------------------------- Orbax reads ours


def _tree_and_index(path: str) -> tuple[Any, Any]:
    with ocp.StandardCheckpointer() as checkpointer:
        index = checkpointer.metadata(path).custom_metadata["scopedjax"]["index"]["arrays"]
    return ocp.StandardCheckpointer().restore(path), index


def _interfaces() -> dict[str, Any]:
    v1 = ocp.v1
    load = getattr(v1, "load", None) or v1.load_pytree
    return {
        "StandardCheckpointer": lambda p: ocp.StandardCheckpointer().restore(p),
        "PyTreeCheckpointer": lambda p: ocp.PyTreeCheckpointer().restore(p),
        "PyTreeCheckpointHandler": lambda p: ocp.Checkpointer(ocp.PyTreeCheckpointHandler()).restore(p),
        "StandardCheckpointHandler": lambda p: ocp.Checkpointer(ocp.StandardCheckpointHandler()).restore(p),
        "v1": load,
    }


@pytest.mark.parametrize("interface", _interfaces())
@pytest.mark.parametrize("chunks", ["large", "small"])
def test_orbax_restores_every_array(path: str, interface: str, chunks: str, request: pytest.FixtureRequest) -> None:
    if chunks == "small":
        request.getfixturevalue("small_chunks")
    arrays = everything() | {"big": np.random.default_rng(0).random((700, 411))}
    orbax_checkpoint.write(path, arrays)
    tree = _interfaces()[interface](path)
    _, index = _tree_and_index(path)
    for name, place in index.items():
        part, key = place["array"].split("/", 1)
        flat = tree[part][key].reshape(-1)[place["offset"] : place["offset"] + place["length"]]
        if arrays[name].dtype != object:
            expected = arrays[name].view(np.int8) if name == "quantized" else arrays[name]
            assert_equal({name: flat.reshape(place["shape"])}, {name: expected})
        else:
            lengths = flat[: 8 * arrays[name].size].view(np.int64)
            assert flat[8 * arrays[name].size :].tobytes() == b"".join(arrays[name].reshape(-1).tolist())
            assert lengths.tolist() == [len(item) for item in arrays[name].reshape(-1).tolist()]


def test_the_recipe_of_the_documentation(path: str) -> None:
    arrays = {"w": np.arange(6.0).reshape(2, 3), "w/Adam": np.ones(4), "big": np.zeros((1000, 300), np.float32)}
    orbax_checkpoint.write(path, arrays)
    text = (orbax_checkpoint.__doc__ or "").split("where each array is")[1].split("\n\n", 1)[1].split("\n\nStrings")[0]
    scope: dict[str, Any] = {}
    exec(textwrap.dedent(text).replace("/d/model-7", path), scope)
    assert_equal({name: scope["array"](name) for name in arrays}, arrays)


def test_orbax_restores_onto_devices_and_in_part(path: str) -> None:
    big = np.random.default_rng(0).random((600, 500), np.float32)
    orbax_checkpoint.write(path, {"big": big, "small": np.zeros(3)})
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    target = {"arrays": {"big": jax.ShapeDtypeStruct(big.shape, big.dtype, sharding=sharding)}}
    with ocp.PyTreeCheckpointer() as checkpointer:
        found = checkpointer.restore(path, args=ocp.args.PyTreeRestore(target, partial_restore=True))
    np.testing.assert_array_equal(np.asarray(found["arrays"]["big"]), big)


# ------------------------------------------------------------------------------------------------- ours reads Orbax's

TREE = {
    "dense": {"kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.zeros(3, ml_dtypes.bfloat16)},
    "layers": [{"w": np.ones(2)}, {"w": np.full(2, 2.0)}],
    "step": np.int64(7),
}
FLAT = {
    "dense/kernel": TREE["dense"]["kernel"],
    "dense/bias": TREE["dense"]["bias"],
    "layers/0/w": np.ones(2),
    "layers/1/w": np.full(2, 2.0),
    "step": np.asarray(7),
}


@pytest.mark.parametrize(
    "options", [{}, {"use_ocdbt": False}, {"use_zarr3": True}, {"use_ocdbt": False, "use_zarr3": True}], ids=str
)
def test_a_checkpoint_that_orbax_wrote(path: str, options: dict[str, bool]) -> None:
    with ocp.PyTreeCheckpointer(**options) as checkpointer:
        checkpointer.save(path, TREE)
    assert orbax_checkpoint.is_checkpoint(path)
    assert_equal(orbax_checkpoint.read(path), FLAT)
    assert_equal(orbax_checkpoint.read(path, ["step"]), {"step": FLAT["step"]})
    described = {name: (dtypes.as_dtype(array.dtype), array.shape) for name, array in FLAT.items()}
    assert orbax_checkpoint.describe(path) == described
    assert orbax_checkpoint.read_metadata(path) is None
    with pytest.raises(errors.NotFoundError, match="Key dense/kernal not found in checkpoint.*dense/kernel"):
        orbax_checkpoint.read(path, ["dense/kernal"])


def test_jax_arrays_and_steps_of_a_manager(tmp_path: Path) -> None:
    tree = jax.tree.map(jnp.asarray, {"a": {"b": np.arange(3, dtype=np.float32)}})
    with ocp.CheckpointManager(tmp_path / "run") as manager:
        manager.save(3, args=ocp.args.StandardSave(tree))
        manager.wait_until_finished()
    found = orbax_checkpoint.read(str(tmp_path / "run" / "3"))
    assert_equal(found, {"a/b": np.arange(3, dtype=np.float32)})


def test_an_orbax_checkpoint_that_is_damaged(path: str) -> None:
    with ocp.PyTreeCheckpointer(use_ocdbt=False) as checkpointer:
        checkpointer.save(path, TREE)
    Path(path, "_METADATA").write_text("{")
    with pytest.raises(errors.DataLossError, match="damaged"):
        orbax_checkpoint.read(path)


def test_an_orbax_checkpoint_with_two_trees(path: str) -> None:
    for item in ("a", "b"):
        with ocp.PyTreeCheckpointer() as checkpointer:
            checkpointer.save(os.path.join(path, item), TREE)
    Path(path, foreign_orbax.MARKS[0]).touch()
    with pytest.raises(errors.UnimplementedError, match="exactly one tree"):
        orbax_checkpoint.read(path)


def test_a_checkpoint_of_somebody_else_is_not_replaced(path: str) -> None:
    with ocp.PyTreeCheckpointer() as checkpointer:
        checkpointer.save(path, TREE)
    orbax_checkpoint.write(path, {"v": np.ones(2)})
    assert_equal(orbax_checkpoint.read(path), {"v": np.ones(2)})
    with ocp.PyTreeCheckpointer() as checkpointer:
        assert checkpointer.restore(path)["step"] == 7


# ------------------------------------------------------------------------------------------- what stands at the path


def test_a_checkpoint_replaces_one_of_its_name(path: str) -> None:
    orbax_checkpoint.write(path, {"a": np.zeros(3), "big": np.zeros(1 << 18)})
    orbax_checkpoint.write(path, {"b": np.ones(2)})
    assert_equal(orbax_checkpoint.read(path), {"b": np.ones(2)})
    staging.settle()
    assert os.listdir(os.path.dirname(path)) == ["model-7"]


@pytest.mark.parametrize("kind", ["empty folder", "full folder", "file", "slash", "link"])
def test_what_is_no_checkpoint_is_left_alone(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "model"
    path = str(place)
    if kind == "file":
        place.write_text("mine")
    elif kind == "link":
        place.symlink_to("nowhere")
    else:
        place.mkdir()
        if kind == "full folder":
            (place / "notes.txt").write_text("mine")
        if kind == "slash":
            path += "/"
    for step in range(3):
        orbax_checkpoint.write(path, {"step": np.int64(step)})
        assert orbax_checkpoint.read(path)["step"] == step
    assert orbax_checkpoint.is_checkpoint(path)
    if kind == "file":
        assert place.read_text() == "mine"
    if kind == "full folder":
        assert (place / "notes.txt").read_text() == "mine"
        assert os.listdir(place) == ["notes.txt"]
    orbax_checkpoint.remove(path)
    staging.settle()
    assert not orbax_checkpoint.is_checkpoint(path)
    assert os.path.lexists(place) and os.listdir(tmp_path) == ["model"]


def test_what_a_user_puts_into_a_checkpoint_survives_its_replacement(path: str) -> None:
    orbax_checkpoint.write(path, {"step": np.int64(0)})
    Path(path, "samples").mkdir()
    Path(path, "samples", "1.png").write_text("picture")
    for step in range(1, 4):
        orbax_checkpoint.write(path, {"step": np.int64(step)})
        staging.settle()
        assert Path(path, "samples", "1.png").read_text() == "picture"
        assert orbax_checkpoint.read(path)["step"] == step
    orbax_checkpoint.remove(path)
    assert os.listdir(path) == ["samples"]
    assert not orbax_checkpoint.is_checkpoint(path)


def test_relative_paths_and_one_missing_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("bare", "new/model", "./dot/model"):
        orbax_checkpoint.write(path, {"v": np.ones(1)})
        assert orbax_checkpoint.read(path)["v"] == 1
        assert (tmp_path / path).is_dir()
    staging.settle()


def test_removing_what_is_not_there(path: str) -> None:
    orbax_checkpoint.remove(path)
    assert orbax_checkpoint.modified(path) is None


def test_the_time_of_writing(path: str) -> None:
    orbax_checkpoint.write(path, {"v": np.ones(1)})
    os.utime(os.path.join(path, "_CHECKPOINT_METADATA"), (1e9, 1e9))
    assert orbax_checkpoint.modified(path) == 1e9


# ------------------------------------------------------------------------------------------------- many at a time


def test_readers_see_whole_checkpoints_while_they_are_replaced(path: str) -> None:
    shape = (50,)
    orbax_checkpoint.write(path, {f"v{i}": np.zeros(shape) for i in range(20)})
    stop, problems = threading.Event(), []

    def write() -> None:
        step = 0
        while not stop.is_set():
            step += 1
            orbax_checkpoint.write(path, {f"v{i}": np.full(shape, step) for i in range(20)})

    def read() -> None:
        seen = 0.0
        try:
            for _ in range(60):
                steps = {float(x) for array in orbax_checkpoint.read(path).values() for x in array}
                assert len(steps) == 1, steps
                assert min(steps) >= seen
                seen = min(steps)
        except BaseException as error:  # reported by the test, not by the thread
            problems.append(error)

    writer = threading.Thread(target=write)
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert not problems, problems
    assert orbax_checkpoint.read(path)["v0"][0] > 3


def test_several_writers_in_one_folder(tmp_path: Path) -> None:
    """One process a name, and two of them share one: all end with a whole checkpoint and no leftovers."""
    code = """
        import sys, numpy as np
        from scopedjax._src.bridge import orbax_checkpoint
        for step in range(25):
            orbax_checkpoint.write(sys.argv[1], {f"v{i}": np.full(9, step + 1000 * int(sys.argv[2])) for i in range(9)})
    """
    children = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(tmp_path / name), str(number)])
        for number, name in enumerate(["a", "b", "b"])
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    for name in ("a", "b"):
        values = {float(x) for array in orbax_checkpoint.read(str(tmp_path / name)).values() for x in array}
        assert len(values) == 1 and values.pop() % 1000 == 24
    orbax_checkpoint.write(str(tmp_path / "c"), {"v": np.ones(1)})
    staging.settle()
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_a_folder_that_another_process_is_about_to_clean_up_is_not_used(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its lock: the other one would go on deleting in it after it got its name."""
    cleaners: list[int] = []
    make = os.mkdir

    def mkdir(place: str, *more: Any, **keywords: Any) -> None:
        make(place, *more, **keywords)
        if not cleaners and "scopedjax-new" in str(place):
            cleaners.append(os.open(place, os.O_RDONLY))
            fcntl.flock(cleaners[0], fcntl.LOCK_EX)

    monkeypatch.setattr(os, "mkdir", mkdir)
    orbax_checkpoint.write(path, {"v": np.ones(3)})
    with os.scandir(cleaners[0]) as entries:
        for entry in list(entries):
            if entry.is_dir():
                shutil.rmtree(entry.name, dir_fd=cleaners[0])
            else:
                os.unlink(entry.name, dir_fd=cleaners[0])
    os.close(cleaners[0])
    assert_equal(orbax_checkpoint.read(path), {"v": np.ones(3)})


def test_shapes_of_the_table_are_all_there() -> None:
    assert {len(shape) for shape in SHAPES} == {0, 1, 2, 3, 4}
