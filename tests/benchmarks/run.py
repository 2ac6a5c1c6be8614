"""Speed against real TensorFlow and against JAX by hand, as ratios, all in one process and interleaved.

    python -m tests.benchmarks.run            everything
    python -m tests.benchmarks.run mlp bert   some

A ratio above 1 means that scopedjax is the faster one. The machine's speed drifts, so each round measures every side
in turn, and the median of the rounds' ratios is printed.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks import models
from tests.graph.files import message_type
from tests.oracle import our_tf, real_tf

Timed = Callable[[], Any]


def seconds(call: Timed, count: int) -> float:
    """Returns the mean time of a call over `count` calls."""
    started = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - started) / count


def compare(title: str, sides: dict[str, Timed], count: int, rounds: int, wanted: str) -> None:
    """Prints the time of each side, and the ratio of each other side to scopedjax."""
    for call in sides.values():
        for _ in range(max(count // 10, 2)):
            call()
    measured: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            measured[name].append(seconds(call, count))
    ours = measured["scopedjax"]
    parts = [f"scopedjax {statistics.median(ours) * 1e3:9.4f} ms"]
    for name in sides:
        if name != "scopedjax":
            ratio = statistics.median(a / b for a, b in zip(measured[name], ours, strict=True))
            parts.append(f"{name} {statistics.median(measured[name]) * 1e3:9.4f} ms  ratio {ratio:5.2f}")
    print(f"{title:34s} {'   '.join(parts)}   wanted {wanted}", flush=True)


def in_session(tf: Any, build: Callable[[Any], tuple[Any, Any]]) -> Timed:
    """Returns a call that runs what `build(tf)` asks for: (fetches, feed)."""
    with tf.Graph().as_default():
        fetches, feed = build(tf)
        session = tf.Session()
        session.run(tf.global_variables_initializer())
    return lambda: session.run(fetches, feed)


def both(build: Callable[[Any], tuple[Any, Any]]) -> dict[str, Timed]:
    """Returns the same program on both namespaces."""
    return {"scopedjax": in_session(our_tf(), build), "tensorflow": in_session(real_tf(), build)}


def add() -> None:
    """One addition of two scalars."""
    compare("one addition", both(lambda tf: (tf.constant(1.0) + tf.constant(2.0), None)), 1000, 9, ">= 2.0")


def assign() -> None:
    """One assignment."""
    compare("one assignment", both(lambda tf: (tf.assign_add(tf.Variable(0.0), 1.0).op, None)), 1000, 9, ">= 2.0")


def assign400() -> None:
    """Assigning 400 small variables."""

    def build(tf: Any) -> tuple[Any, Any]:
        updates = [tf.Variable(tf.zeros([10])).assign(tf.ones([10])).op for _ in range(400)]
        return tf.group(*updates), None

    compare("assigning 400 variables", both(build), 50, 9, ">= 0.7")


def mlp() -> None:
    """A perceptron 784-512-512-10, batch 128, Adam."""
    x, y = models.mlp_data()

    def build(tf: Any) -> tuple[Any, Any]:
        train, loss, (a, b) = models.mlp_program(tf)
        return [train, loss], {a: x, b: y}

    by_hand = models.mlp_by_hand()
    compare("MLP, Adam", {**both(build), "jax by hand": lambda: by_hand(x, y)}, 40, 9, ">= 1.0 of tensorflow")


def softmax() -> None:
    """A skip-gram model with a sampled softmax that leaves out accidental hits, batch 128."""
    rng = np.random.RandomState(0)
    ids, targets = rng.randint(0, 200, [128]), rng.randint(0, 60, [128, 1])

    def build(tf: Any) -> tuple[Any, Any]:
        train, loss, (a, b) = models.sampled_softmax_program(tf)
        return [train, loss], {a: ids, b: targets}

    compare("sampled softmax", both(build), 100, 9, ">= 1.0")


def bert() -> None:
    """A 4-layer encoder, hidden 256, batch 8 x 128, Adam."""
    x, y = models.bert_data()

    def build(tf: Any) -> tuple[Any, Any]:
        train, loss, (a, b) = models.bert_program(tf)
        return [train, loss], {a: x, b: y}

    by_hand = models.bert_by_hand()
    sides = {**both(build), "jax by hand": lambda: by_hand(x, y)}
    compare("BERT-like encoder, Adam", sides, 3, 7, ">= 0.75 of tensorflow, >= 0.97 of jax")


def _record(tf: Any, nodes: int, with_gradients: bool) -> None:
    """A network until half the nodes are there, its gradients, and elementwise nodes for the rest."""
    with tf.Graph().as_default() as graph:
        hidden = tf.placeholder(tf.float32, [None, 32])
        i = 0
        while len(graph.get_operations()) < nodes // 2:
            w = tf.get_variable(f"w{i}", [32, 32])
            hidden = tf.nn.relu(tf.matmul(hidden, w) + tf.get_variable(f"b{i}", [32]))
            i += 1
        if with_gradients:
            tf.gradients(tf.reduce_mean(tf.square(hidden)), tf.trainable_variables())
        while len(graph.get_operations()) < nodes:
            hidden = tf.tanh(hidden * 2.0 + 1.0)
    gc.collect()


def record() -> None:
    """Recording a graph of 10,000 nodes, with gradients and without."""
    for title, with_gradients in (("with gradients", True), ("without gradients", False)):
        sides: dict[str, Timed] = {
            "scopedjax": lambda g=with_gradients: _record(our_tf(), 10_000, g),
            "tensorflow": lambda g=with_gradients: _record(real_tf(), 10_000, g),
        }
        compare(f"recording 10,000 nodes, {title}", sides, 1, 3, ">= 1.0")


def load() -> None:
    """Importing a `.meta` of 10,000 nodes that TensorFlow recorded: a deep perceptron with Adam and a saver."""
    real, ours = real_tf(), our_tf()
    with real.Graph().as_default() as graph:
        hidden = real.placeholder(real.float32, [None, 32])
        count = 0
        while len(graph.get_operations()) < 3500:
            kernel, bias = real.get_variable(f"w{count}", [32, 32]), real.get_variable(f"b{count}", [32])
            hidden = real.nn.relu(real.matmul(hidden, kernel) + bias)
            count += 1
        real.train.AdamOptimizer().minimize(real.reduce_mean(real.square(hidden)))
        real.train.Saver()
        content = real.train.export_meta_graph().SerializeToString()
    files = {tf: message_type(tf, "MetaGraphDef").FromString(content) for tf in (ours, real)}

    def imported(tf: Any) -> None:
        with tf.Graph().as_default():
            tf.train.import_meta_graph(files[tf])
        gc.collect()

    sides = {"scopedjax": lambda: imported(ours), "tensorflow": lambda: imported(real)}
    compare(f"importing {len(files[ours].graph_def.node):,} nodes", sides, 1, 5, ">= 1.0")


def _unchecked(build: Callable[[Any], tuple[Any, Any]]) -> dict[str, Timed]:
    """The same program with the checks of indices and without them."""
    sides: dict[str, Timed] = {}
    for name, setting in (("scopedjax", "1"), ("unchecked", "0")):
        os.environ["SCOPEDJAX_CHECK_INDICES"] = setting
        sides[name] = in_session(our_tf(), build)
        sides[name]()  # compiled under the setting
    os.environ.pop("SCOPEDJAX_CHECK_INDICES")
    return sides


def checks() -> None:
    """What checking indices costs: word2vec, a text classifier, one small gather, a loop that gathers."""
    rng = np.random.RandomState(0)
    ids, targets = rng.randint(0, 50_000, [128]), rng.randint(0, 50_000, [128, 1])
    words, classes = rng.randint(0, 10_000, [128, 40]), rng.randint(0, 5, [128])

    def word2vec(tf: Any) -> tuple[Any, Any]:
        train, loss, (a, b) = models.word2vec_program(tf)
        return [train, loss], {a: ids, b: targets}

    def classifier(tf: Any) -> tuple[Any, Any]:
        train, loss, (a, b) = models.classifier_program(tf)
        return [train, loss], {a: words, b: classes}

    def gather(tf: Any) -> tuple[Any, Any]:
        x = tf.placeholder(tf.int32, [10])
        return tf.gather(tf.Variable(tf.ones([100, 8])), x), {x: np.arange(10)}

    def loop(tf: Any) -> tuple[Any, Any]:
        x, table = tf.placeholder(tf.int32, [32]), tf.Variable(tf.ones([100, 64]))
        step = lambda i, h: (i + 1, tf.tanh(h + tf.gather(table, (x + i) * 3)))
        return tf.while_loop(lambda i, h: i < 20, step, [0, tf.zeros([32, 64])])[1], {x: np.arange(10).repeat(4)[:32]}

    compare("word2vec, NCE", _unchecked(word2vec), 200, 15, ">= 0.98")
    compare("bag of words, Adam", _unchecked(classifier), 20, 15, ">= 0.98")
    compare("one gather", _unchecked(gather), 1000, 15, ">= 0.9")
    compare("a loop that gathers", _unchecked(loop), 500, 15, ">= 0.95")


BENCHMARKS = {
    "add": add,
    "assign": assign,
    "assign400": assign400,
    "mlp": mlp,
    "softmax": softmax,
    "bert": bert,
    "record": record,
    "load": load,
    "checks": checks,
}


def main() -> None:
    """Runs the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(BENCHMARKS)} (default: all)")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
