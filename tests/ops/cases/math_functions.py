"""Rows of functions of matrices and of small compositions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import WIDE_FLOATS, Case, In

SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
MATRICES = (2, 4, 4)
RANDOM = np.random.RandomState(3).randn(4, 4)
POSITIVE = RANDOM @ RANDOM.T + 4 * np.eye(4)
RANK_TWO = RANDOM[:, :2] @ RANDOM[:2]
ASSERTED = {"names": "TF1 also records an assertion of nbins, which would stop a step on the host"}


def linalg(function: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.linalg.<function>` with these arguments behind the tensors."""
    return lambda tf, *tensors: getattr(tf.linalg, function)(*tensors, *args, **options)


CASES = [
    Case(
        "expm",
        linalg("expm"),
        [MATRICES],
        WIDE_FLOATS,
        tol={"float32": 2e-4},
        atol=1e-5,
        names=False,
        graphdef=False,
        unknown=("partial",),
    ),
    Case("sqrtm", linalg("sqrtm"), [POSITIVE], WIDE_FLOATS, tol={"float32": 2e-5}),
    Case(
        "logm",
        linalg("logm"),
        [POSITIVE + 0j],
        ("complex64", "complex128"),
        tol={"complex64": 5e-5},
        grad=False,
        atol=1e-5,
        **SHORT,
    ),
    Case("sqrtm_square", linalg("sqrtm"), [(3, 4)], fails=True),
    Case(
        "pinv",
        linalg("pinv"),
        [(3, 5)],
        WIDE_FLOATS,
        tol={"float32": 2e-3},
        atol=1e-4,
        grad=False,
        unknown=("partial",),
    ),
    Case("pinv_singular", linalg("pinv", rcond=1e-3), [RANK_TWO], tol=2e-3, atol=1e-4, grad=False, **SHORT),
    Case("pinv_int", linalg("pinv"), [np.eye(3, dtype=np.int32)], fails=True),
    Case("rank", linalg("matrix_rank"), [np.stack([RANK_TWO, POSITIVE])], WIDE_FLOATS, grad=False, **SHORT),
    Case("rank_tol", linalg("matrix_rank", 1e-3), [RANK_TWO], grad=False, **SHORT),
    Case("normalize", linalg("normalize"), [(3, 4)], WIDE_FLOATS, tol={"float32": 2e-5}, unknown=("partial",)),
    Case("normalize_axis", linalg("normalize", 1, axis=1, name="n"), [(3, 4)], tol=2e-5, **SHORT),
    Case("lbeta", lambda tf, x: tf.lbeta(x), [In((3, 4), 0.5, 4.0)], WIDE_FLOATS, tol={"float32": 2e-5}),
    Case("bins", lambda tf, x: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], 7), [(3, 4)], notes=ASSERTED, grad=False),
    Case(
        "bins_long",
        lambda tf, x: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], 7, tf.int64),
        [(3, 4)],
        notes=ASSERTED,
        grad=False,
        **SHORT,
    ),
    Case(
        "unravel",
        lambda tf, x: tf.unravel_index(x, [3, 4, 5]),
        [np.array([7, 0, 59, 31], np.int32)],
        notes={"shapes": "known here"},
    ),
    Case(
        "unravel_one", lambda tf, x: tf.unravel_index(x, [3, 4]), [np.int32(7)], notes={"shapes": "known here"}, **SHORT
    ),
    Case("finite", lambda tf, x: tf.verify_tensor_all_finite(x, "bad"), [(3, 4)], unknown=("partial",)),
    Case("not_finite", lambda tf, x: tf.verify_tensor_all_finite(x / 0.0, "bad"), [(3, 4)], fails=True),
]
