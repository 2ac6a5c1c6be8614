"""Suggested renames: names that TensorFlow itself has changed, scopes, numbers, averages; and no nonsense."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopedjax._src.lib.train.rename_suggestions import agree, suggest_renames
from tests.oracle import GOLDEN

RECORDED = json.loads((GOLDEN / "layer_names.json").read_text())
M, V = ("float32", (3, 2)), ("float32", (2,))


def _pairs(wanted: Any, found: Any) -> dict[str, str]:
    return {s.wanted: s.found for s in suggest_renames(wanted, found)}


@pytest.mark.parametrize(("old", "new"), RECORDED["cells"])
def test_cells_of_before_1_2(old: str, new: str) -> None:
    """TensorFlow's own list; beside it a tensor of the same shape that is not meant."""
    found = {f"model/rnn/{old}": M, "model/embedding": M}
    assert _pairs({f"model/rnn/{new}": M, "model/softmax": V}, found) == {f"model/rnn/{new}": f"model/rnn/{old}"}


def test_multi_rnn_cells_of_before_1_0() -> None:
    old = "RNN/MultiRNNCell/Cell{}/BasicLSTMCell/Linear/{}"
    new = "rnn/multi_rnn_cell/cell_{}/basic_lstm_cell/{}"
    found = {old.format(i, part): M if part == "Matrix" else V for i in range(3) for part in ("Matrix", "Bias")}
    wanted = {new.format(i, part): M if part == "kernel" else V for i in range(3) for part in ("kernel", "bias")}
    expected = {
        new.format(i, a): old.format(i, b) for i in range(3) for a, b in (("kernel", "Matrix"), ("bias", "Bias"))
    }
    assert _pairs(wanted, found) == expected


def _tensors(rows: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (dtype, tuple(shape)) for name, shape, dtype in rows}


def _by_layer(rows: Any) -> list[dict[str, str]]:
    """For each layer, in order, its variables by what they are."""
    layers: dict[str, dict[str, str]] = {}
    for name, _, _ in rows:
        scope, _, rest = name.partition("/")
        rest = rest.replace("weights", "kernel").replace("biases", "bias")
        layers.setdefault(scope, {})[rest] = name
    return [parts for scope, parts in layers.items() if scope != "global_step"]


@pytest.mark.parametrize("case", range(2), ids=["named", "unnamed"])
@pytest.mark.parametrize("scope", ["", "tower/"], ids=["same scope", "in a scope"])
def test_contrib_layers_and_layers(case: int, scope: str) -> None:
    ours, theirs = RECORDED["layers"][case]["layers"], RECORDED["layers"][case]["contrib"]
    expected: dict[str, str] = {}
    for new, old in zip(_by_layer(ours), _by_layer(theirs), strict=True):
        expected |= {scope + new[part]: old[part] for part in new if scope + new[part] != old[part]}
    wanted = {name if name == "global_step" else scope + name: tensor for name, tensor in _tensors(ours).items()}
    assert len(expected) >= 12
    assert _pairs(wanted, _tensors(theirs)) == expected


def test_scopes_added_taken_and_changed() -> None:
    inside = {"a/kernel": M, "a/bias": V, "b/kernel": M, "b/bias": V}

    def under(scope: str) -> Any:
        return {scope + name: tensor for name, tensor in inside.items()}

    assert _pairs(inside, under("net/")) == {name: "net/" + name for name in inside}
    assert _pairs(under("x/y/"), inside) == {"x/y/" + name: name for name in inside}
    assert _pairs(under("gen/"), under("G/")) == {"gen/" + name: "G/" + name for name in inside}
    both = under("student/") | under("teacher/")
    assert _pairs(inside, both) in ({n: "student/" + n for n in inside}, {n: "teacher/" + n for n in inside})


def test_moving_averages() -> None:
    shadow = "/ExponentialMovingAverage"
    assert _pairs({"w": M}, {"w" + shadow: M}) == {"w": "w" + shadow}
    one = suggest_renames({"w": M, "w" + shadow: M}, {"w": M})
    assert [(s.found, s.wanted, s.copies) for s in one] == [("w", "w" + shadow, True)]


def test_numbers() -> None:
    shifted = {f"dense_{i}/kernel": M for i in range(2, 13)}
    wanted = {"dense/kernel": M} | {f"dense_{i}/kernel": M for i in range(1, 11)}
    assert _pairs(wanted, shifted) == {
        name: f"dense_{i}/kernel" for i, name in enumerate(wanted, 2) if name != f"dense_{i}/kernel"
    }


def test_a_shape_that_differs_is_looked_for_elsewhere() -> None:
    wanted = {"dense/kernel": ("float32", (4, 2)), "dense_1/kernel": ("float32", (2, 9))}
    found = {"dense/kernel": ("float32", (2, 9)), "dense_1/kernel": ("float32", (4, 2))}
    assert _pairs(wanted, found) == {"dense/kernel": "dense_1/kernel", "dense_1/kernel": "dense/kernel"}


