"""Leftovers of processes that died at each step of a save, made by hand; and saves that fail."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors, system_errors
from scopedjax._src.bridge import chunk_files, orbax_checkpoint, staging
from tests import oracle


def _save(path: Path, step: int) -> None:
    orbax_checkpoint.write(str(path), {f"v{i}": np.full(3, step) for i in range(4)})
    staging.settle()


def _step(path: Path) -> int:
    values = {int(x) for array in orbax_checkpoint.read(str(path)).values() for x in array}
    assert len(values) == 1
    return values.pop()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model"


def _hidden(model: Path, word: str) -> Path:
    return model.with_name(f".{model.name}.scopedjax-{word}-0123abcd")


def test_a_half_written_folder_is_deleted_by_the_next_save(model: Path) -> None:
    _save(model, 1)
    shutil.copytree(model, _hidden(model, "new"))
    (_hidden(model, "new") / "_METADATA").unlink()
    _hidden(model, "gone").mkdir()
    assert _step(model) == 1
    _save(model.with_name("other"), 2)
    assert sorted(os.listdir(model.parent)) == ["model", "other"]


def test_killed_between_the_two_renames(model: Path) -> None:
    _save(model, 1)
    model.rename(_hidden(model, "old"))
    assert orbax_checkpoint.is_checkpoint(str(model)) and _step(model) == 1
    _save(model.with_name("other"), 2)  # puts it back
    assert sorted(os.listdir(model.parent)) == ["model", "other"]
    assert _step(model) == 1


def test_killed_between_the_two_renames_and_saved_again(model: Path) -> None:
    _save(model, 1)
    model.rename(_hidden(model, "old"))
    _save(model, 2)
    assert os.listdir(model.parent) == ["model"] and _step(model) == 2


def test_killed_before_the_old_one_was_deleted(model: Path) -> None:
    _save(model, 1)
    shutil.copytree(model, _hidden(model, "old"))
    (_hidden(model, "old") / "notes.txt").write_text("mine")
    _save(model.with_name("other"), 2)
    assert sorted(os.listdir(model.parent)) == ["model", "other"]
    assert _step(model) == 1
    assert (model / "notes.txt").read_text() == "mine"


def test_the_machine_went_down_before_the_disk_had_the_new_one(model: Path) -> None:
    """The new folder is torn, and the one that it replaced is still there."""
    _save(model, 1)
    model.rename(_hidden(model, "old"))
    _save(model.with_name("new"), 2)
    if model.exists():  # the save above has put it back
        model.rename(_hidden(model, "old"))
    model.with_name("new").rename(model)
    (model / "packed.int64" / "0").write_bytes(b"")
    with pytest.warns(UserWarning, match="damaged.*replaced was read"):
        assert _step(model) == 1
    _save(model.with_name("other"), 5)
    assert sorted(os.listdir(model.parent)) == ["model", "other"]
    assert _step(model) == 1


def test_a_save_of_a_living_process_is_left_alone(model: Path) -> None:
    _save(model, 1)
    code = f"""
        import sys
        from scopedjax._src.bridge import orbax_checkpoint, staging
        with staging.new_folder({str(model)!r}, orbax_checkpoint.KIND) as folder:
            print(folder, flush=True)
            sys.stdin.read()
            import os; os._exit(0)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdin is not None
        folder = child.stdout.readline().strip()
        _save(model, 2)
        assert os.path.isdir(folder) and _step(model) == 2
        child.stdin.close()
        child.wait()
    assert os.path.isdir(folder)
    _save(model, 3)
    assert os.listdir(model.parent) == ["model"]


@pytest.mark.parametrize("where", ["write_stores", "write_new"])
def test_a_save_that_fails_leaves_the_old_one_and_nothing_else(
    model: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    _save(model, 1)

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(model))

    with monkeypatch.context() as patch:
        patch.setattr(chunk_files, where, full)
        with pytest.raises(errors.ResourceExhaustedError, match=r"model; No space left on device.*free some space"):
            _save(model, 2)
    assert os.listdir(model.parent) == ["model"] and _step(model) == 1


