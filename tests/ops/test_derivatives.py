"""The derivatives that TensorFlow's graphs hold: nodes made there, imported, run and differentiated here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import assert_same, our_tf, real_tf

pytestmark = pytest.mark.oracle

_RANDOM = np.random.RandomState(3)


def _array(*shape: int) -> np.ndarray:
    return _RANDOM.uniform(-2.0, 2.0, shape).astype(np.float32)


X, G = _array(2, 6, 6, 3), _array(2, 3, 3, 3)
X5, G5 = _array(1, 4, 4, 4, 2), _array(1, 2, 2, 2, 2)
WINDOW = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
WIDE = {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
WINDOW5 = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"}
BOXES = np.array([[0.1, 0.0, 0.8, 0.7], [0.3, 0.2, 1.1, 0.9]], np.float32)
IDS = np.array([0, 0, 1, 3, 3], np.int32)
ROWS = np.array([4, 1, 1, 0, 2], np.int32)


def _activation(op_type: str, given: str, **attrs: Any) -> Callable[[Any], Any]:
    return lambda raw: getattr(raw, op_type)(gradients=_array(4, 9), **{given: _array(4, 9)}, **attrs)


def _batch_norm(op_type: str, training: bool, channels_first: bool = False) -> Callable[[Any], Any]:
    def make(raw: Any) -> Any:
        x = _array(3, 4, 4, 5)
        mean, variance = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if training else (_array(5), np.abs(_array(5)))
        more = {"reserve_space_3": np.zeros(0, np.float32)} if op_type.endswith("V3") else {}
        return getattr(raw, op_type)(
            y_backprop=_array(3, 4, 4, 5), x=x, scale=_array(5), reserve_space_1=mean, reserve_space_2=variance,
            epsilon=1e-3, is_training=training, **more,
        )[:3]  # fmt: skip

    return make


def _best(raw: Any) -> Any:
    found = raw.MaxPoolWithArgmax(input=X, **WINDOW)
    return raw.MaxPoolGradWithArgmax(input=X, grad=G, argmax=found[1], **WINDOW)


def _lrn(raw: Any) -> Any:
    attrs = {"depth_radius": 1, "bias": 1.5, "alpha": 0.5, "beta": 0.7}
    return raw.LRNGrad(input_grads=_array(2, 6, 6, 3), input_image=X, output_image=raw.LRN(input=X, **attrs), **attrs)


def _pool(op_type: str, x: np.ndarray, forward: str, grad: np.ndarray, **window: Any) -> Callable[[Any], Any]:
    return lambda raw: getattr(raw, op_type)(
        orig_input=x, orig_output=getattr(raw, forward)(input=x, **window), grad=grad, **window
    )


def _pool_v2(op_type: str, grad: np.ndarray) -> Callable[[Any], Any]:
    sizes = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1]}
    return lambda raw: getattr(raw, op_type)(
        orig_input=X, orig_output=raw.MaxPool(input=X, padding="VALID", **sizes), grad=grad, padding="VALID", **sizes
    )


CASES: dict[str, Callable[[Any], Any]] = {
    "ReluGrad": _activation("ReluGrad", "features"),
    "Relu6Grad": lambda raw: raw.Relu6Grad(gradients=_array(40), features=4 * _array(40)),
    "EluGrad": lambda raw: raw.EluGrad(gradients=_array(40), outputs=np.maximum(_array(40), -0.9)),
    "SeluGrad": lambda raw: raw.SeluGrad(gradients=_array(40), outputs=np.maximum(_array(40), -1.7)),
    "LeakyReluGrad": _activation("LeakyReluGrad", "features", alpha=0.3),
    "SoftplusGrad": _activation("SoftplusGrad", "features"),
    "SoftsignGrad": _activation("SoftsignGrad", "features"),
    "MaxPoolGrad": _pool("MaxPoolGrad", X, "MaxPool", G, **WINDOW),
    "MaxPoolGrad, windows that overlap": _pool("MaxPoolGrad", X, "MaxPool", G, **WIDE),
    "MaxPoolGradV2": _pool_v2("MaxPoolGradV2", G),
    "MaxPool3DGrad": _pool("MaxPool3DGrad", X5, "MaxPool3D", G5, **WINDOW5),
    "MaxPoolGradGrad": _pool("MaxPoolGradGrad", X, "MaxPool", _array(2, 6, 6, 3), **WIDE),
    "MaxPoolGradGradV2": _pool_v2("MaxPoolGradGradV2", _array(2, 6, 6, 3)),
    "MaxPool3DGradGrad": _pool("MaxPool3DGradGrad", X5, "MaxPool3D", _array(1, 4, 4, 4, 2), **WINDOW5),
    "MaxPoolGradWithArgmax": _best,
    "AvgPoolGrad": lambda raw: raw.AvgPoolGrad(orig_input_shape=[2, 6, 6, 3], grad=G, **WIDE),
    "AvgPool3DGrad": lambda raw: raw.AvgPool3DGrad(orig_input_shape=[1, 4, 4, 4, 2], grad=G5, **WINDOW5),
    "FusedBatchNormGrad": _batch_norm("FusedBatchNormGrad", True),
    "FusedBatchNormGradV2, averages": _batch_norm("FusedBatchNormGradV2", False),
    "FusedBatchNormGradV3": _batch_norm("FusedBatchNormGradV3", True),
    "FusedBatchNormGradV3, averages": _batch_norm("FusedBatchNormGradV3", False),
    "LRNGrad": _lrn,
    "ResizeBilinearGrad": lambda raw: raw.ResizeBilinearGrad(grads=_array(2, 9, 5, 3), original_image=X),
    "ResizeBilinearGrad, centers": lambda raw: raw.ResizeBilinearGrad(
        grads=_array(2, 4, 7, 3), original_image=X, half_pixel_centers=True
    ),
    "ResizeBicubicGrad": lambda raw: raw.ResizeBicubicGrad(
        grads=_array(2, 9, 5, 3), original_image=X, align_corners=True
    ),
    "ResizeNearestNeighborGrad": lambda raw: raw.ResizeNearestNeighborGrad(grads=_array(2, 9, 5, 3), size=[4, 3]),
    "ResizeNearestNeighborGrad, integers": lambda raw: raw.ResizeNearestNeighborGrad(
        grads=np.arange(12, dtype=np.int32).reshape(1, 4, 3, 1), size=[2, 2]
    ),
    "CropAndResizeGradImage": lambda raw: raw.CropAndResizeGradImage(
        grads=_array(2, 4, 4, 3), boxes=BOXES, box_ind=[1, 0], image_size=[2, 6, 6, 3], T=np.float32
    ),
    "CropAndResizeGradBoxes": lambda raw: raw.CropAndResizeGradBoxes(
        grads=_array(2, 4, 4, 3), image=X, boxes=BOXES, box_ind=[1, 0]
    ),
    "Dilation2DBackpropInput": lambda raw: raw.Dilation2DBackpropInput(
        input=X, filter=_array(2, 2, 3), out_backprop=_array(2, 6, 6, 3), strides=[1] * 4, rates=[1] * 4, padding="SAME"
    ),
    "Dilation2DBackpropFilter": lambda raw: raw.Dilation2DBackpropFilter(
        input=X, filter=_array(2, 2, 3), out_backprop=_array(2, 6, 6, 3), strides=[1] * 4, rates=[1] * 4, padding="SAME"
    ),
    "MirrorPadGrad": lambda raw: raw.MirrorPadGrad(input=_array(5, 7), paddings=[[1, 1], [2, 1]], mode="REFLECT"),
    "MirrorPadGrad, symmetric": lambda raw: raw.MirrorPadGrad(
        input=_array(5, 7), paddings=[[1, 1], [2, 1]], mode="SYMMETRIC"
    ),
    "SparseSegmentSumGrad": lambda raw: raw.SparseSegmentSumGrad(
        grad=_array(4, 2), indices=ROWS, segment_ids=IDS, output_dim0=6
    ),
    "SparseSegmentMeanGrad": lambda raw: raw.SparseSegmentMeanGrad(
        grad=_array(4, 2), indices=ROWS, segment_ids=IDS, output_dim0=6
    ),
    "SparseSegmentSqrtNGrad": lambda raw: raw.SparseSegmentSqrtNGrad(
        grad=_array(4, 2), indices=ROWS, segment_ids=IDS, output_dim0=5
    ),
}


@functools.cache
def _answers() -> dict[str, tuple[list[Any], list[Any], list[Any], list[Any]]]:
    """All cases in one graph: what TensorFlow and this package compute, and their static shapes."""
    theirs, ours = real_tf(), our_tf()
    outputs: dict[str, list[Any]] = {}
    with theirs.Graph().as_default() as graph, theirs.Session() as session:
        for case, make in CASES.items():
            found = make(theirs.raw_ops)
            outputs[case] = list(found) if isinstance(found, (list, tuple)) else [found]
        wanted = session.run(outputs)
    names = {case: [t.name for t in found] for case, found in outputs.items()}
    with ours.Graph().as_default(), ours.Session() as session:
        flat = [name for each in names.values() for name in each]
        tensors = dict(zip(flat, ours.import_graph_def(graph.as_graph_def(), None, flat, ""), strict=True))
        imported = {case: [tensors[name] for name in each] for case, each in names.items()}
        values = session.run(imported)
    return {
        case: (wanted[case], values[case], [t.shape for t in outputs[case]], [t.shape for t in imported[case]])
        for case in CASES
    }


@pytest.mark.parametrize("case", CASES)
def test_as_imported(case: str) -> None:
    wanted, found, their_shapes, our_shapes = _answers()[case]
    assert_same(wanted, found, rtol=2e-5, atol=2e-5)
    assert [s.as_list() for s in their_shapes] == [s.as_list() for s in our_shapes]


def test_largest_of_two_derivatives() -> None:
    """TensorFlow runs MaxPoolGradGradWithArgmax on GPUs only; it is the transpose of MaxPoolGradWithArgmax."""
    theirs, ours = real_tf(), our_tf()
    up, down = _array(2, 6, 6, 3), _array(2, 3, 3, 3)
    with theirs.Graph().as_default() as graph:
        raw = theirs.raw_ops
        places = raw.MaxPoolWithArgmax(input=X, **WINDOW)[1]
        raw.MaxPoolGradWithArgmax(input=X, grad=down, argmax=places, name="down", **WINDOW)
        raw.MaxPoolGradGradWithArgmax(input=X, grad=up, argmax=places, name="up", **WINDOW)
    with ours.Graph().as_default(), ours.Session() as session:
        found = session.run(ours.import_graph_def(graph.as_graph_def(), None, ["up:0", "down:0"], ""))
    np.testing.assert_allclose((found[0] * down).sum(), (found[1] * up).sum(), rtol=1e-4)


def test_derivative_of_a_derivative() -> None:
    """TensorFlow's own second derivative of an activation, and this package's of the imported first one."""
    theirs, ours = real_tf(), our_tf()
    x = np.linspace(-3.0, 8.0, 23).astype(np.float32)
    for name in ("relu", "relu6", "elu", "selu", "softplus", "leaky_relu"):
        with theirs.Graph().as_default() as graph, theirs.Session() as session:
            given = theirs.constant(x, name="x")
            (first,) = theirs.gradients(getattr(theirs.nn, name)(given * given * 0.1 - 0.2), given)
            wanted = session.run(theirs.gradients(first, given))
        with ours.Graph().as_default(), ours.Session() as session:
            first, given = ours.import_graph_def(graph.as_graph_def(), None, [first.name, "x:0"], "")
            assert_same(wanted, session.run(ours.gradients(first, given)), rtol=1e-5, atol=1e-6)
