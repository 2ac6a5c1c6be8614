"""A checkpoint of one gigabyte, both ways against real TensorFlow, equal to the bit; and what one tensor of it costs.

    python -m tests.benchmarks.one_gigabyte [FOLDER]

Each part runs in a process of its own, so that its largest memory is its own. Prints seconds and megabytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

COUNT, ROWS, COLUMNS = 16, 4096, 4096  # 16 variables of 64 MiB


def _arrays() -> Iterator[tuple[str, np.ndarray]]:
    for i in range(COUNT):
        yield f"layer_{i:02}/kernel", np.random.default_rng(i).standard_normal((ROWS, COLUMNS), np.float32)


def _digest(array: Any) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).view(np.uint8).data).hexdigest()


def _write_there(path: str) -> dict[str, str]:
    from tests.oracle import real_tf

    tf = real_tf()
    digests: dict[str, str] = {}
    names, arrays = zip(*_arrays(), strict=True)
    digests.update(zip(names, map(_digest, arrays), strict=True))
    with tf.Graph().as_default(), tf.Session() as session:
        given = [tf.placeholder(tf.float32, [ROWS, COLUMNS]) for _ in names]
        save = tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=[""] * COUNT, tensors=given)
        _timed(lambda: session.run(save, dict(zip(given, arrays, strict=True))))
    return digests


def _write_here(path: str) -> dict[str, str]:
    from scopedjax._src.bridge.checkpoint_tensors import write_tensors

    pieces = [(name, "", array) for name, array in _arrays()]
    _timed(lambda: write_tensors(path, pieces, "tensorflow"))
    return {name: _digest(array) for name, _, array in pieces}


def _read_there(path: str) -> dict[str, str]:
    from tests.oracle import real_tf

    tf = real_tf()
    reader = tf.train.NewCheckpointReader(path)
    names = sorted(reader.get_variable_to_shape_map())
    found = _timed(lambda: {name: reader.get_tensor(name) for name in names})
    return {name: _digest(value) for name, value in found.items()}


def _read_here(path: str) -> dict[str, str]:
    from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file

    with open_file(path) as file:
        found = _timed(lambda: file.read_many(None))
        return {name: _digest(value) for name, value in found.items()}


def _read_one(path: str) -> dict[str, str]:
    from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file

    with open_file(path) as file:
        value = _timed(lambda: file.read("layer_07/kernel"))
        return {"layer_07/kernel": _digest(value)}


def _map_row(path: str) -> dict[str, str]:
    from scopedjax._src.bridge.tensorbundle.bundle_reader import BundleReader

    reader = BundleReader(path)
    row = _timed(lambda: np.array(reader.mapped("layer_07/kernel")[17]))
    return {"row": _digest(row)}


PARTS: dict[str, Callable[[str], dict[str, str]]] = {
    "write_there": _write_there, "write_here": _write_here, "read_there": _read_there, "read_here": _read_here,
    "read_one": _read_one, "map_row": _map_row,
}  # fmt: skip
_SECONDS: list[float] = []


def _memory(kind: str) -> float:
    """Megabytes that the process holds now (VmRSS), or at most held (VmHWM)."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(kind))
    return int(line.split()[1]) / 1024


def _timed(work: Callable[[], Any]) -> Any:
    before, start = _memory("VmRSS"), time.perf_counter()
    result = work()
    _SECONDS[:] = [time.perf_counter() - start, before]
    return result


def _part(name: str, path: str) -> None:
    digests = PARTS[name](path)
    seconds, before = _SECONDS
    print(json.dumps({"digests": digests, "seconds": seconds, "before": before, "most": _memory("VmHWM")}))


def _run(name: str, path: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.one_gigabyte", "--part", name, path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{name} failed: {run.stderr}")
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    print(
        f"{name:12} {told['seconds']:7.2f} s   {told['before']:7.0f} MB before, {told['most']:7.0f} MB at most",
        flush=True,
    )
    return told


def main(folder: str) -> None:
    """Runs all parts and compares."""
    theirs, ours = os.path.join(folder, "theirs"), os.path.join(folder, "ours")
    wanted = _run("write_there", theirs)["digests"]
    assert _run("write_here", ours)["digests"] == wanted
    for path in (theirs, ours):
        for name in ("read_there", "read_here"):
            assert _run(name, path)["digests"] == wanted, (name, path)
    assert _run("read_one", theirs)["digests"]["layer_07/kernel"] == wanted["layer_07/kernel"]
    array = dict(_arrays())["layer_07/kernel"]
    assert _run("map_row", theirs)["digests"]["row"] == _digest(array[17])
    print("equal to the bit, both ways")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        _part(sys.argv[2], sys.argv[3])
    elif sys.argv[1:]:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as made:
            main(made)
