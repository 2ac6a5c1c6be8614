"""A recipe: the gradient of one node as nodes of TensorFlow, in the body of a function.

    x0, x1 ...    the inputs of the forward node          y         its output, computed again
    d0, d1 ...    the gradients for its outputs           results   a gradient for each input

    @recipe("Tanh")
    def _tanh(r):
        return [r.do("TanhGrad", r.y(), "d0")]

`do` adds a node and returns the place of its output, which can be an input of the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import INT32, is_default, kind_of, place_of, type_attr
from scopedjax._src.graph.tensor_proto import encode

# What TensorFlow calls the output of a node, where it is not `output`.
_OUTPUTS: Final = {
    **dict.fromkeys(
        """
        Add AddV2 Sub Mul Div RealDiv DivNoNan MulNoNan Maximum Minimum Pow FloorMod FloorDiv Less LessEqual Greater
        GreaterEqual Equal NotEqual LogicalOr TanhGrad SigmoidGrad SqrtGrad RsqrtGrad ReciprocalGrad Xdivy Xlogy Xlog1py
        SquaredDifference Polygamma
        """.split(),
        "z",
    ),
    **dict.fromkeys(
        """
        Neg Exp Log Log1p Square Sqrt Sin Cos Sinh Cosh Sign Cast ZerosLike OnesLike Transpose ConjugateTranspose
        InvertPermutation Digamma
        """.split(),
        "y",
    ),
    **dict.fromkeys(("ReluGrad", "Relu6Grad", "EluGrad", "SeluGrad", "SoftplusGrad", "SoftsignGrad"), "backprops"),
    **dict.fromkeys(("Cumsum", "Cumprod", "Complex"), "out"),
    **dict.fromkeys(("MatrixBandPart", "MatrixDiagPartV3"), "band"),
    "MatMul": "product", "ConcatOffset": "offset", "DynamicStitch": "merged", "SparseTensorDenseMatMul": "product",
    "ResizeNearestNeighborGrad": "resized_images", "MatrixDiagPart": "diagonal", "MatrixDiagPartV3": "diagonal",
    "DiagPart": "diagonal",
}  # fmt: skip
_NO_T: Final = frozenset(("ConcatOffset", "LogicalOr"))
_INT = type_attr(INT32)


@dataclass(slots=True)
class Recipe:
    """Nodes of a gradient's body.

    Attributes:
      forward: The forward node.
      nodes: The NodeDefs.
      attrs: The attributes of the forward node.
      source: The scope of the call of `tf.gradients`.
      acts: Whether the nodes do something besides giving values.
    """

    forward: Operation
    nodes: list[Any]
    attrs: dict[str, Any]
    source: str
    acts: bool = False

    def node(self, name: str, op_type: str, inputs: Sequence[str], copied: str = "", **attrs: Any) -> str:
        """Adds a node; attributes named in `copied` are the forward node's; returns the name."""
        node = protos.NodeDef(name=name, op=op_type)
        node.input.extend(inputs)
        for key in copied.split():
            if key in self.attrs and not is_default(self.forward, key):
                node.attr[key].CopyFrom(self.attrs[key])
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value if hasattr(value, "DESCRIPTOR") else to_attr_value(value))
        self.nodes.append(node)
        return name

    def do(self, op_type: str, *inputs: str, copied: str = "", out: str = "", at: int = 0, **attrs: Any) -> str:
        """Adds a node that computes with numbers of the first floating input's dtype.

        Args:
          op_type: Its type.
          *inputs: Places of its inputs.
          copied: Attributes that it shares with the forward node.
          out: Name of the output, where the type has several.
          at: Number of the output, where it is a list.
          **attrs: Further attributes; `T` where it is another dtype.

        Returns:
          The place of its output.
        """
        if op_type not in _NO_T and "T" not in attrs:
            attrs["T"] = self.kind
        name = self.node(
            f"n{len(self.nodes)}", op_type, inputs, copied, **{k: v for k, v in attrs.items() if v is not None}
        )
        return f"{name}:{out or _OUTPUTS.get(op_type, 'output')}:{at}"

    def ints(self, op_type: str, *inputs: str, **attrs: Any) -> str:
        """Adds a node that computes with int32; returns the place of its output."""
        return self.do(op_type, *inputs, **{"T": _INT, **attrs})

    def const(self, name: str, value: Any, dtype: Any = np.int32) -> str:
        """Adds a constant; returns its place."""
        array = np.asarray(value, dtype)
        tensor = encode(array)
        self.node(name, "Const", [], value=protos.AttrValue(tensor=tensor), dtype=protos.AttrValue(type=tensor.dtype))
        return f"{name}:output:0"

    def int(self, value: Any) -> str:
        """Adds an int32 constant; returns its place."""
        return self.const(f"n{len(self.nodes)}", value)

    def number(self, value: float) -> str:
        """Adds a constant of the main dtype; returns its place."""
        return self.const(f"n{len(self.nodes)}", value, self.dtype.as_numpy_dtype)

    @property
    def dtype(self) -> Any:
        """The dtype of the first input that carries a gradient."""
        types = [t.dtype.base_dtype for t in self.forward.inputs]
        return next((t for t in types if t.is_floating or t.is_complex), types[0])

    @property
    def kind(self) -> Any:
        """That dtype as an AttrValue."""
        return type_attr(self.dtype.as_datatype_enum)

    def kind_at(self, index: int) -> Any:
        """Returns the dtype of an input as an AttrValue."""
        return type_attr(kind_of(self.forward.inputs[index]))

    def rank(self, index: int) -> int | None:
        """Returns the static rank of an input."""
        dims = self.forward.inputs[index]._dims
        return None if dims is None else len(dims)

    def zeros(self, index: int) -> str:
        """Adds zeros like an input; returns their place."""
        return f"{self.node(f'zeros_{index}', 'ZerosLike', [f'x{index}'], T=self.kind_at(index))}:y:0"

    def shape(self, index: int) -> str:
        """Adds the shape of an input, once; returns its place."""
        name = f"shape_{index}"
        if not any(node.name == name for node in self.nodes):
            self.node(name, "Shape", [f"x{index}"], T=self.kind_at(index))
        return f"{name}:output:0"

    def shape_of(self, place: str, kind: Any = None) -> str:
        """Adds the shape of what stands at a place."""
        return self.do("Shape", place, T=kind or self.kind)

    def y(self, index: int = 0) -> str:
        """Adds the forward node itself, once; returns the place of one of its outputs."""
        if not any(node.name == "y" for node in self.nodes):
            self.node("y", self.forward.type, [f"x{i}" for i in range(len(self.forward.inputs))], " ".join(self.attrs))
        return place_of(self.forward.outputs[index], name="y")

    def conj(self, place: str) -> str:
        """Adds the conjugate, where numbers are complex."""
        return self.do("Conj", place) if self.dtype.is_complex else place

    def times(self, *places: str) -> str:
        """Adds a product."""
        found = places[0]
        for place in places[1:]:
            found = self.do("Mul", found, place)
        return found

    def fitted(self, index: int, place: str, other: int) -> str:
        """Adds what sums a gradient over the axes along which an input was repeated to fit another."""
        own, dims = self.forward.inputs[index]._dims, self.forward.inputs[other]._dims
        if own is not None and own == dims and None not in own:
            return place
        first, second = self.shape(index), self.shape(other)
        name = self.node(f"n{len(self.nodes)}", "BroadcastGradientArgs", [first, second], T=_INT)
        summed = self.do("Sum", place, f"{name}:r0:0", Tidx=_INT, keep_dims=False)
        return self.do("Reshape", summed, first, Tshape=_INT)

    def kept_shape(self) -> str:
        """Adds the shape of a reduction's result with its axes kept as 1."""
        kind = self.attrs["Tidx"]
        axes = "x1" if kind.type == INT32 else self.do("Cast", "x1", T=None, SrcT=kind, DstT=_INT)
        flat = self.ints("Reshape", axes, self.int([-1]), Tshape=_INT)
        rank = self.do("Rank", "x0")
        axes = self.ints("FloorMod", flat, rank)
        every = self.do("Range", self.int(0), rank, self.int(1), T=None, Tidx=_INT)
        ones = self.ints("OnesLike", axes)
        return self.ints("DynamicStitch", every, axes, self.shape(0), ones, N=2)


Maker = Callable[[Recipe], "list[str] | None"]
RECIPES: Final[dict[str, Maker]] = {}


def recipe(*types: str) -> Callable[[Maker], Maker]:
    """Registers the recipe of some types."""

    def register(make: Maker) -> Maker:
        RECIPES.update(dict.fromkeys(types, make))
        return make

    return register


def simple(op_type: str, inputs: Sequence[str], copied: str, output: str, zeros: Sequence[int] = ()) -> Maker:
    """Returns the recipe of a gradient that is one node; `y` among its inputs is the forward node's output."""

    def make(r: Recipe) -> list[str]:
        given = [r.y() if text == "y" else text for text in inputs]
        return [f"{r.node('dx', op_type, given, copied)}:{output}:0", *map(r.zeros, zeros)]

    return make
