"""Names of TensorFlow 2 that programs for both versions call in graph mode, where they do little or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import convert_to_tensor

_JIT_SCOPES = "__jit_scopes"


@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """Records the nodes of the block outside loops, branches and control dependencies, in the same name scope.

    >>> with tf.control_dependencies([tf.constant(1)]):
    ...     with tf.init_scope():
    ...         start = tf.constant(2)
    >>> start.op.control_inputs
    []
    """
    with stacks.get_default_graph().outermost():
        yield


@contextlib.contextmanager
def jit_scope(compile_ops: Any = True, separate_compiled_gradients: bool = False) -> Iterator[None]:
    """Marks the nodes of the block for XLA, as TensorFlow does; here all nodes are compiled by it.

    Args:
      compile_ops: Whether to mark a node, or a function from its NodeDef to that.
      separate_compiled_gradients: What the mark says of gradients.

    >>> with tf.xla.experimental.jit_scope():
    ...     x = tf.constant(1.0)
    >>> x.op.get_attr("_XlaCompile")
    True
    """
    graph = stacks.get_default_graph()
    count = graph.get_collection_ref(_JIT_SCOPES)
    scope = f"jit_scope_{len(count)}"
    count.append(scope)
    marks = {
        "_XlaCompile": bool(compile_ops) if not callable(compile_ops) else True,
        "_XlaSeparateCompiledGradients": bool(separate_compiled_gradients),
        "_XlaScope": scope.encode(),
    }
    with graph._attr_scope(marks):
        yield


def xla_compile(computation: Callable[..., Any], inputs: Any = None) -> Any:
    """Calls a function whose nodes XLA shall compile, which it does anyway.

    Args:
      computation: Function of the inputs; it returns tensors and operations.
      inputs: List of its arguments; None for none.

    Returns:
      Its tensors as a list, each after all of its operations; the operation alone where there are no tensors.

    Raises:
      TypeError: `inputs` is no list.

    >>> out, = tf.xla.experimental.compile(lambda x: x + 1.0, [tf.constant(1.0)])
    >>> float(tf.Session().run(out))
    2.0
    """
    if inputs is not None and not isinstance(inputs, (list, tuple)):
        raise TypeError(f"inputs must be a list, got {type(inputs).__name__}")
    found = computation(*(identity(convert_to_tensor(x), name=f"input_{i}") for i, x in enumerate(inputs or ())))
    items = list(found) if isinstance(found, (list, tuple)) else [] if found is None else [found]
    operations = [item for item in items if isinstance(item, Operation)]
    tensors: list[Tensor] = [convert_to_tensor(item) for item in items if not isinstance(item, Operation)]
    with stacks.get_default_graph().control_dependencies([*operations, *(t.op for t in tensors)]):
        if not tensors:
            return no_op(name="output_0")
        return [identity(tensor, name=f"output_{i}") for i, tensor in enumerate(tensors)]
