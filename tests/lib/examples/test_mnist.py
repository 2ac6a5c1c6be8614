"""`read_data_sets` against what TensorFlow 1.15 handed out, and files that are missing or damaged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.golden.mnist_batches import batches, write_files
from tests.oracle import golden

# What is compared here though no body names it: tests/surface/evidence.py.
COMPARES = ["examples.tutorials.mnist.input_data.read_data_sets"]


@pytest.fixture(autouse=True)
def generator() -> Any:
    """Leaves NumPy's generator as it was: reading with a seed seeds it, as in TF1."""
    before = np.random.get_state()
    yield
    np.random.set_state(before)


def test_batches_are_those_of_tensorflow(tf: Any, tmp_path: Path) -> None:
    write_files(str(tmp_path))
    found = batches(tf.examples.tutorials.mnist.input_data.read_data_sets, str(tmp_path))
    recorded = golden("mnist_batches")
    assert json.loads(json.dumps(found)) == recorded


def test_missing_files_are_fetched(tf: Any, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    write_files(str(tmp_path / "there"))
    read = tf.examples.tutorials.mnist.input_data.read_data_sets
    data = read(str(tmp_path / "here"), validation_size=1, source_url=(tmp_path / "there").as_uri() + "/")
    assert data.train.num_examples == 22 and len(list((tmp_path / "here").iterdir())) == 4
    with pytest.raises(tf.errors.UnavailableError, match="source_url"):
        read(str(tmp_path / "other"), source_url=(tmp_path / "nowhere").as_uri() + "/")
    assert not list((tmp_path / "other").iterdir())


@pytest.mark.parametrize(
    ("data", "phrase"),
    [
        (gzip.compress(b"\0\0\0\1" * 4), "Invalid magic number 1"),
        (gzip.compress(b"\0\0\x08\x03" + b"\0\0\0\2" * 3), "ends after 0 of 8 bytes"),
        (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), "more than one has"),
        (gzip.compress(b"\0\0\x08\x03"), "damaged"),
        (gzip.compress(b"\0\0\x08\x03" * 90)[:20], "damaged"),
        (b"no gzip", "damaged"),
    ],
    ids=["number", "short", "huge", "header", "cut", "no gzip"],
)
def test_damaged_files(tf: Any, tmp_path: Path, data: bytes, phrase: str) -> None:
    write_files(str(tmp_path))
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(data)
    with pytest.raises((ValueError, tf.errors.OpError), match=phrase):
        tf.examples.tutorials.mnist.input_data.read_data_sets(str(tmp_path))


def test_bad_arguments(tf: Any, tmp_path: Path) -> None:
    write_files(str(tmp_path))
    read = tf.examples.tutorials.mnist.input_data.read_data_sets
    with pytest.raises(ValueError, match="Validation size should be between 0 and 23"):
        read(str(tmp_path), validation_size=24)
    with pytest.raises(TypeError, match="Invalid image dtype"):
        read(str(tmp_path), validation_size=2, dtype=tf.int32)