def test_no_nonsense() -> None:
    assert not suggest_renames({"w": M}, {"w": M})
    assert not suggest_renames({"w": M}, {})
    assert not suggest_renames({}, {"w": M})
    assert not suggest_renames({"dense/kernel": M}, {"dense/weights": V})  # another shape
    assert not suggest_renames({"dense/kernel": M}, {"dense/weights": ("float64", (3, 2))})  # another type
    assert not suggest_renames({"step": ("int64", ())}, {"beta": ("int64", ())})
    assert _pairs({"dense/kernel": (None, None)}, {"dense/weights": M}) == {"dense/kernel": "dense/weights"}


_names = st.lists(
    st.sampled_from(["a", "b_1", "Conv", "kernel", "weights", "Linear", "Matrix", "W_0", "", "x:0"]),
    min_size=1,
    max_size=4,
)
_tensors_of = st.dictionaries(_names.map("/".join), st.sampled_from([M, V, ("int64", ()), (None, None)]), max_size=8)


@given(_tensors_of, _tensors_of)
def test_what_holds_for_all_names(wanted: Any, found: Any) -> None:
    suggestions = suggest_renames(wanted, found)
    names = [s.wanted for s in suggestions]
    assert len(set(names)) == len(names) and len({s.found for s in suggestions}) == len(suggestions)
    for s in suggestions:
        assert s.found in found and s.wanted in wanted and s.found != s.wanted and s.reason
        assert agree(found[s.found], wanted[s.wanted])
        assert s.wanted not in found or not agree(found[s.wanted], wanted[s.wanted]) or s.found in wanted
    assert suggestions == suggest_renames(wanted, found)


def test_large_checkpoints_take_no_time() -> None:
    rng = random.Random(0)
    found = {f"model/layer_{i}/{rng.randrange(10**9)}/weights": ("float32", (8, 8)) for i in range(1500)}
    wanted = {f"net/block_{i}/{rng.randrange(10**9)}/kernel": ("float32", (8, 8)) for i in range(1500)}
    start = time.process_time()
    suggest_renames(wanted, found)
    assert time.process_time() - start < 10


# ------------------------------------------------------------------------------------------------------- in a Saver


def _saved(tf: Any, folder: Path, *variables: tuple[str, tuple[int, ...]]) -> str:
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, shape in variables:
            tf.get_variable(name, shape)
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, str(folder / "model"))


def _restore(tf: Any, path: str, *variables: tuple[str, tuple[int, ...]], **options: Any) -> str:
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, shape in variables:
            tf.get_variable(name, shape, **options)
        with pytest.raises((tf.errors.NotFoundError, tf.errors.InvalidArgumentError)) as caught:
            tf.train.Saver().restore(sess, path)
    return caught.value.message


def test_a_restore_that_fails_suggests(tf: Any, tmp_path: Path) -> None:
    path = _saved(tf, tmp_path, ("rnn/basic_lstm_cell/weights", (3, 8)), ("rnn/basic_lstm_cell/biases", (8,)))
    message = _restore(tf, path, ("rnn/basic_lstm_cell/kernel", (3, 8)), ("rnn/basic_lstm_cell/bias", (8,)))
    assert re.search(r"Key rnn/basic_lstm_cell/\w+ not found in checkpoint", message)
    assert "rnn/basic_lstm_cell/weights -> rnn/basic_lstm_cell/kernel" in message
    assert "rnn/basic_lstm_cell/biases -> rnn/basic_lstm_cell/bias" in message
    assert f"python -m scopedjax diff {path}" in message


def test_shapes_that_do_not_match_suggest(tf: Any, tmp_path: Path) -> None:
    path = _saved(tf, tmp_path, ("dense/kernel", (3, 4)), ("dense_1/kernel", (4, 5)))
    message = _restore(tf, path, ("dense/kernel", (4, 5)), ("dense_1/kernel", (3, 4)))
    assert "Assign requires shapes of both tensors to match" in message
    assert "dense_1/kernel -> dense/kernel" in message and "dense/kernel -> dense_1/kernel" in message


def test_partitioned_variables_are_compared_as_wholes(tf: Any, tmp_path: Path) -> None:
    path = _saved(tf, tmp_path, ("emb/weights", (6, 2)))
    message = _restore(tf, path, ("emb/kernel", (6, 2)), partitioner=tf.fixed_size_partitioner(3))
    assert "Key emb/kernel not found in checkpoint" in message and "emb/weights -> emb/kernel" in message


def test_nothing_is_said_where_nothing_is_known(tf: Any, tmp_path: Path) -> None:
    path = _saved(tf, tmp_path, ("a", (3, 4)))
    message = _restore(tf, path, ("b", (9,)))
    assert "Key b not found in checkpoint" in message and "other names" not in message
