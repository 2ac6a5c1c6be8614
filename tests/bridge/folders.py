"""What the tests of checkpoints share: arrays of every kind, and comparisons with real TensorFlow's `tf.train`."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from scopedjax._src.base import errors
from scopedjax._src.lib.train import checkpoint_reader, checkpoint_state
from tests import oracle

DTYPES = (
    *(np.float16, np.float32, np.float64, ml_dtypes.bfloat16, np.complex64, np.complex128, np.bool_),
    *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
)
SHAPES = ((), (1,), (7,), (3, 4), (2, 0, 3), (2, 3, 1, 2))

OURS = types.SimpleNamespace(
    **{name: getattr(checkpoint_state, name) for name in dir(checkpoint_state) if not name.startswith("_")},
    **{
        name: getattr(checkpoint_reader, name)
        for name in ("NewCheckpointReader", "load_checkpoint", "load_variable", "list_variables")
    },
    errors=errors,
)
"""This library's part of `tf.train`, so that one body runs on both."""


def number_array(dtype: Any, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random bits that are a valid array of this type (for floats with some that are infinite or not numbers)."""
    random = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    count = int(np.prod(shape, dtype=int))
    return np.frombuffer(random.bytes(count * dtype.itemsize), dtype).reshape(shape).copy()


def everything() -> dict[str, np.ndarray]:
    """One array of every type and shape, strings among them."""
    arrays = {
        f"{np.dtype(dtype).name}/v{i}": number_array(dtype, shape, i)
        for dtype in DTYPES
        for i, shape in enumerate(SHAPES)
    }
    arrays["strings"] = np.array([[b"", b"a\0b"], ["ü".encode(), b"x" * 1000]], object)
    arrays["string"] = np.array(b"alone", object)
    arrays["no_strings"] = np.empty((0, 2), object)
    arrays["quantized"] = np.array([(-3,), (5,)], np.dtype([("qint8", np.int8)]))
    return arrays


def assert_equal(found: Mapping[str, np.ndarray], expected: Mapping[str, Any]) -> None:
    """Same names, types, shapes and bits."""
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        array = np.asarray(array)
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name
        if array.dtype == object:
            assert found[name].tolist() == array.tolist(), name
        else:
            assert found[name].tobytes() == array.tobytes(), name


def outcome(train: Any, body: Callable[[Any], Any]) -> Any:
    """What a body returns, or the record of what it raises."""
    try:
        return body(train)
    except Exception as error:
        return oracle.Raised.of(error)


def same(body: Callable[[Any], Any], ours: Callable[[Any], Any] | None = None, phrase: str | bool | None = None) -> Any:
    """Runs a body on real `tf.train` and (it, or another) on ours; both must come to the same. Returns our result."""
    theirs_result, ours_result = outcome(oracle.real_tf().train, body), outcome(OURS, ours or body)
    oracle.assert_same(theirs_result, ours_result, phrase=phrase)
    return ours_result


def save_with_tensorflow(path: str, arrays: Mapping[str, np.ndarray], write_version: int = 2) -> str:
    """Writes a real TensorFlow checkpoint."""
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {}
        for i, (name, array) in enumerate(arrays.items()):
            text = array.dtype == object
            value = tf.constant(array.tolist(), tf.string) if text else tf.constant(array, shape=array.shape)
            variables[name] = tf.Variable(value, name=f"v{i}")
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(variables, write_version=write_version)
        return saver.save(session, path, write_state=False, write_meta_graph=False)
