"""Files from strangers: whatever the bytes, the readers give a result or a clear error, soon, and run no code.

Each case is a good file with changes at random places. What may be raised is what a caller is told to expect; anything
else is a crash. A case that takes seconds is a hang; memory is watched over all cases together.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import resource
import signal
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError

from scopedjax._src.base import errors
from scopedjax._src.cli.main import main
from tests.cli.good_files import good_files
from tests.cli.mutation import CASES, mutated

SECONDS = 10  # most for one case; the slowest take about 0.1
MEMORY = 600 << 20  # most that all cases of one kind may add to what the process takes

EXPECTED = (ValueError, TypeError, errors.OpError, KeyError, NotImplementedError)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    import scopedjax as tf

    return good_files(tf, tmp_path_factory.mktemp("good"))


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in what takes too long."""

    def ring(number: int, frame: object) -> None:
        del number, frame
        raise TimeoutError(f"took more than {seconds} s")

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


# ------------------------------------------------------------------------------------------------------- the readers


def _command(*arguments: str) -> Callable[[Any, str], None]:
    """A command on the file: an exit status, and at most one line of what is wrong, that is no surprise to us."""

    def read(tf: Any, path: str) -> None:
        del tf
        told = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told):
            status = main([arguments[0], path, *arguments[1:]])
        text = told.getvalue()
        assert status in (0, 1, 2) and "SCOPEDJAX_TRACEBACK" not in text, text
        assert (status == 2) == bool(text) and text.count("\n") <= 1, text

    return read


def _import_graph(tf: Any, path: str) -> None:
    from scopedjax._src.lib.train import graph_io

    with contextlib.suppress(*EXPECTED), tf.Graph().as_default():
        tf.import_graph_def(graph_io.read_graph_def(path), name="")


def _import_meta_graph(tf: Any, path: str) -> None:
    with contextlib.suppress(*EXPECTED), tf.Graph().as_default():
        tf.train.import_meta_graph(path)


def _events(tf: Any, path: str) -> None:
    with contextlib.suppress(errors.DataLossError, DecodeError):
        for _ in tf.train.summary_iterator(path):
            pass


def _records(compression: str) -> Callable[[Any, str], None]:
    def read(tf: Any, path: str) -> None:
        try:
            for data in tf.python_io.tf_record_iterator(path, compression):
                with contextlib.suppress(DecodeError):
                    tf.train.Example.FromString(data)
        except errors.DataLossError as error:
            assert compression or re.search(r"\d", error.message), error.message  # tells where

    return read


READERS: dict[str, tuple[str, Callable[[Any, str], None]]] = {
    "graph of .meta": ("graph.meta", _command("graph")),
    "graph of .pb": ("graph.pb", _command("graph", "--json")),
    "graph of .pbtxt": ("graph.pbtxt", _command("graph")),
    "graph of SavedModel": ("saved_model.pb", _command("graph")),
    "graph of SavedModel as text": ("saved_model.pbtxt", _command("graph")),
    "picture": ("graph.pb", _command("graph", "--picture", os.devnull + "/x.dot")),
    "diff with .meta": ("graph.meta", _command("diff", "GOOD", "-q")),
    "import_graph_def": ("graph.pb", _import_graph),
    "import_graph_def of text": ("graph.pbtxt", _import_graph),
    "import_meta_graph": ("graph.meta", _import_meta_graph),
    "import_graph_def of loops and functions": ("strange.pb", _import_graph),
    "npz": ("plain.npz", _command("inspect", "--stats")),
    "compressed npz": ("packed.npz", _command("inspect", "--stats")),
    "safetensors": ("a.safetensors", _command("inspect", "--stats")),
    "events": ("a.tfevents", _events),
    "records": ("a.tfrecord", _records("")),
    "compressed records": ("a.tfrecord.gz", _records("GZIP")),
}
# Importing records every node: a hundred times slower than the others, so it is tried less often.
SHARES = {
    name: 0.25 if name.startswith(("import", "diff", "picture")) or "text" in name or "pbtxt" in name else 1.0
    for name in READERS
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.filterwarnings("ignore")
def test_changed_files(reader: str, files: dict[str, bytes], tmp_path: Path) -> None:
    import scopedjax as tf

    name, read = READERS[reader]
    if name == "graph.meta" and reader.startswith("diff"):
        (tmp_path / "good.npz").write_bytes(files["plain.npz"])
        read = _command("diff", str(tmp_path / "good.npz"), "-q")
    if reader == "picture":
        read = _command("graph", "--picture", str(tmp_path / "x.dot"))
    path = tmp_path / name
    path.write_bytes(files[name])
    with _watched(60):
        read(tf, str(path))  # the good file, and whatever is loaded on first use
    before = _memory()
    cases = max(3, round(CASES * SHARES[reader] / sum(SHARES.values())))
    for case in range(cases):
        content = mutated(files[name], random.Random(f"{reader} {case}"))
        path.write_bytes(content)
        start = time.monotonic()
        try:
            with _watched(SECONDS), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(tf, str(path))
        except BaseException as error:
            raise AssertionError(
                f"case {case} of {reader!r} ({len(content)} bytes, {time.monotonic() - start:.1f} s): "
                f"{type(error).__name__}: {error}"
            ) from error
    assert _memory() - before < MEMORY


# ------------------------------------------------------------------------------------------ what is meant to do harm


def test_a_pickle_is_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, Any]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    path = str(tmp_path / "bomb.npz")
    np.savez(path, bomb=bomb, plain=np.ones(3))
    assert main(["inspect", path]) == 0
    assert main(["inspect", path, "--stats"]) == 2
    assert main(["inspect", path, "--tensor", "bomb"]) == 2
    assert main(["convert", path, str(tmp_path / "out.npz")]) == 2
    assert main(["convert", path, str(tmp_path / "out.npz"), "--select", "plain"]) == 0
    assert "may run code" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == ["bomb.npz", "out.npz"]


