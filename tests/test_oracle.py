"""The comparison itself: what it must see, and what it must pass over."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.oracle import Raised, assert_same, differences, key_phrase

Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (np.float32(1), np.float32(1.001)),
        (np.float32(1), np.float64(1)),
        (np.float32(1), np.array(1, np.float32)),
        (np.ones(3), np.ones(4)),
        (np.ones((1, 3)), np.ones(3)),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0])),
        (np.array([1.0, np.inf]), np.array([1.0, -np.inf])),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([b"a"], object), np.array([b"b"], object)),
        ([1, 2], [1, 2, 3]),
        ([1, 2], (1, 2)),
        (Pair(1, 2), (1, 2)),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ("a", "b"),
        (b"a", "a"),
        (None, 0),
        (True, 1),
        (1, Raised(("ValueError",), "no")),
        (Raised(("ValueError",), "no"), 1),
        (Raised(("ValueError",), "no"), Raised(("TypeError",), "no")),
        (Raised(("ValueError",), "no"), Raised(("ValueError",), "yes")),
    ],
)
def test_differences_are_seen(theirs: Any, ours: Any) -> None:
    assert list(differences(theirs, ours))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (np.array([1.0, np.nan, np.inf]), np.array([1.0, np.nan, np.inf])),
        (np.float32(1), np.float32(1.000001)),
        ({"a": [Pair(1, np.ones(2)), None]}, {"a": [Pair(1, np.ones(2)), None]}),
        (np.array([b"a"], object), np.array([b"a"], object)),
        # Our class may derive from the one that TF1 raises, and our message may say more.
        (Raised(("ValueError",), "no"), Raised(("ShapeError", "ValueError"), "line 3: no, because")),
        (Raised(("E",), "x is bad for '{{node a}} = Add[](b)'"), Raised(("E",), "x is bad for node 'a'")),
    ],
)
def test_what_is_the_same_passes(theirs: Any, ours: Any) -> None:
    assert_same(theirs, ours)


@pytest.mark.parametrize(
    ("message", "phrase"),
    [
        (
            "Dimensions must be equal, but are 3 and 4 for '{{node Add}} = AddV2[T=DT_FLOAT](x, y)' with input shapes:",
            "Dimensions must be equal, but are 3 and 4",
        ),
        (
            "Graph execution error:\n\nDetected at node 'x' defined at (most recent call last):\n"
            "    File \"a.py\", line 19, in <module>\nNode: 'x'\nYou must feed a value for placeholder tensor 'x' with "
            "dtype float\n\t [[{{node x}}]]\n\nOriginal stack trace for 'x':\n  File \"a.py\", line 19",
            "You must feed a value for placeholder tensor 'x' with dtype float",
        ),
        ("Graph execution error:\n\nAttempting to use uninitialized value v\n\t [[{{node _retval_v_0_0}}]]", None),
        ("2 root error(s) found.\n  (0) INVALID_ARGUMENT: bad thing\n\t [[{{node a}}]]\n  (1) ...", "bad thing"),
        ("", ""),
    ],
)
def test_key_phrase(message: str, phrase: str | None) -> None:
    assert key_phrase(message) == ("Attempting to use uninitialized value v" if phrase is None else phrase)


@pytest.mark.oracle
def test_bodies_see_a_graph_of_their_own() -> None:
    tf = oracle.real_tf()
    body = lambda tf: (tf.constant(1).name, tf.get_default_graph().version)
    first, second = oracle.run_body(tf, body), oracle.run_body(tf, body)
    assert first == second == ("Const:0", 1)


def test_a_missing_golden_record_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no golden record"):
        oracle.golden("no_such_thing")
