"""Saving and restoring against TensorFlow's Saver, in one process, by turns: `python -m tests.benchmarks.saving`.

Prints, for sets of variables, the median times of both and the ratio (TensorFlow's time / ours: above 1 we are faster).
Each set comes twice: with our Orbax folders, and with TensorFlow's own files (`write_version=tf.train.SaverDef.V2`).
"With the graph" means that `save` also writes the `.meta` file and the state file, as it does by default. "New session"
is what a program does when it goes on from a checkpoint: TensorFlow prepares its nodes then.

    --large-mb 1024   size of the large variables together (default 200)
    --rounds 15
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from scopedjax._src.bridge import staging
from tests import oracle


def _sets(large_mb: int) -> dict[str, list[tuple[int, ...]]]:
    return {
        "3 small": [(64, 10), (10,), ()],
        "200 small": [(32, 16)] * 100 + [(16,)] * 100,
        "1000 small": [(32, 16)] * 500 + [(16,)] * 500,
        f"4 large ({large_mb} MB)": [(large_mb << 16, 1)] * 4,
    }


class _Side:
    """One namespace with its graph, session and saver."""

    def __init__(self, tf: Any, shapes: list[tuple[int, ...]], folder: str, own_files: bool) -> None:
        self.tf, self.folder = tf, folder
        self.graph = tf.Graph()
        with self.graph.as_default():
            for i, shape in enumerate(shapes):
                tf.Variable(tf.random_uniform(shape, seed=i), name=f"layer_{i}/w", trainable=False)
            said = {"write_version": tf.train.SaverDef.V2} if own_files else {}  # what TensorFlow does anyway
            self.saver = tf.train.Saver(max_to_keep=2, **said)
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())
        self.step = 0
        self.path = ""

    def save(self, graph: bool) -> float:
        self.step += 1
        staging.settle()  # saves are minutes apart in a program: the disk has taken the last one by then
        start = time.perf_counter()
        self.path = self.saver.save(
            self.session, os.path.join(self.folder, "model"), self.step, write_meta_graph=graph, write_state=graph
        )
        return time.perf_counter() - start

    def restore(self) -> float:
        start = time.perf_counter()
        self.saver.restore(self.session, self.path)
        return time.perf_counter() - start

    def restore_first(self) -> float:
        """Restores into a new session, as a program does once in its life."""
        with self.tf.Session(graph=self.graph) as session:
            start = time.perf_counter()
            self.saver.restore(session, self.path)
            return time.perf_counter() - start


def _alternating(rounds: int, theirs: Callable[[], float], ours: Callable[[], float]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 2):
        for which, action in enumerate((theirs, ours) if number % 2 else (ours, theirs)):
            times[which if number % 2 else 1 - which].append(action())
    return statistics.median(times[0][2:]), statistics.median(times[1][2:])


def measure(large_mb: int, rounds: int) -> list[tuple[str, str, float, float]]:
    """Returns (set, what, TensorFlow's seconds, our seconds) for each measurement."""
    rows = []
    for name, shapes in _sets(large_mb).items():
        for own_files in (False, True):
            label = f"{name}, {'TF files' if own_files else 'Orbax'}"
            turns = rounds if "large" not in name else max(3, rounds // 3)
            rows += [(label, *row) for row in _measure_set(shapes, turns, own_files)]
    return rows


def _measure_set(shapes: list[tuple[int, ...]], turns: int, own_files: bool) -> list[tuple[str, float, float]]:
    """Returns (what, TensorFlow's seconds, our seconds) for one set of variables."""
    rows = []
    folder = tempfile.mkdtemp()
    try:
        sides = []
        for tf in (oracle.real_tf(), oracle.our_tf()):
            own = os.path.join(folder, tf.__name__)
            os.mkdir(own)
            sides.append(_Side(tf, shapes, own, own_files))
        theirs, ours = sides
        for what, graph in (("save, with the graph", True), ("save, values only", False)):
            rows.append((what, *_alternating(turns, partial(theirs.save, graph), partial(ours.save, graph))))
        rows.append(("restore", *_alternating(turns, theirs.restore, ours.restore)))
        few = max(3, turns // 3)
        rows.append(("restore, new session", *_alternating(few, theirs.restore_first, ours.restore_first)))
        for side in sides:
            side.session.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large-mb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    print(f"{'variables':<32}{'':<24}{'TensorFlow':>12}{'scopedjax':>12}{'ratio':>8}")
    for name, what, theirs, ours in measure(options.large_mb, options.rounds):
        print(f"{name:<32}{what:<24}{theirs * 1e3:>10.1f}ms{ours * 1e3:>10.1f}ms{theirs / ours:>8.2f}")


if __name__ == "__main__":
    main()
