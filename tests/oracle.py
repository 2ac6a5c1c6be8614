"""Real TensorFlow as the oracle: one body of a test, run on both namespaces, and the two results compared.

    theirs, ours = both(lambda tf: tf.Session().run(tf.add(1, 2)))
    assert_same(theirs, ours)

A body takes the namespace as its argument and says `tf` as a user's script does. What it raises counts as its result
(a `Raised`), so that errors are compared like numbers. TensorFlow is imported when a test first asks for it; where it
is missing those tests skip, unless `SCOPEDJAX_REQUIRE_ORACLE=1` (as in CI), which makes the absence a failure.
`COUNTS` keeps the number of comparisons made and of tests skipped; `conftest.py` prints it and hands it to CI.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"
COUNTS = {"comparisons": 0, "skipped": 0}

# Relative tolerance where a test names none: a few units in the last place, since the two sum in different orders.
TOLERANCES = {
    np.dtype(np.float16): 2e-3,
    np.dtype(ml_dtypes.bfloat16): 1.6e-2,
    np.dtype(np.float32): 1e-5,
    np.dtype(np.float64): 1e-11,
    np.dtype(np.complex64): 1e-5,
    np.dtype(np.complex128): 1e-11,
}


# ---------------------------------------------------------------------------------------------- the two namespaces


def real_tf() -> Any:
    """`tensorflow.compat.v1` without v2 behaviour, on one CPU thread; skips the test where TensorFlow is absent."""
    try:
        return _import_tensorflow()
    except ImportError as error:
        if os.environ.get("SCOPEDJAX_REQUIRE_ORACLE") == "1":
            raise AssertionError("SCOPEDJAX_REQUIRE_ORACLE=1, and TensorFlow cannot be imported") from error
        COUNTS["skipped"] += 1
        pytest.skip("real TensorFlow is not installed: pip install 'scopedjax[test]'")


def our_tf() -> Any:
    """scopedjax, imported late so that this module can be used while there is none."""
    return importlib.import_module("scopedjax")


@functools.cache
def _import_tensorflow() -> Any:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.layers and tf.nn.rnn_cell live in tf-keras
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # plain kernels: numbers that do not depend on the processor
    if os.environ.get("JAX_PLATFORMS", "cpu") == "cpu":  # the variable is JAX's too
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # what it says about itself is no concern of ours
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf = importlib.import_module("tensorflow.compat.v1")
        tf.disable_v2_behavior()
        tf.logging.set_verbosity(tf.logging.ERROR)
        # The first session settles the pools of the process. Two inter-op threads: one would let a blocking kernel
        # (a reader, a py_func) hold up the one that it waits for.
        threads = int(os.environ.get("SCOPEDJAX_ORACLE_THREADS", "1"))
        config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=max(2, threads))
        with tf.Graph().as_default(), tf.Session(config=config) as session:
            session.run(tf.constant(0))
    return tf


@dataclass(frozen=True)
class Raised:
    """What a body raised: the names of the exception's class and of its bases, and its message."""

    types: tuple[str, ...]
    message: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """The record of `error`; TensorFlow's errors carry the words proper in `message`."""
        message = getattr(error, "message", None)
        return cls(tuple(t.__name__ for t in type(error).__mro__), message if isinstance(message, str) else str(error))

    @property
    def type(self) -> str:
        """Name of the exception's class."""
        return self.types[0]

    @property
    def phrase(self) -> str:
        """The part of the message that people search for."""
        return key_phrase(self.message)


def run_body(tf: Any, body: Callable[..., Any], *args: Any) -> Any:
    """`body(tf, *args)` in a fresh default graph, or the `Raised` that came of it."""
    theirs = tf.__name__.startswith("tensorflow")
    with contextlib.ExitStack() as stack:
        if theirs:  # TensorFlow's own deprecation warnings are no concern of these tests; ours are
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        stack.enter_context(tf.Graph().as_default())
        try:
            return body(tf, *args)
        except (pytest.skip.Exception, pytest.fail.Exception, KeyboardInterrupt):
            raise
        except Exception as error:
            return Raised.of(error)


