"""From graph and op seeds to stream seeds: the rule of TensorFlow 2 live, that of TensorFlow 1.15 as recorded."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from scopedjax._src.ops.random import seeds
from tests import oracle
from tests.ops.random.streams import our_runs

GRAPH_SEEDS = [None, 0, 1, 42, -1, 2**31 - 1, 2**31, 2**40 + 5]
OP_SEEDS = [None, 0, 5, None, -3, 2**31 - 1, 2**31, 2**40 + 7, None]


def _ours(graph_seed: int | None, op_seeds: list[int | None]) -> list[tuple[int | None, int | None]]:
    number, found = 0, []
    for op_seed in op_seeds:
        found.append(seeds.node_seeds(graph_seed, op_seed, number))
        number += graph_seed is not None and op_seed is None
    return found


@pytest.mark.oracle
@pytest.mark.parametrize("graph_seed", GRAPH_SEEDS)
def test_rule_of_tensorflow_2(graph_seed: int | None) -> None:
    tf = oracle.real_tf()
    with tf.Graph().as_default():
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        theirs = [tf.get_seed(op_seed) for op_seed in OP_SEEDS]
    oracle.assert_same(theirs, _ours(graph_seed, OP_SEEDS))


@pytest.mark.oracle
@pytest.mark.parametrize("graph_seed", [None, 0, 3])
def test_attributes_of_nodes(graph_seed: int | None) -> None:
    tf = oracle.real_tf()
    with tf.Graph().as_default() as graph:
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        for op_seed in OP_SEEDS:
            tf.random_normal([2], seed=op_seed)
        nodes = [op for op in graph.get_operations() if op.type == "RandomStandardNormal"]
        theirs = [(op.get_attr("seed"), op.get_attr("seed2")) for op in nodes]
    oracle.assert_same(theirs, [(seed or 0, seed2 or 0) for seed, seed2 in _ours(graph_seed, OP_SEEDS)])
    assert [seeds.is_drawn_anew(*pair) for pair in theirs] == [
        graph_seed is None and op_seed is None for op_seed in OP_SEEDS
    ]


def test_default_graph_seed() -> None:
    assert seeds.node_seeds(None, 4, 0) == (seeds.DEFAULT_GRAPH_SEED, 4)
    assert seeds.node_seeds(None, 4, 0, default_graph_seed=17) == (17, 4)


def test_the_rule_of_1_15_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the seed of a random node is the number of nodes before it, the oracle's rule counts random nodes."""
    import scopedjax as tf

    monkeypatch.setenv("SCOPEDJAX_SEED_RULE", "1.15")
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        tf.add(tf.constant(0.0), tf.random_uniform([]) * tf.random_normal([3])[0])
        ops = graph.get_operations()
    drawn = [(i, op.get_attr("seed2")) for i, op in enumerate(ops) if op.type.startswith("Random")]
    assert len(drawn) == 2 and all(place == seed for place, seed in drawn)


def test_unseeded_nodes_differ() -> None:
    drawn = {seeds.random_seeds() for _ in range(50)}
    assert len(drawn) == 50
    assert all(0 <= seed < 2**64 for pair in drawn for seed in pair)


GOLDEN = oracle.golden("random_streams.npz")


IDS = [f"{seeds[0]}-{name}" for seeds, name in zip(GOLDEN["seeds"], GOLDEN["names"], strict=True)]


@pytest.mark.parametrize("i", range(len(IDS)), ids=IDS)
def test_rule_and_streams_of_tensorflow_1_15(i: int) -> None:
    """Seeds from the number of nodes recorded so far, and the tensors of two runs, as TensorFlow 1.15 gave them."""
    graph_seed, op_seed, nodes, *attributes = GOLDEN["seeds"][i].tolist()
    pair = seeds.node_seeds(graph_seed, None if op_seed == -1 else op_seed, nodes)
    assert list(pair) == attributes
    first, second = GOLDEN[f"{i}/first"], GOLDEN[f"{i}/second"]
    inputs = [GOLDEN[key] for key in (f"{i}/input0", f"{i}/input1", f"{i}/input2") if key in GOLDEN]
    op_type = str(GOLDEN["types"][i])
    given: dict[str, Any] = {"RandomUniformInt": inputs[1:], "RandomShuffle": inputs, "Multinomial": inputs}
    xp = jnp if i % 5 == 0 else np  # compilation takes most of the time; the two agree by the tests of distributions
    ours = our_runs(xp, op_type, pair, first.shape, first.dtype, given.get(op_type, ()))  # type: ignore[arg-type]
    rtol = 1e-13 if "Normal" in op_type and first.dtype == np.float64 else 0.0
    oracle.assert_same([first, second], ours, rtol=rtol)
