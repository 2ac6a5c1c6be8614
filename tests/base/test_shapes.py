"""`TensorShape` and `Dimension` against TensorFlow's, and the rules for plain tuples against its shape inference."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from scopedjax._src.base import shapes
from scopedjax._src.base.shapes import Dimension, Dims, TensorShape
from tests import oracle
from tests.base.pair import assert_agree

DIMENSIONS = """
D(3) | str(D(3)) | D(None) | str(D(None)) | D('a') | D(-1) | D(1.5) | D(2.0) | D(D(3)) | D('7') | D(np.float32(3))
D(np.int64(3)).value | D(3) + 1 | D(3) + D(None) | 1 + D(3) | D(3) - 5 | D(3) - 1 | 5 - D(3) | D(3) * 2 | 2 * D(3)
D(7) // 2 | 7 // D(2) | D(7) / 2 | 7 / D(2) | D(None) // 0 | D(7) // 0 | D(7) % 4 | 7 % D(4) | D(None) % 2 | D(3) * None
D(3) + None | D(3) + 'a' | D(3) + 1.5 | D(3) + (-1) | D(3) == 3 | D(3) == D(None) | D(3) == None | D(None) == D(None)
D(3) != 4 | D(3) != None | D(3) == 'a' | D(3) != 'a' | D(3) < 4 | D(3) < None | D(None) < 3 | D(3) <= 3 | D(3) > 2
D(3) >= None | D(3) > 'a' | D(3) < D(4) | hash(D(3)) | int(D(3)) | list(range(D(3))) | D(3).__index__()
bool(D(0)) | bool(D(None)) | bool(D(2)) | D(3).is_compatible_with(4) | D(3).is_compatible_with(None)
D(3).assert_is_compatible_with(4) | D(3).assert_is_compatible_with(3) | D(3).merge_with(None) | D(3).merge_with(4)
D(None).merge_with(4) | [1, 2, 3][D(1)] | D(3) ** 2 | -D(3) | float(D(3)) | np.array([D(3)]) | np.arange(9)[D(2)]
tf.dimension_value(D(3)) | tf.dimension_value(3) | tf.dimension_value(D(None)) | tf.dimension_at_index(TS(None), 2)
tf.dimension_at_index(TS([1, 2, 3]), 2) | np.zeros([D(2), 3]).shape
"""

TENSOR_SHAPES = """
TS(None) | TS([]) | TS([1, None]) | TS([1, -1]) | TS([1, -2]) | str(TS(None)) | str(TS([])) | str(TS([1])) | TS(3)
str(TS([1, None])) | TS(['a']) | TS([1.5]) | TS(1.5) | TS((1, 2)) | TS(D(3)) | TS(TS([1])) | TS(np.array([1, 2]))
TS(np.int64(3)) | TS([D(3), None]) | TS([[1]]) | TS(range(3)) | TS({1: 2}) | TS(np.array(3)) | TS(D(None))
TS(TS([1, None]).as_proto()) | TS(TS(None).as_proto()) | TS([1, 2]).dims | TS(None).dims | TS([1, 2]).ndims
TS(None).ndims | TS(None).rank | TS([1, 2]).rank | len(TS([1, 2])) | len(TS(None)) | bool(TS(None)) | bool(TS([]))
list(TS([1, None])) | list(TS(None)) | TS([1, 2])[0] | TS([1, 2])[-1] | TS(None)[0] | TS(None)[1:] | TS(None)[1:3]
TS(None)[:2] | TS(None)[-1:] | TS(None)[:-1] | TS(None)[2:1] | TS(None)[::2] | TS([1, 2, 3])[1:] | TS([1, 2, 3])[::-1]
TS([1, 2, 3])[-2:] | TS([1, 2, 3])[5:] | TS([1, None]).as_list() | TS(None).as_list() | TS([2, 3]).num_elements()
TS([2, None]).num_elements() | TS(None).num_elements() | TS([]).num_elements() | TS([0, None]).num_elements()
TS([2, None]).merge_with([None, 3]) | TS([2, None]).merge_with([3, 3]) | TS([2, None]).merge_with([3])
TS([2]).merge_with(None) | TS(None).merge_with([2]) | TS([2]).concatenate([3]) | TS([2]).concatenate(None)
TS(None).concatenate([2]) | TS([2]) + [3] | [3] + TS([2]) | TS([2]) + TS([3]) | TS([2]) + 3
TS([2]).assert_same_rank([2, 3]) | TS([2]).assert_same_rank(None) | TS([2]).assert_same_rank([3])
TS([2]).assert_has_rank(2) | TS(None).assert_has_rank(2) | TS([2]).assert_has_rank(1) | TS([2]).with_rank(2)
TS(None).with_rank(2) | TS(None).with_rank(D(2)) | TS(None).with_rank(None) | TS([2]).with_rank(1)
TS([2]).with_rank_at_least(2) | TS([2, 3]).with_rank_at_most(1) | TS(None).with_rank_at_least(1)
TS([2]).with_rank_at_least(1) | TS([2]).with_rank_at_most(3) | TS(None).with_rank_at_most(1)
TS([2]).is_compatible_with([None]) | TS([2]).is_compatible_with([3]) | TS([2]).is_compatible_with([2, 2])
TS([2]).is_compatible_with(None) | TS([2]).assert_is_compatible_with([2])
TS([2]).assert_is_compatible_with(TS([3])) | TS([2]).most_specific_compatible_shape([3])
TS([2]).most_specific_compatible_shape([2, 3]) | TS([2, 3]).most_specific_compatible_shape([2, 4])
TS(None).most_specific_compatible_shape([2]) | TS([2]).is_fully_defined() | TS([None]).is_fully_defined()
TS(None).is_fully_defined() | TS([None]).assert_is_fully_defined() | TS(None).assert_is_fully_defined()
TS([2]).assert_is_fully_defined() | str(TS([1, None]).as_proto()) | str(TS(None).as_proto()) | str(TS([]).as_proto())
TS([1]) == [1] | TS([1]) == TS([1]) | TS([1, None]) == TS([1, None]) | TS([1, None]) == [1, None] | TS(None) == TS(None)
TS(None) == None | TS([1]) == 'a' | TS([1]) == 1 | TS([1]) == (1,) | TS([1]) != [2] | TS([1]) != TS([2])
TS([1]) != TS([None]) | TS([1]) != TS([1, 2]) | TS(None) != TS([1]) | TS(None) != TS(None) | TS([1]) != None
TS([1]) == {} | TS([None]) != TS([None]) | TS([None]) != [None] | TS([1]) != 'a'
hash(TS([1, 2])) == hash(TS((1, D(2)))) | {TS([1]): 2}[TS([1])] | [d.value for d in TS([1, None])]
"""


def rows(table: str) -> list[str]:
    return [row.strip() for line in table.strip().splitlines() for row in line.split(" | ")]


@pytest.mark.oracle
@pytest.mark.parametrize("expression", rows(DIMENSIONS))
def test_dimension(expression: str) -> None:
    assert_agree(expression)


@pytest.mark.oracle
@pytest.mark.parametrize("expression", rows(TENSOR_SHAPES))
def test_tensor_shape(expression: str) -> None:
    assert_agree(expression)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("expression", "phrase"),
    [
        ("TS('a')", "Failed to convert"),
        ("TS('12')", "Failed to convert"),
        ("TS([1, 2])[5]", "index out of range"),
        ("int(D(None))", "__int__ returned non-int (type NoneType)"),
        ("TS([2]).assert_is_compatible_with([3])", "Shapes (2,) and "),
    ],
)
def test_errors_that_say_more_than_tensorflows(expression: str, phrase: str) -> None:
    assert_agree(expression, phrase)


@pytest.mark.oracle
def test_public_methods_and_their_parameters() -> None:
    import inspect

    tf = oracle.real_tf()
    # What TF 2 added for tracing types; TF 1.15 has none of these.
    added = ("cast", "experimental_", "is_subtype_of", "most_specific_common", "placeholder_value", "to_tensors")
    added = (*added, "from_tensors", "flatten")
    for theirs, ours in ((tf.TensorShape, TensorShape), (tf.Dimension, Dimension)):
        for name in dir(theirs):
            if name.startswith("_") or name.startswith(added):
                continue
            assert hasattr(ours, name), name
            if callable(getattr(theirs, name)):
                assert list(inspect.signature(getattr(ours, name)).parameters) == list(
                    inspect.signature(getattr(theirs, name)).parameters
                ), name


@pytest.mark.parametrize("shape", [None, (), (1, None), (2, 3)])
def test_copies_are_equal(shape: Dims) -> None:
    ours = TensorShape(shape)
    for again in (copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert again == ours
        assert shapes.to_dims(again) == shape
    assert pickle.loads(pickle.dumps(Dimension(3))).value == 3


# -------------------------------------------------------------------------------------------------------- tuples

sizes = st.one_of(st.none(), st.integers(0, 3))
dims = st.one_of(st.none(), st.lists(sizes, max_size=3).map(tuple))


def _inferred(build: Any) -> Any:
    """The static shape that TensorFlow's shape inference gives, or what it says against it."""
    tf = oracle.real_tf()
    with tf.Graph().as_default():
        try:
            shape = build(tf).shape
        except ValueError as error:
            return str(error)
    return None if shape.rank is None else tuple(shape.as_list())


