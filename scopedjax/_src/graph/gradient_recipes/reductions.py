"""Gradients of sums over axes, of what grows along an axis, and of segments."""

from __future__ import annotations

from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe, recipe, simple
from scopedjax._src.graph.region_function import INT32, type_attr

_INT = type_attr(INT32)


def _spread(r: Recipe, place: str) -> str:
    """A reduced tensor in the shape that was reduced."""
    return r.do("BroadcastTo", r.do("Reshape", place, r.kept_shape(), Tshape=_INT), r.shape(0), Tidx=_INT)


@recipe("Sum")
def _sum(r: Recipe) -> list[str]:
    return [_spread(r, "d0"), r.zeros(1)]


@recipe("Mean")
def _mean(r: Recipe) -> list[str]:
    sizes = (r.do("Size", place, out_type=_INT) for place in ("x0", "d0"))
    before, after = (r.do("Cast", size, T=None, SrcT=_INT, DstT=r.kind) for size in sizes)
    return [_spread(r, r.do("Div", r.times("d0", after), before)), r.zeros(1)]


@recipe("Max", "Min")
def _largest(r: Recipe) -> list[str]:
    """Equal ones share the gradient."""
    kept = r.kept_shape()
    values = r.do("Reshape", r.y(), kept, Tshape=_INT)
    gradient = r.do("Reshape", "d0", kept, Tshape=_INT)
    mask = r.do("Cast", r.do("Equal", values, "x0"), T=None, SrcT=type_attr(10), DstT=r.kind)
    count = r.do("Reshape", r.do("Sum", mask, "x1", copied="Tidx", keep_dims=True), kept, Tshape=_INT)
    return [r.times(r.do("Div", mask, count), gradient), r.zeros(1)]


@recipe("EuclideanNorm")
def _norm(r: Recipe) -> list[str]:
    return [r.times("x0", _spread(r, r.do("DivNoNan", "d0", r.y()))), r.zeros(1)]


@recipe("Prod")
def _prod(r: Recipe) -> list[str]:
    """The product of all others, found along one axis that holds all reduced elements, so that zeros do no harm."""
    kind = r.attrs["Tidx"]
    axes = "x1" if kind.type == INT32 else r.do("Cast", "x1", T=None, SrcT=kind, DstT=_INT)
    flat = r.ints("Reshape", axes, r.int([-1]), Tshape=_INT)
    rank = r.do("Rank", "x0")
    reduced = r.ints("FloorMod", flat, rank)
    every = r.do("Range", r.int(0), rank, r.int(1), T=None, Tidx=_INT)
    name = r.node("others", "ListDiff", [every, reduced], T=_INT, out_idx=_INT)
    order = r.ints("ConcatV2", reduced, f"{name}:out:0", r.int(0), N=2, Tidx=_INT)
    moved = r.do("Transpose", "x0", order, Tperm=_INT)
    picked = r.ints("GatherV2", r.shape(0), reduced, r.int(0), T=None, Tparams=_INT, Tindices=_INT, Taxis=_INT)
    count = r.ints("Prod", picked, r.int(0), Tidx=_INT, keep_dims=False)
    rows = r.ints("Pack", count, r.int(-1), N=2, axis=0)
    table = r.do("Reshape", moved, rows, Tshape=_INT)
    parts = [r.do("Cumprod", table, r.int(0), Tidx=_INT, exclusive=True, reverse=back) for back in (False, True)]
    others = r.do("Reshape", r.times(*parts), r.shape_of(moved), Tshape=_INT)
    back = r.do("Transpose", others, r.ints("InvertPermutation", order), Tperm=_INT)
    return [r.times(_spread(r, "d0"), r.conj(back)), r.zeros(1)]


@recipe("Cumsum")
def _cumsum(r: Recipe) -> list[str]:
    return [r.do("Cumsum", "d0", "x1", copied="Tidx exclusive", reverse=not r.forward.attrs["reverse"]), r.zeros(1)]


@recipe("Cumprod")
def _cumprod(r: Recipe) -> list[str]:
    product = r.times("d0", r.conj(r.y()))
    summed = r.do("Cumsum", product, "x1", copied="Tidx exclusive", reverse=not r.forward.attrs["reverse"])
    return [r.do("DivNoNan", summed, r.conj("x0")), r.zeros(1)]


