"""Damaged and forged Orbax folders, and TensorFlow's files that are read a second time: an error, or what was saved.

`SCOPEDJAX_FUZZ_CASES=100000 pytest tests/bridge/test_fuzz.py` for a long run; the readers of TensorFlow's files at a
first reading have theirs in `tensorbundle/test_fuzz.py`.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge import checkpoint_layout, checkpoint_tensors, orbax_checkpoint, staging
from scopedjax._src.bridge.checkpoint_tensors import Wanted
from scopedjax._src.bridge.tensorbundle import bundle_recall
from tests.bridge.tensorbundle.mutations import damaged, forged

CASES = int(os.environ.get("SCOPEDJAX_FUZZ_CASES", "600"))
TOLD = (
    errors.DataLossError, errors.NotFoundError, errors.InvalidArgumentError, errors.UnimplementedError,
    errors.FailedPreconditionError,
)  # fmt: skip
_EXTREMES = (0, 1, -1, 2, 7, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 64, 1.5, True, None, "", "x", [], {}, [1], "..")

ARRAYS: dict[str, np.ndarray] = {
    **{f"layer_{i}/w": np.arange(3 * i, dtype=np.float32).reshape(3, i) for i in range(1, 12)},
    **{f"layer_{i}/b": np.full([i], i, np.float64) for i in range(1, 10)},
    "step": np.array(7),
    "mask": np.array([True, False]),
    "empty": np.zeros((0, 3), np.float16),
    "big": np.random.default_rng(0).random((5, 7, 9)),
}
PLAIN = {name: array for name, array in ARRAYS.items() if array.dtype != bool}  # what a second reading recalls
WORDS = {"words": np.array([[b"", b"a\0b"], ["ü".encode(), b"x" * 60]], object)}
_Case = Callable[[Path, Path, random.Random], bool]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("intact") / "m"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint_layout, "LARGE", 512)
        patch.setattr(checkpoint_layout, "CHUNK", 1024)
        patch.setattr(checkpoint_layout, "BLOCK", 256)
        patch.setattr(checkpoint_layout, "plan_of", checkpoint_layout.Plan)
        orbax_checkpoint.write(str(path), ARRAYS | WORDS, {"note": [1]})
    staging.settle()
    return path


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return found.tolist() == expected.tolist() if found.dtype == object else found.tobytes() == expected.tobytes()


def _forge_index(file: Path, chance: random.Random) -> None:
    """Changes values anywhere in the index, under a right checksum."""
    content = json.loads(file.read_bytes())
    for _ in range(chance.randint(1, 3)):
        node: Any = content["custom_metadata"]["scopedjax"]
        while True:
            keys = list(node) if isinstance(node, dict) else range(len(node))
            key = chance.choice(list(keys))
            if isinstance(node[key], dict | list) and node[key] and chance.random() < 0.85:
                node = node[key]
                continue
            node[key] = chance.choice(_EXTREMES)
            break
        if not isinstance(content["custom_metadata"]["scopedjax"].get("index"), dict):
            break
    text, _, _ = json.dumps(content, separators=(",", ":")).encode().rpartition(b',"crc32":')
    file.write_bytes(text + b',"crc32":%d}}}' % zlib.crc32(text))


def _orbax_case(intact: Path, copy: Path, chance: random.Random) -> bool:
    """Reads one mutant of a folder; True if it was refused."""
    shutil.copytree(intact, copy)
    files = sorted(file for file in copy.rglob("*") if file.is_file())
    victim = chance.choice(files)
    forge = chance.random() < 0.5
    if forge:
        _forge_index(copy / "_CHECKPOINT_METADATA", chance)
    elif chance.random() < 0.05:
        victim.unlink()
    else:
        victim.write_bytes(damaged(victim.read_bytes(), chance))
    try:
        orbax_checkpoint.describe(str(copy))
        found = orbax_checkpoint.read(str(copy))
    except TOLD as error:
        assert str(copy) in error.message
        return True
    if not forge:
        assert sorted(found) == sorted(ARRAYS | WORDS), victim
        for name, value in found.items():
            assert _same(value, (ARRAYS | WORDS)[name]), (victim, name)
    return False


def _recall_case(intact: Path, copy: Path, chance: random.Random) -> bool:
    """Reads one mutant of TensorFlow's files, after the right ones; True if it was refused."""
    wanted = Wanted((name, "", None) for name in PLAIN)
    checkpoint_tensors.read_tensors(str(intact), wanted)
    victim = chance.choice((".index", ".index", ".data-00000-of-00001"))
    forge = victim == ".index" and chance.random() < 0.5
    for ending in (".index", ".data-00000-of-00001"):
        data = Path(f"{intact}{ending}").read_bytes()
        if ending == victim:
            data = (forged if forge else damaged)(data, chance)
        Path(f"{copy}{ending}").write_bytes(data)
    try:
        found = checkpoint_tensors.read_tensors(str(copy), wanted)
    except TOLD:
        return True
    if not forge:
        for name, value in zip(PLAIN, found, strict=True):
            assert _same(value, PLAIN[name]), (victim, name)
    return False


def _run(case: _Case, intact: Path, place: Path, first: int) -> None:
    refused, slowest = 0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(first, first + CASES):
        copy = place / f"m{number}"
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Orbax tells of what it finds in files that are not ours any more
            refused += case(intact, copy, random.Random(number))
        slowest = max(slowest, time.process_time() - start)
        for left in place.glob(f"m{number}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    assert refused > 0.4 * CASES  # the mutations are worth something
    assert slowest < 5.0
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 300, f"{grown:.0f} MB more than before"


def test_mutants_of_a_folder(folder: Path, tmp_path: Path) -> None:
    _run(_orbax_case, folder, tmp_path, 0)


def test_mutants_of_files_that_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_recall, "_recent", [])
    intact = tmp_path / "intact"
    pieces = [(name, "", value) for name, value in PLAIN.items()]
    checkpoint_tensors.write_tensors(str(intact), pieces, "tensorflow")
    staging.settle()
    _run(_recall_case, intact, tmp_path, 1 << 20)
    assert bundle_recall._recent  # what was read before was known
