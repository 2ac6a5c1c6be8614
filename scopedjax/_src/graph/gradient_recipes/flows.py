"""Gradients of TensorArrays: TensorFlow keeps them in a second array, which it makes for each call of `tf.gradients`.

    TensorArrayReadV3(handle, i, flow)        write d0 at i in the second array
    TensorArrayWriteV3(handle, i, x, flow)    read at i from it

The gradient for a flow is a flow of the second array: what uses it waits for what was written before.
"""

from __future__ import annotations

from typing import Final

from scopedjax._src.graph.gradient_recipes.recipe import Recipe, recipe
from scopedjax._src.graph.region_function import type_attr

_FLOAT: Final = type_attr(1)


def _second(r: Recipe, flow: str) -> tuple[str, str]:
    """Adds the second array after a flow; returns its handle and its flow."""
    r.acts = True
    name = r.node("second", "TensorArrayGradV3", ["x0", flow], source=r.source.encode())
    after = r.node("after", "Identity", [f"{name}:flow_out:0", f"^{name}"], T=_FLOAT)
    return f"{name}:grad_handle:0", f"{after}:output:0"


@recipe("TensorArrayReadV3")
def _read(r: Recipe) -> list[str]:
    handle, flow = _second(r, "x2")
    r.node("dx", "TensorArrayWriteV3", [handle, "x1", "d0", flow], T=r.attrs["dtype"])
    return ["x0", r.zeros(1), "dx:flow_out:0"]


@recipe("TensorArrayGatherV3")
def _gather(r: Recipe) -> list[str]:
    handle, flow = _second(r, "x2")
    r.node("dx", "TensorArrayScatterV3", [handle, "x1", "d0", flow], T=r.attrs["dtype"])
    return ["x0", r.zeros(1), "dx:flow_out:0"]


@recipe("TensorArrayConcatV3")
def _concat(r: Recipe) -> list[str] | None:
    return None  # the lengths of its elements cannot be read a second time


@recipe("TensorArrayWriteV3")
def _write(r: Recipe) -> list[str]:
    handle, flow = _second(r, "d0")
    r.node("dx", "TensorArrayReadV3", [handle, "x1", flow], dtype=r.attrs["T"])
    return ["x0", r.zeros(1), "dx:value:0", flow]


@recipe("TensorArrayScatterV3")
def _scatter(r: Recipe) -> list[str]:
    handle, flow = _second(r, "d0")
    r.node("dx", "TensorArrayGatherV3", [handle, "x1", flow], dtype=r.attrs["T"])
    return ["x0", r.zeros(1), "dx:value:0", flow]


@recipe("TensorArraySplitV3")
def _split(r: Recipe) -> list[str]:
    handle, flow = _second(r, "d0")
    r.node("dx", "TensorArrayConcatV3", [handle, flow], dtype=r.attrs["T"])
    return ["x0", "dx:value:0", r.zeros(2), flow]
