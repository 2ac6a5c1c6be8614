"""Killed at any moment, or with the disk full: the checkpoint before is whole. What else writing refuses."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge import checkpoint_tensors, orbax_checkpoint, staging
from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file
from tests.bridge.tensorbundle.corpus import PIECES

KILLS = 25

CHILD = """
    import sys, numpy as np
    from scopedjax._src.bridge.checkpoint_tensors import write_tensors
    step = int(sys.argv[3])
    while True:
        pieces = [(f"v{i}", "", np.full((400, 100) if i < 3 else 5, step, np.float64)) for i in range(20)]
        write_tensors(sys.argv[1], pieces, sys.argv[2])
        print(step, flush=True)
        step += 1
"""


def _restored(path: str) -> int | None:
    if not (os.path.exists(path) or os.path.exists(path + ".index")):
        return None
    with open_file(path) as file:
        values = {float(x) for array in file.read_many().values() for x in array.ravel()}
        assert len(file) == 20 and len(values) == 1
    return int(values.pop())


@pytest.mark.parametrize("format", ["tensorflow", "tensorflow-v1"])
def test_kills(tmp_path: Path, format: str) -> None:
    """One process that saves the same name over and over, forked for each kill: importing takes longer than a life."""
    path, chance = str(tmp_path / "m"), random.Random(1)
    command = textwrap.dedent(CHILD)
    program = f"""
import os, sys, io, signal, time
sys.path[:0] = {sys.path!r}
import scopedjax._src.bridge.checkpoint_tensors, scopedjax._src.bridge.tensorbundle.bundle_writer
import scopedjax._src.bridge.tensorbundle.slices_writer
for line in sys.stdin:
    step = line.strip()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(write, 1)
        sys.argv = ["-", {path!r}, {format!r}, step]
        exec({command!r}, {{}})
    os.close(write)
    sys.stdout.write(f"{{child}} {{read}}\\n"); sys.stdout.flush()
    os.waitpid(child, 0)
    said = os.read(read, 1 << 20).split()
    os.close(read)
    sys.stdout.write(f"{{said[-1].decode() if said else -1}}\\n"); sys.stdout.flush()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        last, advanced, hidden, limit = -1, 0, 0, 0.05
        for _ in range(KILLS):
            parent.stdin.write(f"{last + 1}\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline().split()[0])
            time.sleep(chance.uniform(0.0, limit))
            os.kill(child, signal.SIGKILL)
            told = int(parent.stdout.readline())
            hidden += any("scopedjax" in name for name in os.listdir(tmp_path))
            found = _restored(path)
            assert (found is None and told < 0) or (found is not None and found >= max(last, told)), (found, last, told)
            goes_on = found is not None and found > last
            advanced += goes_on
            limit = min(limit * (0.9 if goes_on else 1.3), 2.0)  # about one save a life, however fast the machine is
            last = -1 if found is None else found
        parent.stdin.close()
    assert advanced >= 3 and hidden >= 1
    checkpoint_tensors.write_tensors(path, [("v", "", np.ones(2))], format)
    staging.settle()
    assert not [name for name in os.listdir(tmp_path) if "scopedjax" in name]
    counts = {name.rpartition("-of-")[2] for name in os.listdir(tmp_path) if "data" in name}
    assert len(counts) == (1 if format == "tensorflow" else 0)


@pytest.mark.parametrize("format", ["tensorflow", "tensorflow-v1"])
@pytest.mark.parametrize("room", [0, 3000, 700_000])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, room: int) -> None:
    path = str(tmp_path / "m")
    checkpoint_tensors.write_tensors(path, PIECES, format)
    staging.settle()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    left = [room]
    true_write, true_pwrite = os.write, os.pwrite

    def take(size: int) -> None:
        left[0] -= size
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        """A file object over a descriptor, of a disk with little room."""

        def __init__(self, handle: int) -> None:
            self.handle = handle

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def write(self, data: Any) -> int:
            take(len(data))
            return true_write(self.handle, data)

    def pwrite(handle: int, data: Any, offset: int) -> int:
        take(len(data))
        return true_pwrite(handle, data, offset)

    from scopedjax._src.bridge.tensorbundle import bundle_files, slices_writer

    monkeypatch.setattr(os, "pwrite", pwrite)
    for module in (bundle_files, slices_writer):
        monkeypatch.setattr(module, "open", lambda handle, *_, **__: Full(handle), raising=False)
    large = [*PIECES, ("large", "", np.ones((500, 500)))]
    with pytest.raises(errors.ResourceExhaustedError, match=r"No space left on device.*free some space"):
        checkpoint_tensors.write_tensors(path, large, format)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_torn_checkpoint_and_its_predecessor(tmp_path: Path) -> None:
    """The machine went down before the disk had the new data: the old index has a hidden name, the old data stay."""
    path = str(tmp_path / "m")
    hidden = tmp_path / ".m.index.scopedjax-old-12ab34cd"
    checkpoint_tensors.write_tensors(path, [("v", "", np.full(3, 1.0))], "tensorflow")
    staging.settle()
    old = {name: (tmp_path / name).read_bytes() for name in ("m.index", "m.data-00000-of-00001")}
    checkpoint_tensors.write_tensors(path, [("v", "", np.full(3, 2.0))], "tensorflow")
    staging.settle()
    hidden.write_bytes(old["m.index"])
    (tmp_path / "m.data-00000-of-00001").write_bytes(old["m.data-00000-of-00001"])
    with open_file(path) as file:
        assert file.read("v").tolist() == [2, 2, 2]
    (tmp_path / "m.data-00000-of-00002").write_bytes(bytes(24))
    for index in (None, b""):
        if index is not None:
            (tmp_path / "m.index").write_bytes(index)
        with (
            pytest.warns(UserWarning, match="damaged.*the checkpoint that it replaced is read"),
            open_file(path) as file,
        ):
            assert file.read("v").tolist() == [1, 1, 1]
    checkpoint_tensors.write_tensors(str(tmp_path / "other"), [("v", "", np.ones(1))], "tensorflow")
    assert not hidden.exists()  # the next save in the folder has put it back
    with open_file(path) as file:
        assert file.read("v").tolist() == [1, 1, 1]