def _ours(rule: Any, *args: Any) -> Any:
    try:
        return rule(*args)
    except ValueError as error:
        return str(error)


@pytest.mark.oracle
@hypothesis.given(dims, dims)
def test_broadcasting_is_that_of_an_add_node(a: Dims, b: Dims) -> None:
    theirs = _inferred(lambda tf: tf.raw_ops.Add(x=tf.placeholder("float32", a), y=tf.placeholder("float32", b)))
    ours = _ours(shapes.broadcast_dims, a, b)
    if isinstance(theirs, str):
        assert theirs.startswith("Dimensions must be equal, but are ") and theirs.startswith(ours)
    else:
        assert ours == theirs


@pytest.mark.oracle
@hypothesis.given(dims, dims)
def test_merging_is_that_of_set_shape(a: Dims, b: Dims) -> None:
    def build(tf: Any) -> Any:
        tensor = tf.placeholder("float32", a)
        tensor.set_shape(b)
        return tensor

    theirs, ours = _inferred(build), _ours(shapes.merge_dims, a, b)
    if isinstance(theirs, str):
        assert ours.split(".")[0] == theirs.split(".")[0]
    else:
        assert ours == theirs
    assert shapes.compatible(a, b) == (not isinstance(theirs, str))


@pytest.mark.oracle
@hypothesis.given(dims)
def test_ranks_are_required_as_by_matmul_and_others(a: Dims) -> None:
    theirs = _inferred(
        lambda tf: tf.raw_ops.MatMul(a=tf.placeholder("float32", a), b=tf.placeholder("float32", [None, 7]))
    )
    ours = _ours(shapes.require_rank, a, 2)
    if isinstance(theirs, str):
        assert theirs.startswith(ours) and ours.startswith("Shape must be rank 2 but is rank ")
    else:
        assert (ours[0], 7) == theirs


