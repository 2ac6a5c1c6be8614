"""Records what TensorFlow 1.15 draws under a graph-level seed, into `random_streams.npz` beside this file.

    python3.7 tests/golden/random_streams.py

TensorFlow 1.15 numbers unseeded ops by the nodes recorded so far, TensorFlow 2's compat.v1 does not; and only 1.15
can say what 1.15 draws. Every entry `<i>/...` is one random node of the program below: its name, type, the number of
nodes before its op asked for a seed, the graph's seed and the op's, the attributes that came of them, and the tensors
of two runs.
"""

import os

import numpy as np
import tensorflow as tf

RANDOM = (
    "RandomUniform",
    "RandomUniformInt",
    "RandomStandardNormal",
    "TruncatedNormal",
    "RandomShuffle",
    "Multinomial",
)


def program():
    """Nodes of every family, with other nodes between, so that the numbers given to them are not consecutive."""
    tf.random_uniform([7], name="uniform")
    tf.random_uniform([5], -2.0, 3.0, dtype=tf.float64, name="uniform64")
    x = tf.constant(np.arange(12.0).reshape(4, 3), tf.float32, name="x")
    tf.random_uniform([6], 0, 1000, dtype=tf.int32, name="integers")
    tf.random_uniform([6], -5, 10**12, dtype=tf.int64, name="integers64")
    tf.random_normal([9], 1.0, 2.0, name="normal")
    tf.random_normal([4], dtype=tf.float16, name="normal16")
    tf.truncated_normal([30], name="truncated")
    tf.truncated_normal([11], dtype=tf.float64, name="truncated64")
    tf.random_shuffle(tf.square(x), name="shuffle")
    tf.multinomial(tf.log(tf.nn.softmax(x)), 5, name="multinomial")
    tf.nn.dropout(x, rate=0.5, name="dropout")
    with tf.variable_scope("layer"):
        tf.get_variable("kernel", [3, 4], initializer=tf.glorot_uniform_initializer())
        tf.get_variable("he", [3, 4], initializer=tf.variance_scaling_initializer(2.0))
    tf.random_uniform([3], seed=11, name="seeded")


def nodes_when_asked(record):
    """Wraps the function that random ops ask for seeds, so that `record` gets (nodes so far, op seed) each time."""
    from tensorflow.python.framework import random_seed

    ask = random_seed.get_seed

    def asked(op_seed):
        record.append((tf.get_default_graph()._last_id, op_seed))
        return ask(op_seed)

    random_seed.get_seed = asked
    return lambda: setattr(random_seed, "get_seed", ask)


def record(graph_seed, out):
    """Runs the program under one graph seed and adds its nodes to `out`."""
    asked = []
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(graph_seed)
        undo = nodes_when_asked(asked)
        program()
        undo()
        ops = [op for op in graph.get_operations() if op.type in RANDOM]
        assert len(ops) == len(asked), (len(ops), len(asked))
        with tf.Session() as session:
            runs = [session.run([op.outputs[0] for op in ops]) for _ in range(2)]
            inputs = {op.name: session.run(list(op.inputs)) for op in ops}
    for i, op in enumerate(ops):
        key = f"{len(out['names'])}/"
        out["names"].append(op.name)
        out["types"].append(op.type)
        out["seeds"].append(
            [
                graph_seed,
                -1 if asked[i][1] is None else asked[i][1],
                asked[i][0],
                op.get_attr("seed"),
                op.get_attr("seed2"),
            ]
        )
        out["arrays"][key + "first"], out["arrays"][key + "second"] = runs[0][i], runs[1][i]
        for j, value in enumerate(inputs[op.name]):
            out["arrays"][f"{key}input{j}"] = value


def main():
    """Two graph seeds, one of them zero."""
    out = {"names": [], "types": [], "seeds": [], "arrays": {}}
    for graph_seed in (1, 0):
        record(graph_seed, out)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "random_streams.npz")
    np.savez_compressed(
        path,
        names=np.array(out["names"]),
        types=np.array(out["types"]),
        seeds=np.array(out["seeds"], np.int64),
        version=np.array(tf.__version__),
        **out["arrays"],
    )


if __name__ == "__main__":
    main()
