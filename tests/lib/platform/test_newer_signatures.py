"""`tf.compat.v2`: its names mean what TensorFlow 2's mean, in graph mode."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import scopedjax.compat.v2 as page
from scopedjax._src.lib import newer_signatures
from tests.oracle import check_both, check_both_raise, real_tf
from tests.surface.test_signatures import _find, _parameters, differences

pytestmark = pytest.mark.oracle
X = np.random.RandomState(2).randn(2, 3, 4).astype(np.float32)
IMAGES = np.random.RandomState(3).randn(2, 6, 6, 2).astype(np.float32)


def _pages(module: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, module
    for name, value in vars(module).items():
        if isinstance(value, types.ModuleType) and value.__name__ == f"{module.__name__}.{name}":
            yield from _pages(value, f"{path}.{name}" if path else name)


NAMES = [
    (f"{path}.{name}" if path else name, value)
    for path, module in _pages(page)
    for name, value in vars(module).items()
    if not name.startswith("_") and not isinstance(value, types.ModuleType)
]


def test_names() -> None:
    """Each name is one object in both interfaces of TensorFlow, or takes TensorFlow 2's arguments here."""
    first, second = real_tf(), sys.modules["tensorflow"].compat.v2
    problems = []
    for path, value in NAMES:
        theirs = _find(second, path)
        if theirs is None:
            problems.append(f"{path} is no name of TensorFlow 2")
        elif value is _find(page, path) and theirs is not _find(first, path) and callable(value):
            problems += [f"{where}: {text}" for where, text in differences(path, theirs, value).items()]
    assert not problems, "\n".join(problems)
    assert len(NAMES) > 500


def test_every_function_of_other_arguments_is_shown() -> None:
    own = {n for n, f in vars(newer_signatures).items() if getattr(f, "__module__", "") == newer_signatures.__name__}
    shown = {value.__name__ for _, value in NAMES if getattr(value, "__module__", "") == newer_signatures.__name__}
    assert own == shown and all(inspect.getdoc(getattr(newer_signatures, name)) for name in own)
    assert all(_parameters(getattr(newer_signatures, name)) for name in own)


def _v2(tf: Any) -> Any:
    return sys.modules["tensorflow"].compat.v2 if tf.__name__.startswith("tensorflow") else tf.compat.v2


def test_values() -> None:
    def body(tf: Any) -> Any:
        v2 = _v2(tf)
        x, logits = tf.constant(X), tf.constant(X[0])
        with v2.name_scope("scope") as scope:
            inside = v2.constant(1.0, shape=[2])
        found = [
            *(getattr(v2, f"reduce_{n}")(x, axis=[0, 2], keepdims=True) for n in ("sum", "mean", "max", "min", "prod")),
            *(getattr(v2.math, f"reduce_{n}")(x, axis=1) for n in ("sum", "mean", "max", "min", "prod")),
            v2.reduce_all(x > 0, axis=1), v2.reduce_any(x > 2, axis=1), v2.reduce_sum(x),
            v2.argmax(x), v2.argmax(x, axis=-1, output_type=tf.int32), v2.argmin(x), v2.argmin(x, 2),
            v2.expand_dims(x, -1), v2.squeeze(x[:1], axis=0), v2.shape(x), v2.shape(x, tf.int64), v2.size(x),
            v2.transpose(x, [0, 2, 1]), v2.pad(x, [[0, 0], [1, 0], [0, 2]], constant_values=3.0), v2.zeros_like(x),
            v2.ones_like(x, dtype=tf.int32), inside, v2.convert_to_tensor([1, 2], dtype_hint=tf.float32),
            v2.norm(x, axis=1), v2.linalg.norm(x, ord=1, axis=[1, 2]), v2.where(x > 0, x, 0.0), v2.cast(x, v2.int32),
            v2.cond(tf.reduce_sum(x) > 1e6, lambda: x, lambda: -x), v2.clip_by_value(x, -1.0, 1.0), v2.math.rint(x),
            v2.nn.softmax(logits), v2.nn.softmax(logits, axis=0), v2.nn.log_softmax(logits), v2.nn.relu(x),
            v2.nn.softmax_cross_entropy_with_logits(np.abs(X[0]) / np.abs(X[0]).sum(1, keepdims=True), logits),
            v2.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 3], logits),
            v2.nn.sigmoid_cross_entropy_with_logits(np.abs(X[0]) % 1, logits), v2.nn.dropout(x, 0.5, seed=3),
            v2.nn.max_pool(IMAGES, 2, 2, "SAME"), v2.nn.avg_pool(IMAGES, 2, 2, "VALID"),
            v2.nn.conv2d(IMAGES, np.ones([3, 3, 2, 1], np.float32), 1, "SAME", dilations=2),
            v2.nn.depthwise_conv2d(IMAGES, np.ones([3, 3, 2, 1], np.float32), [1, 1, 1, 1], "VALID"),
        ]  # fmt: skip
        return tf.Session().run(found), [t.shape for t in found], scope

    check_both(body, rtol=1e-4, atol=1e-5)


def test_a_name_scope_needs_a_name() -> None:
    check_both_raise(lambda tf: _v2(tf).name_scope(None))


def test_what_is_absent_says_why() -> None:
    with pytest.raises(AttributeError, match=r"Keras of TensorFlow 1\.15"):
        page.keras  # noqa: B018