def test_a_save_that_is_interrupted_leaves_the_old_one(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _save(model, 1)
    rename = os.rename

    def interrupted(source: Any, target: Any) -> None:
        rename(source, target)
        if "-old-" in str(target):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _save(model, 2)
    assert _step(model) == 1
    _save(model, 3)
    assert os.listdir(model.parent) == ["model"] and _step(model) == 3


def test_a_forked_child_can_save(model: Path) -> None:
    _save(model, 1)
    code = f"""
        import os, numpy as np
        from scopedjax._src.bridge import orbax_checkpoint
        for step in range(3):
            orbax_checkpoint.write({str(model)!r}, {{f"v{{i}}": np.full(3, step) for i in range(4)}})
        child = os.fork()
        orbax_checkpoint.write({str(model)!r} + ("-child" if child == 0 else "-parent"), {{"v0": np.full(3, 9)}})
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)], check=True, timeout=120)
    assert [_step(model.with_name(name)) for name in ("model", "model-child", "model-parent")] == [2, 9, 9]


def test_files_appear_whole(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    for content in (b"one", b"", b"three" * 1000):
        staging.write_file(str(file), content)
        assert file.read_bytes() == content
    staging.settle()
    assert os.listdir(tmp_path) == ["checkpoint"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask
    with pytest.raises(FileNotFoundError):
        staging.write_file(str(tmp_path / "no" / "file"), b"x")


def test_a_left_over_file_is_deleted(tmp_path: Path) -> None:
    (tmp_path / ".checkpoint.scopedjax-new-00ff00ff").write_bytes(b"half")
    (tmp_path / ".mine.scopedjax-new-file").write_bytes(b"not of ours")
    _save(tmp_path / "model", 1)
    assert sorted(os.listdir(tmp_path)) == [".mine.scopedjax-new-file", "model"]


# ----------------------------------------------------------------------------------- the errors of the operating system


def _failures(folder: Path) -> dict[str, Any]:
    (folder / "file").write_text("x")
    (folder / "full").mkdir()
    (folder / "full" / "x").write_text("x")
    return {
        "missing": lambda open_: open_(str(folder / "no" / "file")),
        "through a file": lambda open_: open_(str(folder / "file" / "x")),
        "a folder": lambda open_: open_(str(folder / "full")),
        "too long": lambda open_: open_(str(folder / ("x" * 300))),
        "full disk": lambda open_: open_("/dev/full"),
    }


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["missing", "through a file", "a folder", "too long", "full disk"])
def test_errors_are_those_of_tensorflow(tmp_path: Path, kind: str) -> None:
    tf = oracle.real_tf()
    fail = _failures(tmp_path)[kind]

    def theirs(path: str) -> None:
        with tf.gfile.GFile(path, "w") as file:
            file.write("x" * 100_000)

    def ours(path: str) -> None:
        with system_errors.as_tensorflow_errors(path), open(path, "w") as file:
            file.write("x" * 100_000)

    results = []
    for open_ in (theirs, ours):
        try:
            results.append(fail(open_))
        except Exception as error:
            results.append(oracle.Raised.of(error))
    assert isinstance(results[0], oracle.Raised)
    oracle.assert_same(*results, phrase=os.strerror(_ERRNOS[kind]))


_ERRNOS = {
    "missing": errno.ENOENT,
    "through a file": errno.ENOTDIR,
    "a folder": errno.EISDIR,
    "too long": errno.ENAMETOOLONG,
    "full disk": errno.ENOSPC,
}


def test_an_error_without_a_class_of_its_own() -> None:
    assert type(system_errors.translate(OSError(errno.EIO, "x"), "p")) is errors.UnknownError
    assert "plain" in system_errors.translate(OSError("plain"), "p").message


def test_what_a_user_put_in_the_place_of_a_lost_checkpoint_stays(model: Path) -> None:
    """Killed between the renames, and then something else got the name."""
    for thing in ("file", "folder"):
        _save(model, 1)
        model.rename(_hidden(model, "old"))
        if thing == "file":
            model.write_text("mine")
        else:
            model.mkdir()
            (model / "notes.txt").write_text("mine")
        _save(model.with_name("other"), 2)
        assert (model if thing == "file" else model / "notes.txt").read_text() == "mine"
        assert _hidden(model, "old").is_dir()
        shutil.rmtree(_hidden(model, "old"))
        shutil.rmtree(model) if thing == "folder" else model.unlink()


def test_what_a_user_put_into_a_torn_checkpoint_stays(model: Path) -> None:
    _save(model, 1)
    shutil.copytree(model, _hidden(model, "old"))
    (model / "packed.int64" / "0").unlink()
    (model / "notes.txt").write_text("mine")
    _save(model.with_name("other"), 2)
    assert _step(model) == 1 and (model / "notes.txt").read_text() == "mine"
    assert sorted(os.listdir(model.parent)) == ["model", "other"]
