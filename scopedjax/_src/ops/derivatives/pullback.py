"""The op types that TensorFlow's `tf.gradients` records: what a graph from a file computes its derivatives with.

    here         relu <- SymbolicGradient, for which JAX supplies the rule (see `ops.gradient_node`)
    TensorFlow   relu <- ReluGrad(gradients, features)

Programs that are recorded here never make these types; a `.meta` file of TensorFlow is full of them, and has to run
and to be trained on. Most take what the forward type took and the gradients of its outputs. They are lowered by
`jax.vjp` of the forward type's own lowering, so forward and backward agree to the bit with a program that is recorded
here, and XLA finds the forward part twice and keeps one of the two. Where TensorFlow gives the type less than that (an
output in place of the input, a shape in place of an array), the formula is written out.

Being lowered by JAX they have derivatives themselves, where TensorFlow has MaxPoolGradGrad and so on for some of
them and none for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scopedjax._src.ops.registry import lookup


def pulled_back(
    ctx: Any, op_type: str, inputs: Sequence[Any], wanted: Sequence[int], gradients: Sequence[Any], **attrs: Any
) -> list[Any]:
    """Returns the gradients of a type's inputs.

    Args:
      ctx: The lowering context of the node that asks.
      op_type: The forward type.
      inputs: Values of all its inputs.
      wanted: The numbers of the inputs whose gradients are wanted.
      gradients: The gradient for each of its first outputs; those of the others are zero.
      **attrs: Attributes that differ from the forward type's defaults.
    """
    record = lookup(op_type)
    assert record is not None
    known = {name: attr.default for name, attr in record.signature.attrs.items()} | attrs
    keywords = {name: known[name] for name in record.wanted_attrs}
    count = len(gradients)

    def forward(*chosen: Any) -> list[Any]:
        full = list(inputs)
        for index, value in zip(wanted, chosen, strict=True):
            full[index] = value
        result = record.lower(ctx, *full, **keywords) if record.wants_ctx else record.lower(*full, **keywords)
        return list(result)[:count] if isinstance(result, (tuple, list)) else [result]

    outputs, pullback = jax.vjp(forward, *(jnp.asarray(inputs[i]) for i in wanted))
    given = [jnp.asarray(g).astype(o.dtype).reshape(o.shape) for g, o in zip(gradients, outputs, strict=True)]
    return list(pullback(given))
