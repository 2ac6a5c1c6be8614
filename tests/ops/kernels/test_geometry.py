"""Output sizes and padding against TensorFlow's own shape inference and against what its kernels read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scopedjax._src.ops.kernels import geometry
from tests.oracle import Raised, real_tf, run_body

pytestmark = pytest.mark.oracle

CASES = [
    case
    for case in itertools.product((1, 2, 5, 8, 9), (1, 2, 3, 4), (1, 2, 3), ("SAME", "VALID", (1, 2)), (1, 2))
    if case[2] == 1 or case[4] == 1
]


def _their_shape(tf, size, kernel, stride, padding, dilation):
    padding = padding if isinstance(padding, str) else [[0, 0], list(padding), [0, 0], [0, 0]]
    y = tf.nn.conv2d(
        tf.placeholder(tf.float32, [1, size, 1, 1]),
        tf.placeholder(tf.float32, [kernel, 1, 1, 1]),
        [1, stride, 1, 1],
        padding,
        dilations=[1, dilation, 1, 1],
    )
    return y.shape.as_list()[1]


def test_sizes_and_errors_are_tensorflows():
    for case in CASES:
        expected = run_body(real_tf(), _their_shape, *case)
        try:
            found = geometry.conv_output_dim(*case)
        except ValueError as error:
            assert isinstance(expected, Raised), case
            assert expected.type == "ValueError", case
            assert expected.phrase in str(error), case
        else:
            assert found == expected, case


def test_pads_are_tensorflows():
    # With all ones, each result counts the elements under its window: where the padding is shows in them.
    tf = real_tf()
    for size, kernel, stride in itertools.product((5, 8, 9), (1, 2, 3, 4, 7), (1, 2, 3)):
        with tf.Graph().as_default(), tf.Session() as session:
            x = tf.ones([1, size, 1, 1])
            counts = session.run(tf.nn.conv2d(x, tf.ones([kernel, 1, 1, 1]), [1, stride, 1, 1], "SAME"))[0, :, 0, 0]
        window = geometry.window(size, kernel, stride, "SAME")
        row = np.pad(np.ones(size), (window.low, window.high))
        assert counts.tolist() == [row[p * stride : p * stride + kernel].sum() for p in range(window.output)]


def test_unknown_dimensions_stay_unknown():
    assert geometry.conv_output_dim(None, 3, 2, "SAME") is None
    assert geometry.conv_output_dim(7, None, 2, "VALID") is None
    assert geometry.conv_output_dim(7, None, 2, "SAME") == 4


def _their_layer(tf, size, kernel, stride, padding):
    x = tf.placeholder(tf.float32, [2, size, size, 1])
    return tf.layers.conv2d_transpose(x, 1, kernel, stride, padding).shape.as_list()[1]


def test_deconvolution_lengths_are_those_of_layers():
    for size, kernel, stride, padding in itertools.product((1, 4, 7), (1, 2, 5), (1, 2, 3), ("SAME", "VALID")):
        assert geometry.deconv_output_dim(size, kernel, stride, padding) == run_body(
            real_tf(), _their_layer, size, kernel, stride, padding
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda: geometry.conv_output_dim(5, 3, 1, "FULL"),
        lambda: geometry.axis_paddings("FULL", 4),
        lambda: geometry.axis_paddings([[0, 0], [1, 1]], 4),
        lambda: geometry.axis_paddings([[0, 0], [-1, 1]], 2),
        lambda: geometry.channels_first("HWCN"),
        lambda: geometry.windows((5,), (3,), (2, 1, 1), "SAME", "NWC"),
        lambda: geometry.windows((5,), (3,), (1, 1, 1), [[1, 0], [0, 0], [0, 0]], "NWC"),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(ValueError, match=r"(?i)padding|data_format|strides"):
        call()


def test_tiles():
    assert geometry.window(6, 2, 2).tiles
    assert not geometry.window(7, 2, 2).tiles
    assert not geometry.window(6, 2, 1).tiles
    assert not geometry.window(5, 2, 2, "SAME").tiles
