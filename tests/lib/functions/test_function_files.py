"""Calls of functions in GraphDefs: real TensorFlow runs them, and they are imported again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scopedjax as sj
from tests import oracle
from tests.lib.functions.test_function import BODIES, X

RUN_THERE = ["arithmetic", "custom gradient", "cond", "while", "nested", "dropout"]
IMPORTED = ["arithmetic", "custom gradient", "nested", "dropout"]  # a loop's gradient comes back as lists that grow


def _written(name: str) -> tuple[Any, list[str], list[Any]]:
    with sj.Graph().as_default() as graph:
        x = sj.placeholder(sj.float32, [None], name="x")
        rv = sj.Variable(1.5, use_resource=True, name="rv")
        y = sj.function(lambda a: BODIES[name](sj, a, rv), autograph=False)(x)
        fetches = [y, *sj.gradients(y, [x, rv])]
        with sj.Session() as sess:
            sess.run(rv.initializer)
            return graph.as_graph_def(), [t.name for t in fetches], sess.run(fetches, {x: X})


def _run_again(tf: Any, graph_def: Any, names: list[str]) -> list[Any]:
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(graph_def, name="")
        sess.run("rv/Assign")
        return sess.run(names, {"x:0": X})


@pytest.mark.oracle
@pytest.mark.parametrize("name", RUN_THERE)
def test_real_tensorflow_runs_it(name: str) -> None:
    graph_def, names, values = _written(name)
    tf = oracle.real_tf()
    theirs = _run_again(tf, tf.GraphDef.FromString(graph_def.SerializeToString()), names)
    oracle.assert_same(theirs, values)


@pytest.mark.parametrize("name", IMPORTED)
def test_it_is_imported_again(name: str) -> None:
    graph_def, names, values = _written(name)
    for there, here in zip(values, _run_again(sj, graph_def, names), strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-6)
