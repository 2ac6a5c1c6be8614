"""Drawing ahead: the numbers of initial values, drawn before the program that uses them.

A network of 160 layers has 160 random nodes that run once. Compiled into the program of the initializer they cost one
to two seconds of compilation each (a truncated normal is a loop within a loop), for milliseconds of work. So a random
node whose numbers only become a variable's initial value runs on the host stage before that program:

    truncated_normal --> Mul --> AddV2 --> Assign              drawn ahead: small ones by NumPy, large ones in pieces of
                                                               one size, by one compiled kernel for all programs
    random_uniform ----> GreaterEqual --> ... loss             in the program: dropout is drawn where it is used

Both ways read the same stream and give the same numbers (`distributions`). The kernel is compiled once a dtype and
distribution; JAX's persistent cache keeps it from process to process.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import Stream

__all__ = ["draw", "is_initial_value"]

# What stands between a random node and the assignment in the initializers: scaling, and the factors of an orthogonal
# matrix. A node of another type may be the beginning of a model.
_SCALING = frozenset(
    "Add AddV2 Sub Mul RealDiv Identity Cast Reshape Transpose Qr DiagPart MatrixDiagPart MatrixDiagPartV3 Sign".split()
)
_ASSIGNMENTS = frozenset(("Assign", "AssignVariableOp"))
_CONSUMERS = "consumers by tensor"

_KERNELS = {
    "RandomUniform": distributions.uniform,
    "RandomStandardNormal": distributions.normal,
    "TruncatedNormal": distributions.truncated_normal,
}
# Outputs of one call of the compiled kernel. Fewer than that are NumPy's: some milliseconds.
_PIECE = 65536
_NUMPY_BELOW = 16384


def is_initial_value(op: Operation) -> bool:
    """Whether the numbers of a random node end, scaled, in an assignment to a variable, and nowhere else."""
    if op._get_control_flow_context() is not None:
        return False
    consumers = _consumers(op.graph)
    stack, seen, assigned = [op], {op}, False
    while stack:
        for consumer in consumers.get(stack.pop(), ()):
            if consumer.type in _ASSIGNMENTS:
                assigned = True
            elif consumer.type not in _SCALING:
                return False
            elif consumer not in seen:
                seen.add(consumer)
                stack.append(consumer)
    return assigned


def _consumers(graph: Graph) -> dict[Operation, list[Operation]]:
    """The nodes that read each node of the graph; made anew when the graph has grown."""
    version, found = graph.extra.get(_CONSUMERS, (-1, {}))
    if version != graph.version:
        found = {}
        for op in graph.get_operations():
            for tensor in op.inputs:
                found.setdefault(tensor.op, []).append(op)
        graph.extra[_CONSUMERS] = graph.version, found
    return found


def draw(op_type: str, stream: Stream, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Draws one run of a node of type `op_type` on the spot.

    Args:
      op_type: "RandomUniform", "RandomStandardNormal" or "TruncatedNormal".
      stream: Where the run begins to read; plain integers.
      shape: Shape of the result.
      dtype: NumPy dtype of the result.

    Returns:
      NumPy array, equal to what the lowering gives within a program.
    """
    size = math.prod(shape)
    if size < _NUMPY_BELOW:
        return _KERNELS[op_type](np, stream, shape, dtype)
    import jax

    kernel = _kernel(op_type, np.dtype(dtype))
    step = _blocks_a_piece(op_type, np.dtype(dtype))
    out = np.empty(size, dtype)
    seed, seed2, block = (int(part) for part in stream)
    with jax.enable_x64(True):
        starts = range(0, size, _PIECE)
        # All pieces are on their way before the first is waited for.
        places = [np.uint64((block + i * step) & 0xFFFFFFFFFFFFFFFF) for i in range(len(starts))]
        pieces = [kernel(Stream(np.uint64(seed), np.uint64(seed2), place)) for place in places]
        for start, piece in zip(starts, pieces, strict=True):
            out[start : start + _PIECE] = np.asarray(piece)[: size - start]
    return out.reshape(shape)


@functools.cache
def _kernel(op_type: str, dtype: np.dtype[Any]) -> Callable[[Stream], Any]:
    import jax
    import jax.numpy as jnp

    return jax.jit(lambda stream: _KERNELS[op_type](jnp, stream, (_PIECE,), dtype))


def _blocks_a_piece(op_type: str, dtype: np.dtype[Any]) -> int:
    """How many blocks lie between the beginnings of two pieces; every output of a truncated normal has 64."""
    outputs_a_block = 2 if dtype == np.float64 else 4
    return _PIECE * 64 if op_type == "TruncatedNormal" else _PIECE // outputs_a_block
