"""Data types against `tf.DType`, attribute by attribute, for every type and its reference type."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import dtypes
from tests import oracle
from tests.base.pair import assert_agree

NUMBERS = [*range(1, 24), *range(101, 124)]
NAMES = [dtypes.as_dtype(n).name for n in NUMBERS]
ATTRIBUTES = (
    "name",
    "as_datatype_enum",
    "_type_enum",
    "_is_ref_dtype",
    "is_integer",
    "is_floating",
    "is_complex",
    "is_bool",
    "is_unsigned",
    "is_quantized",
    "is_numpy_compatible",
    "is_numeric",
    "size",
)


@pytest.mark.oracle
@pytest.mark.parametrize("number", NUMBERS)
def test_attributes_equal_tensorflows(number: int) -> None:
    theirs, ours = oracle.real_tf().as_dtype(number), dtypes.as_dtype(number)
    for attribute in ATTRIBUTES:
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    for other in ("base_dtype", "real_dtype", "_as_ref"):
        expected = getattr(theirs, other)
        # TF leaves the reference type of a real type as it is and drops it for complex ones; so do we.
        assert getattr(ours, other).name == expected.name, other
    assert (repr(ours), str(ours), hash(ours), int(ours)) == (repr(theirs), str(theirs), hash(theirs), int(theirs))


@pytest.mark.oracle
@pytest.mark.parametrize("number", [n for n in NUMBERS if n % 100 not in (20, 21)])
def test_numpy_types_equal_tensorflows(number: int) -> None:
    theirs, ours = oracle.real_tf().as_dtype(number), dtypes.as_dtype(number)
    assert np.dtype(ours.as_numpy_dtype) == np.dtype(theirs.as_numpy_dtype)


@pytest.mark.oracle
@pytest.mark.parametrize("side", ["min", "max", "limits"])
@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(("resource", "variant"))])
def test_ranges_equal_tensorflows(name: str, side: str) -> None:
    assert_agree(f"float(tf.as_dtype({name!r}).{side})" if side != "limits" else f"tf.as_dtype({name!r}).limits")


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_compatibility_equals_tensorflows(name: str) -> None:
    theirs, ours = oracle.real_tf().as_dtype(name), dtypes.as_dtype(name)
    for other in NAMES:
        assert ours.is_compatible_with(other) == theirs.is_compatible_with(other), other
        assert (ours == other) == (theirs == other), other
        assert (ours != other) == (theirs != other), other


@pytest.mark.oracle
@pytest.mark.parametrize(
    "expression",
    [
        "tf.as_dtype('float')",
        "tf.as_dtype('double_ref')",
        "tf.as_dtype('half_ref')",
        "tf.as_dtype(float)",
        "tf.as_dtype(int)",
        "tf.as_dtype(bool)",
        "tf.as_dtype(str)",
        "tf.as_dtype(bytes)",
        "tf.as_dtype(object)",
        "tf.as_dtype(complex)",
        "tf.as_dtype(True)",
        "tf.as_dtype(np.int_)",
        "tf.as_dtype(np.longlong)",
        "tf.as_dtype(np.ulonglong)",
        "tf.as_dtype(np.intc)",
        "tf.as_dtype(np.str_)",
        "tf.as_dtype(np.bytes_)",
        "tf.as_dtype(np.object_)",
        "tf.as_dtype(np.dtype('S3'))",
        "tf.as_dtype(np.dtype('U3'))",
        "tf.as_dtype(np.dtype('V3'))",
        "tf.as_dtype(np.dtype('>f4'))",
        "tf.as_dtype(np.dtype('M8[s]'))",
        "tf.as_dtype(np.dtype([('qint8', 'i1')]))",
        "tf.as_dtype(np.array([1], np.int8))",
        "tf.as_dtype(np.float32(1))",
        "tf.as_dtype(tf.int32)",
        "tf.as_dtype('foo')",
        "tf.as_dtype('int')",
        "tf.as_dtype('<f4')",
        "tf.as_dtype('float32_ref_ref')",
        "tf.as_dtype(999)",
        "tf.as_dtype(None)",
        "tf.as_dtype([1])",
        "tf.DType(1)",
        "tf.DType(101)",
        "tf.float32 == None",
        "tf.float32 != None",
        "tf.float32 == 'foo'",
        "tf.float32 == [1]",
        "tf.float32 == np.float32",
        "tf.float32 == np.dtype('float32')",
        "tf.float32 == 1",
        "tf.float32.is_compatible_with('foo')",
        "tf.float32._as_ref._as_ref",
        "tf.complex64._as_ref.real_dtype",
        "sorted(d.name for d in tf.QUANTIZED_DTYPES)",
        "{tf.float32: 'x'}[tf.as_dtype('float')]",
    ],
)
def test_what_is_accepted_equals_tensorflows(expression: str) -> None:
    assert_agree(expression)


@pytest.mark.oracle
def test_constants_equal_tensorflows() -> None:
    tf = oracle.real_tf()
    constants = {name: value for name, value in vars(dtypes).items() if isinstance(value, dtypes.DType)}
    assert len(constants) == 2 * (23 + 2)
    for name, value in constants.items():
        if hasattr(tf, name):
            assert getattr(tf, name).as_datatype_enum == value.as_datatype_enum, name
    public = {n for n in dir(tf.dtypes) if isinstance(getattr(tf.dtypes, n), tf.DType)}
    assert public <= set(constants)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_the_same_object(name: str) -> None:
    dtype = dtypes.as_dtype(name)
    for again in (copy.copy(dtype), copy.deepcopy(dtype), pickle.loads(pickle.dumps(dtype)), dtypes.DType(int(dtype))):
        assert again is dtype


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(TypeError, match="42"):
        dtypes.DType(42)


def test_groups_partition_the_value_types() -> None:
    groups: tuple[Any, ...] = (*dtypes.VALUES, *dtypes.QUANTIZED, *dtypes.HANDLES)
    assert len(groups) == len(set(groups)) == 23
    assert all(d.is_floating for d in dtypes.FLOATING)
    assert all(d.is_integer for d in dtypes.INTEGER)
    assert all(d.is_unsigned for d in dtypes.UNSIGNED_INTEGER)
    assert not any(d.is_unsigned for d in dtypes.SIGNED_INTEGER)
    assert all(d.is_complex for d in dtypes.COMPLEX)


def test_a_type_has_no_dict_and_takes_no_new_attributes() -> None:
    with pytest.raises(AttributeError):
        dtypes.float32.colour = "red"  # pyright: ignore[reportAttributeAccessIssue]


def test_jax_scalar_types_are_accepted() -> None:
    import jax.numpy as jnp

    assert dtypes.as_dtype(jnp.bfloat16) is dtypes.bfloat16
    assert dtypes.as_dtype(jnp.zeros(1, "float32").dtype) is dtypes.float32
