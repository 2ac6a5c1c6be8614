"""Gradients of types that arrange elements: reshaping, joining, slicing, padding, picking."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe, recipe, simple
from scopedjax._src.graph.region_function import INT32, type_attr

_INT = type_attr(INT32)

RECIPES.update(
    {
        "MirrorPad": simple("MirrorPadGrad", ["d0", "x1"], "T Tpaddings mode", "output", [1]),
        "SpaceToDepth": simple("DepthToSpace", ["d0"], "T block_size data_format", "output"),
        "DepthToSpace": simple("SpaceToDepth", ["d0"], "T block_size data_format", "output"),
        "SpaceToBatchND": simple("BatchToSpaceND", ["d0", "x1", "x2"], "T Tblock_shape", "output", [1, 2]),
        "BatchToSpaceND": simple("SpaceToBatchND", ["d0", "x1", "x2"], "T Tblock_shape", "output", [1, 2]),
        "ReverseSequence": simple("ReverseSequence", ["d0", "x1"], "T Tlen seq_dim batch_dim", "output", [1]),
        "Reverse": simple("Reverse", ["d0", "x1"], "T", "output", [1]),
        "ReverseV2": simple("ReverseV2", ["d0", "x1"], "T Tidx", "output", [1]),
    }
)


@recipe("Reshape", "Squeeze", "ExpandDims")
def _same_elements(r: Recipe) -> list[str]:
    return [r.do("Reshape", "d0", r.shape(0), Tshape=_INT), *([r.zeros(1)] if len(r.forward.inputs) > 1 else [])]


@recipe("BroadcastTo")
def _repeated(r: Recipe) -> list[str]:
    name = r.node("axes", "BroadcastGradientArgs", [r.shape(0), r.shape_of("d0")], T=_INT)
    summed = r.do("Sum", "d0", f"{name}:r0:0", Tidx=_INT, keep_dims=False)
    return [r.do("Reshape", summed, r.shape(0), Tshape=_INT), r.zeros(1)]


@recipe("Transpose", "ConjugateTranspose")
def _transposed(r: Recipe) -> list[str]:
    order = r.do("InvertPermutation", "x1", T=r.attrs["Tperm"])
    return [r.do(r.forward.type, "d0", order, copied="Tperm"), r.zeros(1)]


@recipe("Pack")
def _pack(r: Recipe) -> list[str]:
    count = len(r.forward.inputs)
    name = r.node("parts", "Unpack", ["d0"], "T axis", num=count)
    return [f"{name}:output:{i}" for i in range(count)]


@recipe("Unpack")
def _unpack(r: Recipe) -> list[str]:
    count = len(r.forward.outputs)
    return [r.do("Pack", *(f"d{i}" for i in range(count)), copied="axis", N=count)]


@recipe("Concat", "ConcatV2")
def _concat(r: Recipe) -> list[str]:
    count = len(r.forward.inputs) - 1
    parts = list(range(1, count + 1)) if r.forward.type == "Concat" else list(range(count))
    place = "x0" if r.forward.type == "Concat" else f"x{count}"
    at = int(place[1:])
    kind = r.attrs.get("Tidx", _INT)
    axis = place if kind.type == INT32 else r.do("Cast", place, T=None, SrcT=kind, DstT=_INT)
    axis = r.ints("FloorMod", axis, r.do("Rank", f"x{parts[0]}"))
    sizes = [r.shape(i) for i in parts]
    name = r.node("starts", "ConcatOffset", [axis, *sizes], N=count)
    slices = [
        r.do("Slice", "d0", f"{name}:offset:{i}", sizes[i], Index=_INT) for i in range(count)
    ]  # fmt: skip
    return [r.zeros(at), *slices] if at == 0 and r.forward.type == "Concat" else [*slices, r.zeros(at)]


@recipe("Split")
def _split(r: Recipe) -> list[str]:
    count = len(r.forward.outputs)
    joined = r.do("ConcatV2", *(f"d{i}" for i in range(count)), "x0", N=count, Tidx=_INT)
    return [r.zeros(0), joined]


@recipe("SplitV")
def _split_by_sizes(r: Recipe) -> list[str]:
    count = len(r.forward.outputs)
    joined = r.do("ConcatV2", *(f"d{i}" for i in range(count)), "x2", N=count, Tidx=_INT)
    return [joined, r.zeros(1), r.zeros(2)]


@recipe("Slice")
def _slice(r: Recipe) -> list[str]:
    kind = r.attrs["Index"]
    whole, part = (r.do("Shape", place, out_type=kind) for place in ("x0", "d0"))
    after = r.do("Sub", r.do("Sub", whole, part, T=kind), "x1", T=kind)
    paddings = r.do("Pack", "x1", after, T=kind, N=2, axis=1)
    return [r.do("Pad", "d0", paddings, Tpaddings=kind), r.zeros(1), r.zeros(2)]


@recipe("StridedSlice")
def _strided_slice(r: Recipe) -> list[str]:
    kind = r.attrs["Index"]
    whole = r.do("Shape", "x0", out_type=kind)
    masks = "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask Index"
    return [r.do("StridedSliceGrad", whole, "x1", "x2", "x3", "d0", copied=masks), *map(r.zeros, (1, 2, 3))]


@recipe("Pad", "PadV2")
def _pad(r: Recipe) -> list[str]:
    kind = r.attrs.get("Tpaddings", _INT)
    begin, end, strides = (r.int(v) for v in ([0, 0], [0, 1], [1, 1]))
    masks: dict[str, Any] = {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2}
    first = r.do("StridedSlice", "x1", begin, end, strides, T=kind, Index=_INT, **masks)
    inner = r.do("Slice", "d0", first, r.do("Shape", "x0", out_type=kind), Index=kind)
    if r.forward.type == "Pad":
        return [inner, r.zeros(1)]
    totals = []
    for place in ("d0", inner):
        every = r.do("Range", r.int(0), r.do("Rank", place), r.int(1), T=None, Tidx=_INT)
        totals.append(r.do("Sum", place, every, Tidx=_INT, keep_dims=False))
    return [inner, r.zeros(1), r.do("Sub", *totals)]


@recipe("Tile")
def _tile(r: Recipe) -> list[str] | None:
    rank = r.rank(0)
    if rank is None:
        return None
    kind = r.attrs.get("Tmultiples", _INT)
    size = r.do("Shape", "x0", out_type=kind)
    both = r.do("Pack", "x1", size, T=kind, N=2, axis=1)
    flat = r.do("Reshape", both, r.int([-1]), T=kind, Tshape=_INT)
    parts = r.do("Reshape", "d0", flat, Tshape=kind)
    axes = r.int(list(range(0, 2 * rank, 2)))
    return [r.do("Sum", parts, axes, Tidx=_INT, keep_dims=False), r.zeros(1)]


@recipe("Roll")
def _roll(r: Recipe) -> list[str]:
    back = r.do("Neg", "x1", T=r.attrs["Tshift"])
    return [r.do("Roll", "d0", back, "x2", copied="Tshift Taxis"), r.zeros(1), r.zeros(2)]


@recipe("ScatterNd")
def _scatter(r: Recipe) -> list[str]:
    kinds: dict[str, Any] = {"T": None, "Tparams": r.kind, "Tindices": r.attrs["Tindices"]}
    return [r.zeros(0), r.do("GatherNd", "d0", "x0", **kinds), r.zeros(2)]


@recipe("TensorScatterAdd", "TensorScatterSub", "TensorScatterUpdate")
def _scatter_into(r: Recipe) -> list[str]:
    kind = r.attrs["Tindices"]
    picked = r.do("GatherNd", "d0", "x1", T=None, Tparams=r.kind, Tindices=kind)
    if r.forward.type == "TensorScatterAdd":
        return ["d0", r.zeros(1), picked]
    if r.forward.type == "TensorScatterSub":
        return ["d0", r.zeros(1), r.do("Neg", picked)]
    return [r.do("TensorScatterUpdate", "d0", "x1", r.zeros(2), Tindices=kind), r.zeros(1), picked]
