"""`StringFormat`: a template whose placeholders are replaced by tensors as text, as `tf.print` shows them.

    [0 1 2 ... 7 8 9]        of each dimension the first and the last `summarize` elements
    [["a" "b"]               strings in quotes; one line a row, one more line break for each outer dimension
     ["c" "d"]]

Numbers have as many digits as tell them from their neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.assertion import element_text
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import scalar


def tensor_text(value: Any, summarize: int) -> str:
    """A tensor as `tf.print` shows it.

    Args:
      value: NumPy array.
      summarize: How many elements at each end of each dimension; -1 for all.
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return _word(array[()])
    ends = summarize if summarize >= 0 else max(array.shape)
    return _axis_text(array, ends, 0)


def _word(value: Any) -> str:
    text = element_text(value)
    return f'"{text}"' if isinstance(value, bytes) else text


def _axis_text(array: np.ndarray[Any, Any], ends: int, depth: int) -> str:
    count = len(array)
    shown = range(count) if count <= 2 * ends else [*range(ends), *range(count - ends, count)]
    last = array.ndim == 1
    parts = [_word(array[i]) if last else _axis_text(array[i], ends, depth + 1) for i in shown]
    if count > 2 * ends:
        parts.insert(ends, "...")
    between = " " if last else "\n" * (array.ndim - 1) + " " * (depth + 1)
    return f"[{between.join(parts)}]"


@defop(
    "StringFormat(inputs: T...; template: string = '%s', placeholder: string = '%s', summarize: int = 3) "
    "-> output: string",
    shape=scalar,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _string_format(inputs: list[Any], *, template: str, placeholder: str, summarize: int) -> Any:
    pieces = template.split(placeholder)
    text = pieces[0] + "".join(
        tensor_text(value, summarize) + piece for value, piece in zip(inputs, pieces[1:], strict=True)
    )
    return np.array(text.encode(errors="surrogateescape"), object)


def string_format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Tensor:
    """A template with tensors put in as text.

    Args:
      template: The text.
      inputs: A tensor or a list of tensors, one for each placeholder.
      placeholder: What is replaced.
      summarize: How many elements at each end of each dimension are shown; -1 for all.
      name: Node name; "StringFormat" by default.

    Returns:
      Scalar string tensor.

    Raises:
      ValueError: there are more or fewer placeholders than tensors.

    >>> with tf.Session() as session:
    ...     print(session.run(tf.strings.format("x = {}", tf.range(9))))
    b'x = [0 1 2 ... 6 7 8]'
    """
    tensors = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    count = template.count(placeholder)
    if count != len(tensors):
        raise ValueError(
            f"The template expects {count} tensors, but the inputs only has {len(tensors)}. Please ensure the number "
            "of placeholders in template matches inputs length."
        )
    return apply_op("StringFormat", tensors, template=template, placeholder=placeholder, summarize=summarize, name=name)
