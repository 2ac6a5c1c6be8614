"""What `tf.constant` and `feed_dict` make of Python and NumPy values, against a real session."""

from __future__ import annotations

from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from scopedjax._src.base import dtypes, values
from scopedjax._src.base.shapes import Dimension, TensorShape
from tests import oracle
from tests.base.pair import assert_agree

FOLLOWED = """
1 | 1.5 | True | 'a' | b'a' | 'é' | [] | [[]] | [[], []] | [1, 2.5] | [1.5, 2] | [1, True] | [True, 1] | [1.0, True]
2**31 | -2**31 | -2**31 - 1 | 2**63 | [1, 2**31] | [1, 2**63] | 1j | [1j, 1] | [1, 1j] | -2**63 | 1e300 | [1e40]
3.4e38 | -3.5e38 | 2**31 - 1 | float('nan') | float('inf') | np.float64(1.5) | np.float32(1.5) | [np.float64(1.5)]
[np.float32(1.5)] | [np.float64(1.5), 1] | [1, np.float64(1.5)] | [1.5, np.float32(1)] | [np.int64(1)] | [np.int8(1)]
[np.int32(1), np.int64(2)] | np.int64(5) | np.array([1, 2]) | np.array([1, 2], np.uint16) | np.array([1.0], np.float16)
np.array(['a', 'b']) | np.array([b'a', 'b'], dtype=object) | [[3, 4], np.array([1, 2])] | (1, 2) | [('a', 'b')]
b'a\\x00' | np.array([b'a\\x00b'], object) | np.bytes_(b'a') | np.str_('a') | bytearray(b'a') | [np.str_('a'), 'b']
[True, False] | [np.bool_(True)] | np.bool_(True) | [[True], [1]] | np.zeros((2, 0)) | np.ma.array([1, 2]) | ['']
memoryview(b'ab') | [np.array(1.5)] | [np.uint8(3), 300] | [np.float16(1)] | [np.uint64(3)] | [np.longlong(3)]
[np.complex64(1j)] | np.array('a') | NT(1, 2) | [NT(1, 2)] | np.array([(1,)], [('qint8', 'i1')])
__import__('array').array('i', [1, 2]) | __import__('array').array('d', [1, 2]) | [b'a', 'b'] | b'\\xff\\xfe'
np.array([], dtype=object)
"""

ASKED = """
1, tf.float32 | True, tf.int32 | True, tf.float32 | 1j, tf.complex64 | 1.0, tf.complex64 | 1, tf.complex128
300, tf.uint8
2**31, tf.int32 | [2**31], tf.int32 | 2**63, tf.uint64 | -1, tf.uint8 | [128], tf.int8 | [-1], tf.uint64
2**32, tf.uint32
np.int64(5), tf.int32 | np.float64(5.5), tf.int32 | np.array([1.5]), tf.int32 | np.array([1.5]), tf.float32
np.array([1.5]), tf.bool | np.array([1, 0]), tf.bool | np.array([True]), tf.float32 | np.array([2**40]), tf.int32
np.array([1, 2], dtype=object), tf.int32 | [D(3), 2], tf.int32 | D(3), tf.int32 | 1.5, tf.bfloat16 | 1.5, tf.float16
1e300, tf.float32 | 70000.0, tf.float16 | [(1,), (2,)], tf.qint8 | (1,), tf.qint32 | [1, 2.5], tf.float64
0.1, tf.float64
np.array([1], 'i1'), tf.qint8 | np.float32(1.1), tf.float64 | 1, tf.float32._as_ref | 1, np.int64 | 1, float
2**40, tf.float32
2**70, tf.float32 | [], tf.int32 | [[]], tf.string | [np.float64(1.5)], tf.float32 | [np.int64(1)], tf.float32
[np.array(1.5)], tf.float32 | [np.array(1)], tf.int32 | [np.str_('a')], tf.string | bytearray(b'a'), tf.int32
np.array(['a'], dtype='S'), tf.string | np.array([None], dtype=object), tf.float32 | np.array([300]), tf.uint8
np.array([1.7]), tf.uint8 | [1j, 2], tf.complex64 | [np.complex64(1j)], tf.complex128 | [np.float32(1)], tf.complex64
memoryview(b'ab'), tf.int32 | __import__('fractions').Fraction(1, 2), tf.float32 | [0.5, True], tf.float32
16777217, tf.float32 | 2**31, tf.float32 | 0.1 + 0.2, tf.float64 | 1, tf.int8 | [1.0, 2], tf.bfloat16
"""