@pytest.mark.oracle
@pytest.mark.parametrize("a", [None, (), (3,), (3, None), (1, 3, 3), (1, 2, 3, 3)])
def test_rank_bounds_say_what_shape_inference_says(a: Dims) -> None:
    least = _inferred(lambda tf: tf.raw_ops.MatrixDeterminant(input=tf.placeholder("float32", a)))
    ours = _ours(shapes.require_rank_at_least, a, 2)
    assert isinstance(ours, str) == isinstance(least, str)
    if isinstance(least, str):
        assert least.startswith(ours)
    most = _inferred(
        lambda tf: tf.raw_ops.DenseBincount(input=tf.placeholder("int32", a), size=3, weights=tf.placeholder("float32"))
    )
    ours = _ours(shapes.require_rank_at_most, a, 2)
    assert isinstance(ours, str) == isinstance(most, str)
    if isinstance(most, str):
        assert most.startswith(ours)


@pytest.mark.oracle
@hypothesis.given(dims)
def test_printing_and_counting(a: Dims) -> None:
    tf = oracle.real_tf()
    shape = tf.TensorShape(a)
    assert shapes.num_elements(a) == shape.num_elements()
    assert shapes.fully_known(a) == shape.is_fully_defined()
    assert str(shapes.from_dims(a)) == str(shape)
    # Shape inference prints the shapes of a node's inputs behind "with input shapes:".
    message = _inferred(lambda t: t.raw_ops.MatMul(a=t.placeholder("float32", a), b=t.placeholder("float32", [1] * 5)))
    if "with input shapes: " in message and (a is None or len(a) == 2):
        assert message.split("with input shapes: ")[1].startswith(shapes.format_dims(a) + ", [1,1,1,1,1]")


@hypothesis.given(dims)
def test_a_shape_holds_its_tuple(a: Dims) -> None:
    assert shapes.to_dims(shapes.from_dims(a)) is a
    assert shapes.to_dims(TensorShape(a)) == a
    assert shapes.to_dims(TensorShape(a).dims) == a
    assert shapes.to_dims(TensorShape(a).as_proto()) == a
    if a is not None:
        assert all(type(size) is int for size in shapes.to_dims([np.int64(s) for s in a if s is not None]) or ())


@hypothesis.given(sizes, sizes)
def test_merging_sizes(a: int | None, b: int | None) -> None:
    if a is not None and b is not None and a != b:
        with pytest.raises(ValueError, match=f"Dimensions must be equal, but are {a} and {b}"):
            shapes.merge_dim(a, b)
    else:
        assert shapes.merge_dim(a, b) == (b if a is None else a)


def test_true_is_the_size_one_and_nothing_negative_gets_in() -> None:
    (size,) = shapes.to_dims([True]) or ()
    assert type(size) is int
    for bad in ([-1], (2, -3), np.array([-1])):
        with pytest.raises(ValueError, match="must be >= 0"):
            shapes.to_dims(bad)


@pytest.mark.parametrize(("kwargs", "rank"), [({}, None), ({"rank": 2}, 2), ({"ndims": 2}, 2), ({"ndims": None}, None)])
def test_unknown_shape(kwargs: dict[str, Any], rank: int | None) -> None:
    assert shapes.unknown_shape(**kwargs).rank == rank
    with pytest.raises(TypeError, match="colour"):
        shapes.unknown_shape(colour=1)
