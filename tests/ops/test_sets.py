"""`tf.sets` against real TensorFlow: dense and sparse sets, numbers and strings, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

A = np.array([[[1, 2, 2], [4, 4, 4]], [[0, -3, 9], [7, 8, 7]]])
B = np.array([[[2, 3], [5, 6]], [[9, 0], [8, 8]]])
OPERATIONS = ("intersection", "union", "difference", "set_difference")


def _sparse(tf: Any, dense: np.ndarray) -> Any:
    places = np.argwhere(np.ones_like(dense, bool))
    keep = np.arange(len(places)) % 4 != 1
    return tf.SparseTensor(places[keep], dense.ravel()[keep], dense.shape)


def _values(tf: Any, found: Any) -> Any:
    with tf.Session() as session:
        value = session.run(found)
    return found.shape, value.indices, value.values, value.dense_shape


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations(operation: str) -> None:
    for dtype in (np.int64, np.int32, np.int16):
        check_both(lambda tf, t=dtype: _values(tf, getattr(tf.sets, operation)(A.astype(t), B.astype(t))))
    for first, second in ((False, True), (True, False), (True, True)):

        def body(tf: Any, first: bool = first, second: bool = second) -> Any:
            a, b = _sparse(tf, A) if first else A, _sparse(tf, B) if second else B
            return _values(tf, getattr(tf.sets, operation)(a, b)), graph_nodes(tf.get_default_graph())

        check_both(body)


def test_other_forms() -> None:
    check_both(lambda tf: _values(tf, tf.sets.difference(A, B, aminusb=False)))
    words = np.array([[b"a", b"b"], [b"c", b"a"]], object), np.array([[b"b", b"z"], [b"", b"a"]], object)
    check_both(lambda tf: _values(tf, tf.sets.union(*words)))
    check_both(lambda tf: _values(tf, tf.sets.intersection(A[:, :0], B[:, :0])))


def test_size() -> None:
    def body(tf: Any) -> Any:
        found = tf.sets.set_size(_sparse(tf, A)), tf.sets.size(_sparse(tf, B), validate_indices=False)
        with tf.Session() as session:
            return [t.shape for t in found], session.run(found)

    check_both(body)


ERRORS = {
    "dtypes": lambda tf: tf.sets.union(A.astype(np.int32), B),
    "floats": lambda tf: tf.sets.union(A.astype(np.float32), B.astype(np.float32)),
    "ranks": lambda tf: tf.sets.union(A, B[0]),
    "vectors": lambda tf: tf.sets.union([1, 2], [3]),
    "dense size": lambda tf: tf.sets.size(A),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    check_both_raise(
        ERRORS[case], match={"floats": "not in supported dtypes", "dense size": "Expected `SparseTensor`"}.get(case)
    )


def _run_unknown(tf: Any) -> Any:
    a, b = tf.placeholder(tf.int64), tf.placeholder(tf.int64)
    with tf.Session() as session:
        return session.run(tf.sets.union(a, b), {a: A, b: B[:1]})


def test_sets_in_other_places() -> None:
    check_both_raise(lambda tf: tf.sets.union(A, B[:1]), match="Dimension 0 in both shapes must be equal")
    check_both_raise(lambda tf: _run_unknown(tf), match="Mismatched shapes [2,2] vs [1,2]")
    unordered = [[0, 1], [0, 0]]
    check_both_raise(
        lambda tf: tf.Session().run(tf.sets.size(tf.SparseTensor(unordered, [1, 2], [2, 2]))), match="out of order"
    )
