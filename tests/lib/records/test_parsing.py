"""`tf.parse_example` and its kin against TensorFlow: nodes, shapes, values, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopedjax._src.ops.parsing.example_protos import BytesList, Example, Feature, Features, FloatList, Int64List
from tests import oracle

pytestmark = pytest.mark.oracle


def _feature(values: Any) -> Any:
    if values is None:
        return Feature()
    if all(isinstance(v, bytes) for v in values) and values:
        return Feature(bytes_list=BytesList(value=values))
    if all(isinstance(v, int) for v in values) and values:
        return Feature(int64_list=Int64List(value=values))
    return Feature(float_list=FloatList(value=values))


def _example(**values: Any) -> bytes:
    return Example(features=Features(feature={k: _feature(v) for k, v in values.items()})).SerializeToString()


FIRST = _example(a=[1], f=[1.0, 2.0], b=[b"x"], i=[3, 1], v=[1.0, 2.0], j=[0, 5])
SECOND = _example(a=[2], f=[3.0, 4.0], b=[b"y", b"z"])
UNEVEN = _example(a=[2], f=[3.0], b=[])

FEATURES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "number": lambda tf: {"a": tf.FixedLenFeature([], tf.int64)},
    "several": lambda tf: {
        "f": tf.FixedLenFeature([2], tf.float32),
        "b": tf.VarLenFeature(tf.string),
        "a": tf.FixedLenFeature((), tf.int64),
        "none": tf.VarLenFeature(tf.int64),
    },
    "shape": lambda tf: {"f": tf.FixedLenFeature([1, 2, 1], tf.float32)},
    "default": lambda tf: {"none": tf.FixedLenFeature([], tf.int64, default_value=7)},
    "default vector": lambda tf: {"none": tf.FixedLenFeature([2], tf.float32, default_value=[1.0, 2.0])},
    "default string": lambda tf: {"none of it": tf.FixedLenFeature([], tf.string, default_value="x")},
    "default tensor": lambda tf: {"none": tf.FixedLenFeature([], tf.float32, default_value=tf.constant(3.0))},
    "default not needed": lambda tf: {"a": tf.FixedLenFeature([], tf.int64, default_value=7)},
    "sequence": lambda tf: {
        "f": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
        "b": tf.FixedLenSequenceFeature([], tf.string, allow_missing=True),
        "none": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True),
    },
    "sequence padded": lambda tf: {
        "b": tf.FixedLenSequenceFeature([], tf.string, allow_missing=True, default_value="pad"),
        "f g": tf.FixedLenSequenceFeature([2], tf.float32, True, default_value=3.0),
    },
    "sequence of pairs": lambda tf: {"f": tf.FixedLenSequenceFeature([2], tf.float32, allow_missing=True)},
}


def _parse(tf: Any, kind: str, serialized: Any, features: dict[str, Any], **options: Any) -> Any:
    return (tf.parse_single_example if kind == "single" else tf.parse_example)(serialized, features, **options)


def _described(parsed: dict[str, Any]) -> Any:
    found = {}
    for key, value in parsed.items():
        parts = [value.indices, value.values, value.dense_shape] if hasattr(value, "indices") else [value]
        found[key] = [(t.name, t.dtype, t.shape) for t in parts]
    return list(parsed), found


@pytest.mark.parametrize("kind", ["batch", "single"])
@pytest.mark.parametrize("name", FEATURES)
def test_nodes_and_values(name: str, kind: str) -> None:
    def body(tf: Any) -> Any:
        single = kind == "single"
        serialized = tf.placeholder(tf.string, [] if single else [None])
        parsed = _parse(tf, kind, serialized, FEATURES[name](tf))
        nodes = oracle.graph_nodes(tf.get_default_graph())
        with tf.Session() as session:
            values = session.run(parsed, {serialized: FIRST if single else [FIRST, SECOND, FIRST]})
        return nodes, _described(parsed), values

    oracle.check_both(body)


@pytest.mark.parametrize("shape", [None, [3]])
def test_static_shapes_of_a_batch(shape: Any) -> None:
    def body(tf: Any) -> Any:
        features = {"a": tf.FixedLenFeature([4], tf.int64), "v": tf.VarLenFeature(tf.float32)}
        parsed = tf.parse_example(tf.placeholder(tf.string, shape), features, name="N", example_names=["x", "y", "z"])
        return oracle.graph_nodes(tf.get_default_graph()), _described(parsed)

    oracle.check_both(body)


def test_an_empty_batch() -> None:
    def body(tf: Any) -> Any:
        serialized = tf.placeholder(tf.string, [None])
        features = {
            "a": tf.FixedLenFeature([], tf.int64),
            "v": tf.VarLenFeature(tf.float32),
            "s": tf.FixedLenSequenceFeature([3], tf.float32, allow_missing=True),
        }
        with tf.Session() as session:
            return session.run(tf.parse_example(serialized, features), {serialized: np.array([], object)})

    oracle.check_both(body)


@pytest.mark.parametrize("kind", ["batch", "single"])
def test_sparse_features(kind: str) -> None:
    """Indices and values from two features; the nodes that join them have other names here."""

    def body(tf: Any) -> Any:
        features = {
            "one": tf.SparseFeature("i", "v", tf.float32, 5),
            "two": tf.SparseFeature(["i", "j"], "v", tf.float32, [4, 6]),
            "kept": tf.SparseFeature("i", "v", tf.float32, 5, already_sorted=True),
            "a": tf.VarLenFeature(tf.int64),
        }
        serialized = FIRST if kind == "single" else [FIRST, FIRST]
        with tf.Session() as session:
            return session.run(_parse(tf, kind, tf.constant(serialized), features))

    oracle.check_both(body)


def _run(tf: Any, kind: str, serialized: Any, features: dict[str, Any], **options: Any) -> Any:
    with tf.Session() as session:
        return session.run(_parse(tf, kind, tf.constant(serialized), features, **options))


BAD: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
    "absent": (SECOND, lambda tf: {"none": tf.FixedLenFeature([], tf.int64)}),
    "no kind": (_example(a=None), lambda tf: {"a": tf.FixedLenFeature([], tf.string)}),
    "type": (SECOND, lambda tf: {"f": tf.FixedLenFeature([2], tf.int64)}),
    "sparse type": (SECOND, lambda tf: {"f": tf.VarLenFeature(tf.int64)}),
    "sequence type": (SECOND, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.float32, True)}),
    "count": (SECOND, lambda tf: {"b": tf.FixedLenFeature([], tf.string)}),
    "count of none": (_example(f=[]), lambda tf: {"f": tf.FixedLenFeature([2], tf.float32)}),
    "stride": (UNEVEN, lambda tf: {"f": tf.FixedLenSequenceFeature([2], tf.float32, True)}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_examples_in_a_batch(name: str) -> None:
    data, features = BAD[name]
    phrase = "Key: b, Index: 0." if name == "count" else None  # TensorFlow tells its parser's state after that
    oracle.check_both_raise(lambda tf: _run(tf, "batch", [data], features(tf)), match=phrase)
    named = lambda tf: _run(tf, "batch", [data], features(tf), example_names=["its name"])
    oracle.check_both_raise(named, match=phrase)


@pytest.mark.parametrize("name", BAD)
def test_bad_single_examples(name: str) -> None:
    """The same kind of error; TensorFlow's words for a wrong number of values tell its parser's state instead."""
    data, features = BAD[name]
    counts = name.startswith(("count", "stride"))
    theirs, ours = oracle.both(lambda tf: _run(tf, "single", data, features(tf)))
    if name == "stride" and not isinstance(theirs, oracle.Raised):
        assert isinstance(ours, oracle.Raised)
        return
    oracle.assert_same(theirs, ours, phrase=False if counts else None)


def test_damaged_bytes() -> None:
    for kind, data in (("batch", [FIRST[:-3]]), ("single", FIRST[:-3])):
        oracle.check_both_raise(lambda tf, k=kind, d=data: _run(tf, k, d, FEATURES["number"](tf)), match="parse")


REFUSED: dict[str, Callable[[Any], Any]] = {
    "unknown size": lambda tf: {"a": tf.FixedLenFeature([None], tf.float32)},
    "no shape": lambda tf: {"a": tf.FixedLenFeature(None, tf.float32)},
    "no dtype": lambda tf: {"a": tf.FixedLenFeature([], None)},
    "dtype": lambda tf: {"a": tf.FixedLenFeature([], tf.int32)},
    "sparse dtype": lambda tf: {"a": tf.VarLenFeature(tf.int32)},
    "empty": lambda tf: {},
    "none": lambda tf: None,
    "no feature": lambda tf: {"a": 3},
    "sequence": lambda tf: {"a": tf.FixedLenSequenceFeature([2], tf.float32)},
    "default of another type": lambda tf: {"a": tf.FixedLenFeature([], tf.int64, default_value=1.5)},
    "default of another shape": lambda tf: {"a": tf.FixedLenFeature([2], tf.float32, default_value=[1.0])},
}


@pytest.mark.parametrize("kind", ["batch", "single"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_features(name: str, kind: str) -> None:
    phrases = {
        "no feature": "Unsupported int 3",
        "unknown size": "First dimension of shape for feature a unknown",
        "no shape": "Missing shape for feature a",
        "no dtype": "Missing type for feature a",
        "dtype": "has DataType int32 not in list of allowed values",
        "sparse dtype": "has DataType int32 not in list of allowed values",
        "default of another type": "Expected int64",
    }

    def body(tf: Any) -> Any:
        serialized = tf.placeholder(tf.string, [] if kind == "single" else [None])
        return _parse(tf, kind, serialized, REFUSED[name](tf))

    oracle.check_both_raise(body, match=phrases.get(name))


def test_a_single_example_has_no_dimensions() -> None:
    oracle.check_both_raise(
        lambda tf: tf.parse_single_example(tf.placeholder(tf.string, [3]), {"a": tf.FixedLenFeature([], tf.int64)})
    )


VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=3),
    st.lists(st.binary(max_size=4), min_size=1, max_size=3),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=3),
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({}, optional={"x": VALUES, "y": VALUES}), min_size=1, max_size=4))
def test_any_examples(rows: list[dict[str, Any]]) -> None:
    """Whatever the examples hold, both sides give the same values or the same kind of refusal."""
    data = [_example(**row) for row in rows]

    def body(tf: Any, kind: str) -> Any:
        dtype = getattr(tf, kind)
        features = {"x": tf.VarLenFeature(dtype), "y": tf.FixedLenSequenceFeature([], dtype, allow_missing=True)}
        return _run(tf, "batch", data, features)

    for kind in ("int64", "float32", "string"):
        theirs, ours = oracle.both(body, kind)
        oracle.assert_same(theirs, ours, phrase=False)


# ------------------------------------------------------------------------------------------------ raw, CSV, tensors

RAW: dict[str, Callable[[Any], Any]] = {
    "int32": lambda tf: tf.decode_raw(tf.constant(b"abcd"), tf.int32),
    "uint8": lambda tf: tf.decode_raw(b"abc", tf.uint8),
    "batch": lambda tf: tf.decode_raw(tf.constant([b"abcd", b"efgh"]), tf.uint16),
    "big": lambda tf: tf.decode_raw(tf.constant([b"abcd", b"efgh"]), tf.uint16, little_endian=False),
    "big float": lambda tf: tf.decode_raw(tf.constant(b"\x3f\x80\x00\x00"), tf.float32, False),
    "complex": lambda tf: tf.decode_raw(tf.constant(np.complex64(1 + 2j).tobytes()), tf.complex64),
    "big complex": lambda tf: tf.decode_raw(tf.constant(np.complex64(1 + 2j).tobytes()), tf.complex64, False),
    "half": lambda tf: tf.decode_raw(tf.constant(np.float16([1.5, -2]).tobytes()), tf.float16),
    "brain": lambda tf: tf.cast(tf.decode_raw(tf.constant(b"\x80\x3f"), tf.bfloat16), tf.float32),
    "bool": lambda tf: tf.decode_raw(tf.constant(b"\x01\x00"), tf.bool),
    "matrix": lambda tf: tf.decode_raw(tf.constant([[b"ab"], [b"cd"]]), tf.uint8, name="q"),
    "nothing": lambda tf: tf.decode_raw(tf.constant(b""), tf.uint16),
    "no strings": lambda tf: tf.decode_raw(tf.constant([], tf.string), tf.uint16),
    "old name": lambda tf: tf.decode_raw(bytes=tf.constant(b"ab"), out_type=tf.int8),
    "length": lambda tf: tf.decode_raw(tf.constant(b"abc"), tf.int32),
    "lengths": lambda tf: tf.decode_raw(tf.constant([b"abcd", b"ab"]), tf.uint8),
}


def _nodes_and_value(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def body(tf: Any) -> Any:
        made = make(tf)
        described = [(t.name, t.dtype, t.shape) for t in (made if isinstance(made, list) else [made])]
        nodes = oracle.graph_nodes(tf.get_default_graph())
        with tf.Session() as session:
            return nodes, described, session.run(made)

    return body


@pytest.mark.parametrize("name", RAW)
def test_decode_raw(name: str) -> None:
    oracle.assert_same(*oracle.both(_nodes_and_value(RAW[name])))


def test_decode_raw_makes_numbers_only() -> None:
    oracle.check_both_raise(
        lambda tf: tf.decode_raw(tf.constant(b"a"), tf.string),
        match="has DataType string not in list of allowed values",
    )
    oracle.check_both_raise(lambda tf: tf.decode_raw(b"a", tf.int8, bytes=b"b"), match="Cannot specify both")


CSV: dict[str, Callable[[Any], Any]] = {
    "lines": lambda tf: tf.decode_csv(["1,a,2.5", '3,"b,c",'], [[0], ["z"], [9.0]]),
    "too few": lambda tf: tf.decode_csv("1,a", [[0], ["z"], [9.0]]),
    "ragged": lambda tf: tf.decode_csv(["1,2", "3"], [[0], [0]]),
    "word": lambda tf: tf.decode_csv("x", [[0]]),
    "required": lambda tf: tf.decode_csv(",", [[0], tf.constant([], tf.string)]),
    "missing": lambda tf: tf.decode_csv("NA;3;q", [[0], [1.0], [""]], field_delim=";", na_value="NA"),
    "escaped": lambda tf: tf.decode_csv('"a""b",2', [[""], [0]]),
    "columns": lambda tf: tf.decode_csv("1,2,3", [[0], [0]], select_cols=[0, 2]),
    "bad escape": lambda tf: tf.decode_csv('"a"b,2', [[""], [0]]),
    "open": lambda tf: tf.decode_csv('"a,2', [[""], [0]]),
    "no quotes": lambda tf: tf.decode_csv('a"b,2', [[""], [0]], use_quote_delim=False),
    "quote inside": lambda tf: tf.decode_csv('a"b,2', [[""], [0]]),
    "large": lambda tf: tf.decode_csv("99999999999,2", [[0], [0]]),
    "long": lambda tf: tf.decode_csv("99999999999,-2", [tf.constant([], tf.int64), tf.constant([0], tf.int64)]),
    "no float": lambda tf: tf.decode_csv("1.5x,2", [[0.0], [0]]),
    "no int": lambda tf: tf.decode_csv("1.5,2", [[0], [0]]),
    "double": lambda tf: tf.decode_csv("1e-3,inf", [tf.constant([0.0], tf.float64), tf.constant([], tf.float32)]),
    "blanks": lambda tf: tf.decode_csv(" 3 , 4", [[0], [0.0]]),
    "line end": lambda tf: tf.decode_csv("a,b\n", [[""], [""]]),
    "nothing": lambda tf: tf.decode_csv("", [["d"]]),
    "empty fields": lambda tf: tf.decode_csv(",", [["d"], [1]]),
    "matrix": lambda tf: tf.decode_csv([["1,2"], ["3,4"]], [[0], [0]], name="q"),
    "unequal columns": lambda tf: tf.decode_csv("1,2", [[0], [0]], select_cols=[0]),
    "falling columns": lambda tf: tf.decode_csv("1,2", [[0], [0]], select_cols=[1, 0]),
    "type": lambda tf: tf.decode_csv("1", [tf.constant([1], tf.int64), tf.constant([True])]),
}


@pytest.mark.parametrize("name", CSV)
def test_decode_csv(name: str) -> None:
    phrase = "not in list of allowed values" if name == "type" else None
    theirs, ours = oracle.both(_nodes_and_value(CSV[name]))
    oracle.assert_same(theirs, ours, phrase=phrase)


@settings(max_examples=60, deadline=None)
@given(line=st.text(alphabet='ab,"\n1 ', max_size=8), quotes=st.booleans())
def test_any_line(line: str, quotes: bool) -> None:
    """Quotes, line ends and separators anywhere, for one and for two columns."""
    for columns in (1, 2):

        def body(tf: Any, count: int = columns) -> Any:
            with tf.Session() as session:
                return session.run(tf.decode_csv(tf.constant(line), [["d"]] * count, use_quote_delim=quotes))

        theirs, ours = oracle.both(body)
        oracle.assert_same(theirs, ours, phrase=False)


TENSORS: dict[str, Callable[[Any], Any]] = {
    "floats": lambda tf: tf.parse_tensor(tf.constant(tf.make_tensor_proto([1.0, 2.0]).SerializeToString()), tf.float32),
    "strings": lambda tf: tf.parse_tensor(
        tf.constant(tf.make_tensor_proto([["a", "é"]]).SerializeToString()), tf.string
    ),
    "other dtype": lambda tf: tf.parse_tensor(tf.constant(tf.make_tensor_proto([1.0]).SerializeToString()), tf.int32),
    "junk": lambda tf: tf.parse_tensor(tf.constant(b"junk"), tf.int32),
    "serialize": lambda tf: tf.io.serialize_tensor(tf.constant([1.0, 2.0])),
    "serialize strings": lambda tf: tf.io.serialize_tensor(tf.constant(["a"])),
    "serialize bools": lambda tf: tf.io.serialize_tensor(tf.constant([[True], [False]]), name="q"),
    "round trip": lambda tf: tf.parse_tensor(tf.io.serialize_tensor(tf.constant(np.arange(6).reshape(2, 3))), tf.int64),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_and_json(name: str) -> None:
    oracle.assert_same(*oracle.both(_nodes_and_value(TENSORS[name])))


def test_json() -> None:
    """The same example; TensorFlow does not pack the numbers in its bytes."""

    def body(tf: Any) -> Any:
        text = '{"features":{"feature":{"a":{"int64List":{"value":["1", 2]}},"b":{"bytesList":{"value":["eA=="]}}}}}'
        with tf.Session() as session:
            return str(tf.train.Example.FromString(session.run(tf.decode_json_example(tf.constant(text)))))

    oracle.check_both(body)


def test_bad_json() -> None:
    def body(tf: Any) -> Any:
        with tf.Session() as session:
            return session.run(tf.decode_json_example(tf.constant("{bad")))

    oracle.check_both_raise(body, match="Error while parsing JSON")


# -------------------------------------------------------------------------------------------------------- sparse

DENSE: dict[str, tuple[Any, ...]] = {
    "outside": ([[5]], [3], [1.0]),
    "negative": ([[-1]], [3], [1.0]),
    "disordered": ([[1], [0]], [3], [1.0, 2.0]),
    "repeated": ([[1], [1]], [3], [1.0, 2.0]),
    "disordered rows": ([[0, 1], [1, 0], [0, 2]], [2, 3], [1.0, 2.0, 3.0]),
    "vector": ([1, 2], [3], [1.0, 2.0]),
    "one value": ([1, 2], [3], 5.0),
    "one place": (1, [3], 5.0),
    "matrix": ([[0, 1], [1, 0]], [2, 2], [1.0, 2.0]),
    "rank": ([[0, 1]], [2], [1.0]),
    "count": ([[0, 1]], [2, 2], [1.0, 2.0]),
    "strings": ([1], [3], ["a"], "z"),
    "default": ([1], [3], [1.0], 9.0),
}


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("name", DENSE)
def test_sparse_to_dense(name: str, checked: bool) -> None:
    if not checked and name in ("outside", "negative"):
        return  # TensorFlow's words there tell nothing
    indices, shape, *rest = DENSE[name]
    theirs, ours = oracle.both(
        _nodes_and_value(lambda tf: tf.sparse_to_dense(tf.constant(indices), shape, *rest, validate_indices=checked))
    )
    oracle.assert_same(theirs, ours)


SPARSE: dict[str, Callable[[Any], Any]] = {
    "to dense": lambda tf: tf.sparse_tensor_to_dense(tf.SparseTensor([[0, 1]], [1.5], [2, 3])),
    "strings to dense": lambda tf: tf.sparse_tensor_to_dense(tf.SparseTensor([[0]], ["a"], [2]), name="q"),
    "default": lambda tf: tf.sparse.to_dense(tf.SparseTensor([[0]], ["a"], [2]), default_value="x"),
}


@pytest.mark.parametrize("name", SPARSE)
def test_sparse_tensors_to_dense(name: str) -> None:
    oracle.assert_same(*oracle.both(_nodes_and_value(SPARSE[name])))


def test_sparse_tensors_are_fetched_and_fed() -> None:
    def body(tf: Any) -> Any:
        sparse = tf.SparseTensor([[1, 0], [0, 2], [0, 1]], [1.0, 2.0, 3.0], [2, 3])
        ordered = tf.sparse_reorder(sparse)
        places = (
            tf.placeholder(tf.int64, [None, 2]),
            tf.placeholder(tf.float32, [None]),
            tf.placeholder(tf.int64, [2]),
        )
        empty = tf.SparseTensor(*places)
        value = tf.SparseTensorValue(np.array([[1, 1], [0, 5]]), np.array([9, 8], np.float32), np.array([2, 6]))
        with tf.Session() as session:
            fetched = session.run({"s": sparse, "o": ordered})
            fed = session.run([empty, tf.sparse_tensor_to_dense(tf.sparse_reorder(empty))], {empty: value})
            return fetched, fed, ordered.eval(session=session), sparse.shape, sparse.dtype, empty.get_shape()

    oracle.check_both(body)


def test_sparse_tensors_refuse_shapes() -> None:
    for indices, values, shape in [
        ([[0, 1]], [1.0, 2.0], [2, 3]),
        ([0, 1], [1.0, 2.0], [2, 3]),
        ([[0, 1]], [1.0], [2]),
    ]:
        oracle.check_both_raise(lambda tf, i=indices, v=values, s=shape: tf.SparseTensor(i, v, s))
    oracle.check_both_raise(lambda tf: tf.SparseTensor(tf.constant([[0, 1]]), [1.0], [2, 3]), match="int64")


def test_a_gradient_goes_through_sparse_to_dense() -> None:
    def body(tf: Any) -> Any:
        values = tf.constant([1.0, 2.0])
        dense = tf.sparse_to_dense([[0, 1], [1, 0]], [2, 2], values)
        with tf.Session() as session:
            return session.run(tf.gradients(tf.reduce_sum(dense * dense), values))

    oracle.check_both(body)
