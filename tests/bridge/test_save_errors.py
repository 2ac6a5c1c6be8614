"""What saving, finding and restoring refuse: the classes and the words of real TensorFlow's Saver, live."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge import orbax_checkpoint, staging
from tests import oracle
from tests.bridge.folders import save_with_tensorflow

ARRAYS = {"v": np.arange(6, dtype=np.float32).reshape(2, 3)}


def _outcome(action: Callable[[str], Any], path: str) -> Any:
    try:
        return action(path)
    except Exception as error:
        return oracle.Raised.of(error)


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    (tmp_path / "file").write_text("hello, this is text and no checkpoint at all, though it is long enough for one")
    (tmp_path / "short").write_text("hello")
    (tmp_path / "folder").mkdir()
    yield tmp_path
    staging.settle()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("path", "phrase"),
    [
        ("no/parent/model", "doesn't exist, can't save."),
        ("file/model", "doesn't exist, can't save."),
        ("file/deep/model", "doesn't exist, can't save."),
        ("/proc/model", "No such file or directory"),
        ("/sys/model", None),  # permission denied, or a read-only file system in a container
        ("one_level/model", None),
        ("folder", None),
        ("file", None),
    ],
)
def test_saving(folder: Path, path: str, phrase: str | None) -> None:
    theirs = _outcome(lambda p: save_with_tensorflow(p, ARRAYS) and None, str(folder / path))
    ours = _outcome(lambda p: orbax_checkpoint.write(p, ARRAYS), str(folder / path))
    oracle.assert_same(theirs, ours, phrase=phrase or False)
    if not isinstance(ours, oracle.Raised):
        np.testing.assert_array_equal(orbax_checkpoint.read(str(folder / path))["v"], ARRAYS["v"])
        staging.settle()
    names = {"file", "short", "folder", "one_level"}
    assert {name.split(".")[0] for name in os.listdir(folder)} <= names  # no hidden leftovers


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("path", "phrase"),
    [
        ("missing", "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for"),
        ("no/missing", "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for"),
        ("file", "not an sstable (bad magic number)"),
        ("file", "perhaps your file is in a different file format and you need to use a different restore operator?"),
        ("short", "Unable to open table file"),
        ("folder", "Is a directory"),
    ],
)
def test_restoring(folder: Path, path: str, phrase: str) -> None:
    train = oracle.real_tf().train
    theirs = _outcome(lambda p: train.NewCheckpointReader(p) and None, str(folder / path))
    ours = _outcome(lambda p: orbax_checkpoint.read(p) and None, str(folder / path))
    oracle.assert_same(theirs, ours, phrase=phrase)


@pytest.mark.oracle
def test_a_key_that_is_missing(folder: Path) -> None:
    theirs = _outcome(
        oracle.real_tf().train.NewCheckpointReader(save_with_tensorflow(str(folder / "a"), ARRAYS)).get_tensor, "x"
    )
    orbax_checkpoint.write(str(folder / "b"), ARRAYS)
    ours = _outcome(lambda key: orbax_checkpoint.read(str(folder / "b"), [key]), "x")
    oracle.assert_same(theirs, ours, phrase="Key x not found in checkpoint")


def test_a_near_miss_is_named(folder: Path) -> None:
    orbax_checkpoint.write(str(folder / "b"), {"dense/kernel": np.ones(2)})
    with pytest.raises(errors.NotFoundError, match="the nearest is 'dense/kernel'"):
        orbax_checkpoint.read(str(folder / "b"), ["dense_1/kernel"])


def test_a_folder_that_may_not_be_written(folder: Path) -> None:
    """As a user without rights: a test that runs as root becomes nobody first."""
    code = f"""
        import os, sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        import numpy as np
        from scopedjax._src.base import errors
        from scopedjax._src.bridge import orbax_checkpoint
        if os.getuid() == 0:
            os.setuid(65534)
        try:
            orbax_checkpoint.write({str(folder / "model")!r}, {{"v": np.ones(1)}})
        except errors.PermissionDeniedError as error:
            assert "Permission denied" in error.message and "ask for access" in error.message, error.message
        else:
            raise AssertionError("written")
    """
    for place in (folder, *list(folder.parents)[:-2]):
        place.chmod(place.stat().st_mode | 0o055)
    folder.chmod(0o555)
    try:
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("path", "arrays", "kind", "phrase"),
    [
        ("", {"v": np.ones(1)}, ValueError, "no path specified"),
        ("model", {}, ValueError, "No variables to save"),
        ("model", {3: np.ones(1)}, TypeError, "must be a string, got 3"),
        ("model", {"v": np.array([object()])}, TypeError, "'v' holds <object"),
        ("model", {"v": np.array(["2020-01-01"], "datetime64[D]")}, TypeError, "Cannot convert"),
    ],
)
def test_what_cannot_be_saved(folder: Path, path: str, arrays: Any, kind: type[Exception], phrase: str) -> None:
    before = sorted(os.listdir(folder))
    with pytest.raises(kind, match=phrase):
        orbax_checkpoint.write(str(folder / path) if path else path, arrays)
    assert sorted(os.listdir(folder)) == before


def test_metadata_that_json_cannot_say(folder: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        orbax_checkpoint.write(str(folder / "model"), {"v": np.ones(1)}, {"x": object()})
    assert "model" not in os.listdir(folder)
