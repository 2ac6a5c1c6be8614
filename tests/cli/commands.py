"""Runs commands in this process, and makes the files that they are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from scopedjax._src.cli.main import main
from scopedjax._src.cli.tensor_files import TensorInfo, dtype_name, open_sink, open_source

# One array of each type that every format can hold, with the values that are easily lost.
NUMBERS: dict[str, np.ndarray] = {
    "net/dense/kernel": np.array([[1.5, -0.0], [np.nan, np.inf], [1e-45, 3e38]], np.float32),
    "net/dense/kernel/Adam": np.arange(6, dtype=np.float32).reshape(3, 2),
    "net/half": np.array([1.0, 65504.0, -0.0], np.float16),
    "net/brain": np.array([[[1.0]], [[-3e38]]], ml_dtypes.bfloat16),
    "net/double": np.array(np.pi),
    "i8": np.array([-128, 127], np.int8),
    "i16": np.array([-32768], np.int16),
    "i32": np.array([-(2**31)], np.int32),
    "global_step": np.array(2**62 + 1, np.int64),
    "u8": np.array([255], np.uint8),
    "u16": np.array([65535], np.uint16),
    "u32": np.array([2**32 - 1], np.uint32),
    "u64": np.array([2**64 - 1], np.uint64),
    "flags": np.array([[True], [False]]),
    "z": np.array([1 - 2j, complex(np.nan, 0)], np.complex64),
    "empty": np.zeros((0, 3), np.float32),
}
# What some formats cannot hold.
OTHERS: dict[str, np.ndarray] = {
    "words": np.array([[b"one", b""], ["grün".encode(), b"\x00a"]], object),
    "word": np.array(b"single", object),
    "zz": np.array([1e300 - 2j]),
    "q8": np.array([(-3,), (7,)], [("qint8", np.int8)]),
}


def run(*arguments: str, status: int = 0) -> None:
    """Runs a command that ends with this status."""
    assert main(list(arguments)) == status, arguments


def output(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints."""
    capsys.readouterr()
    run(*arguments, status=status)
    said = capsys.readouterr()
    assert not said.err, said.err
    return said.out


def json_output(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    """What a command prints, as JSON."""
    return json.loads(output(capsys, *arguments, "--json", status=status))


def problem(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a command says about what went wrong."""
    capsys.readouterr()
    run(*arguments, status=2)
    said = capsys.readouterr()
    assert said.err.startswith("scopedjax: ") and said.err.count("\n") == 1, said.err
    assert "SCOPEDJAX_TRACEBACK" not in said.err, said.err
    return said.err


def write(path: str, arrays: Mapping[str, np.ndarray], to: str | None = None) -> str:
    """Makes a file of arrays."""
    sink = open_sink(path, to)
    infos = {name: TensorInfo(dtype_name(array.dtype), array.shape) for name, array in arrays.items()}
    order = sink.order(infos)
    sink.write({name: infos[name] for name in order}, ((name, arrays[name]) for name in order))
    return path


def read(path: str) -> dict[str, np.ndarray]:
    """All arrays of a file."""
    with open_source(path) as source:
        return dict(source.stream(source.tensors))


def assert_equal(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> None:
    """The same names, types, shapes and bits."""
    assert sorted(found) == sorted(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        if array.dtype.hasobject:
            assert found[name].tolist() == array.tolist(), name
        else:
            assert found[name].tobytes() == array.tobytes(), name
