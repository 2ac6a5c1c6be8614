"""Types that only graphs from files have: nodes made by TensorFlow, imported, run, and compared with what they gave."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import assert_same, our_tf, real_tf

pytestmark = pytest.mark.oracle

_RANDOM = np.random.RandomState(5)


def _array(*shape: int) -> np.ndarray:
    return _RANDOM.uniform(-1.0, 1.0, shape).astype(np.float32)


def _positive(n: int) -> np.ndarray:
    factor = _array(2, n, n)
    return factor @ factor.transpose(0, 2, 1) + 3 * np.eye(n, dtype=np.float32)


X, SQUARE, VOLUME = _array(2, 5, 6, 3), _positive(3), _array(1, 4, 5, 4, 2)
LSTM: dict[str, Any] = {"w": _array(7, 16), "wci": _array(4), "wcf": _array(4), "wco": _array(4), "b": _array(16)}
STATE = {"cs_prev": 3 * _array(2, 4), "h_prev": _array(2, 4)}
GRU = {"x": _array(2, 3), "h_prev": _array(2, 4), "w_ru": _array(7, 8), "w_c": _array(7, 4), "b_ru": _array(8),
       "b_c": _array(4)}  # fmt: skip
BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 0, 0.5, 0.4], [2, 2, 3, 3]], np.float32)
SCORES = np.array([0.9, 0.8, 0.7, 0.95], np.float32)


def _cell(peephole: bool, clip: float) -> Callable[[Any], Any]:
    def make(raw: Any) -> Any:
        x = _array(2, 3)
        found = raw.LSTMBlockCell(x=x, forget_bias=0.5, cell_clip=clip, use_peephole=peephole, **STATE, **LSTM)
        made = {name: getattr(found, name) for name in ("i", "cs", "f", "o", "ci", "co")}
        back = raw.LSTMBlockCellGrad(
            x=x, cs_grad=_array(2, 4), h_grad=_array(2, 4), use_peephole=peephole, **STATE, **LSTM, **made
        )
        return [*found, *(back if peephole else back[:2])]  # the others are not written there

    return make


def _block(version: str, peephole: bool, length: int) -> Callable[[Any], Any]:
    def make(raw: Any) -> Any:
        given = {"x": _array(5, 2, 3), "seq_len_max": np.int64(length), **STATE, **LSTM}
        found = getattr(raw, f"BlockLSTM{version}")(cell_clip=0.8, use_peephole=peephole, **given)
        more = {"use_peephole": peephole, "cs_grad": _array(5, 2, 4), "h_grad": _array(5, 2, 4)}
        back = getattr(raw, f"BlockLSTMGrad{version}")(**given, **found._asdict(), **more)
        return [*(value[:length] for value in found), back[0][:length], *back[1:]]

    return make


def _gru(raw: Any) -> Any:
    found = raw.GRUBlockCell(**GRU)
    return [*found, *raw.GRUBlockCellGrad(d_h=_array(2, 4), r=found.r, u=found.u, c=found.c, **GRU)]


def _cross(key: int, texts: bool) -> Callable[[Any], Any]:
    def make(raw: Any) -> Any:
        words = np.array([b"a", b"b", b"c", b"d"], object)
        kind = np.bytes_ if texts else np.int64
        return raw.SparseCross(
            indices=[np.array([[0, 0], [0, 1], [2, 0], [2, 3]], np.int64)], values=[words],
            shapes=[np.array([3, 4], np.int64)],
            dense_inputs=[
                np.array([[b"1", b"-2"]] * 3, object) if texts else np.array([[1, -2], [3, 4], [5, 6]], np.int64),
                np.array([[b"x"], [b"y"], [b""]], object),
            ],
            hashed_output=not texts, num_buckets=0 if texts else 1000 if key == 1 else 0, hash_key=key,
            out_type="string" if kind is np.bytes_ else "int64", internal_type="string" if texts else "int64",
        )  # fmt: skip

    return make


def _fill(feature: Any, value: Any) -> None:
    kind = {float: "float_list", int: "int64_list", bytes: "bytes_list"}[type(value[0])]
    getattr(feature, kind).value.extend(value)


def _examples() -> np.ndarray:
    tf = real_tf()
    found = []
    for row in ({"a": [1.5, 2.0], "b": [7], "c": [b"x", b"y"]}, {"a": [0.5, 3.0], "c": [b"z"]}):
        example = tf.train.Example()
        for key, value in row.items():
            _fill(example.features.feature[key], value)
        found.append(example.SerializeToString())
    return np.array(found, object)


def _sequences() -> np.ndarray:
    tf = real_tf()
    found = []
    for steps in ([[1, 2], [3, 4]], [[5, 6]]):
        example = tf.train.SequenceExample()
        _fill(example.context.feature["n"], [len(steps)])
        _fill(example.context.feature["w"], [b"u"] * len(steps))
        for step in steps:
            _fill(example.feature_lists.feature_list["d"].feature.add(), step)
            _fill(example.feature_lists.feature_list["s"].feature.add(), [float(v) for v in step])
        found.append(example.SerializeToString())
    return np.array(found, object)


def _bytes(*texts: str) -> list[np.ndarray]:
    return [np.array(text.encode(), object) for text in texts]


def _flat(found: Any) -> list[Any]:
    return [t for part in found for t in (part if isinstance(part, list) else [part])]


def _parse(raw: Any) -> Any:
    return _flat(
        raw.ParseExample(
            serialized=_examples(), names=np.array([], object), sparse_keys=_bytes("c"),
            dense_keys=_bytes("a", "b", "t"),
            dense_defaults=[np.zeros(0, "f"), np.array(9, np.int64), np.array(b"none", object)],
            sparse_types=["string"], dense_shapes=[[2], [], []],
        )
    )  # fmt: skip


def _parse_single(raw: Any) -> Any:
    return _flat(
        raw.ParseSingleExample(
            serialized=np.array(_examples()[1], object), dense_defaults=[np.zeros(0, "f"), np.array(9, np.int64)],
            num_sparse=1, sparse_keys=["c"], dense_keys=["a", "b"], sparse_types=["string"], dense_shapes=[[2], []],
        )
    )  # fmt: skip


_SEQUENCE: dict[str, Any] = {
    "feature_list_sparse_types": ["float32"], "context_sparse_types": ["string"], "feature_list_dense_types": ["int64"],
    "context_dense_shapes": [[]], "feature_list_dense_shapes": [[2]],
}  # fmt: skip


def _parse_sequence(raw: Any) -> Any:
    return _flat(
        raw.ParseSequenceExample(
            serialized=_sequences(), debug_name=np.array([], object),
            context_dense_defaults=[np.array(0, np.int64)], feature_list_dense_missing_assumed_empty=[],
            context_sparse_keys=["w"], context_dense_keys=["n"], feature_list_sparse_keys=["s"],
            feature_list_dense_keys=["d"], Ncontext_sparse=1, Ncontext_dense=1, Nfeature_list_sparse=1,
            Nfeature_list_dense=1, **_SEQUENCE,
        )
    )  # fmt: skip


def _parse_single_sequence(raw: Any) -> Any:
    return _flat(
        raw.ParseSingleSequenceExample(
            serialized=np.array(_sequences()[0], object),
            feature_list_dense_missing_assumed_empty=np.array([], object), context_sparse_keys=_bytes("w"),
            context_dense_keys=_bytes("n"), feature_list_sparse_keys=_bytes("s"), feature_list_dense_keys=_bytes("d"),
            context_dense_defaults=[np.array(0, np.int64)], debug_name=np.array(b"", object), **_SEQUENCE,
        )
    )  # fmt: skip


STRIDES = {"strides": [1, 2, 2, 1], "padding": "SAME"}  # TensorFlow pads one image well, and by one stride
STRIDES3 = {"strides": [1, 1, 2, 1, 1], "padding": "VALID"}
CASES: dict[str, Callable[[Any], Any]] = {
    "LSTMBlockCell": _cell(False, 0.7),
    "LSTMBlockCell, peepholes": _cell(True, -1.0),
    "BlockLSTM": _block("", False, 5),
    "BlockLSTM, peepholes, fewer steps": _block("", True, 3),
    "BlockLSTMV2": _block("V2", False, 4),
    "GRUBlockCell": _gru,
    "SparseCross, buckets": _cross(1, False),
    "SparseCross, all numbers": _cross(0xDECAFCAFFE, False),
    "SparseCross, texts": _cross(0, True),
    "Bucketize": lambda raw: raw.Bucketize(input=np.array([[-5.0, 1.0], [3.0, 9.5]], "f"), boundaries=[1.0, 3.0, 9.0]),
    "Bucketize, integers": lambda raw: raw.Bucketize(input=np.array([0, 1, 2, 3, 30]), boundaries=[1.0, 2.5]),
    "ParseExample": _parse,
    "ParseSingleExample": _parse_single,
    "ParseSequenceExample": _parse_sequence,
    "ParseSingleSequenceExample": _parse_single_sequence,
    "DecodePaddedRaw": lambda raw: raw.DecodePaddedRaw(
        input_bytes=np.array([b"abcdefgh", b"ab"], object), fixed_length=6, out_type=np.int16, little_endian=False
    ),
    "NonMaxSuppression": lambda raw: raw.NonMaxSuppression(
        boxes=BOXES, scores=SCORES, max_output_size=3, iou_threshold=0.4
    ),
    "NonMaxSuppressionV2": lambda raw: raw.NonMaxSuppressionV2(
        boxes=BOXES, scores=SCORES, max_output_size=3, iou_threshold=np.float32(0.9)
    ),
    "NthElement": lambda raw: raw.NthElement(input=X, n=1),
    "NthElement, from the end": lambda raw: raw.NthElement(input=X, n=0, reverse=True),
    "SampleDistortedBoundingBox": lambda raw: raw.SampleDistortedBoundingBox(
        image_size=[40, 50, 3], bounding_boxes=BOXES[None, :3] / 2, seed=3, seed2=4, min_object_covered=0.3
    ),
    "CholeskyGrad": lambda raw: raw.CholeskyGrad(l=np.linalg.cholesky(SQUARE), grad=np.tril(_array(2, 3, 3))),
    "MatrixSolveLs": lambda raw: raw.MatrixSolveLs(matrix=_array(2, 5, 3), rhs=_array(2, 5, 2), l2_regularizer=0.1),
    "MatrixSolveLs, wide": lambda raw: raw.MatrixSolveLs(matrix=_array(3, 5), rhs=_array(3, 2), l2_regularizer=0.1),
    "MatrixSolveLs, slow": lambda raw: raw.MatrixSolveLs(
        matrix=_array(5, 3), rhs=_array(5, 2), l2_regularizer=0.0, fast=False
    ),
    "FusedPadConv2D": lambda raw: raw.FusedPadConv2D(
        input=X[:1], paddings=[[0, 0], [1, 2], [2, 1], [0, 0]], filter=_array(3, 3, 3, 4), mode="REFLECT", **STRIDES
    ),
    "FusedResizeAndPadConv2D": lambda raw: raw.FusedResizeAndPadConv2D(
        input=X[:1], size=[7, 8], paddings=[[0, 0], [1, 2], [2, 1], [0, 0]], filter=_array(3, 3, 3, 4),
        mode="SYMMETRIC", strides=[1, 1, 1, 1], padding="VALID",
    ),
    "MaxPoolV2": lambda raw: raw.MaxPoolV2(input=X, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding="VALID"),
}  # fmt: skip
# What TensorFlow records no longer, with the type that does the same: nodes are renamed in its GraphDef.
FORMER = {
    "BatchCholesky": lambda raw: raw.Cholesky(input=SQUARE),
    "BatchMatrixInverse": lambda raw: raw.MatrixInverse(input=SQUARE, adjoint=True),
    "BatchMatrixDeterminant": lambda raw: raw.MatrixDeterminant(input=SQUARE),
    "BatchMatrixSolve": lambda raw: raw.MatrixSolve(matrix=SQUARE, rhs=_array(2, 3, 2)),
    "BatchMatrixTriangularSolve": lambda raw: raw.MatrixTriangularSolve(matrix=SQUARE, rhs=_array(2, 3, 2)),
    "BatchMatrixDiag": lambda raw: raw.MatrixDiag(diagonal=_array(2, 3)),
    "BatchMatrixDiagPart": lambda raw: raw.MatrixDiagPart(input=SQUARE),
    "BatchMatrixSetDiag": lambda raw: raw.MatrixSetDiag(input=SQUARE, diagonal=_array(2, 3)),
    "BatchFFT": lambda raw: raw.FFT(input=_array(2, 4).astype("complex64")),
    "BatchIFFT2D": lambda raw: raw.IFFT2D(input=_array(2, 4, 4).astype("complex64")),
    "BatchSvd": lambda raw: raw.Svd(input=SQUARE, compute_uv=False)[0],
    "BatchSelfAdjointEigV2": lambda raw: raw.SelfAdjointEigV2(input=SQUARE, compute_v=False)[0],
}
ALL = {**CASES, **FORMER}


@functools.cache
def _answers() -> dict[str, tuple[list[Any], list[Any], list[Any], list[Any]]]:
    """All cases in one graph: what TensorFlow and this package compute, and their static shapes."""
    theirs, ours = real_tf(), our_tf()
    outputs: dict[str, list[Any]] = {}
    with theirs.Graph().as_default() as graph, theirs.Session() as session:
        for case, make in ALL.items():
            found = make(theirs.raw_ops)
            outputs[case] = list(found) if isinstance(found, (list, tuple)) else [found]
        wanted = session.run(outputs)
        definition = graph.as_graph_def()
    types = {tensor.op.name: case for case in FORMER for tensor in outputs[case]}
    for node in definition.node:
        if node.name in types:
            node.op = types[node.name]
            if "FFT" in node.op:
                del node.attr["Tcomplex"]
    names = {case: [t.name for t in found] for case, found in outputs.items()}
    with ours.Graph().as_default(), ours.Session() as session:
        flat = [name for each in names.values() for name in each]
        tensors = dict(zip(flat, ours.import_graph_def(definition, None, flat, ""), strict=True))
        imported = {case: [tensors[name] for name in each] for case, each in names.items()}
        values = session.run(imported)
    return {
        case: (wanted[case], values[case], [t.shape for t in outputs[case]], [t.shape for t in imported[case]])
        for case in ALL
    }


@pytest.mark.parametrize("case", ALL)
def test_as_imported(case: str) -> None:
    wanted, found, their_shapes, our_shapes = _answers()[case]
    for one, other in zip(wanted, found, strict=True):
        if one.dtype == object or one.dtype.kind in "iub":
            assert one.shape == other.shape and (one == other).all()
        else:
            assert_same(one, other, rtol=2e-4, atol=2e-5)
    assert [s.as_list() for s in their_shapes] == [s.as_list() for s in our_shapes]


def _run_ours(make: Callable[[Any, Any], Any]) -> Any:
    ours = our_tf()
    with ours.Graph().as_default(), ours.Session() as session:
        return session.run(make(ours, ours.raw_ops))


def _run_theirs(make: Callable[[Any], Any]) -> Any:
    theirs = real_tf()
    with theirs.Graph().as_default(), theirs.Session() as session:
        return session.run(make(theirs))


@pytest.mark.parametrize("scales", [True, False])
def test_normalization_and_its_gradient(scales: bool) -> None:
    """TensorFlow records the types no longer: batch normalization written out gives the same."""
    t, m, v, beta, gamma, up = (
        _array(2, 3, 3, 4),
        _array(4),
        np.abs(_array(4)),
        _array(4),
        _array(4),
        _array(2, 3, 3, 4),
    )

    def composed(tf: Any) -> Any:
        given = [tf.constant(value) for value in (t, m, v, beta, gamma)]
        result = tf.nn.batch_normalization(*given[:4], given[4] if scales else None, 0.01)
        slopes = tf.gradients(result, given, up)
        return [result, *(tf.zeros(4) if slope is None else slope for slope in slopes)]

    def in_one(tf: Any, raw: Any) -> Any:
        attrs = {"t": t, "m": m, "v": v, "gamma": gamma, "variance_epsilon": 0.01, "scale_after_normalization": scales}
        forward = raw.BatchNormWithGlobalNormalization(beta=beta, **attrs)
        return [forward, *raw.BatchNormWithGlobalNormalizationGrad(backprop=up, **attrs)]

    for wanted, found in zip(_run_theirs(composed), _run_ours(in_one), strict=True):
        assert_same(wanted, found, rtol=1e-4, atol=1e-5)


def test_gradients_in_their_first_form() -> None:
    x, w, g = _array(1, 4, 5, 4, 2), _array(2, 2, 2, 2, 3), _array(1, 3, 2, 3, 3)
    small, tiled = _array(2, 3), _array(4, 9)

    def composed(tf: Any) -> Any:
        a, b, c = tf.constant(x), tf.constant(w), tf.constant(small)
        convolved = tf.nn.conv3d(a, b, [1, 1, 2, 1, 1], "VALID")
        return [*tf.gradients(convolved, [a, b], g), tf.gradients(tf.tile(c, [2, 3]), c, tiled)[0]]

    def in_one(tf: Any, raw: Any) -> Any:
        attrs = {"input": x, "filter": w, "out_backprop": g, **STRIDES3}
        tile = raw.TileGrad(input=tiled, multiples=[2, 3])
        return [raw.Conv3DBackpropInput(**attrs), raw.Conv3DBackpropFilter(**attrs), tile]

    for wanted, found in zip(_run_theirs(composed), _run_ours(in_one), strict=True):
        assert_same(wanted, found, rtol=1e-4, atol=1e-5)


def test_eigenvalues_and_vectors_in_one() -> None:
    def in_one(tf: Any, raw: Any) -> Any:
        return raw.SelfAdjointEig(input=SQUARE)

    found = _run_ours(in_one)
    assert_same(_run_theirs(lambda tf: tf.linalg.eigvalsh(SQUARE)), found[:, 0], rtol=1e-4, atol=1e-5)
    vectors = found[:, 1:]
    assert_same(SQUARE @ vectors, vectors * found[:, :1], rtol=1e-3, atol=1e-4)


def _fused_graph(tf: Any, kind: str, attrs: dict[str, Any], inputs: list[np.ndarray], fused: list[bytes]) -> Any:
    """A GraphDef of one fused node, as TensorFlow's optimizer of graphs writes it."""
    with tf.Graph().as_default() as graph:
        for i, value in enumerate(inputs):
            tf.constant(value, name=f"x{i}")
    definition = graph.as_graph_def()
    node = definition.node.add(name="fused", op=kind, input=[f"x{i}" for i in range(len(inputs))])
    node.attr["T"].type = 1
    node.attr["num_args"].i = len(inputs) - 2
    node.attr["fused_ops"].list.s.extend(fused)
    node.attr["epsilon"].f = 0.01
    for key, value in attrs.items():
        if isinstance(value, bytes):
            node.attr[key].s = value
        elif isinstance(value, bool):
            node.attr[key].b = value
        else:
            node.attr[key].list.i.extend(value)
    return definition