REFUSED = """
None | 1.5, tf.int32 | 1.0, tf.int32 | [1, 2.5], tf.int32 | 1, tf.bool | 1.0, tf.bool | 'a', tf.int32 | 'a', tf.float32
'a', tf.bool | 1, tf.string | 1.0, tf.string | [['a', 2]], tf.string | None, tf.int32 | [None], tf.float32
[None], tf.string | [1, None, 3], tf.int32 | 1j, tf.float32 | np.array([1, 0]), tf.string | [[1, 2], [3, 'a']], tf.int32
np.array([1, 2], dtype=object) | np.array(['a', 1], dtype=object) | np.array([1], dtype='M8[s]') | [True, 2], tf.bool
1, tf.qint8 | [1, 2], tf.quint8 | [True, np.bool_(True)], tf.bool | 1.5, tf.int64 | [1.5, 'a'], tf.float32
'a', tf.complex64
1, int | 2**64, tf.uint64 | D(3), tf.bool | [D(3), 2], tf.float32 | [np.float64(1.5)], tf.int32 | {1}, tf.int32
[np.bool_(True)], tf.int32 | [np.bool_(True)], tf.float32 | np.array([1.5]), tf.string | np.array([None], dtype=object)
bytearray(b'a'), tf.string | [10**400], tf.float32 | __import__('decimal').Decimal('1.5'), tf.float32
np.array(['a', 'b']), tf.int32 | [__import__('fractions').Fraction(1, 2)], tf.int32
[np.array([1, 2]), np.array([3, 4])] | [np.array([1, 2]), [3, 4]] | [np.array([1.5, 2], np.float32)]
[[1], []] | [1, [2]] | [[1], 2] | [[1, 2], [3]] | [[1.0, 2], [3]], tf.float32 | [[1, 2], 3], tf.int32
"""

UNCONVERTIBLE = """
['a', 1] | [1, 'a'] | [None, 1] | [1, None] | {1, 2} | {'a': 1} | object() | [object()] | tf.float32 | [b'a', 1.5]
2**64
__import__('fractions').Fraction(1, 2) | __import__('decimal').Decimal(1) | 2**70 | [2**70] | -2**63 - 1 | [1.5, 2**70]
[True, 'a'] | (i for i in [1, 2]) | {}.keys() | [np.array('a')]
"""

SHAPED = """
[1, 2, 3], shape=[2, 2] | [1, 2, 3], shape=[2] | [], shape=[2] | [], shape=[0] | 1, shape=[0] | 'a', shape=[0]
1, shape=[2, 0]
np.ones(2), shape=[0] | 1, tf.int32, [0] | [1, 2], shape=[2], verify_shape=True | [1, 2], shape=[3], verify_shape=True
1, shape=[2], verify_shape=True | [1, 2, 3, 4], shape=[2, 2] | 1.0, shape=[2, None] | 'a', shape=[2] | True, shape=[2]
['a', 'b'], shape=[3] | 1.5, shape=TS([2]) | 1.5, shape=(np.int64(2),) | [], shape=[2], dtype=tf.string | 1.5, shape=[]
np.zeros((2, 2)), shape=[4] | np.zeros((2, 2)), shape=[2, 2, 1] | np.zeros((2, 2)), shape=[5] | 1.5, shape=[D(2)]
1.5, shape=3 | 1.5, shape=[-1] | [[1, 2], [3, 4]], shape=[5]
"""

