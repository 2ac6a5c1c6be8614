"""Gradients of matrix products, of diagonals and triangles, and of inverses."""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe, recipe, simple
from scopedjax._src.graph.region_function import INT32, type_attr

_INT: Final = type_attr(INT32)

RECIPES.update(
    {
        "MatrixBandPart": simple("MatrixBandPart", ["d0", "x1", "x2"], "T Tindex", "band", [1, 2]),
        "MatrixDiag": simple("MatrixDiagPart", ["d0"], "T", "diagonal"),
        "Diag": simple("DiagPart", ["d0"], "T", "diagonal"),
        "DiagPart": simple("Diag", ["d0"], "T", "output"),
    }
)


@recipe("MatMul")
def _matmul(r: Recipe) -> list[str]:
    a, b = bool(r.forward.attrs["transpose_a"]), bool(r.forward.attrs["transpose_b"])
    x, y = r.conj("x0"), r.conj("x1")

    def product(first: str, second: str, transpose_a: bool, transpose_b: bool) -> str:
        return r.do("MatMul", first, second, transpose_a=transpose_a, transpose_b=transpose_b)

    left = product(y, "d0", b, True) if a else product("d0", y, False, not b)
    right = product("d0", x, True, a) if b else product(x, "d0", not a, False)
    return [left, right]


