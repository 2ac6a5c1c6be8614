"""Notices a program that is compiled again and again because the shapes that it is fed vary.

A program is compiled once for each combination of the shapes of its inputs (and of the values of inputs that steer
shapes), and kept: a shape seen before costs nothing. A last batch that is smaller is one more program. A new length on
every step is a compilation on every step, which is slower than the step itself: after `LIMIT` of them one warning says
which input varies, and how to avoid it. It costs a run nothing, since it happens while a program is traced.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final

import jax

from scopedjax._src.graph.tensor import Tensor

LIMIT: Final = 8  # programs of one stage before the warning


def _shown(value: Any) -> str:
    """A known value as text, a TensorArray by its parts."""
    parts = [part.tolist() for part in jax.tree.leaves(value)]
    return str(parts[0] if len(parts) == 1 else parts)


class ShapeWatch:
    """What one stage was compiled for.

    Args:
      inputs: Tensors whose shapes select a program.
      static_inputs: Tensors whose values do.
    """

    __slots__ = ("_inputs", "_seen", "_static_inputs")

    def __init__(self, inputs: Sequence[Tensor], static_inputs: Sequence[Tensor]) -> None:
        self._inputs = inputs
        self._static_inputs = static_inputs
        self._seen: dict[tuple[Any, ...], None] = {}

    def note(self, arguments: Sequence[Any], static: Sequence[Any]) -> None:
        """Notes one compilation, and warns once a graph when there were `LIMIT` for one stage."""
        shapes = [tuple(getattr(value, "shape", ())) for value in arguments[: len(self._inputs)]]
        self._seen[(*shapes, *(_shown(value) for value in static))] = None
        if len(self._seen) == LIMIT:
            self._warn()

    def _warn(self) -> None:
        varying = [
            (tensor, list(dict.fromkeys(column)))
            for tensor, column in zip([*self._inputs, *self._static_inputs], zip(*self._seen, strict=True), strict=True)
            if len(set(column)) > 1
        ]
        if not varying:
            return
        tensor, values = max(varying, key=lambda item: len(item[1]))
        graph, site = tensor.op.graph, tensor.op.site
        if graph.extra.get("warned of shapes"):
            return
        graph.extra["warned of shapes"] = True
        what = "the value" if tensor in self._static_inputs else "the shape"
        some = ", ".join(str(list(v)) if isinstance(v, tuple) else v for v in values[:4])
        warnings.warn_explicit(
            f"{LIMIT} programs were compiled because {what} of '{tensor.name}', made at {site} ({site.function}), "
            f"varies: {some}, ... Each new shape is compiled once, which takes longer than many steps. Feed batches of "
            "one size (leave the last, smaller one out, or fill it up and mask the rest), and pad sequences to a few "
            "lengths, such as the next power of two.",
            UserWarning, site.filename, site.lineno,
        )  # fmt: skip