FED = """
1, tf.float32 | 1.5, tf.int32 | 2**40, tf.int32 | np.int64(2**40), tf.int32 | [1.5, 2], tf.int32 | True, tf.int32
1, tf.bool
np.array([1.5]), tf.int32 | 5, tf.bool | 'a', tf.string | ['a', b'b'], tf.string | np.array(['a', 'é']), tf.string
5, tf.string | ['1.5'], tf.float32 | None, tf.float32 | [None], tf.float32 | [[1], [1, 2]], tf.float32 | 300, tf.uint8
[np.array([1, 2]), np.array([3, 4])], tf.float32 | [300], tf.uint8 | -1, tf.uint8 | range(3), tf.float32
D(3), tf.int32
[D(3)], tf.int32 | TS([1, 2]), tf.int32 | {1}, tf.float32 | 1.5, tf.bfloat16 | np.float64(1e300), tf.float32
3.7, tf.int64
2**40, tf.float32 | 16777217, tf.float32 | 0.1, tf.float32 | 0.1, tf.float16 | 2**63, tf.int64 | 70000, tf.float16
[], tf.float32 | [2**40], tf.int32 | np.array([b'x\\x00y'], object), tf.string | True, tf.bool
np.bool_(True), tf.float32
"""


def rows(table: str) -> list[str]:
    return [row.strip() for line in table.strip().splitlines() for row in line.split(" | ")]


@pytest.mark.oracle
@pytest.mark.parametrize("value", rows(FOLLOWED))
def test_the_dtype_follows_the_value(value: str) -> None:
    assert_agree(f"constant({value})")


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", rows(ASKED))
def test_a_dtype_is_asked_for(arguments: str) -> None:
    assert_agree(f"constant({arguments})")


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", rows(REFUSED))
def test_what_is_refused_and_with_which_words(arguments: str) -> None:
    # A lone Dimension is refused in the words of convert_to_tensor.
    assert_agree(f"constant({arguments})", False if arguments.startswith("D(") else None)


@pytest.mark.oracle
@pytest.mark.parametrize("value", rows(UNCONVERTIBLE))
def test_what_no_dtype_fits(value: str) -> None:
    # Behind this sentence TF refers to its web page, and we say what is supported.
    assert_agree(f"constant({value})", "Consider casting elements to a supported type")


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", rows(SHAPED))
def test_a_shape_is_given(arguments: str) -> None:
    # TF counts the elements of a shape with -1 as a negative number in its message.
    assert_agree(f"constant({arguments})", "Too many elements provided" if "-1" in arguments else None)


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", rows(FED))
def test_feeding(arguments: str) -> None:
    assert_agree(f"feed({arguments})")


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", ["[5, 'a'], tf.string", "np.array([5]), tf.string"])
def test_feeding_no_text_to_strings(arguments: str) -> None:
    assert_agree(f"feed({arguments})", "Unsupported object type int")


numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=64),
    st.booleans(),
    st.integers(-100, 100),
    st.integers(-100, 100).map(np.int64),
    st.floats(width=32).map(np.float32),
)
nested = st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


def _both_constants(value: Any, dtype: Any = None) -> tuple[Any, Any]:
    def theirs(tf: Any) -> Any:
        with tf.Session() as session:
            return np.asarray(session.run(tf.constant(value, dtype)))

    try:
        with np.errstate(all="ignore"):
            ours: Any = values.as_array(value, dtype)
    except Exception as error:
        ours = oracle.Raised.of(error)
    with np.errstate(all="ignore"):
        return oracle.run_body(oracle.real_tf(), theirs), ours


@pytest.mark.oracle
@hypothesis.given(nested)
def test_any_nested_numbers(value: Any) -> None:
    oracle.assert_same(*_both_constants(value), rtol=0.0, phrase=False)


@pytest.mark.oracle
@hypothesis.given(nested, st.sampled_from(["float32", "float64", "int32", "int64", "bool", "complex64"]))
def test_any_nested_numbers_with_a_dtype(value: Any, dtype: str) -> None:
    oracle.assert_same(*_both_constants(value, dtype), rtol=0.0, phrase=False)