@recipe("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _batch_matmul(r: Recipe) -> list[str] | None:
    types = {t.dtype.base_dtype for t in (*r.forward.inputs, *r.forward.outputs)}
    if len(types) > 1:
        return None
    a, b = bool(r.forward.attrs["adj_x"]), bool(r.forward.attrs["adj_y"])
    op_type = "BatchMatMul" if r.forward.type == "BatchMatMul" else "BatchMatMulV2"
    left = r.do(op_type, "x1", "d0", adj_x=b, adj_y=True) if a else r.do(op_type, "d0", "x1", adj_x=False, adj_y=not b)
    right = r.do(op_type, "d0", "x0", adj_x=True, adj_y=a) if b else r.do(op_type, "x0", "d0", adj_x=not a, adj_y=False)
    if op_type == "BatchMatMul":
        return [left, right]
    return [_without_batches(r, 0, left, 1), _without_batches(r, 1, right, 0)]


def _without_batches(r: Recipe, index: int, place: str, other: int) -> str:
    """A gradient summed over the axes of batches that its matrix was repeated along."""
    own, dims = r.forward.inputs[index]._dims, r.forward.inputs[other]._dims
    if own is not None and dims is not None and own[:-2] == dims[:-2] and None not in own[:-2]:
        return place
    batches = [
        r.ints("StridedSlice", r.shape(i), r.int([0]), r.int([-2]), r.int([1]), Index=_INT, begin_mask=1)
        for i in (index, other)
    ]
    name = r.node(f"n{len(r.nodes)}", "BroadcastGradientArgs", batches, T=_INT)
    summed = r.do("Sum", place, f"{name}:r0:0", Tidx=_INT, keep_dims=False)
    return r.do("Reshape", summed, r.shape(index), Tshape=_INT)


@recipe("Einsum")
def _einsum(r: Recipe) -> list[str] | None:
    """For one or two tensors with equations in which each label stands in the result or in the other tensor."""
    equation = r.forward.attrs["equation"].replace(" ", "")
    given, _, result = equation.partition("->")
    parts = given.split(",")
    if "..." in equation or "->" not in equation or len(parts) > 2 or any(len(set(p)) != len(p) for p in parts):
        return None
    found = []
    for i, part in enumerate(parts):
        others = [p for j, p in enumerate(parts) if j != i]
        if not set(part) <= set(result).union(*map(set, others)):
            return None
        text = ",".join([result, *others]) + "->" + part
        more = [r.conj(f"x{j}") for j in range(len(parts)) if j != i]
        found.append(r.do("Einsum", "d0", *more, equation=text, N=1 + len(more)))
    return found


@recipe("MatrixDiagPart")
def _diagonal(r: Recipe) -> list[str]:
    return [r.do("MatrixSetDiag", r.zeros(0), "d0")]


@recipe("MatrixSetDiag")
def _set_diagonal(r: Recipe) -> list[str]:
    return [r.do("MatrixSetDiag", "d0", r.zeros(1)), r.do("MatrixDiagPart", "d0")]


@recipe("MatrixDiagV3", "MatrixDiagV2")
def _diagonals(r: Recipe) -> list[str]:
    version = r.forward.type[-2:]
    part = r.do(f"MatrixDiagPart{version}", "d0", "x1", r.zeros(4), copied="align", out="diagonal")
    every = r.do("Range", r.int(0), r.do("Rank", "x0"), r.int(1), T=None, Tidx=_INT)
    inside = r.do("Sum", part, every, Tidx=_INT, keep_dims=False)
    whole = r.do("Range", r.int(0), r.do("Rank", "d0"), r.int(1), T=None, Tidx=_INT)
    total = r.do("Sum", "d0", whole, Tidx=_INT, keep_dims=False)
    return [part, r.zeros(1), r.zeros(2), r.zeros(3), r.do("Sub", total, inside)]


@recipe("MatrixDiagPartV3", "MatrixDiagPartV2")
def _part_of_diagonals(r: Recipe) -> list[str]:
    version = r.forward.type[-2:]
    whole = r.do(f"MatrixSetDiag{version}", r.zeros(0), "d0", "x1", copied="align")
    return [whole, r.zeros(1), r.zeros(2)]


@recipe("MatrixSetDiagV3", "MatrixSetDiagV2")
def _set_diagonals(r: Recipe) -> list[str]:
    version = r.forward.type[-2:]
    inside = r.do(f"MatrixSetDiag{version}", "d0", r.zeros(1), "x2", copied="align")
    part = r.do(f"MatrixDiagPart{version}", "d0", "x2", r.number(0), copied="align", out="diagonal")
    return [inside, part, r.zeros(2)]


def _product(r: Recipe, first: str, second: str, adj_x: bool = False, adj_y: bool = False) -> str:
    return r.do("BatchMatMulV2", first, second, adj_x=adj_x, adj_y=adj_y)


@recipe("MatrixInverse")
def _inverse(r: Recipe) -> list[str]:
    side = not r.forward.attrs["adjoint"]
    inner = _product(r, "d0", r.y(), adj_y=True)
    if not side:
        inner = _product(r, r.y(), "d0", adj_y=True)
        return [r.do("Neg", _product(r, inner, r.y()))]
    return [r.do("Neg", _product(r, r.y(), inner, adj_x=True))]


@recipe("MatrixDeterminant")
def _determinant(r: Recipe) -> list[str]:
    inverse = r.do("MatrixInverse", "x0", adjoint=True)
    factor = r.times("d0", r.conj(r.y()))
    for _ in range(2):
        factor = r.do("ExpandDims", factor, r.int(-1), Tdim=_INT)
    return [r.times(factor, inverse)]


@recipe("Cholesky")
def _cholesky(r: Recipe) -> list[str]:
    """With L the factor and M the lower half of L^H dL: half of L^-H M L^-1, made symmetric."""
    factor = r.y()
    ones = r.do("OnesLike", r.do("MatrixDiagPart", "x0"))
    inverse = r.do("MatrixTriangularSolve", factor, r.do("MatrixDiag", ones), lower=True, adjoint=False)
    middle = _product(r, factor, "d0", adj_x=True)
    half = r.times(r.do("MatrixDiagPart", middle), r.number(0.5))
    middle = r.do("MatrixBandPart", r.do("MatrixSetDiag", middle, half), r.int(-1), r.int(0), Tindex=_INT)
    found = _product(r, _product(r, inverse, middle, adj_x=True), inverse)
    order = r.do("BatchMatMulV2", found, r.do("MatrixDiag", ones), adj_x=True, adj_y=False)
    return [r.times(r.do("AddV2", found, order), r.number(0.5))]


@recipe("MatrixSolve")
def _solve(r: Recipe) -> list[str]:
    adjoint = bool(r.forward.attrs["adjoint"])
    right = r.do("MatrixSolve", "x0", "d0", adjoint=not adjoint)
    first, second = (r.y(), right) if adjoint else (right, r.y())
    return [r.do("Neg", _product(r, first, second, adj_y=True)), right]


@recipe("MatrixTriangularSolve")
def _triangular_solve(r: Recipe) -> list[str] | None:
    if any(t._dims is None or t._dims[:-2] != r.forward.inputs[0]._dims[:-2] for t in r.forward.inputs):  # type: ignore[index]
        return None
    adjoint, lower = bool(r.forward.attrs["adjoint"]), bool(r.forward.attrs["lower"])
    right = r.do("MatrixTriangularSolve", "x0", "d0", lower=lower, adjoint=not adjoint)
    first, second = (r.y(), right) if adjoint else (right, r.y())
    left = r.do("Neg", _product(r, first, second, adj_y=True))
    bounds = (r.int(-1), r.int(0)) if lower else (r.int(0), r.int(-1))
    return [r.do("MatrixBandPart", left, *bounds, Tindex=_INT), right]


@recipe("SparseTensorDenseMatMul")
def _sparse_matmul(r: Recipe) -> list[str]:
    a, b = bool(r.forward.attrs["adjoint_a"]), bool(r.forward.attrs["adjoint_b"])
    kind = r.attrs["Tindices"]
    back = r.do("SparseTensorDenseMatMul", "x0", "x1", "x2", "d0", copied="Tindices", adjoint_a=not a, adjoint_b=False)
    order = r.int([1, 0])
    dense = r.conj(r.do("Transpose", "x3", order, Tperm=_INT)) if b else "x3"
    columns = [
        r.do("StridedSlice", "x0", r.int([0, i]), r.int([0, i + 1]), r.int([1, 1]), T=kind, Index=_INT, begin_mask=1,
             end_mask=1, shrink_axis_mask=2) for i in (0, 1)
    ]  # fmt: skip
    rows, cols = reversed(columns) if a else columns
    kinds: dict[str, Any] = {"T": None, "Tparams": r.kind, "Tindices": kind, "Taxis": _INT}
    zero = r.int(0)
    pairs = r.times(r.do("GatherV2", "d0", rows, zero, **kinds), r.conj(r.do("GatherV2", dense, cols, zero, **kinds)))
    values = r.do("Sum", pairs, r.int(1), Tidx=_INT, keep_dims=False)
    if b:
        back = r.conj(r.do("Transpose", back, order, Tperm=_INT))
    return [r.zeros(0), r.conj(values) if a else values, r.zeros(2), back]
