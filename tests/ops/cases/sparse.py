"""Rows of sparse tensors: with dense ones, with each other, in another form, and their gradients."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import Case, In

PLACES = [[0, 1], [0, 2], [2, 0], [3, 1]]
OTHER = [[0, 2], [1, 1], [3, 1]]
SHAPE = [4, 3]
IDS = np.array([2, 0, 4, 1], np.int64)
PARTLY = ("partial", "unknown")


def sp(tf, values, places=PLACES, shape=SHAPE):
    return tf.SparseTensor(places, values, shape)


def case(id, call, inputs, dtypes=("float32",), unknown=PARTLY, **options):
    return Case(id, call, inputs, dtypes, unknown=unknown, **options)


def _texts(tf):
    return sp(tf, ["a", "b", ""], [[0, 0], [1, 0], [1, 1]], [2, 2])


def _words(tf):
    return tf.constant([["x", "y"], ["z", "xyz"]])


PRODUCTS = [
    case(
        "matmul", lambda tf, v, b: tf.sparse_tensor_dense_matmul(sp(tf, v), b), [(4,), (3, 2)], ("float32", "float64")
    ),
    case("matmul_adjoint_a", lambda tf, v, b: tf.sparse.matmul(sp(tf, v), b, adjoint_a=True), [(4,), (4, 2)]),
    case("matmul_adjoint_b", lambda tf, v, b: tf.sparse.matmul(sp(tf, v), b, adjoint_b=True), [(4,), (2, 3)]),
    case(
        "matmul_adjoints",
        lambda tf, v, b: tf.sparse_tensor_dense_matmul(sp(tf, v), b, adjoint_a=True, adjoint_b=True, name="m"),
        [(4,), (2, 4)],
    ),
    case(
        "matmul_complex",
        lambda tf, v, b: tf.sparse.matmul(sp(tf, v), b, True),
        [(4,), (4, 2)],
        ("complex64",),
        grad=False,
    ),  # fmt: skip
    case("matmul_dense_left", lambda tf, v, b: tf.sparse.sparse_dense_matmul(b, sp(tf, v)), [(4,), (2, 4)]),
    case("matmul_inner", lambda tf, v, b: tf.sparse_tensor_dense_matmul(sp(tf, v), b), [(4,), (4, 2)], fails=True),
    case("matmul_vector", lambda tf, v, b: tf.sparse_tensor_dense_matmul(sp(tf, v), b), [(4,), (3,)], fails=True),
    case(
        "matmul_unordered",
        lambda tf, v, b: tf.sparse.matmul(sp(tf, v, [[3, 1], [0, 1], [3, 1], [1, 2]]), b),
        [(4,), (3, 2)],
    ),
    case(
        "sparse_matmul",
        lambda tf, a, b: tf.sparse_matmul(a, b, transpose_b=True, a_is_sparse=True),
        [(2, 3), (4, 3)],
        grad=False,
    ),  # fmt: skip
]
ELEMENTWISE = [
    case("times", lambda tf, v, d: sp(tf, v) * d, [(4,), (4, 3)], ("float32", "int64")),
    case("times_row", lambda tf, v, d: sp(tf, v) * d, [(4,), (3,)], unknown=False),
    case("times_column", lambda tf, v, d: sp(tf, v) * d, [(4,), (4, 1)], unknown=False),
    case("times_number", lambda tf, v: sp(tf, v) * 3.0, [(4,)], grad=False),
    case("dense_times", lambda tf, v, d: d * sp(tf, v), [(4,), (4, 3)]),
    case("over", lambda tf, v, d: sp(tf, v) / (d * d + 1.0), [(4,), (4, 3)]),
    case("over_integers", lambda tf, v: sp(tf, v) / 4, [(4,)], ("int32",)),
    case("times_wrong", lambda tf, v, d: sp(tf, v) * d, [(4,), (2, 2)], fails=True),
    case("plus_dense", lambda tf, v, d: tf.sparse_add(sp(tf, v), d), [(4,), (4, 3)], ("float32", "int32")),
    case("dense_plus", lambda tf, v, d: tf.sparse.add(d, sp(tf, v)), [(4,), (4, 3)]),
    case("softmax", lambda tf, v: tf.sparse_softmax(sp(tf, v)), [(4,)], ("float32", "float64")),
    case(
        "softmax_3d",
        lambda tf, v: tf.sparse.softmax(sp(tf, v, [[0, 0, 1], [0, 0, 2], [1, 1, 0], [1, 1, 1]], [2, 2, 3])),
        [(4,)],
    ),
    case(
        "maximum",
        lambda tf, v, w: tf.sparse_maximum(sp(tf, v), sp(tf, w, OTHER)),
        [(4,), (3,)],
        ("float32", "int32"),
        grad=False,
    ),  # fmt: skip
    case(
        "minimum", lambda tf, v, w: tf.sparse.minimum(sp(tf, v), sp(tf, w, OTHER), name="m"), [(4,), (3,)], grad=False
    ),  # fmt: skip
    case(
        "maximum_shapes",
        lambda tf, v: tf.sparse_maximum(sp(tf, v), sp(tf, v, shape=[4, 4])),
        [(4,)],
        grad=False,
        fails=True,
    ),
    case("cast", lambda tf, v: tf.cast(sp(tf, v), tf.int32), [(4,)]),
    case("identity", lambda tf, v: tf.identity(sp(tf, v)), [(4,)]),
    *(
        case(
            f"unary_{name}",
            lambda tf, v, name=name: getattr(tf, name)(sp(tf, v)),
            [In((4,), 0.1, 0.9)],
            names=False,  # TensorFlow 2 tries the dense node first, and uses up its name
        )
        for name in ("abs", "negative", "sign", "square", "sqrt", "erf", "tanh", "sin", "atanh")
    ),
]
REDUCTIONS = [
    case("sum", lambda tf, v: tf.sparse_reduce_sum(sp(tf, v)), [(4,)], ("float32", "int64")),
    case("sum_axis", lambda tf, v: tf.sparse_reduce_sum(sp(tf, v), 1), [(4,)]),
    case("sum_negative_axis", lambda tf, v: tf.sparse_reduce_sum(sp(tf, v), -2, keepdims=True), [(4,)]),
    case("sum_no_axis", lambda tf, v: tf.sparse.reduce_sum(sp(tf, v), []), [(4,)], names=False),
    case("sum_out_of_range", lambda tf, v: tf.sparse_reduce_sum(sp(tf, v), 2), [(4,)], grad=False, fails=True),
    case("max", lambda tf, v: tf.sparse_reduce_max(sp(tf, v), 1), [(4,)], ("float32", "int32"), grad=False),
    case("max_all", lambda tf, v: tf.sparse.reduce_max(sp(tf, v - 5.0), keepdims=True), [(4,)], grad=False),
    case("sum_sparse", lambda tf, v: tf.sparse_reduce_sum_sparse(sp(tf, v), 1), [(4,)], grad=False),
    case("sum_sparse_kept", lambda tf, v: tf.sparse_reduce_sum_sparse(sp(tf, v), 0, keepdims=True), [(4,)], grad=False),
    case("max_sparse", lambda tf, v: tf.sparse_reduce_max_sparse(sp(tf, v)), [(4,)], grad=False),
]
JOINING = [
    case("add", lambda tf, v, w: tf.sparse_add(sp(tf, v), sp(tf, w, OTHER)), [(4,), (3,)], ("float32", "int32")),
    case("add_threshold", lambda tf, v, w: tf.sparse_add(sp(tf, v), sp(tf, w, OTHER), 1.0), [(4,), (3,)]),
    case("add_shapes", lambda tf, v: tf.sparse_add(sp(tf, v), sp(tf, v, shape=[4, 4])), [(4,)], fails=True),
    case("add_dense_only", lambda tf, v: tf.sparse_add(v, v), [(4,)], fails=True),
    case("concat", lambda tf, v, w: tf.sparse_concat(1, [sp(tf, v), sp(tf, w, OTHER)]), [(4,), (3,)], grad=False),
    case(
        "concat_rows",
        lambda tf, v, w: tf.sparse.concat(-2, [sp(tf, v), sp(tf, w, OTHER)], name="c"),
        [(4,), (3,)],
        ("float32", "int64"),
        grad=False,
    ),  # fmt: skip
    case("concat_one", lambda tf, v: tf.sparse_concat(1, [sp(tf, v)]), [(4,)]),
    case(
        "concat_expand",
        lambda tf, v, w: tf.sparse_concat(1, [sp(tf, v), sp(tf, w, OTHER, [6, 3])], expand_nonconcat_dim=True),
        [(4,), (3,)],
        grad=False,
    ),
    case("concat_shapes", lambda tf, v: tf.sparse_concat(1, [sp(tf, v), sp(tf, v, shape=[6, 3])]), [(4,)], fails=True),
    case("split", lambda tf, v: tf.sparse_split(sp_input=sp(tf, v), num_split=2, axis=1), [(4,)], grad=False),
    case(
        "split_many",
        lambda tf, v: tf.sparse_split(sp_input=sp(tf, v), num_split=5, axis=1),
        [(4,)],
        grad=False,
        fails=True,
    ),
    case("split_position", lambda tf, v: tf.sparse_split(2, sp(tf, v), 1), [(4,)], fails=True),
    case("slice", lambda tf, v: tf.sparse_slice(sp(tf, v), [0, 1], [3, 2]), [(4,)]),
    case("slice_beyond", lambda tf, v: tf.sparse.slice(sp(tf, v), [2, 0], [9, 9]), [(4,)]),
    case("slice_rank", lambda tf, v: tf.sparse_slice(sp(tf, v), [2], [9]), [(4,)], fails=True),
    case("fill_empty_rows", lambda tf, v, d: tf.sparse_fill_empty_rows(sp(tf, v), d), [(4,), ()], ("float32", "int64")),
    case("fill_outside", lambda tf, v: tf.sparse_fill_empty_rows(sp(tf, v, shape=[2, 3]), 1.0), [(4,)], fails=True),
]
ARRANGING = [
    case(
        "reorder",
        lambda tf, v: tf.sparse_reorder(sp(tf, v, [[3, 1], [0, 2], [2, 0], [0, 1]])),
        [(4,)],
        ("float32", "int32"),
    ),  # fmt: skip
    case("reshape", lambda tf, v: tf.sparse_reshape(sp(tf, v), [2, -1]), [(4,)]),
    case("reshape_3d", lambda tf, v: tf.sparse.reshape(sp(tf, v), (2, 3, 2), name="r"), [(4,)]),
    case("reshape_wrong", lambda tf, v: tf.sparse_reshape(sp(tf, v), [5, 2]), [(4,)], fails=True),
    case("transpose", lambda tf, v: tf.sparse_transpose(sp(tf, v)), [(4,)]),
    case("transpose_perm", lambda tf, v: tf.sparse.transpose(sp(tf, v), [1, 0]), [(4,)]),
    case("expand_dims", lambda tf, v: tf.sparse.expand_dims(sp(tf, v), 1), [(4,)]),
    case("expand_dims_last", lambda tf, v: tf.sparse.expand_dims(sp(tf, v)), [(4,)]),
    case("retain", lambda tf, v: tf.sparse_retain(sp(tf, v), [True, False, True, True]), [(4,)]),
    case("retain_computed", lambda tf, v: tf.sparse.retain(sp(tf, v), v > 0.0), [(4,)]),
    case("reset_shape", lambda tf, v: tf.sparse_reset_shape(sp(tf, v)), [(4,)]),
    case("reset_shape_larger", lambda tf, v: tf.sparse.reset_shape(sp(tf, v), [5, 6]), [(4,)]),
    case("reset_shape_smaller", lambda tf, v: tf.sparse_reset_shape(sp(tf, v), [2, 6]), [(4,)], fails=True),
    case(
        "mask",
        lambda tf, v: tf.sparse_mask(tf.IndexedSlices(v, tf.constant([4, 1, 3, 7])), [1, 9]),
        [(4, 2)],
        unknown=False,
    ),  # fmt: skip
    case("merge", lambda tf, i, v: tf.sparse_merge(sp(tf, i), sp(tf, v), 5), [IDS, (4,)]),
    case("merge_two", lambda tf, i, v: tf.sparse.merge([sp(tf, i), sp(tf, i)], sp(tf, v), [5, 6]), [IDS, (4,)]),
    case("merge_sizes", lambda tf, i, v: tf.sparse_merge([sp(tf, i)], sp(tf, v), [5, 6]), [IDS, (4,)], fails=True),
    case("to_indicator", lambda tf, i: tf.sparse_to_indicator(sp(tf, i), 5), [IDS]),
    case("from_dense", lambda tf, x: tf.sparse.from_dense(x), [np.array([[0.0, 2], [3, 0]])], ("float32", "int32")),
    case("eye", lambda tf: tf.sparse.eye(3, 4, tf.int32), []),
    case("eye_square", lambda tf: tf.sparse.eye(3), []),
    case("to_dense", lambda tf, v: tf.sparse_tensor_to_dense(sp(tf, v)), [(4,)], ("float32", "int32")),
    case("to_dense_default", lambda tf, v, d: tf.sparse_to_dense(PLACES, SHAPE, v, d), [(4,), ()]),
    case("serialize", lambda tf, v: tf.serialize_sparse(sp(tf, v)), [(4,)], ("float32", "int64"), grad=False),
    case("serialize_text", lambda tf: tf.serialize_many_sparse(sp(tf, ["a", "", "xyz", "w" * 200])), []),
    case(
        "deserialize_many",
        lambda tf, v: tf.deserialize_many_sparse(tf.serialize_many_sparse(sp(tf, v)), v.dtype, rank=2),
        [(4,)],
        grad=False,
    ),
    case(
        "deserialize_type",
        lambda tf, v: tf.deserialize_many_sparse(tf.serialize_many_sparse(sp(tf, v)), tf.int32),
        [(4,)],
        grad=False,
        fails=True,
    ),
    # The crosses of texts are the node of TensorFlow 1, SparseCross; later ones record SparseCrossV2 here.
    case(
        "cross",
        lambda tf: tf.sparse.cross([_texts(tf), tf.constant([[7], [8]]), _words(tf)], name="x"),
        [],
        names=False,
    ),
    case(
        "cross_one",
        lambda tf, i: tf.sparse.cross([i]),
        [In((2, 3), high=50)],
        ("int32", "int64"),
        grad=False,
        names=False,
    ),
    case("cross_apart", lambda tf: tf.sparse.cross([_texts(tf), _words(tf)], separator="-"), []),
    case("cross_hashed", lambda tf: tf.sparse.cross_hashed([_texts(tf), _words(tf)]), []),
    case(
        "cross_buckets",
        lambda tf, i: tf.sparse.cross_hashed([i, _texts(tf)], num_buckets=1000, hash_key=5),
        [In((2, 3), high=50)],
        ("int32", "int64"),
        grad=False,
    ),
    case("cross_batch", lambda tf: tf.sparse.cross([_texts(tf), tf.constant([["a"]])]), [], fails=True),
    case("cross_empty", lambda tf: tf.sparse.cross([sp(tf, [1, 2], [[0, 0], [2, 1]], [3, 2])]), [], names=False),
    case("shape", lambda tf, v: (tf.shape(sp(tf, v)), tf.rank(sp(tf, v)), tf.size(sp(tf, v))), [(4,)]),
]
CASES = [*PRODUCTS, *ELEMENTWISE, *REDUCTIONS, *JOINING, *ARRANGING]
