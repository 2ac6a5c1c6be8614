"""The engine itself: real TensorFlow against real TensorFlow shows nothing, a planted error shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.ops.engine import FLOATS, NUMBERS, Case, In, check

pytestmark = pytest.mark.oracle

SOUND = [
    Case("add", lambda tf, a, b: tf.add(a, b), [(2, 3), (3,)], NUMBERS),
    Case("tanh", lambda tf, a: tf.tanh(a), [(2, 3)], FLOATS),
    Case("split", lambda tf, a: tf.split(a, 3, axis=1), [(2, 3)], NUMBERS),
    Case("top_k", lambda tf, a: tf.nn.top_k(a, 2), [In((2, 5))]),
    Case("gather", lambda tf, a, i: tf.gather(a, i), [(4, 3), np.array([0, 0, 2], np.int32)]),
    Case("where", lambda tf, a: tf.where(a > 0), [(3, 4)]),
    Case("string_join", lambda tf, a: tf.strings.join([a, "x"]), [np.array([b"a", b"b"], object)], ["string"]),
    Case("bad_shapes", lambda tf, a, b: tf.add(a, b), [(2,), (3,)], fails=True),
    Case("bad_run", lambda tf, a: tf.gather(a, [7]), [(2, 3)], fails=True, unknown=False, jit=False),
    Case("needs_rank", lambda tf, a: tf.unstack(a), [(2, 3)]),
    Case("of_nothing", lambda tf: tf.fill([2, 3], 7.0)),
]


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case.id)
def test_tensorflow_agrees_with_itself(case: Case) -> None:
    tf = oracle.real_tf()
    for dtype in case.dtypes:
        assert list(check(case, dtype, tf, tf)) == []


class _Planted:
    """Real TensorFlow with some attributes replaced."""

    __name__ = "tensorflow.planted"

    def __init__(self, **planted: Any) -> None:
        self.__dict__.update(planted)

    def __getattr__(self, name: str) -> Any:
        return getattr(oracle.real_tf(), name)


def _custom_gradient(factor: float) -> Any:
    def tanh(x: Any, name: str | None = None) -> Any:
        tf = oracle.real_tf()
        with tf.get_default_graph().gradient_override_map({"Tanh": _register(factor)}):
            return tf.tanh(x, name=name)

    return tanh


def _register(factor: float) -> str:
    tf = oracle.real_tf()
    name = f"PlantedTanh{factor}"
    try:
        tf.RegisterGradient(name)(lambda op, g: g * (1 - op.outputs[0] ** 2) * factor)
    except KeyError:
        pass
    return name


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (lambda tf: {"tanh": lambda x: tf.identity(tf.tanh(x) * (1 + 1e-4))}, "nodes: only there"),
        (lambda tf: {"tanh": lambda x: tf.tanh(x, name="Tan")}, "nodes: only there"),
        (lambda tf: {"tanh": lambda x: tf.cast(tf.tanh(x), tf.float64)}, "dtypes"),
        (lambda tf: {"tanh": lambda x: tf.placeholder_with_default(tf.tanh(x), [None, 3])}, "static shape['full']"),
        (lambda tf: {"tanh": _custom_gradient(1.001)}, "gradient[0]: worst relative error 0.001"),
        (lambda tf: {"tanh": lambda x: tf.tan(x, name="Tanh")}, "value of constants"),
        (lambda tf: {"tanh": lambda x: 1 / 0}, "ZeroDivisionError"),
    ],
)
def test_a_planted_error_is_found(planted: Any, expected: str) -> None:
    tf = oracle.real_tf()
    case = Case("tanh", lambda tf, a: tf.tanh(a), [(2, 3)])
    problems = "\n".join(check(case, "float32", tf, _Planted(**planted(tf))))
    assert expected in problems


def test_draws_are_reproducible() -> None:
    case = Case("x", lambda tf, a: a, [In((2, 3), steps=2), (4,)])
    for a, b in zip(case.arrays("float32"), case.arrays("float64"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
