"""Rows of cutting, picking, joining and rearranging: x[...], slice, gather, concat, split, pad, transpose, unique."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import FLOATS, INTS, WIDE_FLOATS, Case, In

ANY = (*WIDE_FLOATS, *INTS, "bool", "complex64")
TEXT = np.array([[b"a", b"bc", b""], [b"d", b"e", b"f"]], object)
ROWS = np.array([2, 0, 2], np.int32)
MASK = np.array([True, False, True, True])


def index(id, key, shape=(4, 3, 2), **options):
    return Case(f"getitem_{id}", lambda tf, x: key(tf, x), [shape], **options)


SLICING = [
    index("int", lambda tf, x: x[1], dtypes=ANY),
    index("negative", lambda tf, x: x[-1]),
    index("slice", lambda tf, x: x[1:3]),
    index("open", lambda tf, x: x[2:]),
    index("upto", lambda tf, x: x[:2]),
    index("all", lambda tf, x: x[:]),
    index("step", lambda tf, x: x[::2]),
    index("reversed", lambda tf, x: x[::-1]),
    index("reversed_part", lambda tf, x: x[2:0:-1]),
    index("second", lambda tf, x: x[:, 1]),
    index("mixed", lambda tf, x: x[1:, 0, ::-1]),
    index("ellipsis", lambda tf, x: x[..., 0]),
    index("ellipsis_middle", lambda tf, x: x[0, ..., 1:]),
    index("newaxis", lambda tf, x: x[:, tf.newaxis, 1]),
    index("newaxis_ellipsis", lambda tf, x: x[None, ..., None]),
    index("only_ellipsis", lambda tf, x: x[...]),
    index("empty", lambda tf, x: x[2:2]),
    index("negative_bounds", lambda tf, x: x[-3:-1]),
    index("beyond", lambda tf, x: x[1:100]),
    index("tuple", lambda tf, x: x[()]),
    index("numpy_int", lambda tf, x: x[np.int64(1)]),
    index("out_of_range", lambda tf, x: x[4], fails=True),
    index("too_many", lambda tf, x: x[0, 0, 0, 0], fails=True),
    index("float", lambda tf, x: x[1.5], fails=True),
    index("text", lambda tf, x: x["a"], fails=True),
    Case("getitem_tensor", lambda tf, x, i: x[i], [(4, 3), np.int32(2)], WIDE_FLOATS),
    Case("getitem_tensor_negative", lambda tf, x, i: x[:, i], [(4, 3), np.int32(-1)]),
    Case(
        "getitem_tensor_int64",
        lambda tf, x, i: x[i, 1:],
        [(4, 3), np.int64(2)],
        notes={"shapes": "TF does not look into an int64 Pack; the size is known all the same"},
    ),
    Case("getitem_tensor_start", lambda tf, x, i: x[i:], [(4, 3), np.int32(2)]),
    Case("getitem_tensor_stop", lambda tf, x, i: x[:i], [(4, 3), np.int32(2)]),
    Case("getitem_tensor_both", lambda tf, x, i: x[i : i + 2], [(4, 3), np.int32(1)]),
    Case("getitem_tensor_two", lambda tf, x, i: x[i, i], [(4, 3), np.int32(1)]),
    Case("getitem_of_shape", lambda tf, x, y: x[: tf.shape(y)[0]], [(4, 3), (2,)]),
    Case("getitem_mask", lambda tf, x: x[tf.constant(MASK)], [(4, 3)], unknown=False),
    Case("getitem_mask_array", lambda tf, x: x[MASK], [(4, 3)], unknown=False),
    Case("getitem_mask_tensor", lambda tf, x: x[x > 0.0], [(4, 3)], unknown=("partial", "unknown")),
    Case("getitem_of_text", lambda tf, x: x[:, 1], [TEXT], ["string"]),
    Case("slice", lambda tf, x: tf.slice(x, [1, 0], [2, -1]), [(4, 3)], ANY),
    Case("slice_computed", lambda tf, x, b: tf.slice(x, b, [2, 2]), [(4, 3), np.array([1, 1], np.int32)]),
    Case("slice_mixed", lambda tf, x, i: tf.slice(x, [i, 0], [2, -1]), [(4, 3), np.int32(1)]),
    Case("slice_size_computed", lambda tf, x, n: tf.slice(x, [0, 0], [n, 2]), [(4, 3), np.int32(3)]),
    Case("slice_of_shape", lambda tf, x: tf.slice(x, [0, 1], tf.stack([tf.shape(x)[0], 1])), [(4, 3)]),
    Case("slice_bad", lambda tf, x: tf.slice(x, [3, 0], [2, -1]), [(4, 3)], fails=True, grad=False),
    Case("strided_slice", lambda tf, x: tf.strided_slice(x, [0, 1], [4, 3], [2, 1]), [(4, 3)]),
    Case("strided_slice_ones", lambda tf, x: tf.strided_slice(x, [1, 0], [3, 2], name="cut"), [(4, 3)]),
    Case(
        "strided_slice_masks",
        lambda tf, x: tf.strided_slice(x, [1, 1], [0, 2], [1, 1], begin_mask=1, end_mask=1, shrink_axis_mask=2),
        [(4, 3)],
    ),
]

GATHERS = [
    Case("gather", lambda tf, x: tf.gather(x, ROWS), [(4, 3)], ANY),
    Case("gather_axis", lambda tf, x: tf.gather(x, ROWS, axis=1), [(4, 3)], WIDE_FLOATS),
    Case("gather_last", lambda tf, x: tf.gather(x, [[0, 1], [1, 0]], axis=-1, name="g"), [(4, 3, 2)]),
    Case(
        "gather_matrix", lambda tf, x, i: tf.gather(x, i), [(4, 3), np.array([[0, 3], [1, 1]], np.int64)], WIDE_FLOATS
    ),
    Case("gather_scalar", lambda tf, x, i: tf.gather(x, i), [(4, 3), np.int32(2)]),
    Case(
        "gather_batch",
        lambda tf, x, i: tf.gather(x, i, batch_dims=1),
        [(2, 4, 3), np.array([[0, 3], [1, 1]], np.int32)],
    ),
    Case(
        "gather_batch_axis",
        lambda tf, x, i: tf.gather(x, i, batch_dims=1, axis=2),
        [(2, 4, 3), np.array([[0, 2], [1, 1]], np.int32)],
    ),
    Case("gather_text", lambda tf, x: tf.gather(x, [1, 0]), [TEXT], ["string"]),
    Case("gather_twice", lambda tf, x: tf.gather(x, ROWS) * tf.gather(x, [0, 1, 2]), [(4, 3)], grad=False),
    Case(
        "gather_twice_gradient",  # as a dense tensor: the order of the rows is left open
        lambda tf, x: tf.convert_to_tensor(tf.gradients(tf.gather(x, ROWS) * tf.gather(x, [0, 1, 2]), x)[0]),
        [(4, 3)],
        names=False,
        notes={"names": "gradients are recorded under other names"},
        graphdef=False,
        grad=False,
    ),
    Case("gather_bad", lambda tf, x: tf.gather(x, [7]), [(4, 3)], fails=True),
    Case("gather_nd", lambda tf, x: tf.gather_nd(x, [[0, 1], [3, 2]]), [(4, 3, 2)], ANY),
    Case("gather_nd_rows", lambda tf, x, i: tf.gather_nd(x, i), [(4, 3), np.array([[2], [0]], np.int32)], WIDE_FLOATS),
    Case("gather_nd_full", lambda tf, x: tf.gather_nd(x, [[[0, 1]], [[3, 2]]]), [(4, 3)]),
    Case(
        "gather_nd_batch",
        lambda tf, x, i: tf.gather_nd(x, i, batch_dims=1),
        [(2, 4, 3), np.array([[[0], [3]], [[1], [1]]], np.int32)],
        names=False,
        unknown=False,
        notes={"names": "composed of fewer nodes"},
    ),
    Case(
        "batch_gather",
        lambda tf, x, i: tf.batch_gather(x, i),
        [(2, 4), np.array([[0, 3], [1, 1]], np.int32)],
        names=False,
        notes={"names": "one GatherV2 node"},
        unknown=False,
    ),
    Case("scatter_nd", lambda tf, u: tf.scatter_nd([[1], [3], [1]], u, [5, 2]), [(3, 2)], (*WIDE_FLOATS, *INTS)),
    Case(
        "scatter_nd_computed",
        lambda tf, i, u, s: tf.scatter_nd(i, u, s),
        [np.array([[1, 0], [3, 1]], np.int32), (2,), np.array([5, 2], np.int32)],
    ),
    Case(
        "tensor_scatter_update",
        lambda tf, x, u: tf.tensor_scatter_update(x, [[1], [3]], u),
        [(5, 2), (2, 2)],
        WIDE_FLOATS,
    ),
    Case("tensor_scatter_add", lambda tf, x, u: tf.tensor_scatter_add(x, [[1], [1]], u), [(5, 2), (2, 2)]),
    Case("tensor_scatter_sub", lambda tf, x, u: tf.tensor_scatter_sub(x, [[1], [3]], u), [(5, 2), (2, 2)]),
    Case("tensor_scatter_max", lambda tf, x, u: tf.tensor_scatter_nd_max(x, [[1], [3]], u), [(5, 2), (2, 2)]),
    Case("tensor_scatter_min", lambda tf, x, u: tf.tensor_scatter_nd_min(x, [[1], [3]], u), [(5, 2), (2, 2)]),
]

JOINING = [
    Case("concat", lambda tf, a, b: tf.concat([a, b], 0), [(2, 3), (4, 3)], ANY),
    Case("concat_last", lambda tf, a, b: tf.concat([a, b], -1, name="joined"), [(2, 3), (2, 1)]),
    Case("concat_axis_first", lambda tf, a, b: tf.concat(axis=1, values=[a, b]), [(2, 3), (2, 1)]),
    Case("concat_one", lambda tf, a: [tf.concat([a], 0), tf.concat(a, 0)], [(2, 3)]),
    Case("concat_text", lambda tf, a: tf.concat([a, a], 1), [TEXT], ["string"]),
    Case("concat_bad", lambda tf, a, b: tf.concat([a, b], 0), [(2, 3), (2, 4)], fails=True),
    Case("concat_bad_axis", lambda tf, a, b: tf.concat([a, b], 2), [(2, 3), (2, 3)], fails=True),
    Case("split", lambda tf, x: tf.split(x, 3, 1), [(2, 6)], ANY),
    Case("split_default", lambda tf, x: tf.split(x, 2), [(4, 3)]),
    Case("split_sizes", lambda tf, x: tf.split(x, [1, 2, 3], axis=1), [(2, 6)], WIDE_FLOATS),
    Case("split_rest", lambda tf, x: tf.split(x, [1, -1], 1), [(2, 6)]),
    Case("split_negative", lambda tf, x: tf.split(value=x, num_or_size_splits=2, axis=-1), [(2, 6)]),
    Case(
        "split_computed", lambda tf, x, s: tf.split(x, s, 1), [(2, 6), np.array([2, 4], np.int32)], unknown=("partial",)
    ),
    Case("split_bad", lambda tf, x: tf.split(x, 4, 1), [(2, 6)], fails=True),
    Case("split_bad_sizes", lambda tf, x: tf.split(x, [1, 2], 1), [(2, 6)], fails=True),
    Case("tile", lambda tf, x: tf.tile(x, [2, 3]), [(2, 3)], ANY),
    Case("tile_computed", lambda tf, x: tf.tile(x, [tf.shape(x)[0], 1]), [(2, 3)]),
    Case("tile_by_tensor", lambda tf, x, m: tf.tile(x, m), [(2, 3), np.array([1, 2], np.int32)]),
    Case("pad", lambda tf, x: tf.pad(x, [[1, 2], [0, 1]]), [(2, 3)], ANY),
    Case("pad_constant", lambda tf, x: tf.pad(x, [[1, 0], [0, 1]], constant_values=7), [(2, 3)], (*WIDE_FLOATS, *INTS)),
    Case("pad_reflect", lambda tf, x: tf.pad(x, [[1, 1], [2, 0]], "REFLECT"), [(2, 3)], WIDE_FLOATS),
    Case("pad_symmetric", lambda tf, x: tf.pad(x, [[2, 1], [3, 0]], mode="symmetric"), [(2, 3)], WIDE_FLOATS),
    Case("pad_computed", lambda tf, x, n: tf.pad(x, [[0, n], [0, 0]]), [(2, 3), np.int32(2)]),
    Case("pad_bad_mode", lambda tf, x: tf.pad(x, [[0, 0]], "WRAP"), [(2,)], fails=True),
    Case("pad_bad_rank", lambda tf, x: tf.pad(x, [[0, 0]]), [(2, 3)], fails=True),
    Case("transpose", lambda tf, x: tf.transpose(x), [(2, 3, 4)], ANY),
    Case("transpose_perm", lambda tf, x: tf.transpose(x, [1, 0, 2], name="t"), [(2, 3, 4)], FLOATS),
    Case("transpose_conjugate", lambda tf, x: tf.transpose(x, conjugate=True), [(2, 3)], ["complex64", "float32"]),
    Case("transpose_bad", lambda tf, x: tf.transpose(x, [0, 1]), [(2, 3, 4)], fails=True),
    Case("matrix_transpose", lambda tf, x: tf.matrix_transpose(x), [(2, 3, 4)]),
    Case("invert_permutation", lambda tf, x: tf.invert_permutation(x), [np.array([2, 0, 1, 3], np.int32)]),
]

ARRANGING = [
    Case("reverse", lambda tf, x: tf.reverse(x, [0, -1]), [(2, 3, 4)], ANY),
    Case("reverse_bad", lambda tf, x: tf.reverse(x, [3]), [(2, 3)], fails=True),
    Case(
        "reverse_sequence",
        lambda tf, x, n: tf.reverse_sequence(x, n, seq_axis=1, batch_axis=0),
        [(3, 4, 2), np.array([1, 4, 2], np.int64)],
        WIDE_FLOATS,
    ),
    Case(
        "reverse_sequence_old",
        lambda tf, x, n: tf.reverse_sequence(x, n, seq_dim=0, batch_dim=1),
        [(4, 3), np.array([1, 4, 2], np.int32)],
    ),
    Case("roll", lambda tf, x: tf.roll(x, 1, 0), [(4, 3)], WIDE_FLOATS),
    Case("roll_two", lambda tf, x: tf.roll(x, [1, -1], [0, 1]), [(4, 3)]),
    Case("roll_computed", lambda tf, x, n: tf.roll(x, n, 0), [(4, 3), np.int32(3)]),
    Case("space_to_depth", lambda tf, x: tf.space_to_depth(x, 2), [(2, 4, 6, 3)], WIDE_FLOATS),
    Case("depth_to_space", lambda tf, x: tf.depth_to_space(x, 2), [(2, 2, 3, 8)], WIDE_FLOATS),
    Case("space_to_batch_nd", lambda tf, x: tf.space_to_batch_nd(x, [2, 2], [[1, 1], [0, 2]]), [(2, 4, 4, 3)]),
    Case("batch_to_space_nd", lambda tf, x: tf.batch_to_space_nd(x, [2, 2], [[1, 0], [0, 1]]), [(8, 2, 3, 3)]),
    Case("space_to_batch_nd_1d", lambda tf, x: tf.space_to_batch_nd(x, [3], [[0, 1]]), [(2, 5, 3)]),
    Case("space_to_batch", lambda tf, x: tf.space_to_batch(x, [[0, 0], [0, 0]], 2), [(2, 4, 4, 1)]),
    Case("batch_to_space", lambda tf, x: tf.batch_to_space(x, [[0, 0], [0, 0]], 2), [(4, 2, 2, 1)]),
    Case("space_to_depth_bad", lambda tf, x: tf.space_to_depth(x, 3), [(2, 4, 6, 3)], fails=True),
]

SELECTION = [
    Case("where", lambda tf, c: tf.where(c), [In((3, 4), dtype="bool")], ["bool"]),
    Case("where_numbers", lambda tf, x: tf.where(x), [In((6,), -1, 2)], ("int32", "float32"), grad=False),
    Case("where_then", lambda tf, x: tf.gather_nd(x, tf.where(x > 0.0)) * 2.0, [(3, 4)]),
    Case("boolean_mask", lambda tf, x, m: tf.boolean_mask(x, m), [(4, 3), MASK], ("float32", "int32")),
    Case(
        "boolean_mask_matrix",
        lambda tf, x, m: tf.boolean_mask(x, m),
        [(2, 3, 4), In((2, 3), dtype="bool")],
        unknown=("partial", "unknown"),
    ),
    Case(
        "boolean_mask_axis",
        lambda tf, x, m: tf.boolean_mask(x, m, axis=1),
        [(3, 4), MASK],
        unknown=("partial", "unknown"),
    ),
    Case("boolean_mask_list", lambda tf, x: tf.boolean_mask(x, [True, False, True]), [(3, 2)], unknown=False),
    Case("boolean_mask_bad", lambda tf, x, m: tf.boolean_mask(x, m), [(3, 3), MASK], fails=True),
    Case("unique", lambda tf, x: tf.unique(x), [np.array([3, 1, 3, 7, 1], np.int32)]),
    Case("unique_float", lambda tf, x: tf.unique(x, out_idx=tf.int64), [np.array([3.0, 1, 3, 7, 1])], grad=False),
    Case("unique_text", lambda tf, x: tf.unique(x), [np.array([b"b", b"a", b"b"], object)], ["string"]),
    Case("unique_with_counts", lambda tf, x: tf.unique_with_counts(x), [np.array([3, 1, 3, 7, 1], np.int64)]),
    Case("setdiff1d", lambda tf, x: tf.setdiff1d(x, [1, 9]), [np.array([3, 1, 3, 7], np.int32)]),
    Case(
        "dynamic_partition",
        lambda tf, x, p: tf.dynamic_partition(x, p, 3),
        [(4, 2), np.array([2, 0, 2, 0], np.int32)],
        WIDE_FLOATS,
    ),
    Case(
        "dynamic_partition_matrix",
        lambda tf, x, p: tf.dynamic_partition(x, p, 2),
        [(2, 2), np.array([[1, 0], [0, 0]], np.int32)],
    ),
    Case("dynamic_stitch", lambda tf, a, b: tf.dynamic_stitch([[0, 3], [1, 2]], [a, b]), [(2, 3), (2, 3)], WIDE_FLOATS),
    Case(
        "dynamic_stitch_computed",
        lambda tf, i, a, b: tf.dynamic_stitch([i, [1, 2]], [a, b]),
        [np.array([0, 3], np.int32), (2, 3), (2, 3)],
    ),
    Case(
        "dynamic_stitch_repeated",
        lambda tf, a, b: tf.dynamic_stitch([[0, 1], [1, 2]], [a, b]),
        [(2,), (2,)],
        grad=False,
    ),
    Case(
        "partition_and_stitch", lambda tf, x, p: _there_and_back(tf, x, p), [(4, 2), np.array([1, 0, 1, 0], np.int32)]
    ),
    Case("sequence_mask", lambda tf, n: tf.sequence_mask(n, 4), [np.array([1, 4, 0], np.int32)]),
    Case("sequence_mask_longest", lambda tf, n: tf.sequence_mask(n), [np.array([1, 4, 0], np.int32)]),
    Case(
        "sequence_mask_dtype",
        lambda tf, n: tf.sequence_mask(n, dtype=tf.float32, name="m"),
        [np.array([[1, 3]], np.int64)],
    ),
    Case("sequence_mask_computed", lambda tf, n, m: tf.sequence_mask(n, m), [np.array([1, 4], np.int32), np.int32(5)]),
]


def _there_and_back(tf, x, parts):
    places = tf.dynamic_partition(tf.range(4), parts, 2)
    rows = tf.dynamic_partition(x, parts, 2)
    return tf.dynamic_stitch(places, [rows[0] * 2.0, rows[1] * 3.0])


CASES = [*SLICING, *GATHERS, *JOINING, *ARRANGING, *SELECTION]
