"""What the tests of random streams share: runs of real TensorFlow, and our draws for the same node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import Stream
from tests import oracle

SHAPED = ("RandomUniform", "RandomStandardNormal", "TruncatedNormal")
RANDOM = (*SHAPED, "RandomUniformInt", "RandomShuffle", "Multinomial")


def their_runs(build: Callable[[Any], Any], runs: int = 2, feeds: Sequence[Any] | None = None) -> tuple[Any, list[Any]]:
    """Runs what `build(tf)` draws several times in one session of real TensorFlow.

    Returns:
      The random node, and the tensor of each run. `build` returns a tensor, or (placeholder, tensor) to be fed `feeds`.
    """
    tf = oracle.real_tf()
    with tf.Graph().as_default() as graph:
        built = build(tf)
        (op,) = (op for op in graph.get_operations() if op.type in RANDOM)
        with tf.Session() as session:
            if feeds is None:
                return op, [np.asarray(session.run(built)) for _ in range(runs)]
            return op, [np.asarray(session.run(built[1], {built[0]: feed})) for feed in feeds]


def draw(xp: Any, op_type: str, stream: Stream, shape: tuple[int, ...], dtype: Any, inputs: Sequence[Any] = ()) -> Any:
    """One run of a node of type `op_type` by our kernels."""
    if op_type in SHAPED:
        kernel = {
            "RandomUniform": distributions.uniform,
            "RandomStandardNormal": distributions.normal,
            "TruncatedNormal": distributions.truncated_normal,
        }[op_type]
        return kernel(xp, stream, shape, dtype)
    if op_type == "RandomUniformInt":
        return distributions.uniform_int(xp, stream, shape, dtype, *inputs)
    if op_type == "RandomShuffle":
        return distributions.shuffle(xp, stream, xp.asarray(inputs[0]))
    return distributions.multinomial(xp, stream, xp.asarray(inputs[0]), int(inputs[1]), dtype)


def our_runs(
    xp: Any,
    op_type: str,
    seeds: tuple[int, int],
    shape: tuple[int, ...],
    dtype: Any,
    inputs: Sequence[Any] = (),
    runs: int = 2,
) -> list[np.ndarray]:
    """Several runs of a node; with `jax.numpy` one compilation, the place in the stream an argument of it."""
    advance = distributions.blocks_used(op_type, dtype, shape)
    if xp is np:
        return [draw(np, op_type, Stream(*seeds, i * advance), shape, dtype, inputs) for i in range(runs)]
    with jax.enable_x64(True):
        run = jax.jit(lambda seed, seed2, block: draw(jnp, op_type, Stream(seed, seed2, block), shape, dtype, inputs))
        rows = [[np.uint64(x % 2**64) for x in (*seeds, i * advance)] for i in range(runs)]
        return [np.asarray(run(*row)) for row in rows]


def seeds_of(op: Any) -> tuple[int, int]:
    """The attributes (seed, seed2) of a node."""
    return op.get_attr("seed"), op.get_attr("seed2")
