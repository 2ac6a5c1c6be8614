"""Gradients that are written into files as nodes of TensorFlow: each type in a loop, which TensorFlow runs.

All rows lie in one loop and have an input of their own, so that one backward loop gives all gradients. Types that
TensorFlow's own library differentiates wrongly are tried outside of a loop too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.graph.files import message_type
from tests.oracle import our_tf, real_tf

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:.*(deprecated|removed in a future).*")]

Row = Callable[[Any, Any], Any]
_GIVEN = np.random.RandomState(0).uniform(0.2, 0.9, (3, 4)).astype(np.float32)


_TWO = [1, 2, 2, 1]


def _functions(tf: Any) -> list[Any]:
    m = tf.math
    made = [tf.abs, tf.acos, tf.asin, tf.atan, tf.atanh, tf.cos, tf.cosh, tf.digamma, tf.erf, tf.erfc, m.erfinv, tf.exp]
    made += [tf.expm1, tf.lgamma, tf.log, tf.log1p, m.ndtri, tf.sin, tf.sinh, tf.square, tf.tan, tf.sqrt, tf.rsqrt]
    return [*made, tf.sigmoid, tf.tanh, tf.reciprocal, tf.nn.softplus, tf.nn.softsign, tf.negative]


def _rectifiers(tf: Any) -> list[Any]:
    return [tf.nn.elu, tf.nn.selu, tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu]


def _image(tf: Any, x: Any) -> Any:
    return tf.reshape(tf.tile(x, [3, 1]), [1, 6, 6, 1])


def _filter(tf: Any, x: Any) -> Any:
    return tf.reshape(x, [2, 2, 1, 3])


def _transposed(tf: Any, x: Any) -> Any:
    given = tf.reshape(x * x, [1, 2, 2, 3])
    return tf.nn.conv2d_transpose(given, _filter(tf, x), [1, 4, 4, 1], _TWO, "SAME")


def _cube(tf: Any, x: Any) -> Any:
    return tf.reshape(x * x, [1, 2, 3, 2, 1])


def _square(tf: Any, x: Any) -> Any:
    return x[:, :3] + 3 * tf.eye(3)


def _picture(tf: Any, x: Any) -> Any:
    return tf.reshape(x * x, [1, 3, 4, 1])


def _stack(tf: Any, x: Any) -> Any:
    return tf.reshape(x, [3, 2, 2])


def _maps(tf: Any, x: Any) -> Any:
    return tf.reshape(x, [3, 2, 1, 2])


def _moments(x: Any) -> list[Any]:
    return [x[0, :2], x[1, :2], x[2, :2], x[2, 2:]]


def _sparse(tf: Any, x: Any) -> Any:
    return tf.SparseTensor([[0, 1], [2, 0]], x[0, :2], [3, 3])


# tf is the library, x a float32 tensor [3, 4].
ROWS: dict[str, Row] = {
    "functions of one argument": lambda tf, x: tf.add_n([f(x) for f in _functions(tf)]),
    "rectifiers": lambda tf, x: tf.add_n([f(x * 8 - 4) for f in _rectifiers(tf)]),
    "Acosh": lambda tf, x: tf.acosh(x + 1.5),
    "Asinh": lambda tf, x: tf.asinh(x),
    "EnsureShape": lambda tf, x: tf.ensure_shape(x, [3, 4]),
    "Cast": lambda tf, x: tf.cast(tf.cast(x, tf.float64) * tf.constant(2.0, tf.float64), tf.float32),
    "Complex": lambda tf, x: tf.real(tf.complex(x, x * x) * tf.complex(x * 2, x[:1])),
    "Complex 2": lambda tf, x: tf.imag(tf.exp(tf.complex(x, x))) + tf.abs(tf.conj(tf.complex(x, x * 3))),
    "Complex 3": lambda tf, x: tf.real(tf.complex(x, x * x) ** 2.0),
    "AddB": lambda tf, x: x + x[:1] + x[0] + x[:, :1],
    "Sub": lambda tf, x: x - x[:, :1] * x[0, 0],
    "MulB": lambda tf, x: x * x[:1] * x[0, 0],
    "Div": lambda tf, x: x / x[:1],
    "DivNoNan": lambda tf, x: tf.div_no_nan(x, x[0]),
    "Maximum": lambda tf, x: tf.maximum(x, x[:1]) + tf.minimum(x, x[:, 1:2]) + tf.maximum(x, 0.5),
    "Pow": lambda tf, x: tf.pow(x, x[:1]) + x**2.5,
    "SqDiff": lambda tf, x: tf.squared_difference(x, x[0]),
    "MulNoNan": lambda tf, x: tf.math.multiply_no_nan(x, x[:1]),
    "Xlogy": lambda tf, x: tf.math.xlogy(x, x[:1]) + tf.math.xlogy(tf.floor(x * 2), x),
    "Xdivy": lambda tf, x: tf.math.xdivy(x, x[:1]),
    "Xlog1py": lambda tf, x: tf.math.xlog1py(x, x[:1]),
    "Atan2": lambda tf, x: tf.atan2(x, x[0]),
    "FloorMod": lambda tf, x: tf.floormod(x, x[:1] * 0.3),
    "Clip": lambda tf, x: tf.clip_by_value(x, 0.4, x[0] + 0.2),
    "Select": lambda tf, x: tf.where(x > 0.5, x * 2, x * x) + tf.where(x[:, 0] > 0.5, x, x * 3),
    "SelectV2": lambda tf, x: tf.where_v2(x[:, :1] > 0.5, x, x[:1]),
    "Sum": lambda tf, x: x * tf.reduce_sum(x * x) + tf.reduce_sum(x, -1, keepdims=True) * x,
    "Sum 2": lambda tf, x: tf.reduce_sum(x**2, [0]),
    "Mean": lambda tf, x: x * tf.reduce_mean(x * x) + tf.reduce_mean(x**2, 1, keepdims=True),
    "Mean 2": lambda tf, x: tf.reduce_mean(x**3, [0]),
    "Max": lambda tf, x: x * tf.reduce_max(x) + tf.reduce_max(x, -1, keepdims=True) + tf.reduce_min(x, [0]) * x,
    "Norm": lambda tf, x: x * tf.math.reduce_euclidean_norm(x, 0),
    "Prod": lambda tf, x: x * tf.reduce_prod(x) + tf.reduce_prod(x, 0),
    "Prod 2": lambda tf, x: tf.reduce_prod(x * tf.floor(x * 4), -1, keepdims=True),
    "Cumsum": lambda tf, x: tf.cumsum(x * x, 1, exclusive=True) + tf.cumsum(x, 0, reverse=True) * x,
    "Cumprod": lambda tf, x: tf.cumprod(x, 1, exclusive=True) + tf.cumprod(x, 0, reverse=True),
    "USegSum": lambda tf, x: x * tf.unsorted_segment_sum(x * x, [0, 2, 0], 3),
    "TopK": lambda tf, x: x[:, :2] * tf.nn.top_k(x * x, 2)[0],
    "L2Loss": lambda tf, x: x * tf.nn.l2_loss(x),
    "SSXE": lambda tf, x: x[:, 0] * tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 0, 3], logits=x),
    "SXE": lambda tf, x: tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.nn.softmax(x), logits=x * x),
    "Softmax": lambda tf, x: tf.nn.softmax(x) * x,
    "LogSoftmax": lambda tf, x: tf.nn.log_softmax(x) * x,
    "Reshape": lambda tf, x: tf.reshape(tf.expand_dims(tf.squeeze(tf.reshape(x * x, [1, 12])), 1), [3, 4]) * x,
    "BroadcastTo": lambda tf, x: tf.broadcast_to(x[0] ** 2, [3, 4]) * x,
    "Transpose": lambda tf, x: tf.transpose(tf.transpose(x) ** 2) * x,
    "Pack": lambda tf, x: tf.stack([x, x * x], 1) * 2.0,
    "Unpack": lambda tf, x: tf.unstack(x * x, axis=1)[2] * x[:, 0],
    "Concat": lambda tf, x: tf.concat([x, x * x, x[:, :1]], -1) ** 2,
    "Split": lambda tf, x: tf.split(x * x, 2, 1)[1] * tf.split(x, [1, 3], 1)[0],
    "Slice": lambda tf, x: tf.slice(x * x, [1, 0], [-1, 3]),
    "StridedSlice": lambda tf, x: (x * x)[1:, ::2] + (x * x)[::2, None, 1, None],
    "Pad": lambda tf, x: tf.pad(x * x, [[1, 0], [2, 1]]) ** 2 + tf.pad(x, [[1, 0], [2, 1]], constant_values=3.0),
    "MirrorPad": lambda tf, x: tf.pad(x * x, [[1, 1], [2, 1]], "REFLECT") ** 2,
    "Tile": lambda tf, x: tf.tile(x * x, [2, 3]) ** 2,
    "Roll": lambda tf, x: tf.roll(x * x, [1, 2], [0, 1]) * x,
    "ScatterNd": lambda tf, x: tf.scatter_nd([[2], [0], [2]], x * x, [4, 4]) ** 2,
    "TSA": lambda tf, x: tf.tensor_scatter_nd_add(x * x, [[1]], x[:1]) * x,
    "TSA 2": lambda tf, x: tf.tensor_scatter_nd_update(x * x, [[1]], x[:1]) * x,
    "TSA 3": lambda tf, x: tf.tensor_scatter_nd_sub(x * x, [[1]], x[:1]) * x,
    "Reverse": lambda tf, x: tf.reverse(x * x, [-1]) * x,
    "RevSeq": lambda tf, x: tf.reverse_sequence(x * x, [1, 3, 2], seq_axis=1) * x,
    "MatMul": lambda tf, x: tf.matmul(x, x, transpose_b=True),
    "MatMul 2": lambda tf, x: tf.matmul(tf.transpose(x), tf.transpose(x), transpose_a=True),
    "MatMul 3": lambda tf, x: tf.matmul(x[:, :3], x[:, :3], transpose_a=True, transpose_b=True),
    "MatMul 4": lambda tf, x: tf.matmul(x, tf.transpose(x)) + tf.matmul(tf.transpose(x), x)[:3, :3],
    "BMM": lambda tf, x: tf.matmul(_stack(tf, x), _stack(tf, x * x), adjoint_a=True),
    "BMM 2": lambda tf, x: tf.matmul(_stack(tf, x), tf.reshape(x[0], [2, 2])),
    "BMM 3": lambda tf, x: tf.matmul(_stack(tf, x), tf.reshape(x[:1], [1, 2, 2]), adjoint_b=True),
    "Einsum": lambda tf, x: tf.einsum("ij,kj->ik", x, x * x),
    "Einsum 2": lambda tf, x: tf.einsum("bij,bjk->ik", _stack(tf, x), _stack(tf, x * x))[0, 0],
    "BandPart": lambda tf, x: tf.matrix_band_part(x * x, 1, 0) * x,
    "Diag": lambda tf, x: tf.matrix_diag(x) ** 2 + tf.matrix_diag(tf.matrix_diag_part(x[:, :3]))[0, 0],
    "DiagPart": lambda tf, x: tf.matrix_diag_part(x * x) * tf.diag_part(x[:, :3]),
    "SetDiag": lambda tf, x: tf.matrix_set_diag(x * x, x[:, 0]) * x,
    "Diag1": lambda tf, x: tf.diag(x[0]) * x[:1],
    "Inverse": lambda tf, x: tf.matrix_inverse(_square(tf, x)) * x[:, :3],
    "Det": lambda tf, x: x * tf.matrix_determinant(_square(tf, x)),
    "Cholesky": lambda tf, x: tf.cholesky(tf.matmul(x, x, transpose_b=True) + tf.eye(3)) * x[:, :3],
    "Solve": lambda tf, x: tf.matrix_solve(_square(tf, x), x * x) * x,
    "Solve 2": lambda tf, x: tf.matrix_solve(_square(tf, x), x * x, adjoint=True),
    "TriSolve": lambda tf, x: tf.matrix_triangular_solve(_square(tf, x), x * x) * x,
    "TriSolve 2": lambda tf, x: tf.matrix_triangular_solve(_square(tf, x), x * x, lower=False, adjoint=True),
    "SpMM": lambda tf, x: tf.sparse_tensor_dense_matmul(_sparse(tf, x), x) * x,
    "SpMM 2": lambda tf, x: tf.sparse_tensor_dense_matmul(_sparse(tf, x), x, adjoint_a=True),
    "Bias": lambda tf, x: tf.nn.bias_add(x * x, x[0]) * x,
    "Conv": lambda tf, x: tf.nn.conv2d(_image(tf, x), _filter(tf, x), _TWO, "SAME"),
    "ConvT": lambda tf, x: _transposed(tf, x),
    "Depthwise": lambda tf, x: tf.nn.depthwise_conv2d(_image(tf, x), _filter(tf, x), [1, 1, 1, 1], "VALID"),
    "Pool": lambda tf, x: (
        tf.nn.max_pool(_image(tf, x) ** 2, _TWO, _TWO, "SAME") * tf.nn.avg_pool(_image(tf, x), _TWO, _TWO, "SAME")
    ),
    "Pool2": lambda tf, x: tf.nn.max_pool_with_argmax(_image(tf, x) ** 2, _TWO, _TWO, "SAME")[0],
    "Conv3": lambda tf, x: tf.nn.conv3d(_cube(tf, x), tf.reshape(x[:2], [2, 2, 2, 1, 1]), [1] * 5, "SAME"),
    "Pool3": lambda tf, x: tf.nn.avg_pool3d(_cube(tf, x), [1, 2, 2, 2, 1], [1] * 5, "SAME"),
    "Pool3 2": lambda tf, x: tf.nn.max_pool3d(_cube(tf, x), [1, 2, 2, 2, 1], [1] * 5, "SAME"),
    "BN": lambda tf, x: tf.nn.fused_batch_norm(_maps(tf, x), x[0, :2], x[1, :2])[0] * _maps(tf, x),
    "BNi": lambda tf, x: tf.nn.fused_batch_norm(_maps(tf, x), *_moments(x), is_training=False)[0],
    "LRN": lambda tf, x: tf.nn.lrn(tf.reshape(x, [1, 1, 3, 4])) ** 2,
    "Resize": lambda tf, x: tf.image.resize_bilinear(_picture(tf, x), [5, 5]),
    "Resize 2": lambda tf, x: tf.image.resize_nearest_neighbor(_picture(tf, x), [5, 5]),
    "Resize 3": lambda tf, x: tf.image.resize_bicubic(_picture(tf, x), [5, 5]),
    "Crop": lambda tf, x: tf.image.crop_and_resize(_picture(tf, x), [[0.1, 0.1, 0.8, 0.9]], [0], [3, 3]),
    "S2D": lambda tf, x: tf.space_to_depth(tf.reshape(x, [1, 2, 6, 1]) ** 2, 2),
    "S2D 2": lambda tf, x: tf.space_to_depth(tf.reshape(x, [1, 2, 6, 1]), 2),
    "S2B": lambda tf, x: tf.space_to_batch_nd(tf.reshape(x, [1, 2, 6, 1]) ** 2, [2, 2], [[0, 0], [0, 0]]),
}
AT_ROOT = (
    "Acosh",
    "Asinh",
    "Complex",
    "Slice",
    "EnsureShape",
    "Clip",
    "Prod",
    "TopK",
    "Cumprod",
    "Cholesky",
    "SelectV2",
)


def _sum(tf: Any, value: Any) -> Any:
    return tf.reduce_sum(value * 0.7)


def test_gradients_in_a_loop_and_at_the_root_run_in_tensorflow() -> None:
    real, ours = real_tf(), our_tf()
    with ours.Graph().as_default() as graph, ours.Session() as session:
        inside = {name: ours.placeholder_with_default(_GIVEN, [3, 4]) for name in ROWS}
        _, total = ours.while_loop(
            lambda i, _: i < 1,
            lambda i, t: (i + 1, ours.add_n([t, *(_sum(ours, row(ours, inside[name])) for name, row in ROWS.items())])),
            (0, 0.0),
        )
        outside = {name: ours.placeholder_with_default(_GIVEN, [3, 4]) for name in AT_ROOT}
        sums = [_sum(ours, ROWS[name](ours, x)) for name, x in outside.items()]
        found = ours.gradients([total, *sums], [*inside.values(), *outside.values()])
        names = [tensor.name for tensor in found]
        wanted = session.run(found)
        content = graph.as_graph_def().SerializeToString()
    with real.Graph().as_default(), real.Session() as session:
        real.import_graph_def(message_type(real, "GraphDef").FromString(content), name="")
        got = session.run(names)
    places = [*inside, *(f"{name} at the root" for name in outside)]
    for name, a, b in zip(places, wanted, got, strict=True):
        np.testing.assert_allclose(b, a, rtol=2e-3, atol=1e-4, err_msg=name)
        assert np.any(a != 0), name
