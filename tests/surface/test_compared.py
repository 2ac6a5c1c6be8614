"""Every public name is called by a comparison with TensorFlow, or `not_compared.tsv` says why not."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from tests.surface import evidence, pages

TABLE = Path(__file__).with_name("not_compared.tsv")
REASONS = dict(line.split("\t") for line in TABLE.read_text().splitlines()[1:])


def _names() -> dict[str, int]:
    """Path -> id of every public function and class, each once."""
    return {path: id(value) for path, value in pages.documented()}


def test_every_name_is_compared_or_says_why_not() -> None:
    known = evidence.compared()
    silent = [path for path, key in _names().items() if key not in known and path not in REASONS]
    assert not silent, f"no test compares these with TensorFlow: write one, or a reason in {TABLE.name}: {silent}"


def test_reasons_are_needed() -> None:
    known, names = evidence.compared(), _names()
    gone = [path for path in REASONS if path not in names]
    assert not gone, f"{TABLE.name} lists names that are not public: {gone}"
    needless = {path: sorted(known[names[path]]) for path in REASONS if names[path] in known}
    assert not needless, f"{TABLE.name} lists names that are compared: {needless}"
    assert [path for path, reason in REASONS.items() if len(reason.split()) < 2] == []


def test_the_search_itself() -> None:
    """What runs on both sides is seen, what runs on one only is not."""
    text = '''
from tests.oracle import check_both
def body(tf):
    """tf.no_evidence stands in a docstring."""
    nn = tf.nn
    return nn.relu(tf.constant(1.0)), [getattr(tf.math, f"reduce_{name}") for name in NAMES]
NAMES = ["min", "max"]
PROGRAM = "tf.exp({x})"
def test_alone(tf):
    tf.nn.elu(1.0)
    check_both(lambda tf: tf.nn.selu(1.0))
def test_both_in_turn():
    for tf in (real_tf(), our_tf()):
        tf.nn.tanh(1.0)
def helper(x):
    return tf.nn.sigmoid(x)
'''
    found = evidence.names_in(ast.parse(text))
    assert {"nn.relu", "constant", "math.reduce_min", "math.reduce_max", "exp", "nn.selu", "nn.tanh"} <= found
    assert not {"nn.elu", "nn.sigmoid", "no_evidence"} & found


def test_classes_are_public_once() -> None:
    ours = [value for _, value in pages.documented() if inspect.isclass(value)]
    assert len(ours) == len({id(value) for value in ours}) > 200
