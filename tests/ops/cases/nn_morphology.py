"""Rows of grey-scale morphology, of transposed convolutions by rank, and of lookups that forgive empty rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import WIDE_FLOATS, Case, In

IMAGES, KERNEL, ONES = (2, 6, 7, 3), (2, 3, 3), [1, 1, 1, 1]
KNOWN = {"shapes": "TensorFlow knows nothing of the result where the batch is not known"}
DENSE = {
    "gradients": "dense, as in TF 1.15; TF 2 gives IndexedSlices",
    "names": "the sizes of the rows are known here, and recorded as a constant more",
}
SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
WEIGHTS = np.array([0.5, -1.0, 2.0, 1.0], np.float32)


def op(function: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.nn.<function>` with these arguments behind the tensors."""
    return lambda tf, *tensors: getattr(tf.nn, function)(*tensors, *args, **options)


def safe(weighted: bool = False, **options: Any) -> Callable[..., Any]:
    """`tf.nn.safe_embedding_lookup_sparse` with an empty row, a wrong id and a weight that is not positive."""

    def call(tf: Any, table: Any) -> Any:
        places, shape = [[0, 0], [0, 2], [2, 1], [3, 0]], [4, 3]
        ids = tf.SparseTensor(places, tf.constant([1, 4, -1, 2], tf.int64), shape)
        weights = tf.SparseTensor(places, tf.constant(WEIGHTS), shape) if weighted else None
        return tf.nn.safe_embedding_lookup_sparse(table, ids, weights, **options)

    return call


CASES = [
    Case("dilation", op("dilation2d", ONES, ONES, "SAME"), [IMAGES, KERNEL], WIDE_FLOATS, notes=KNOWN),
    Case("dilation_steps", op("dilation2d", [1, 2, 2, 1], [1, 2, 1, 1], "VALID", name="d"), [IMAGES, KERNEL], **SHORT),
    Case("dilation_ties", op("dilation2d", ONES, ONES, "SAME"), [In(IMAGES, steps=1), np.zeros(KERNEL)], **SHORT),
    Case(
        "dilation_later",
        lambda tf, x, k: tf.nn.dilation2d(x, filters=k, strides=ONES, dilations=ONES, padding="SAME"),
        [IMAGES, KERNEL],
        **SHORT,
    ),
    Case("erosion", op("erosion2d", ONES, ONES, "SAME"), [IMAGES, KERNEL], unknown=("partial",), notes=KNOWN),
    Case("dilation_depth", op("dilation2d", ONES, ONES, "SAME"), [IMAGES, (2, 3, 2)], fails=True),
    Case("dilation_rank", op("dilation2d", ONES, ONES, "SAME"), [IMAGES, (2, 3, 3, 1)], fails=True),
    Case("dilation_padding", op("dilation2d", ONES, ONES, "sane"), [IMAGES, KERNEL], fails=True),
    Case("conv_transpose_1", op("conv_transpose", [2, 10, 4], 2), [(2, 5, 3), (3, 4, 3)], tol=5e-5, **SHORT),
    Case("conv_transpose_2", op("conv_transpose", [2, 8, 8, 5], 2), [(2, 4, 4, 3), (3, 3, 5, 3)], tol=5e-5, **SHORT),
    Case(
        "conv_transpose_3",
        op("conv_transpose", [1, 4, 4, 4, 2], 2, name="c"),
        [(1, 2, 2, 2, 3), (2, 2, 2, 2, 3)],
        tol=5e-5,
        **SHORT,
    ),
    Case("conv_transpose_rank", op("conv_transpose", [2, 8], 2), [(2, 4, 4, 3), (3, 3, 5, 3)], fails=True),
    Case("safe_mean", safe(), [(6, 3)], tol=1e-5, notes=DENSE, unknown=False),
    Case("safe_sum", safe(True, combiner="sum"), [(6, 3)], tol=1e-5, notes=DENSE, **SHORT),
    Case("safe_weights", safe(True, combiner="sqrtn"), [(6, 3)], tol=1e-5, notes=DENSE, **SHORT),
    Case("safe_default", safe(default_id=3, name="s"), [(6, 3)], tol=1e-5, notes=DENSE, **SHORT),
]
