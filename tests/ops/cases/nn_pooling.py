"""Rows of the poolings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.ops.engine import WIDE_FLOATS, Case, In

X = In((2, 7, 6, 3), steps=2)  # halves only: equal elements do occur
FINE = (2, 7, 6, 3)
SUMS = {"float32": 2e-5, "float16": 5e-3}


def pool(op: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.nn.<op>` with these arguments behind the input."""
    return lambda tf, x: getattr(tf.nn, op)(x, *args, **options)


def failing(label: str, call: Callable[..., Any], shape: Any = FINE, dtype: str = "float32") -> Case:
    """A row that fails on both sides."""
    return Case(label, call, [In(shape)], (dtype,), fails=True)


TWO, ONE = [1, 2, 2, 1], [1, 1, 1, 1]

CASES = [
    *(
        Case(f"{name}_{label}", pool(name, *args), [X], (*WIDE_FLOATS, "float16"), tol=SUMS)
        for name in ("max_pool", "avg_pool")
        for label, args in (
            ("same", (TWO, TWO, "SAME")),
            ("valid", (TWO, TWO, "VALID")),
            ("overlap", ([1, 3, 3, 1], [1, 2, 2, 1], "SAME")),
            ("dense", ([1, 3, 2, 1], ONE, "VALID")),
            ("gaps", ([1, 2, 1, 1], [1, 3, 2, 1], "VALID")),
            ("integers", (3, 2, "SAME")),
            ("large", ([1, 6, 5, 1], [1, 1, 2, 1], "SAME")),
        )
    ),
    Case("max_pool_named", pool("max_pool", TWO, TWO, "SAME", name="p"), [X]),
    Case("max_pool2d", pool("max_pool2d", TWO, TWO, "SAME"), [X]),
    Case("avg_pool2d", pool("avg_pool2d", TWO, TWO, "SAME"), [X]),
    Case("max_pool_pads", pool("max_pool", 2, 2, [[0, 0], [1, 0], [0, 1], [0, 0]]), [X], graphdef=False),
    Case("max_pool_depth", pool("max_pool", [1, 1, 1, 3], [1, 1, 1, 3], "VALID"), [X], grad=False),
    Case("max_pool_int", pool("max_pool", TWO, TWO, "VALID"), [In((1, 4, 4, 2), -9, 9)], ("int32", "int64")),
    Case("max_pool_input", lambda tf, x: tf.nn.max_pool(ksize=2, strides=2, padding="SAME", value=None, input=x), [X]),
    failing("max_pool_rank", pool("max_pool", TWO, TWO, "SAME"), (2, 5, 5)),
    failing("max_pool_small", pool("max_pool", TWO, TWO, "VALID"), (2, 1, 1, 3)),
    failing("max_pool_padding", pool("max_pool", TWO, TWO, "sane")),
    failing("max_pool_ksize", pool("max_pool", [2, 2, 2], TWO, "SAME")),
    Case("max_pool3d", pool("max_pool3d", [1, 2, 2, 2, 1], [1, 2, 1, 2, 1], "SAME"), [In((2, 3, 4, 5, 2), steps=2)]),
    Case("avg_pool3d", pool("avg_pool3d", 2, 2, "VALID"), [(2, 4, 4, 5, 2)], tol=SUMS),
    Case("avg_pool3d_same", pool("avg_pool3d", 3, 2, "SAME", name="p"), [(2, 4, 4, 5, 2)], tol=SUMS),
    Case("max_pool1d", pool("max_pool1d", 2, 2, "VALID"), [In((2, 7, 3), steps=2)]),
    Case("max_pool1d_same", pool("max_pool1d", 3, 2, "SAME", name="p"), [In((2, 7, 3), steps=2)]),
    Case("avg_pool1d", pool("avg_pool1d", [3], [2], "SAME"), [(2, 7, 3)], tol=SUMS),
    Case("max_pool_v2_1", pool("max_pool_v2", 2, 2, "SAME"), [(2, 7, 3)], unknown=False),
    Case("max_pool_v2_2", pool("max_pool_v2", 2, 2, "SAME"), [FINE], unknown=False),
    Case("avg_pool_v2_3", pool("avg_pool_v2", 2, 2, "SAME"), [(1, 4, 4, 4, 2)], unknown=False, tol=SUMS),
    Case("argmax", pool("max_pool_with_argmax", TWO, TWO, "SAME"), [X], WIDE_FLOATS),
    Case(
        "argmax_int32",
        lambda tf, x: tf.nn.max_pool_with_argmax(
            x, [1, 3, 3, 1], [1, 2, 2, 1], "VALID", Targmax=tf.int32, include_batch_in_index=True
        ),
        [X],
        grad=False,
    ),
    Case("pool_max", pool("pool", [2, 2], "MAX", "SAME", strides=[2, 2]), [X]),
    Case("pool_avg", pool("pool", [3, 2], "AVG", "VALID", name="p"), [FINE], tol=SUMS),
    Case(
        "pool_dilated",
        pool("pool", [2, 2], "AVG", "VALID", dilation_rate=[2, 2]),
        [FINE],
        tol=SUMS,
        unknown=("partial",),
    ),
    Case("pool_1d", pool("pool", [2], "MAX", "VALID"), [(2, 7, 3)]),
    failing("pool_same_dilated", pool("pool", [2, 2], "MAX", "SAME", dilation_rate=[2, 2])),
    failing("pool_both", pool("pool", [2, 2], "MAX", "SAME", [2, 2], [2, 2])),
    failing("pool_kind", pool("pool", [2, 2], "XX", "SAME", strides=[2, 2])),
]
