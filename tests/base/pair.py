"""Runs one expression on the names of floor 0 and on real TensorFlow's, and holds the results against each other.

An expression is text, so that a failing row reads as a user would write it: `TS([1, None])[1:]`. It sees `tf`, `np`,
`collections` and the short names `TS`, `D`, `nest`, `NT` of whichever side runs it. Floor 0 has no graph: `constant`
and `feed` stand for what a session makes of a value, and for what `values` makes of it.
"""

from __future__ import annotations

import collections
import importlib
import re
import types
import warnings
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes, errors, nest, shapes, values
from scopedjax._src.base.graphkeys import GraphKeys
from tests import oracle

NT = collections.namedtuple("NT", "a b")

OURS = types.SimpleNamespace(
    **{name: getattr(dtypes, name) for name in vars(dtypes) if not name.startswith("_")},
    TensorShape=shapes.TensorShape,
    Dimension=shapes.Dimension,
    dimension_value=shapes.dimension_value,
    dimension_at_index=shapes.dimension_at_index,
    errors=errors,
    nest=nest,
    GraphKeys=GraphKeys,
    compat=types.SimpleNamespace(as_bytes=values.as_bytes, as_text=values.as_text, as_str_any=values.as_str_any),
)


def _our_constant(value: Any, *args: Any, **kwargs: Any) -> Any:
    array = values.as_array(value, *args, **kwargs)
    kind = dtypes.as_dtype(array.dtype)
    # A session shows quantized values as plain integers.
    return kind.name, array.view(array.dtype[0]) if kind.is_quantized else array


def _our_feed(value: Any, dtype: Any) -> Any:
    return values.feed_array(value, dtype)


def _their_constant(value: Any, *args: Any, **kwargs: Any) -> Any:
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        tensor = tf.constant(value, *args, **kwargs)
        return tensor.dtype.name, np.asarray(session.run(tensor), object if tensor.dtype == tf.string else None)


def _their_feed(value: Any, dtype: Any) -> Any:
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        fed = tf.placeholder(dtype)
        return np.asarray(session.run(tf.identity(fed), {fed: value}), object if fed.dtype == tf.string else None)


def _names(tf: Any, constant: Any, feed: Any, nest_module: Any) -> dict[str, Any]:
    return {
        "tf": tf,
        "np": np,
        "collections": collections,
        "TS": tf.TensorShape,
        "D": tf.Dimension,
        "NT": NT,
        "nest": nest_module,
        "constant": constant,
        "feed": feed,
        "twin": lambda name, fields: collections.namedtuple(name, fields),
    }


def theirs(expression: str) -> Any:
    """The value of the expression on real TensorFlow, or the `Raised` that came of it."""
    tf = oracle.real_tf()
    their_nest = importlib.import_module("tensorflow.python.util.nest")
    return _value(expression, _names(tf, _their_constant, _their_feed, their_nest))


def ours(expression: str) -> Any:
    """The value of the expression on floor 0, or the `Raised` that came of it."""
    return _value(expression, _names(OURS, _our_constant, _our_feed, nest))


def _value(expression: str, names: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return eval(expression, names)
        except Exception as error:
            return oracle.Raised.of(error)


def _settled(value: Any) -> Any:
    """Objects that each side has of its own, by what they print; addresses removed."""
    if isinstance(value, oracle.Raised):
        return value
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], np.ndarray):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return value
    return re.sub(r"0x[0-9a-f]+", "0x", repr(value))


def assert_agree(expression: str, phrase: str | bool | None = None) -> None:
    """Both sides give the same value, or raise the same type with TensorFlow's key phrase (or `phrase`)."""
    expected, got = _settled(theirs(expression)), _settled(ours(expression))
    oracle.assert_same(expected, got, rtol=0.0, phrase=phrase)