@recipe("UnsortedSegmentSum")
def _segment_sum(r: Recipe) -> list[str] | None:
    data, ids = r.rank(0), r.rank(1)
    if data is None or ids is None:
        return None
    kind = r.attrs["Tindices"]
    zero = r.do("ZerosLike", "x1", T=kind)
    axis = r.int(0)
    rows = r.do("GatherV2", "d0", r.do("Maximum", "x1", zero, T=kind), axis, T=None, Tparams=r.kind, Tindices=kind,
                Taxis=_INT)  # fmt: skip
    known = r.do("Cast", r.do("GreaterEqual", "x1", zero, T=kind), T=None, SrcT=type_attr(10), DstT=r.kind)
    size = r.ints("ConcatV2", r.shape(1), r.int([1] * (data - ids)), axis, N=2, Tidx=_INT)
    return [r.times(rows, r.do("Reshape", known, size, Tshape=_INT)), r.zeros(1), r.zeros(2)]


@recipe("TopKV2", "TopK")
def _top_k(r: Recipe) -> list[str]:
    indices, axis = r.y(1), r.int(0)
    picked = r.ints("Reshape", indices, r.ints("Pack", r.int(-1), _last(r, r.shape_of("d0")), N=2, axis=0), Tshape=_INT)
    width = _last(r, r.shape(0))
    rows = _first(r, r.ints("Shape", picked))
    starts = r.ints("Mul", r.do("Range", r.int(0), rows, r.int(1), T=None, Tidx=_INT), width)
    places = r.ints("AddV2", picked, r.ints("ExpandDims", starts, r.int(-1), Tdim=_INT))
    column = r.ints("Reshape", places, r.int([-1, 1]), Tshape=_INT)
    size = r.ints("Pack", r.ints("Prod", r.shape(0), axis, Tidx=_INT, keep_dims=False), N=1, axis=0)
    flat = r.do("Reshape", "d0", r.int([-1]), Tshape=_INT)
    spread = r.do("ScatterNd", column, flat, size, Tindices=_INT)
    whole = r.do("Reshape", spread, r.shape(0), Tshape=_INT)
    return [whole, *([r.zeros(1)] if len(r.forward.inputs) > 1 else [])]


def _last(r: Recipe, shape: str) -> str:
    return r.ints(
        "StridedSlice", shape, r.int([-1]), r.int([0]), r.int([1]), Index=_INT, end_mask=1, shrink_axis_mask=1
    )


def _first(r: Recipe, shape: str) -> str:
    return r.ints("StridedSlice", shape, r.int([0]), r.int([1]), r.int([1]), Index=_INT, shrink_axis_mask=1)


RECIPES["L2Loss"] = simple("Mul", ["x0", "d0"], "T", "z")


def _times_rows(r: Recipe, first: str) -> str:
    """A matrix with each row multiplied by the gradient of its loss."""
    return r.times(first, r.do("ExpandDims", "d0", r.int(-1), Tdim=_INT))


@recipe("SparseSoftmaxCrossEntropyWithLogits")
def _sparse_cross_entropy(r: Recipe) -> list[str]:
    return [_times_rows(r, r.y(1)), r.zeros(1)]


@recipe("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(r: Recipe) -> list[str]:
    log = r.do("LogSoftmax", "x0", out="logsoftmax")
    return [_times_rows(r, r.y(1)), _times_rows(r, r.do("Neg", log))]


@recipe("Softmax")
def _softmax(r: Recipe) -> list[str]:
    total = r.do("Sum", r.times("d0", r.y()), r.int([-1]), Tidx=_INT, keep_dims=True)
    return [r.times(r.do("Sub", "d0", total), r.y())]


@recipe("LogSoftmax")
def _log_softmax(r: Recipe) -> list[str]:
    total = r.do("Sum", "d0", r.int([-1]), Tidx=_INT, keep_dims=True)
    return [r.do("Sub", "d0", r.times(total, r.do("Exp", r.y())))]
