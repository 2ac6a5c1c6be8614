"""TensorProtos: the bytes are TensorFlow's, and what TensorFlow reads is read the same."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.graph.files import graph_def, message, plain
from tests.oracle import Raised, both, check_both, check_both_raise, real_tf, run_body

pytestmark = pytest.mark.oracle

NUMBERS = (
    "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 complex64 complex128"
).split()
QUANTIZED = "qint8 quint8 qint16 quint16 qint32".split()


def _values(dtype: str) -> list[Any]:
    if dtype == "string":
        return ["a", ["a", b"\xff\x00"], [["a"], [""]]]
    if dtype == "bool":
        return [True, [True, False], [[True], [False]]]
    if dtype in QUANTIZED:
        return [(3,), [(1,), (2,)]]
    return [3, [1, 2, 0], [[1], [2]], [5], []]


@pytest.mark.parametrize("dtype", [*NUMBERS, *QUANTIZED, "string", "bool"])
def test_written_as_tensorflow_writes(dtype: str) -> None:
    for value in _values(dtype):
        check_both(lambda tf, v=value: plain(tf.make_tensor_proto(v, dtype=getattr(tf, dtype, dtype))))


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (1.5, {"shape": [2, 3]}),
        ([1, 2], {"shape": [2, 2]}),
        ([[1, 2], [3, 4]], {"shape": [4]}),
        ([1], {"shape": [2, 2], "allow_broadcast": True}),
        (1, {"shape": [2, 2], "allow_broadcast": True}),
        (np.float64([1.0]), {}),
        (np.arange(5.0), {"shape": [5, 1]}),
        (np.arange(12, dtype=np.int64).reshape(3, 4).T, {}),
        ("text", {"shape": [3]}),
        (0.0, {"shape": [0, 3]}),
        ([1, 2, 3], {"shape": [3], "verify_shape": True}),
        # and what is refused
        ([1, 2, 3], {"shape": [2]}),
        ([1, 2], {"shape": [2, 2], "verify_shape": True}),
        ([1, 2], {"shape": [2, 2], "allow_broadcast": True}),
        (1, {"shape": [2, 2], "allow_broadcast": True, "verify_shape": True}),
        (None, {}),
        (1.5, {"dtype": "int32"}),
        ("abc", {"dtype": "int32"}),
    ],
)
def test_make_tensor_proto(values: Any, options: dict[str, Any]) -> None:
    theirs, ours = both(lambda tf: plain(tf.make_tensor_proto(values, **options)))
    if isinstance(theirs, Raised):
        assert isinstance(ours, Raised)
        assert theirs.type in ours.types
        assert theirs.message.split(",")[0].rstrip(".") in ours.message
    else:
        assert theirs == ours


TWO = "tensor_shape{dim{size:2}}"


@pytest.mark.parametrize(
    "text",
    [
        f"dtype:DT_FLOAT {TWO}",
        f"dtype:DT_FLOAT {TWO} float_val:1",
        f"dtype:DT_FLOAT {TWO} float_val:1 float_val:2",
        "dtype:DT_FLOAT tensor_shape{dim{size:5}} float_val:1 float_val:2 float_val:-0",
        f"dtype:DT_FLOAT {TWO} int_val:1",
        f"dtype:DT_DOUBLE {TWO} double_val:1e300",
        f"dtype:DT_HALF {TWO} half_val:15360",
        f"dtype:DT_BFLOAT16 {TWO} half_val:16256 half_val:16320",
        f'dtype:DT_STRING {TWO} string_val:"a"',
        f'dtype:DT_STRING {TWO} string_val:"a" string_val:"\\377"',
        f"dtype:DT_BOOL {TWO} bool_val:true",
        f"dtype:DT_COMPLEX64 {TWO} scomplex_val:1 scomplex_val:2",
        f"dtype:DT_COMPLEX64 {TWO} scomplex_val:1 scomplex_val:2 scomplex_val:3",
        f"dtype:DT_COMPLEX128 {TWO} dcomplex_val:1 dcomplex_val:2 dcomplex_val:3 dcomplex_val:4",
        f"dtype:DT_INT8 {TWO} int_val:-128",
        f"dtype:DT_UINT16 {TWO} int_val:65535",
        f"dtype:DT_INT64 {TWO} int64_val:5",
        f"dtype:DT_UINT32 {TWO} uint32_val:4000000000",
        f"dtype:DT_UINT64 {TWO} uint64_val:5",
        f"dtype:DT_QINT8 {TWO} int_val:5",
        "dtype:DT_INT32 int_val:7",
        "dtype:DT_INT32 tensor_shape{unknown_rank:true} int_val:7",
        "dtype:DT_FLOAT tensor_shape{dim{size:0} dim{size:3}}",
        'dtype:DT_INT16 tensor_shape{dim{size:2}} tensor_content:"\\001\\000\\377\\377"',
        'dtype:DT_BOOL tensor_shape{dim{size:2}} tensor_content:"\\001\\000"',
        'dtype:DT_COMPLEX64 tensor_shape{dim{size:1}} tensor_content:"\\000\\000\\200?\\000\\000\\000@"',
    ],
)
def test_make_ndarray(text: str) -> None:
    theirs, ours = both(lambda tf: tf.make_ndarray(message(tf, "TensorProto", text)))
    assert theirs.dtype == ours.dtype
    assert theirs.shape == ours.shape
    if theirs.dtype == object:
        assert [item or b"" for item in theirs.ravel()] == list(ours.ravel())
    else:
        np.testing.assert_array_equal(theirs, ours)
    assert ours.flags.writeable


@pytest.mark.parametrize(
    "text",
    [
        f"dtype:DT_FLOAT {TWO} float_val:1 float_val:2 float_val:3",
        f"dtype:DT_BFLOAT16 {TWO} half_val:70000",
        f"dtype:DT_UINT8 {TWO} int_val:300 int_val:-1",
        "dtype:DT_FLOAT tensor_shape{dim{size:0}} float_val:1",
    ],
)
def test_the_runtime_reads_more_than_make_ndarray(text: str) -> None:
    """What `make_ndarray` refuses a kernel still reads: surplus values are dropped, numbers wrap."""
    kind = text.split()[0].split(":")[1]
    attrs = f"attr{{key:'dtype' value{{type:{kind}}}}} attr{{key:'value' value{{tensor{{{text}}}}}}}"
    file = f"node{{name:'c' op:'Const' {attrs}}}"

    def body(tf: Any) -> Any:
        (c,) = tf.import_graph_def(graph_def(tf, file), return_elements=["c:0"])
        with tf.Session() as sess:
            return sess.run(c)

    theirs, ours = both(body)
    np.testing.assert_array_equal(np.asarray(theirs, ours.dtype), ours)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"dtype:DT_RESOURCE {TWO}", TypeError),
        (f"dtype:DT_INVALID {TWO}", TypeError),
        ("dtype:99", TypeError),
        (f'dtype:DT_FLOAT {TWO} tensor_content:"abc"', ValueError),
        (f'dtype:DT_STRING {TWO} tensor_content:"ab"', ValueError),
        (f'dtype:DT_BOOL {TWO} tensor_content:"\\002\\000"', ValueError),
        ("dtype:DT_FLOAT tensor_shape{dim{size:-1}} float_val:1", ValueError),
        ("dtype:DT_FLOAT tensor_shape{dim{size:-7} dim{size:-3}} float_val:1", ValueError),
        (
            "dtype:DT_FLOAT " + "tensor_shape{dim{size:4000000000} dim{size:4000000000} dim{size:4000000000}}",
            ValueError,
        ),
        # a few bytes that ask for the memory of a building
        ("dtype:DT_FLOAT tensor_shape{dim{size:100000000000000}} float_val:1", ValueError),
        ("dtype:DT_FLOAT tensor_shape{dim{size:100000000000000}}", ValueError),
        ("dtype:DT_STRING tensor_shape{dim{size:100000000000000}} string_val:'a'", ValueError),
        ("dtype:DT_FLOAT tensor_shape{" + "dim{size:1} " * 100 + "} float_val:1", ValueError),
        ("dtype:DT_FLOAT float_val:1 float_val:2", ValueError),
    ],
)
def test_strangers_are_refused(tf: Any, text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"TensorProto.*|is not the number"):
        tf.make_ndarray(message(tf, "TensorProto", text))


def test_a_repeated_value_takes_no_memory(tf: Any) -> None:
    from scopedjax._src.graph.tensor_proto import decode, encode

    text = "dtype:DT_FLOAT tensor_shape{dim{size:1000000} dim{size:1000}} float_val:2"
    array = decode(message(tf, "TensorProto", text), "a test")
    assert array.shape == (1000000, 1000) and array.strides == (0, 0)
    assert encode(array).ByteSize() < 40


_DTYPES = [np.dtype(n) for n in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "?")]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_DTYPES).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))))
def test_arrays_come_back_bit_for_bit(array: np.ndarray) -> None:
    from scopedjax._src.graph.tensor_proto import decode, encode

    back = decode(encode(array), "a test")
    assert back.dtype == array.dtype and back.shape == array.shape
    assert np.ascontiguousarray(back).tobytes() == np.ascontiguousarray(array).tobytes()


def test_our_bytes_are_read_by_tensorflow() -> None:
    from scopedjax._src.graph.tensor_proto import encode
    from tests.graph.files import message_type

    real = real_tf()
    for dtype in (np.float16, ml_dtypes.bfloat16, np.float32, np.int8, np.uint16, np.uint64, np.complex128, np.bool_):
        array = np.arange(6).reshape(2, 3).astype(dtype)
        proto = message_type(real, "TensorProto").FromString(encode(array).SerializeToString())
        back = run_body(real, lambda tf, p=proto: tf.make_ndarray(p))
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)


def test_other_byte_order_keeps_its_numbers(tf: Any) -> None:
    """TensorFlow writes the bytes of a big-endian array as they are; here they are turned round."""
    assert tf.make_ndarray(tf.make_tensor_proto(np.arange(6, dtype=">i4"))).tolist() == [0, 1, 2, 3, 4, 5]


def test_make_tensor_proto_passes_a_proto_through() -> None:
    check_both(lambda tf: (lambda p: tf.make_tensor_proto(p) is p)(tf.make_tensor_proto([1, 2])))


def test_unknown_dtype_is_a_type_error() -> None:
    check_both_raise(lambda tf: tf.make_ndarray(message(tf, "TensorProto", "dtype:99")), match="")
