"""Rows of shapes and of making arrays: shape, reshape, squeeze, stack, zeros, range, one_hot, placeholders."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import INTS, WIDE_FLOATS, Case

ANY = (*WIDE_FLOATS, *INTS, "bool", "complex64")
TEXT = np.array([[b"a", b"bc", b""], [b"d", b"e", b"f"]], object)
INDEX = np.array([1, 2], np.int32)

SHAPES = [
    Case("shape", lambda tf, x: tf.shape(x), [(2, 3)], ANY),
    Case("shape_int64", lambda tf, x: tf.shape(x, out_type=tf.int64, name="s"), [(2, 3)]),
    Case("shape_scalar", lambda tf, x: tf.shape(x), [()]),
    Case("shape_of_list", lambda tf: tf.shape([[1, 2, 3]])),
    Case("shape_n", lambda tf, a, b: tf.shape_n([a, b]), [(2, 3), (4,)]),
    Case("size", lambda tf, x: [tf.size(x), tf.size(x, out_type=tf.int64)], [(2, 3)], ANY),
    Case("rank", lambda tf, x: tf.rank(x), [(2, 3)], ANY),
    Case("shape_text", lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)], [TEXT], ["string"]),
    Case("shape_entry", lambda tf, x: tf.zeros([tf.shape(x)[0], 2]), [(4, 3)]),
    Case("shape_slice", lambda tf, x: tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], 0)), [(2, 3, 4)]),
    Case("shape_product", lambda tf, x: tf.reshape(x, [tf.shape(x)[0] * tf.shape(x)[1], 4]), [(2, 3, 4)]),
    Case("shape_stacked", lambda tf, x: tf.ones(tf.stack([tf.shape(x)[1], tf.shape(x)[0]])), [(2, 3)]),
    Case("shape_static", lambda tf, x: tf.zeros([int(x.shape[0]), 2]), [(4, 3)], unknown=False),
    Case("reshape", lambda tf, x: tf.reshape(x, [3, 4]), [(2, 6)], ANY),
    Case("reshape_minus_one", lambda tf, x: tf.reshape(x, [-1, 4]), [(2, 6)]),
    Case("reshape_flat", lambda tf, x: tf.reshape(x, [-1]), [(2, 3, 4)]),
    Case("reshape_scalar", lambda tf, x: tf.reshape(x, []), [(1, 1)]),
    Case("reshape_int64", lambda tf, x: tf.reshape(x, np.array([4, 3])), [(2, 6)]),
    Case("reshape_computed", lambda tf, x: tf.reshape(x, [tf.shape(x)[0], -1], name="flat"), [(2, 3, 4)]),
    Case("reshape_by_tensor", lambda tf, x, s: tf.reshape(x, s), [(2, 6), np.array([4, 3], np.int32)]),
    Case("reshape_empty", lambda tf, x: tf.reshape(x, [-1, 3]), [(0, 6)]),
    Case("reshape_text", lambda tf, x: tf.reshape(x, [3, 2]), [TEXT], ["string"]),
    Case("reshape_bad", lambda tf, x: tf.reshape(x, [4, 2]), [(2, 3)], fails=True),
    Case("reshape_bad_divisor", lambda tf, x: tf.reshape(x, [-1, 4]), [(2, 3)], fails=True),
    Case("reshape_two_unknown", lambda tf, x: tf.reshape(x, [-1, -1]), [(2, 3)], fails=True),
    Case("reshape_not_vector", lambda tf, x: tf.reshape(x, 6), [(2, 3)], fails=True),
    Case("expand_dims_first", lambda tf, x: tf.expand_dims(x, 0), [(2, 3)], ANY),
    Case("expand_dims_last", lambda tf, x: tf.expand_dims(x, -1, name="column"), [(2, 3)]),
    Case("expand_dims_dim", lambda tf, x: tf.expand_dims(x, dim=1), [(2, 3)]),
    Case("expand_dims_bad", lambda tf, x: tf.expand_dims(x, 4), [(2, 3)], fails=True),
    Case("squeeze", lambda tf, x: tf.squeeze(x), [(1, 2, 1)], ANY),
    Case("squeeze_axis", lambda tf, x: tf.squeeze(x, [0]), [(1, 2, 1)]),
    Case("squeeze_number", lambda tf, x: tf.squeeze(x, -1), [(1, 2, 1)]),
    Case("squeeze_dims", lambda tf, x: tf.squeeze(x, squeeze_dims=[0, 2]), [(1, 2, 1)]),
    Case("squeeze_bad", lambda tf, x: tf.squeeze(x, [1]), [(1, 2, 1)], fails=True),
    Case("broadcast_to", lambda tf, x: tf.broadcast_to(x, [2, 4, 3]), [(4, 1)], ANY),
    Case("broadcast_to_bad", lambda tf, x: tf.broadcast_to(x, [2, 5, 3]), [(4, 1)], fails=True),
    Case(
        "broadcast_dynamic_shape", lambda tf, x, y: tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(y)), [(2, 1), (3,)]
    ),
    Case("ensure_shape", lambda tf, x: tf.ensure_shape(x, [None, 3]), [(2, 3)], ANY),
    Case("ensure_shape_bad", lambda tf, x: tf.ensure_shape(x, [None, 4]), [(2, 3)], fails=True),
    Case("set_shape", lambda tf, x: _with_shape(tf.identity(x), [2, None]), [(2, 3)]),
]


def _with_shape(x, shape):
    x.set_shape(shape)
    return x


PACKING = [
    Case("stack", lambda tf, a, b: tf.stack([a, b]), [(2, 3), (2, 3)], ANY),
    Case("stack_last", lambda tf, a, b: tf.stack([a, b], axis=-1, name="both"), [(2, 3), (2, 3)]),
    Case("stack_mixed", lambda tf, a: tf.stack([a, [1.0, 2.0, 3.0]]), [(3,)]),
    Case("stack_numbers", lambda tf, a: tf.stack([a, 1]), [()], ("float32", "int32")),
    Case("stack_plain", lambda tf: tf.stack([1, 2, 3])),
    Case("stack_text", lambda tf, a: tf.stack([a, a]), [TEXT], ["string"]),
    Case("stack_bad", lambda tf, a, b: tf.stack([a, b]), [(2,), (3,)], fails=True),
    Case("stack_bad_axis", lambda tf, a: tf.stack([a, a], axis=3), [(2,)], fails=True),
    Case("stack_bad_dtypes", lambda tf, a: tf.stack([a, tf.cast(a, tf.int32)]), [(2,)], fails=True),
    Case(
        "parallel_stack",
        lambda tf, a, b: tf.parallel_stack([a, b]),
        [(2, 3), (2, 3)],
        unknown=False,
        names=False,
        notes={"names": "TF records a private node type"},
        grad=False,
        graphdef=False,
    ),
    Case("packed", lambda tf, a: tf.convert_to_tensor([[a, 1.0], [2.0, a]]), [()]),
    Case("packed_cast", lambda tf, a: tf.convert_to_tensor([a, 1.0], dtype=tf.float64), [()]),
    Case("unstack", lambda tf, x: tf.unstack(x), [(2, 3)], ANY, unknown=False),
    Case("unstack_axis", lambda tf, x: tf.unstack(x, axis=-1), [(2, 3)], unknown=("partial",)),
    Case("unstack_num", lambda tf, x: tf.unstack(x, num=2), [(2, 3)]),
    Case("unstack_unknown", lambda tf, x: tf.unstack(tf.placeholder_with_default(x, [None, 3])), [(2, 3)], fails=True),
    Case("unstack_bad_axis", lambda tf, x: tf.unstack(x, axis=2), [(2, 3)], fails=True),
]

FILLING = [
    Case(
        "zeros", lambda tf: [tf.zeros([2, 3]), tf.zeros((2,), tf.int64), tf.zeros([], name="z"), tf.zeros([2], tf.bool)]
    ),
    Case("zeros_large", lambda tf: [tf.zeros([1000, 2]), tf.ones([1000]), tf.zeros([999]), tf.zeros(3), tf.ones(4)]),
    Case("zeros_text", lambda tf: tf.zeros([2], tf.string), graphdef=False),
    Case("zeros_of_shape", lambda tf, x: [tf.zeros(tf.shape(x)), tf.zeros([tf.shape(x)[0], 2], tf.int32)], [(2, 3)]),
    Case("zeros_of_tensor_shape", lambda tf, x: tf.zeros(x.get_shape()), [(2, 3)], unknown=False),
    Case("ones", lambda tf: [tf.ones([2, 3]), tf.ones((2,), tf.int64), tf.ones([], name="o"), tf.ones([2], tf.bool)]),
    Case("ones_of_shape", lambda tf, x: [tf.ones(tf.shape(x)), tf.ones([tf.shape(x)[0], 2], tf.int32)], [(2, 3)]),
    Case("zeros_like_dtype", lambda tf, x: [tf.zeros_like(x, tf.int32), tf.zeros_like(x, optimize=False)], [(2, 3)]),
    Case("ones_like_dtype", lambda tf, x: [tf.ones_like(x, tf.int32), tf.ones_like(x, optimize=False)], [(2, 3)]),
    Case("zeros_like_list", lambda tf: [tf.zeros_like([1, 2]), tf.ones_like([[1.5]])]),
    Case("zeros_like_text", lambda tf, x: tf.zeros_like(x), [TEXT], ["string"]),
    Case("fill", lambda tf, x: tf.fill([2, 3], x), [()], ANY),
    Case("fill_of_shape", lambda tf, x, v: tf.fill(tf.shape(x), v), [(2, 3), ()]),
    Case("fill_text", lambda tf: tf.fill([2], "a")),
    Case("fill_bad", lambda tf, x: tf.fill([2, 3], x), [(2,)], fails=True),
    Case("range", lambda tf: [tf.range(5), tf.range(3, 18, 3), tf.range(3, 1, -0.5), tf.range(5.0), tf.range(2, 2)]),
    Case(
        "range_dtype", lambda tf: [tf.range(5, dtype=tf.int64), tf.range(0, 3, dtype=tf.float32), tf.range(4, name="r")]
    ),
    Case("range_computed", lambda tf, n: tf.range(n), [np.int32(4)]),
    Case("range_computed_int64", lambda tf, n: tf.range(1, n, 2), [np.int64(9)]),
    Case("range_of_size", lambda tf, x: tf.range(tf.size(x)), [(2, 3)]),
    Case("range_bad", lambda tf: tf.range(0, 5, 0), fails=True),
    Case(
        "linspace",
        lambda tf, a: tf.linspace(a, 10.0, 5),
        [()],
        names=False,
        notes={
            "names": "one LinSpace node as in TF 1.15, where TF 2 spells out some seventy",
            "shapes": "a LinSpace node has rank 1",
        },
        grad=False,
    ),
    Case(
        "lin_space_one",
        lambda tf: tf.lin_space(1.0, 2.0, 1),
        names=False,
        notes={"names": "one LinSpace node as in TF 1.15, where TF 2 spells out some seventy"},
    ),
    Case(
        "linspace_vectors",
        lambda tf, a: tf.linspace(a, a + 1.0, 4),
        [(3,)],
        names=False,
        grad=False,
        notes={"names": "TF 2 spells out some seventy nodes"},
        unknown=False,
        tol=1e-5,
        atol=1e-6,
    ),
    Case("one_hot", lambda tf, i: tf.one_hot(i, 4), [np.array([[0, 3], [-1, 5]], np.int32)]),
    Case(
        "one_hot_values", lambda tf, i: tf.one_hot(i, 3, on_value=5, off_value=-1, axis=0), [np.array([0, 2], np.int64)]
    ),
    Case("one_hot_dtype", lambda tf, i: tf.one_hot(i, 3, dtype=tf.int64, axis=1), [np.array([[0, 2]], np.int64)]),
    Case("one_hot_uint8", lambda tf, i: tf.one_hot(i, 300, dtype=tf.float64), [np.array([0, 255], np.uint8)]),
    Case("one_hot_bool", lambda tf, i: tf.one_hot(i, 3, True, False), [np.array([0, 2], np.int32)]),
    Case("one_hot_computed", lambda tf, i, d: tf.one_hot(i, d), [np.array([0, 2], np.int32), np.int32(4)]),
    Case("one_hot_bad", lambda tf, i: tf.one_hot(i, 3, 5, 1.0), [INDEX], fails=True),
    Case(
        "eye", lambda tf: [tf.eye(3), tf.eye(2, 3, name="e"), tf.eye(2, batch_shape=[2, 1]), tf.eye(2, dtype=tf.int32)]
    ),
    Case("eye_computed", lambda tf, n: tf.eye(n), [np.int32(3)]),
    Case("eye_computed_columns", lambda tf, n: tf.eye(n, 2), [np.int32(3)]),
    Case("meshgrid", lambda tf, a, b: tf.meshgrid(a, b), [(3,), (4,)], unknown=False),
    Case("meshgrid_ij", lambda tf, a, b, c: tf.meshgrid(a, b, c, indexing="ij"), [(3,), (4,), (2,)], unknown=False),
    Case("meshgrid_xy3", lambda tf, a, b, c: tf.meshgrid(a, b, c), [(3,), (4,), (2,)], unknown=False),
]

IDENTITIES = [
    Case("identity_text", lambda tf, x: tf.identity(x), [TEXT], ["string"]),
    Case("identity_n", lambda tf, a, b: tf.identity_n([a, b]), [(2,), (3,)]),
    Case("identity_number", lambda tf: [tf.identity(3), tf.identity([1.0, 2.0], name="two")]),
    Case("placeholder_with_default", lambda tf, x: tf.placeholder_with_default(x, [None, 3]), [(2, 3)], ANY),
    Case("placeholder_with_default_unknown", lambda tf, x: tf.placeholder_with_default(x, None), [(2, 3)]),
    Case("placeholder_with_default_bad", lambda tf, x: tf.placeholder_with_default(x, [3, 3]), [(2, 3)], fails=True),
    Case("placeholder_not_fed", lambda tf: tf.placeholder(tf.float32, [2]) * 2.0, fails=True),
    Case("guarantee_const", lambda tf, x: tf.guarantee_const(x), [(2, 3)], grad=False),
    Case("stop_gradient_product", lambda tf, x: x * tf.stop_gradient(x), [(2, 3)], WIDE_FLOATS),
    Case(
        "constant_kinds",
        lambda tf: [
            tf.constant(1),
            tf.constant([1.5]),
            tf.constant("a"),
            tf.constant(True),
            tf.constant([[1, 2]], tf.int64),
            tf.constant(-1.0, shape=[2, 2]),
        ],
    ),
]

CASES = [*SHAPES, *PACKING, *FILLING, *IDENTITIES]