def test_nothing_of_another_program_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "manifest.ocdbt").touch()
    with pytest.raises(errors.FailedPreconditionError, match="Orbax checkpoint that another program wrote"):
        checkpoint_tensors.write_tensors(str(tmp_path / "m"), PIECES, "tensorflow")
    (tmp_path / "n").mkdir()  # a folder that is no checkpoint may have the name
    checkpoint_tensors.write_tensors(str(tmp_path / "n"), PIECES, "tensorflow")
    assert not orbax_checkpoint.is_checkpoint(str(tmp_path / "n"))
    with pytest.raises(ValueError, match="Parent directory of .* doesn't exist"):
        checkpoint_tensors.write_tensors(str(tmp_path / "no" / "no" / "m"), PIECES, "tensorflow")


@pytest.mark.parametrize("format", ["tensorflow", "tensorflow-v1"])
def test_what_cannot_be_saved(tmp_path: Path, format: str) -> None:
    path = str(tmp_path / "m")
    for pieces, kind, phrase in (
        ([("v", "", np.ones(2)), ("v", "", np.ones(2))], errors.InvalidArgumentError, "duplicate key: v"),
        ([("v", "4 0,2", np.ones(3))], errors.InvalidArgumentError, "has shape"),
        (
            [("v", "4 0,2", np.ones(2)), ("v", "5 2,2", np.ones(2))],
            errors.InvalidArgumentError,
            "another type or shape",
        ),
        ([("v", "", np.array([object()]))], TypeError, "strings are saved as bytes or str"),
    ):
        with pytest.raises(kind, match=phrase):
            checkpoint_tensors.write_tensors(path, pieces, format)
    assert not os.listdir(tmp_path)


def test_missing_data_files_are_named(tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    checkpoint_tensors.write_tensors(path, PIECES, "tensorflow")
    os.unlink(path + ".data-00000-of-00001")
    with open_file(path) as file, pytest.raises(errors.NotFoundError, match=r"m\.data-00000-of-00001; No such file"):
        file.read("emb")


LIMITED = """
    import os, resource, signal, sys
    import numpy as np
    from scopedjax._src.bridge import staging
    from scopedjax._src.bridge.checkpoint_tensors import write_tensors

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    formats = sys.argv[2:]
    for format in formats:
        write_tensors(f"{sys.argv[1]}/{format}", [("v", "", np.arange(500.0))], format)
    staging.settle()
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    large = [("v", "", np.random.RandomState(0).randn(100_000)), ("w", "", np.ones(3))]
    for format in formats:
        try:
            write_tensors(f"{sys.argv[1]}/{format}", large, format)
        except Exception as error:
            print(type(error).__name__, str(error))
        staging.settle()
"""


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The kernel itself stops the writing, by a limit on the size of files: what was there stays, nothing is left."""
    formats = ["orbax", "tensorflow", "tensorflow-v1"]
    program = f"import sys; sys.path[:0] = {sys.path!r}\n{textwrap.dedent(LIMITED)}"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path), *formats],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = run.stdout.splitlines()
    assert len(told) == 3, told
    for line, format in zip(told, formats, strict=True):
        assert line.startswith("OutOfRangeError") and format in line and "File too large" in line, line
        assert "raise it" in line, line
    found = {format: open_file(str(tmp_path / format)).read("v") for format in formats[1:]}
    found["orbax"] = orbax_checkpoint.read(str(tmp_path / "orbax"))["v"]
    for value in found.values():
        assert value.tolist() == list(range(500))
    assert not [name for name in os.listdir(tmp_path) if "scopedjax" in name]