def both(body: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
    """Runs `body(tf, *args)` on real TensorFlow and on scopedjax, each in a fresh default graph.

    Returns:
      (theirs, ours); an exception is returned as a `Raised`.
    """
    return run_body(real_tf(), body, *args), run_body(our_tf(), body, *args)


def check_both(body: Callable[..., Any], *args: Any, rtol: float | None = None, atol: float = 0.0) -> Any:
    """`both` and `assert_same` in one call, for bodies that must succeed; returns our result."""
    theirs, ours = both(body, *args)
    assert not isinstance(theirs, Raised), f"the body fails on real TensorFlow: {theirs}"
    assert_same(theirs, ours, rtol, atol)
    return ours


def check_both_raise(body: Callable[..., Any], *args: Any, match: str | None = None) -> Raised:
    """Both sides must raise: the same type, and TensorFlow's key phrase (or `match`) in both messages."""
    theirs, ours = both(body, *args)
    assert isinstance(theirs, Raised), f"real TensorFlow raises nothing and returns {theirs!r}"
    assert_same(theirs, ours, phrase=match)
    return ours


# ---------------------------------------------------------------------------------------------------- comparison


def assert_same(
    theirs: Any, ours: Any, rtol: float | None = None, atol: float = 0.0, *, phrase: str | bool | None = None
) -> None:
    """Holds two nested results against each other: structure, dtypes, shapes, numbers, strings, exceptions.

    Args:
      theirs: Result of real TensorFlow.
      ours: Result of scopedjax.
      rtol: Relative tolerance of floating numbers; None takes that of the dtype in `TOLERANCES`. Integers, booleans
        and strings must be equal.
      atol: Absolute tolerance. NaN equals NaN.
      phrase: For exceptions: None asks for TensorFlow's key phrase in our message, a string for that string in both,
        False for the type alone.
    """
    COUNTS["comparisons"] += 1
    problems = list(differences(theirs, ours, rtol, atol, phrase=phrase))
    assert not problems, "scopedjax differs from TensorFlow:\n  " + "\n  ".join(problems[:20])


def differences(
    theirs: Any,
    ours: Any,
    rtol: float | None = None,
    atol: float = 0.0,
    where: str = "result",
    phrase: str | bool | None = None,
) -> Iterator[str]:
    """The differences that `assert_same` reports, one line each."""
    theirs, ours = _plain(theirs), _plain(ours)
    if isinstance(theirs, Raised) or isinstance(ours, Raised):
        yield from _exception_differences(theirs, ours, where, phrase)
    elif isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        if list(theirs) != list(ours) and sorted(theirs, key=repr) != sorted(ours, key=repr):
            yield f"{where}: keys {list(theirs)} there, {list(ours)} here"
            return
        for key in theirs:
            yield from differences(theirs[key], ours[key], rtol, atol, f"{where}[{key!r}]", phrase)
    elif _is_sequence(theirs) or _is_sequence(ours):
        if type(theirs).__name__ != type(ours).__name__ or len(theirs) != len(ours):
            yield f"{where}: {_short(theirs)} there, {_short(ours)} here"
            return
        for i, (a, b) in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(a, b, rtol, atol, f"{where}[{i}]", phrase)
    elif isinstance(theirs, np.ndarray | np.generic) or isinstance(ours, np.ndarray | np.generic):
        yield from _array_differences(theirs, ours, rtol, atol, where)
    elif isinstance(theirs, float) and isinstance(ours, float):
        yield from _array_differences(np.float64(theirs), np.float64(ours), rtol, atol, where)
    elif type(theirs).__name__ != type(ours).__name__ or theirs != ours:
        yield f"{where}: {_short(theirs)} there, {_short(ours)} here"


def _plain(value: Any) -> Any:
    """Objects that both namespaces have of their own, as plain values that compare."""
    name = type(value).__name__
    if name == "TensorShape":
        return ("shape", None if value.rank is None else tuple(value.as_list()))
    if name == "Dimension":
        return ("dimension", value.value)
    if name == "DType":
        return ("dtype", value.name)
    if name == "IndexedSlicesValue":
        return {"values": value.values, "indices": value.indices, "dense_shape": value.dense_shape}
    return value


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _short(value: Any) -> str:
    text = f"{type(value).__name__} {value!r}"
    return text if len(text) < 300 else text[:300] + "..."


def _exception_differences(theirs: Any, ours: Any, where: str, phrase: str | bool | None) -> Iterator[str]:
    if not isinstance(ours, Raised) or not isinstance(theirs, Raised):
        yield f"{where}: {_short(theirs)} there, {_short(ours)} here"
        return
    if theirs.type not in ours.types:
        yield f"{where}: raises {theirs.type} ({theirs.phrase}) there, {ours.type} ({ours.message}) here"
    if phrase is False:
        return
    expected = phrase if isinstance(phrase, str) else theirs.phrase
    if isinstance(phrase, str) and phrase not in theirs.message:
        yield f"{where}: TensorFlow does not say {phrase!r} but {theirs.message!r}"
    if expected not in _without_node_marks(ours.message):
        yield f"{where}: raises with {expected!r} there, {ours.message!r} here"


def _array_differences(theirs: Any, ours: Any, rtol: float | None, atol: float, where: str) -> Iterator[str]:
    if type(theirs).__name__ != type(ours).__name__:  # np.float32 against np.ndarray is a difference that users see
        yield f"{where}: {_short(theirs)} there, {_short(ours)} here"
        return
    a, b = np.asarray(theirs), np.asarray(ours)
    if a.dtype != b.dtype or a.shape != b.shape:
        yield f"{where}: {a.dtype}{list(a.shape)} there, {b.dtype}{list(b.shape)} here"
        return
    if a.dtype not in TOLERANCES:
        if not np.array_equal(a, b):
            yield f"{where}: {_short(theirs)} there, {_short(ours)} here"
        return
    rtol = TOLERANCES[a.dtype] if rtol is None else rtol
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    x, y = a.astype(wide), b.astype(wide)
    if not np.allclose(y, x, rtol=rtol, atol=atol, equal_nan=True):
        with np.errstate(all="ignore"):
            worst = np.nanmax(np.abs(x - y) / np.maximum(np.abs(x), 1e-300)) if x.size else 0.0
        yield f"{where}: worst relative error {worst:.3g} > {rtol:g}: {_short(theirs)} there, {_short(ours)} here"


# ------------------------------------------------------------------------------------------------------- messages


def _without_node_marks(message: str) -> str:
    return re.sub(r"\{\{node ([^}]*)\}\}", r"\1", message)


def key_phrase(message: str) -> str:
    """What people search for in a TensorFlow message: its first line of substance, without node and origin.

    >>> key_phrase("Dimensions must be equal, but are 3 and 4 for '{{node Add}} = AddV2[T=DT_FLOAT](x, y)' with input")
    'Dimensions must be equal, but are 3 and 4'
    """
    lines = []
    for line in _without_node_marks(message).splitlines():
        line = line.strip()
        if line.startswith("Original stack trace"):
            break
        if not line or re.match(r"Graph execution error:|Detected at node|Node: '|File \"|\d+ root error", line):
            continue
        lines.append(re.sub(r"^\(\d+\) [A-Z_]+: +", "", line))
    first = lines[0] if lines else ""
    return re.split(r" for '[^']* = ", first)[0].split("\t [[")[0].strip()


# ------------------------------------------------------------------------------------------------- graphs, goldens


def graph_nodes(graph: Any) -> list[tuple[str, str]]:
    """[(name, op type), ...] of a graph in the order of creation."""
    return [(op.name, op.type) for op in graph.get_operations()]


def golden(name: str) -> Any:
    """Numbers recorded from TensorFlow 1.15: `tests/golden/<name>.json`, or `.npz` as a dict of arrays.

    Args:
      name: File name; without a suffix the JSON file is tried first.
    """
    for path in [GOLDEN / name] if Path(name).suffix else [GOLDEN / f"{name}.json", GOLDEN / f"{name}.npz"]:
        if path.exists():
            if path.suffix == ".json":
                return json.loads(path.read_text())
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
    raise FileNotFoundError(f"no golden record {name!r} in {GOLDEN}")
