"""Checks of dtypes and of whole graphs: `assert_same_float_dtype`, `add_check_numerics_ops`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.grouping import group

_CHECKED = (dtypes.float16, dtypes.float32, dtypes.float64)


def assert_same_float_dtype(tensors: Sequence[Any] | None = None, dtype: Any = None) -> DType:
    """Says which floating dtype some tensors have in common.

    Args:
      tensors: Tensors; None among them are skipped.
      dtype: The dtype that they shall have, or None.

    Returns:
      The dtype: that of the tensors, else `dtype`, else float32.

    Raises:
      ValueError: the dtypes differ, or are not floating.

    >>> tf.assert_same_float_dtype([tf.constant(1.0), None], tf.float32)
    tf.float32
    """
    expected = None if dtype is None else as_dtype(dtype)
    original = None
    for tensor in tensors or ():
        if tensor is None:
            continue
        found = tensor.dtype.base_dtype
        if expected is None:
            expected, original = found, tensor
        elif found is not expected:
            source = "" if original is None else f" as {original.name}"
            raise ValueError(
                f"{tensor.name}, type=<dtype: '{found.name}'>, must be of the same type "
                f"(<dtype: '{expected.name}'>){source}."
            )
    if expected is None:
        return dtypes.float32
    if not expected.is_floating:
        raise ValueError(f"Expected floating point type, got <dtype: '{expected.name}'>.")
    return expected


def add_check_numerics_ops() -> Operation:
    """Adds a check to every floating tensor of the default graph: none may be infinite or no number.

    Returns:
      An operation that makes all checks, in the order of the graph: a check runs after those of the tensors that its
      own depends on, so the error names the tensor where it began.

    Raises:
      ValueError: the graph has loops or branches, whose tensors cannot be seen from outside.

    >>> x = tf.log(tf.constant(2.0), name="x")
    >>> check = tf.add_check_numerics_ops()
    >>> tf.Session().run(check)
    """
    graph = stacks.get_default_graph()
    checks: list[Operation] = []
    for op in graph.get_operations():
        for output in op.outputs:
            if output.dtype not in _CHECKED:
                continue
            if getattr(op.record, "structured", False):
                raise ValueError(
                    "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations such as "
                    "`tf.cond()` or `tf.while_loop()`: check single tensors with tf.check_numerics"
                )
            with graph.control_dependencies(checks):
                checks.append(apply_op("CheckNumerics", output, message=output.name).op)
    return group(*checks)
