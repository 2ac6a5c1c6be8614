"""Which op types have a gradient, none, or are an error: as in TensorFlow's own registry."""

from __future__ import annotations

import importlib

import pytest

import scopedjax  # noqa: F401  (declares the types)
from scopedjax._src.ops.registry import records
from tests.oracle import real_tf

# TensorFlow registers functions that return None for these; ours say so at once.
RETURNS_NONE = {"ArgMax", "ArgMin", "Floor", "Ceil", "Round", "Rint", "FloorDiv", "TruncateDiv"}
DEPARTURES = {
    "Const": "nothing leads back from a constant in either",
    "SymbolicGradient": "ours is differentiated a second time by JAX",
    "EagerPyFunc": "tf.py_function runs TensorFlow's eager mode there, which keeps a tape; here it is Python",
    "MatrixExponential": "JAX differentiates it; TensorFlow has no gradient for the op itself",
    "RFFT3D": "JAX differentiates it",
    "IRFFT3D": "JAX differentiates it",
    "OptionalGetValue": "an Optional only comes from a file, and its graph holds the gradients already",
    "ResizeBilinearGrad": "linear, so that JAX differentiates it; TensorFlow stops there",
    **dict.fromkeys(
        (
            "ResizeBicubicGrad",
            "ResizeNearestNeighborGrad",
            "CropAndResizeGradImage",
            "CropAndResizeGradBoxes",
            "Dilation2DBackpropInput",
            "Dilation2DBackpropFilter",
            "LRNGrad",
            "MaxPoolGradGradV2",
            "MaxPoolGradWithArgmax",
            "MaxPoolGradGradWithArgmax",
        ),
        "JAX differentiates what TensorFlow's files hold a second time; TensorFlow has no second derivative",
    ),
    **dict.fromkeys(
        (
            "BatchCholesky",
            "BatchMatrixDeterminant",
            "BatchMatrixInverse",
            "BatchMatrixSolve",
            "BatchMatrixSolveLs",
            "BatchMatrixTriangularSolve",
            "BatchSelfAdjointEigV2",
            "BatchSvd",
            "BatchMatrixBandPart",
            "BatchMatrixDiag",
            "BatchMatrixDiagPart",
            "BatchMatrixSetDiag",
            *(f"Batch{kind}FFT{axes}" for kind in ("", "I") for axes in ("", "2D", "3D")),
        ),
        "a former name of a type that has a gradient; TensorFlow dropped that of the name",
    ),
    **dict.fromkeys(
        (
            "Conv3DBackpropInput",
            "Conv3DBackpropFilter",
            "TileGrad",
            "LSTMBlockCell",
            "LSTMBlockCellGrad",
            "GRUBlockCell",
            "GRUBlockCellGrad",
            "BlockLSTMGrad",
            "BlockLSTMGradV2",
            "MaxPoolV2",
        ),
        "JAX differentiates it; TensorFlow did in contrib or nowhere",
    ),  # fmt: skip
    **dict.fromkeys(
        ("PartitionedCall", "StatefulPartitionedCall"),
        "a call knows the body whose gradient is taken; TensorFlow registers a gradient for each function",
    ),
    "NextAfter": "flat almost everywhere; TensorFlow hands the gradient on to the first argument",
}
# TensorFlow registers nothing for these: they have no floating input, so that no gradient ever asks.
SOURCES = {
    "RandomUniformInt", "DecodePng", "DecodeImage", "HistogramFixedWidth", "VariableV2", "Variable", "DecodeCSV",
    "ParseExampleV2", "DecodeWav",
}  # fmt: skip


def test_registry() -> None:
    real_tf()
    theirs = importlib.import_module("tensorflow.python.framework.ops").gradient_registry
    known = importlib.import_module("tensorflow.python.framework.op_def_registry")
    problems: list[str] = []
    compared = 0
    for record in records().values():
        kind, op_type = record.gradient.kind, record.type
        if known.get(op_type) is None or op_type in DEPARTURES or op_type in SOURCES:
            continue
        floating = any(arg.dtype is None or arg.dtype.is_floating for arg in record.signature.outputs)
        try:
            expected = "none" if theirs.lookup(op_type) is None or op_type in RETURNS_NONE else "some"
        except LookupError:
            if not floating:
                continue  # what is no floating number carries no gradient, whatever is registered
            expected = "missing"
        compared += 1
        found = kind if kind in ("none", "missing") else "some"
        if found != expected:
            problems.append(f"{op_type}: {expected} there, {found} here")
    assert compared > 150
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("op_type", sorted(RETURNS_NONE))
def test_functions_that_return_none(op_type: str) -> None:
    record = next(r for r in records().values() if r.type == op_type)
    assert record.gradient.kind == "none"
