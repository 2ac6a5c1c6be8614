"""Small checkpoints of every shape that the formats know, and their values: what the tests of files share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from scopedjax._src.bridge import staging
from scopedjax._src.bridge.tensorbundle.bundle_merge import merge_bundles
from scopedjax._src.bridge.tensorbundle.bundle_writer import write_bundle
from scopedjax._src.bridge.tensorbundle.slices_writer import write_slices

EMB = np.arange(21, dtype=np.float32).reshape(7, 3)

VALUES: dict[str, Any] = {
    "conv/kernel": np.arange(36, dtype=np.float32).reshape(3, 3, 1, 4),
    "conv/kernel/Adam": np.ones((3, 3, 1, 4), np.float32),
    "conv/kernel/Adam_1": np.full((3, 3, 1, 4), 0.5, np.float32),
    "beta1_power": np.float32(0.9),
    "global_step": np.int64(1234567890123),
    "mask": np.array([True, False, True]),
    "half": np.array([1.5, -2.0], np.float16),
    "empty": np.zeros((0, 3), np.float64),
    "words": np.array([[b"", b"a\0b"], ["ü".encode(), b"x" * 200]], object),
    "word": np.array(b"alone", object),
    "negative": np.array([-1, -(2**31), 2**31 - 1], np.int32),
    "z": np.array([1 + 2j, -3j], np.complex64),
}
"""What both formats hold."""

PIECES: list[tuple[str, str, Any]] = [
    *((name, "", value) for name, value in VALUES.items()),
    ("emb", "7 3 0,3:0,3", EMB[:3]),
    ("emb", "7 3 3,2:0,3", EMB[3:5]),
    ("emb", "7 3 5,2:0,3", EMB[5:]),
    ("grid", "4 4 0,2:0,2", EMB[:2, :2]),
    ("grid", "4 4 0,2:2,2", EMB[2:4, :2]),
    ("grid", "4 4 2,2:0,4", np.zeros((2, 4), np.float32)),
]

GRID = np.block([[EMB[:2, :2], EMB[2:4, :2]], [np.zeros((2, 4), np.float32)]]).astype(np.float32)
EXPECTED: dict[str, np.ndarray] = {**{n: np.asarray(v) for n, v in VALUES.items()}, "emb": EMB, "grid": GRID}
BRAIN: tuple[str, str, Any] = ("brain", "", np.array([1.0, -2.5], ml_dtypes.bfloat16))


def write_corpus(folder: Path) -> dict[str, tuple[str, dict[str, np.ndarray]]]:
    """Writes one checkpoint of each kind: (path, values) by the kind's name."""
    expected = {**EXPECTED, "brain": BRAIN[2]}
    found: dict[str, tuple[str, dict[str, np.ndarray]]] = {}
    for name, compress in (("bundle", False), ("snappy", True)):
        write_bundle(str(folder / name), [*PIECES, BRAIN], compress)
        found[name] = str(folder / name), expected
    parts = [str(folder / f"part-{number}") for number in range(2)]
    pieces = [*PIECES, BRAIN]
    write_bundle(parts[0], pieces[::2])
    write_bundle(parts[1], pieces[1::2])
    merge_bundles(parts, str(folder / "shards"), delete=True)
    found["shards"] = str(folder / "shards"), expected
    for name, compress in (("former", False), ("former-snappy", True)):
        write_slices(str(folder / name), PIECES, compress)
        found[name] = str(folder / name), EXPECTED
    staging.settle()
    return found