# ------------------------------------------------------------------------------- where more is accepted than in TF


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (range(3), None, np.array([0, 1, 2], np.int32)),
        (TensorShape([2, 3]), None, np.array([2, 3], np.int32)),
        (TensorShape([2**40]), None, np.array([2**40], np.int64)),
        (TensorShape([]), None, np.array([], np.int32)),
        (TensorShape([2, 3]), "int64", np.array([2, 3], np.int64)),
        (Dimension(3), None, np.array(3, np.int32)),
        ([Dimension(3), -1], None, np.array([3, -1], np.int32)),
        ([[Dimension(2**40)]], None, np.array([[2**40]], np.int64)),
    ],
)
def test_static_sizes_become_integers(value: Any, dtype: Any, expected: Any) -> None:
    """TF converts these in `convert_to_tensor` and refuses them in `constant`; here one function serves both."""
    oracle.assert_same(expected, values.as_array(value, dtype), rtol=0.0)


@pytest.mark.oracle
@pytest.mark.parametrize("value", ["TS([1, None])", "TS(None)", "D(None)"])
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_unknown_sizes_are_refused_as_by_convert_to_tensor(value: str, dtype: Any) -> None:
    tf = oracle.real_tf()
    names = {"TS": tf.TensorShape, "D": tf.Dimension}
    theirs = oracle.run_body(tf, lambda tf: tf.convert_to_tensor(eval(value, names), dtype))
    ours = oracle.run_body(tf, lambda _: values.as_array(eval(value, {"TS": TensorShape, "D": Dimension}), dtype))
    oracle.assert_same(theirs, ours)


@pytest.mark.oracle
@pytest.mark.parametrize(("sizes", "dtype"), [([1, 2], "float32"), ([2**40], "int32")])
def test_sizes_need_an_integer_type(sizes: list[int], dtype: str) -> None:
    tf = oracle.real_tf()
    theirs = oracle.run_body(tf, lambda tf: tf.convert_to_tensor(tf.TensorShape(sizes), dtype))
    oracle.assert_same(theirs, oracle.run_body(tf, lambda _: values.as_array(TensorShape(sizes), dtype)))


def test_the_other_byte_order_is_converted() -> None:
    # TF 2.21 refuses such an array; files in that order (FITS, idx) are common enough.
    for swapped in (np.array([1.5], ">f8"), np.array([7], ">i4")):
        constant = values.as_array(swapped)
        assert constant.dtype.isnative
        np.testing.assert_array_equal(constant, swapped)


def test_integers_beyond_64_bits_are_an_error_as_in_tf_1_15() -> None:
    # TF 2.21 lets 2**63 become -2**63 here; 1.15 raises this, and a wrong number helps nobody.
    with pytest.raises(OverflowError, match="Python int too large to convert to C long"):
        values.as_array(2**63, dtypes.int64)
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        values.feed_array(float("nan"), dtypes.int32)


def test_a_handle_is_no_constant() -> None:
    for dtype in (dtypes.resource, dtypes.variant):
        with pytest.raises(TypeError, match="is not compatible with 1"):
            values.as_array(1, dtype)


def test_a_constant_is_a_copy_and_a_feed_is_not() -> None:
    mine = np.ones(2, np.float32)
    constant = values.as_array(mine)
    mine[0] = 5
    assert constant[0] == 1
    assert values.feed_array(mine, dtypes.float32) is mine


def test_a_jax_array_keeps_its_type() -> None:
    import jax.numpy as jnp

    oracle.assert_same(np.ones(2, np.float32), values.as_array(jnp.ones(2, "float32")), rtol=0.0)
    assert values.as_array(jnp.ones(2, "bfloat16")).dtype == dtypes.bfloat16.as_numpy_dtype


# ----------------------------------------------------------------------------------------------------------- text


@pytest.mark.oracle
@pytest.mark.parametrize("function", ["as_bytes", "as_text", "as_str_any"])
@pytest.mark.parametrize("argument", ["'é'", "b'ab'", "3", "None", "np.bytes_(b'x')", "np.str_('x')", "['a']"])
def test_text(function: str, argument: str) -> None:
    assert_agree(f"tf.compat.{function}({argument})")


@pytest.mark.oracle
def test_bytearrays_as_bytes_and_other_encodings() -> None:
    assert_agree("tf.compat.as_bytes(bytearray(b'ab'))")
    assert_agree("tf.compat.as_bytes('é', 'latin1')")
    assert_agree("tf.compat.as_text(b'\\xe9', 'latin1')")
