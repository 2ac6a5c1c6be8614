"""Rows of the random ops without a state: TensorFlow's numbers, to the bit where they are uniform."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import Case

SEED = np.array([3, -4], np.int32)
WIDE_SEED = np.array([2**40 + 5, 7], np.int64)
LOGITS = np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], np.float32))


def _float(function: str, dtype: str, *ends: float, **options: object) -> object:
    return lambda tf, seed: getattr(tf.random, function)([3, 37], seed, *ends, dtype=getattr(tf, dtype), **options)


FLOATS = [
    Case(f"{name}_{dtype}", _float(f"stateless_{name}", dtype), [SEED], tol=tol, grad=False, unknown=False)
    for name in ("uniform", "normal", "truncated_normal")
    for dtype, tol in (("float32", 1e-6), ("float64", 1e-11), ("float16", 2e-3), ("bfloat16", 1.6e-2))
    if name != "truncated_normal" or dtype in ("float32", "float64")
]

CASES = [
    *FLOATS,
    Case("uniform_wide_seed", lambda tf, seed: tf.random.stateless_uniform([5], seed), [WIDE_SEED], tol=0.0),
    Case("uniform_ends", _float("stateless_uniform", "float32", -2.0, 3.0, name="u"), [SEED], grad=False),
    Case("normal_ends", _float("stateless_normal", "float32", 1.0, 0.1, name="n"), [SEED], grad=False),
    Case(
        "truncated_ends", _float("stateless_truncated_normal", "float32", 1.0, 0.1), [SEED], grad=False, unknown=False
    ),
    Case("gradient", lambda tf, seed, a, b: tf.random.stateless_uniform([4], seed, a, b), [SEED, (), ()]),
    *(
        Case(f"ints_{dtype}", _float("stateless_uniform", dtype, -5, 1000), [SEED], grad=False)
        for dtype in ("int32", "int64")
    ),
    *(
        Case(f"all_ints_{dtype}", _float("stateless_uniform", dtype, None, None, name="all"), [SEED], grad=False)
        for dtype in ("int32", "int64", "uint32", "uint64")
    ),
    Case("plain_seed", lambda tf: tf.random.stateless_uniform((2, 3), seed=[1, 2])),
    Case("philox", lambda tf: tf.random.stateless_uniform([5], seed=[1, 2], alg="philox"), names=False),
    Case("truncated", lambda tf: tf.random.stateless_truncated_normal([3], seed=[1, 2], stddev=0.5)),
    Case("empty", lambda tf: tf.random.stateless_normal([0, 3], seed=[1, 2])),
    Case("one_end", _float("stateless_uniform", "int32", 0), [SEED], fails=True),
    Case("unsigned_ends", _float("stateless_uniform", "uint32", 0, 4), [SEED], fails=True),
    Case("dtype", lambda tf: tf.random.stateless_uniform([2], [1, 2], 0, 1, tf.uint8), fails=True),
    Case("seed_of_three", lambda tf: tf.random.stateless_uniform([2], [1, 2, 3]), fails=True),
    Case("no_range", lambda tf: tf.random.stateless_uniform([2], [1, 2], 5, 5, tf.int32), fails=True),
    Case("categorical", lambda tf, x, s: tf.random.stateless_categorical(x, 40, s), [LOGITS, SEED], grad=False),
    Case(
        "categorical_int32",
        lambda tf, x, s: tf.random.stateless_categorical(x, 5, s, dtype=tf.int32, name="c"),
        [LOGITS, WIDE_SEED],
        grad=False,
    ),
    Case("multinomial", lambda tf, x, s: tf.random.stateless_multinomial(x, 7, s), [LOGITS, SEED], grad=False),
    Case("categorical_rank", lambda tf, x, s: tf.random.stateless_categorical(x, 7, s), [(3,), SEED], fails=True),
]
