"""`tf.Print` and `tf.print`: values written out while a run goes on.

    tf.Print(x, [x], "x = ")            node Print: hands `x` on, and writes "x = [1 2 3...]" to standard error
    tf.print("x =", x)                  nodes StringFormat, PrintV2: writes "x = [1 2 3 ... 7 8 9]"

Both run on the host, so a node in the middle of a model parts its program in two.
"""

from __future__ import annotations

import itertools
import logging
import pprint
import sys
from typing import Any, Final

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.assertion import summary_of
from scopedjax._src.ops.convert import graph_of
from scopedjax._src.ops.host.text_format import string_format
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, Gradient, defop
from scopedjax._src.ops.shape_rules import like, no_outputs
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

_LOGGERS: Final = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LEVELS: Final = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}


class _Count:
    """How often a node has printed in a session."""

    def __init__(self) -> None:
        self.numbers = itertools.count()


@defop(
    "Print(input: T, data: U...; message: string = '', first_n: int = -1, summarize: int = 3) -> output: T",
    shape=like(0),
    host=True,
    stateful=True,
    gradient=Gradient("function", lambda op, grad: [grad] + [None] * (len(op.inputs) - 1)),
)
def _print(ctx: Any, input: Any, data: list[Any], *, message: str, first_n: int, summarize: int) -> Any:
    if first_n <= 0 or next(ctx.own(_Count).numbers) < first_n:
        print(message + "".join(f"[{summary_of(value, summarize)}]" for value in data), file=sys.stderr, flush=True)
    return input


def Print(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Hands a tensor on and writes others to standard error each time that it is computed.

    Args:
      input_: A tensor.
      data: List of tensors to write.
      message: Text in front of them.
      first_n: Writes only the first so many times in a session; always by default.
      summarize: How many elements of each tensor are shown; 3 by default, all for -1.
      name: Node name; "Print" by default.

    Returns:
      A tensor with the value of `input_`; its gradient is that of `input_`.

    >>> x = tf.Print(tf.constant([1.0, 2.0]), ["here"], "x: ")
    >>> x.op.type, x.shape.as_list()
    ('Print', [2])
    """
    return apply_op("Print", input_, list(data), message=message, first_n=first_n, summarize=summarize, name=name)


@defop(
    "PrintV2(input: string; output_stream: string = 'stderr', end: string = '\\n')",
    shape=no_outputs,
    host=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _print_v2(input: Any, *, output_stream: str, end: str) -> tuple[()]:
    text = np.asarray(input).item().decode(errors="replace")
    if output_stream.startswith("file://"):
        with open(output_stream[len("file://") :], "a", encoding="utf-8") as file:
            file.write(text + end)
    elif output_stream.startswith("log("):
        logging.getLogger("tensorflow").log(_LOGGERS[output_stream[4:-1]], text)
    else:
        print(text, end=end, file=sys.stdout if output_stream == "stdout" else sys.stderr, flush=True)
    return ()


def print_v2(*inputs: Any, **kwargs: Any) -> Operation:
    """Writes tensors and other objects when the node runs.

    Nothing waits for the node by itself: run it, or put it into `tf.control_dependencies`.

    Args:
      *inputs: Tensors, Python objects, and lists and dicts of them.
      **kwargs: `output_stream` (`sys.stderr` by default, `sys.stdout`, `tf.logging.info`, `.warning` or `.error`, a
        level, or "file://path", to which is appended), `summarize` (how many elements at each end of each dimension;
        3 by default, -1 for all), `sep` (" "), `end` ("\\n"), `name`.

    Returns:
      The node.

    Raises:
      ValueError: an unknown keyword or stream.

    >>> import sys
    >>> show = tf.print("x =", tf.range(10), {"y": tf.constant(2.5)}, output_stream=sys.stdout)
    >>> with tf.Session() as session:
    ...     session.run(show)
    x = [0 1 2 ... 7 8 9] {'y': 2.5}
    """
    stream = _stream_name(kwargs.pop("output_stream", sys.stderr))
    name, summarize = kwargs.pop("name", None), kwargs.pop("summarize", 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", "\n")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    first = inputs[0] if len(inputs) == 1 else None
    if isinstance(first, Tensor) and first.ndim == 0 and first.dtype.base_dtype.name == "string":
        text = first
    else:
        text = _formatted(inputs, sep, summarize, f"{name}_format" if name else None)
    return apply_op("PrintV2", text, output_stream=stream, end=end, name=name)


def _stream_name(stream: Any) -> str:
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if stream is sys.stdout or stream is sys.__stdout__:
        return "stdout"
    if stream is sys.stderr or stream is sys.__stderr__:
        return "stderr"
    level = None
    if isinstance(stream, int):
        level = _LEVELS.get(stream)
    elif callable(stream):
        level = {"info": "info", "warn": "warning", "warning": "warning", "error": "error"}.get(stream.__name__)
    if level is None:
        raise ValueError(
            f"Unsupported output stream, logging level, or file.{stream}. Supported streams are sys.stdout, "
            "sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form of "
            "'file://<filepath>'."
        )
    return f"log({level})"


def _formatted(inputs: tuple[Any, ...], sep: str, summarize: int, name: str | None) -> Tensor:
    """The node that makes the text: objects are written into the template now, tensors when it runs."""
    tensors: list[Any] = []
    fixed = " ".join(pprint.pformat(nest.map_structure(lambda x: "" if _is_tensor(x) else x, i)) for i in inputs)
    mark = "{}"
    while mark in fixed:
        mark = f"{mark}{len(mark)}"

    def shown(item: Any) -> Any:
        if isinstance(item, SparseTensor):
            tensors.extend([item.indices, item.values, item.dense_shape])
            return f"SparseTensor(indices={mark}, values={mark}, shape={mark})"
        if _is_tensor(item):
            tensors.append(item)
            return mark
        return item

    templates: list[str] = []
    for item in inputs:
        leaves = [shown(leaf) for leaf in nest.flatten(item)]
        templates.append(item if isinstance(item, str) else pprint.pformat(nest.pack_sequence_as(item, leaves)))
    template = sep.join(templates).replace(f"'{mark}'", mark)
    return string_format(template, tensors, placeholder=mark, summarize=summarize, name=name)


def _is_tensor(item: Any) -> bool:
    return isinstance(item, (Tensor, SparseTensor)) or graph_of(item) is not None and not isinstance(item, Operation)
