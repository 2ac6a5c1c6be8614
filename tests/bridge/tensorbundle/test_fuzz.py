"""Damaged and forged files: an error that names the place, or the values that were saved; never anything else.

`SCOPEDJAX_FUZZ_CASES=100000 pytest tests/bridge/tensorbundle/test_fuzz.py` for a long run.
"""

from __future__ import annotations

import os
import random
import resource
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import errors
from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file
from tests.bridge.tensorbundle.corpus import write_corpus
from tests.bridge.tensorbundle.mutations import damaged, forged

CASES = int(os.environ.get("SCOPEDJAX_FUZZ_CASES", "3000"))
CHUNKS = 10
KINDS = ("bundle", "snappy", "shards", "former", "former-snappy")
TOLD = (errors.DataLossError, errors.NotFoundError, errors.InvalidArgumentError, errors.UnimplementedError)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """By kind: the bytes of the files by the end of their names, and the values."""
    folder = tmp_path_factory.mktemp("corpus")
    found = {}
    for kind, (path, values) in write_corpus(folder).items():
        files = [file for file in folder.iterdir() if file.name == kind or file.name.startswith(kind + ".")]
        found[kind] = {file.name.removeprefix(kind): file.read_bytes() for file in files}, values
        assert Path(path).name == kind and files
    return found


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return found.tolist() == expected.tolist() if found.dtype == object else found.tobytes() == expected.tobytes()


def _run_case(folder: Path, corpus: Any, number: int) -> bool:
    """Reads one mutant; True if it was refused."""
    chance = random.Random(number)
    kind = chance.choice(KINDS)
    files, expected = corpus[kind]
    files = dict(files)
    victim = chance.choice(sorted(files))
    forge = chance.random() < 0.5 and "data" not in victim
    files[victim] = (forged if forge else damaged)(files[victim], chance)
    if chance.random() < 0.02:
        del files[victim]
    for ending, data in files.items():
        (folder / f"m{ending}").write_bytes(data)
    try:
        with open_file(str(folder / "m")) as file:
            file.infos()
            found = file.read_many()
    except TOLD as error:
        if isinstance(error, errors.DataLossError) and "Unable to open table file" not in error.message:
            assert str(folder) in error.message and ", byte " in error.message, error.message
        return True
    finally:
        for ending in files:
            (folder / f"m{ending}").unlink()
    if not forge:  # what passes its checksums is what was saved (names may be missing only under a forged checksum)
        assert sorted(found) == sorted(expected), (number, kind, victim)
        for name, value in found.items():
            assert _same(value, np.asarray(expected[name])), (number, kind, victim, name)
    return False


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_mutants(tmp_path: Path, corpus: Any, chunk: int) -> None:
    refused = 0
    slowest = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = CASES // CHUNKS
    for number in range(chunk * count, (chunk + 1) * count):
        start = time.process_time()
        refused += _run_case(tmp_path, corpus, number)
        slowest = max(slowest, time.process_time() - start)
    assert refused > 0.5 * count  # the mutations are worth something
    assert slowest < 2.0
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 200, f"{grown:.0f} MB more than before"


def test_memory_is_in_proportion_to_the_file(tmp_path: Path, corpus: Any) -> None:
    tracemalloc.start()
    try:
        for number in range(10_000_000, 10_000_100):
            tracemalloc.reset_peak()
            start = tracemalloc.get_traced_memory()[0]
            _run_case(tmp_path, corpus, number)
            assert tracemalloc.get_traced_memory()[1] - start < 4 << 20, number  # the files have 2 to 4 KB
    finally:
        tracemalloc.stop()