def test_arrays_that_are_no_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "odd.npz")
    odd = [np.zeros(2, "M8[s]"), np.zeros(2, [("a", "i4"), ("b", "f4")]), np.zeros(2, "V3"), np.zeros(2, np.longdouble)]
    np.savez(path, *odd, plain=np.ones(3))
    for name in ("arr_0", "arr_1", "arr_2", "arr_3"):
        assert main(["inspect", path, "--tensor", name]) == 2
        assert "which no tensor has" in capsys.readouterr().err
    assert main(["inspect", path]) == 0
    assert main(["convert", path, str(tmp_path / "b.npz")]) == 2
    assert main(["convert", path, str(tmp_path / "b.npz"), "--select", "plain"]) == 0


def test_a_zip_bomb_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry that claims more than its bytes can hold is refused before memory is asked for."""
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(1 << 16))
    data = bytearray(path.read_bytes())
    header_claim = b"'shape': (65536,)"
    assert header_claim not in data  # compressed; so change the directory's sizes
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (0xFFFFFF00).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    before = _memory()
    assert main(["inspect", str(path), "--stats"]) == 2
    assert "claims" in capsys.readouterr().err and _memory() - before < MEMORY


def test_a_header_that_asks_for_memory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lying.npz"
    np.savez(path, a=np.zeros(1000))
    data = path.read_bytes().replace(b"'shape': (1000,), }   ", b"'shape': (1000000000,")
    data = data.replace(b"(1000000000,", b"(999999999,), }  ", 1)[: len(data)]
    path.write_bytes(data)
    assert main(["inspect", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_graph_with_python_functions_is_only_looked_at(tmp_path: Path) -> None:
    import scopedjax as tf

    called: list[int] = []
    with tf.Graph().as_default() as graph:
        tf.py_func(lambda: called.append(1) or np.float32(1), [], tf.float32)
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    assert main(["graph", str(path)]) == 0 and not called


def test_a_compressed_record_file_that_lies(tmp_path: Path) -> None:
    """A gzip stream of many zeros is read record by record, not as a whole."""
    import scopedjax as tf

    path = tmp_path / "a.gz"
    packer = zlib.compressobj(9, wbits=31)
    chunk = bytes(1 << 20)
    content = b"".join(packer.compress(chunk) for _ in range(100)) + packer.flush()
    path.write_bytes(content)
    before = _memory()
    with pytest.raises(errors.DataLossError):
        list(tf.python_io.tf_record_iterator(str(path), "GZIP"))
    assert _memory() - before < 50 << 20
