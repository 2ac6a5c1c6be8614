"""Slices of tensors in checkpoints: cutting a tensor up and putting it together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.ops.files.slices import joined, parse_partial_name, parse_slice, partial_name
from tests import oracle


@st.composite
def _cut_up(draw: Any) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """A tensor and its slices along one dimension, as (spec, values)."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    array = np.arange(np.prod(shape)).reshape(shape)
    axis = draw(st.integers(0, len(shape) - 1))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, shape[axis] - 1)), max_size=3)))
    edges = [0, *(c for c in cuts if c < shape[axis]), shape[axis]]
    pieces = []
    for start, stop in zip(edges, edges[1:], strict=False):
        boxes = [f"{start},{stop - start}" if d == axis else draw(st.sampled_from(("-", f"0,{n}"))) for d, n in
                 enumerate(shape)]  # fmt: skip
        spec = " ".join(map(str, shape)) + " " + ":".join(boxes)
        pieces.append((spec, array.take(range(start, stop), axis)))
    return array, draw(st.permutations(pieces))


@given(_cut_up())
def test_slices_make_the_tensor(example: tuple[np.ndarray, list[tuple[str, np.ndarray]]]) -> None:
    array, pieces = example
    for spec, values in pieces:
        box = parse_slice(spec)
        assert box is not None and np.array_equal(array[box.place], values)
    found = joined([("v", spec, values) for spec, values in pieces] + [("w", "", array)])
    assert sorted(found) == ["v", "w"]
    assert np.array_equal(found["v"], array)


@given(_cut_up())
def test_incomplete_tensors_stay_in_pieces(example: tuple[np.ndarray, list[tuple[str, np.ndarray]]]) -> None:
    _, pieces = example
    kept = pieces[1:]
    found = joined([("v", spec, values) for spec, values in kept])
    assert {parse_partial_name(name) for name in found} == {("v", spec) for spec, _ in kept}
    assert all(np.array_equal(found[partial_name("v", spec)], values) for spec, values in kept)


@pytest.mark.parametrize("name", ["v", "a/b", "v [slice]", "v [slice x]", ""])
def test_ordinary_names(name: str) -> None:
    assert parse_partial_name(name) == (name, "")


@pytest.mark.parametrize(
    "pieces",
    [
        [("v", "3 0,2", np.zeros(3))],
        [("v", "", np.zeros(3)), ("v", "", np.zeros(3))],
        [("v", "3 0,2", np.zeros(2)), ("v", "4 2,2", np.zeros(2))],
        [("v", "3 0,2", np.zeros(2)), ("v", "3 2,1", np.zeros(1, int))],
    ],
)
def test_pieces_that_do_not_fit(pieces: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        joined(pieces)


@pytest.mark.oracle
@pytest.mark.parametrize("spec", ["4 3", "4 3 0,2", "4 3 0,2:0,4", "4 3 -1,2:0,3", "x", "4 3 a:b", "3 0,1:0,1"])
def test_what_is_no_slice(spec: str) -> None:
    """Refused here as in TensorFlow, when the node is made or when it runs."""

    def body(tf: Any) -> Any:
        restore = tf.raw_ops.RestoreV2 if tf.__name__.startswith("tensorflow") else _restore
        value = restore(prefix="nothing", tensor_names=["v"], shape_and_slices=[spec], dtypes=[tf.float32])
        return tf.Session().run(value)

    theirs, ours = oracle.both(body)
    assert isinstance(theirs, oracle.Raised)
    assert isinstance(ours, oracle.Raised)
    with pytest.raises(InvalidArgumentError):
        parse_slice(spec)


def _restore(**arguments: Any) -> Any:
    from scopedjax._src.ops.apply import apply_op

    dtypes = arguments.pop("dtypes")
    return apply_op("RestoreV2", *arguments.values(), dtypes=dtypes)