NORM = [np.abs(_array(4)) + 0.1 for _ in range(4)]
FUSED = {
    "bias": ("_FusedConv2D", [_array(4)], [b"BiasAdd"]),
    "bias and relu6": ("_FusedConv2D", [_array(4)], [b"BiasAdd", b"Relu6"]),
    "normalized": ("_FusedConv2D", NORM, [b"FusedBatchNorm", b"Relu"]),
    "product": ("_FusedMatMul", [_array(4)], [b"BiasAdd", b"Elu"]),
}


@pytest.mark.parametrize("case", FUSED)
def test_fused(case: str) -> None:
    """What a fused node means, in separate nodes of TensorFlow."""
    kind, args, fused = FUSED[case]
    ours, theirs = our_tf(), real_tf()
    product = kind == "_FusedMatMul"
    given = [_array(3, 5), _array(4, 5), *args] if product else [X, _array(3, 3, 3, 4), *args]
    attrs: dict[str, Any] = {"transpose_b": True} if product else {"strides": [1, 2, 1, 1], "padding": b"SAME"}
    definition = _fused_graph(theirs, kind, attrs, given, fused)

    def separate(tf: Any) -> Any:
        if product:
            return tf.nn.elu(tf.matmul(given[0], given[1], transpose_b=True) + given[2])
        value = tf.nn.conv2d(given[0], given[1], [1, 2, 1, 1], "SAME")
        if len(args) == 4:
            scale, offset, mean, variance = args
            return tf.nn.relu((value - mean) * scale / np.sqrt(variance + np.float32(0.01)) + offset)
        return tf.nn.relu6(value + args[0]) if len(fused) == 2 else value + args[0]

    with ours.Graph().as_default(), ours.Session() as session:
        (tensor,) = ours.import_graph_def(definition, None, ["fused:0"], "")
        assert_same(_run_theirs(separate), session.run(tensor), rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------------------------------------------- update rules

RULES: dict[str, dict[str, Any]] = {
    "AdaMax": {"slots": ("m", "v"), "beta1_power": 0.9, "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-3},
    "AdagradV2": {"slots": ("accum",), "lr": 0.1, "epsilon": 1e-2},
    "AddSign": {"slots": ("m",), "lr": 0.1, "alpha": 1.0, "sign_decay": 0.7, "beta": 0.9},
    "PowerSign": {"slots": ("m",), "lr": 0.1, "logbase": 0.9, "sign_decay": 0.7, "beta": 0.9},
    "AdamWithAmsgrad": {"slots": ("m", "v", "vhat"), "beta1_power": 0.81, "beta2_power": 0.98, "lr": 0.1, "beta1": 0.9,
                        "beta2": 0.99, "epsilon": 1e-3},
    "KerasMomentum": {"slots": ("accum",), "lr": 0.1, "momentum": 0.9, "use_nesterov": True},
}  # fmt: skip


def _rule(tf: Any, name: str, resource: bool, sparse: bool) -> Any:
    """Two steps of a rule: values of the variable and its slots after them."""
    options = dict(RULES[name])
    slots = options.pop("slots")
    variables = [
        tf.Variable(np.abs(np.linspace(-1.0, 1.5, 8).reshape(4, 2)).astype("f") + i, use_resource=resource, name=n)
        for i, n in enumerate(("var", *slots))
    ]
    values = {k: v if isinstance(v, bool) else np.float32(v) for k, v in options.items()}
    grad = np.linspace(-2.0, 1.0, 6 if sparse else 8).reshape(-1, 2).astype("f")
    kind = f"{'Resource' if resource else ''}{'Sparse' if sparse else ''}Apply{name}"
    handles = [v.handle if resource else v._ref() if hasattr(v, "_ref") else v for v in variables]
    given = dict(zip(("var", *slots), handles, strict=True))
    more = {"indices": np.array([2, 0, 3])} if sparse else {}
    step = getattr(tf.raw_ops, kind)(**given, **values, grad=grad, **more)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = []
        for _ in range(2):
            session.run(step)
            found.append(session.run(variables))
    return found


FORMS = [
    (name, form)
    for name in RULES
    for form in ("ref", "resource", "sparse resource")
    if (form != "ref" or name not in ("AdamWithAmsgrad", "KerasMomentum"))  # TensorFlow has no such forms
    and (not form.startswith("sparse") or name in ("AdagradV2", "KerasMomentum"))
]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_update_rule(name: str, form: str) -> None:
    found = []
    for tf in (real_tf(), our_tf()):
        with tf.Graph().as_default():
            found.append(_rule(tf, name, form != "ref", form.startswith("sparse")))
    assert_same(found[0], found[1], rtol=1e-5, atol=1e-6)
