"""Gradients for TensorFlow's own SymbolicGradient, of types of which its runtime knows none.

TensorFlow runs `SymbolicGradient {f: MatMul}` for the types that its C++ library differentiates (`KNOWN_THERE`). For
others `f` must be a function of the GraphDef's library, and a GradientDef must name the function that is its gradient:

    f: scopedjax_Elu_T1              arg_0 -> Elu -> out_0
    gradient: scopedjax_Elu_T1_grad  arg_0, arg_1 (the gradient of out_0) -> EluGrad(arg_1, Elu(arg_0)) -> out_0

A recipe is the body of the second: `x0, x1` are the inputs of the forward node, `d0` the gradient of its first output.
Types with neither are loaded by TensorFlow and fail there when run: "No gradient defined for op".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import attribute_kind, to_attr_value
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor_proto import encode

KNOWN_THERE: Final = frozenset(
    """
    Abs Acos Acosh Add AddV2 Angle Asin Asinh Atan Atanh AvgPool BatchMatMul BatchMatMulV2 BiasAdd BroadcastTo Cast
    Complex Concat ConcatV2 Conj ConjugateTranspose Const Conv2D Cos Cosh Div DivNoNan Exp ExpandDims Expm1 Imag Inv Log
    Log1p LogSoftmax MatMul Max MaxPool MaxPoolGrad Maximum Mean Min Minimum Mul MulNoNan Neg Pack Pow Real RealDiv
    Reciprocal Relu Relu6 Reshape Reverse ReverseV2 Rsqrt Select Sigmoid Sign Sin Sinh Slice Softmax Split SplitV Sqrt
    Square SquaredDifference Squeeze StridedSlice StridedSliceGrad Sub Sum SymbolicGradient Tan Tanh Transpose Unpack
    Xdivy Xlog1py Xlogy
    """.split()
)


@dataclass(slots=True)
class _Recipe:
    """Nodes of a gradient's body, and what it returns."""

    forward: Operation
    nodes: list[Any]
    attrs: dict[str, Any]

    def node(self, name: str, op_type: str, inputs: Sequence[str], copied: str = "", **attrs: Any) -> str:
        """Adds a node; attributes named in `copied` are the forward node's; returns the name."""
        node = protos.NodeDef(name=name, op=op_type)
        node.input.extend(inputs)
        for key in copied.split():
            if key in self.attrs:
                node.attr[key].CopyFrom(self.attrs[key])
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value if hasattr(value, "DESCRIPTOR") else to_attr_value(value))
        self.nodes.append(node)
        return name

    def const(self, name: str, value: Any, dtype: Any = np.int32) -> str:
        """Adds a constant; returns its tensor."""
        array = np.asarray(value, dtype)
        tensor = encode(array)
        self.node(name, "Const", [], value=protos.AttrValue(tensor=tensor), dtype=protos.AttrValue(type=tensor.dtype))
        return f"{name}:output:0"

    def zeros(self, index: int) -> str:
        """Adds zeros like an input; returns the tensor."""
        kind = protos.AttrValue(type=self.forward.inputs[index].dtype.base_dtype.as_datatype_enum)
        return f"{self.node(f'zeros_{index}', 'ZerosLike', [f'x{index}'], T=kind)}:y:0"

    def shape(self, index: int) -> str:
        """Adds the shape of an input; returns the tensor."""
        kind = protos.AttrValue(type=self.forward.inputs[index].dtype.base_dtype.as_datatype_enum)
        return f"{self.node(f'shape_{index}', 'Shape', [f'x{index}'], T=kind)}:output:0"


def gradient_functions(forward: Operation, node: Any, prefix: str) -> tuple[Any, Any] | None:
    """Returns (the function that stands for a forward node, its gradient), or None where nothing is known.

    Args:
      forward: The forward node.
      node: NodeDef of its SymbolicGradient, whose `f` has the forward node's attributes.
      prefix: What the names of generated functions begin with.
    """
    make = _RECIPES.get(forward.type)
    if make is None:
        return None
    attrs = {k: to_attr_value(v, attribute_kind(forward, k)) for k, v in forward.attrs.items() if not k.startswith("_")}
    types = [t.dtype.base_dtype.as_datatype_enum for t in forward.inputs]
    recipe = _Recipe(forward, [], attrs)
    results = make(recipe)
    if results is None:
        return None
    key = repr((types, sorted((k, v.SerializeToString(deterministic=True)) for k, v in attrs.items()), results))
    name = f"{prefix}{forward.type}_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    return _forward_function(forward, name, attrs), _gradient_function(forward, f"{name}_grad", recipe, results)


def _forward_function(forward: Operation, name: str, attrs: dict[str, Any]) -> Any:
    function = protos.FunctionDef()
    function.signature.name = name
    body = function.node_def.add(name="forward", op=forward.type)
    for key, value in attrs.items():
        body.attr[key].CopyFrom(value)
    for i, tensor in enumerate(forward.inputs):
        function.signature.input_arg.add(name=f"arg_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        body.input.append(f"arg_{i}")
    for i, (tensor, place) in enumerate(zip(forward.outputs, _places(forward, "forward"), strict=True)):
        function.signature.output_arg.add(name=f"out_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        function.ret[f"out_{i}"] = place
    return function


def _gradient_function(forward: Operation, name: str, recipe: _Recipe, results: Sequence[str]) -> Any:
    function = protos.FunctionDef()
    function.signature.name = name
    count = len(forward.inputs)
    names: dict[str, str] = {}
    for i, tensor in enumerate((*forward.inputs, *forward.outputs)):
        function.signature.input_arg.add(name=f"arg_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        names[f"x{i}" if i < count else f"d{i - count}"] = f"arg_{i}"
    for node in recipe.nodes:
        node.input[:] = [names.get(text, text) for text in node.input]
        function.node_def.append(node)
    for i, (tensor, result) in enumerate(zip(forward.inputs, results, strict=True)):
        function.signature.output_arg.add(name=f"out_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        function.ret[f"out_{i}"] = names.get(result, result)
    return function


def _places(op: Operation, name: str) -> list[str]:
    """How a function's node names each output of a node like `op`."""
    found: list[str] = []
    for arg in op.record.signature.outputs:
        count = 1
        if arg.is_list:
            count = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
        found.extend(f"{name}:{arg.name}:{i}" for i in range(count))
    return found


# ---------------------------------------------------------------------------------------------------------- recipes

Recipe = Callable[[_Recipe], "list[str] | None"]
_RECIPES: Final[dict[str, Recipe]] = {}
_INT32: Final = protos.AttrValue(type=3)


def _recipe(*types: str) -> Callable[[Recipe], Recipe]:
    def register(make: Recipe) -> Recipe:
        _RECIPES.update(dict.fromkeys(types, make))
        return make

    return register


def _simple(op_type: str, inputs: Sequence[str], copied: str, output: str, zeros: Sequence[int] = ()) -> Recipe:
    """A gradient that is one node; `y` among its inputs is the forward node's output."""

    def make(r: _Recipe) -> list[str]:
        if "y" in inputs:
            r.node("y", r.forward.type, [f"x{i}" for i in range(len(r.forward.inputs))], " ".join(r.attrs))
        given = [_places(r.forward, "y")[0] if text == "y" else text for text in inputs]
        return [f"{r.node('dx', op_type, given, copied)}:{output}:0", *map(r.zeros, zeros)]

    return make


_RECIPES.update(
    {
        "Elu": _simple("EluGrad", ["d0", "y"], "T", "backprops"),
        "Selu": _simple("SeluGrad", ["d0", "y"], "T", "backprops"),
        "LeakyRelu": _simple("LeakyReluGrad", ["d0", "x0"], "T alpha", "backprops"),
        "Softplus": _simple("SoftplusGrad", ["d0", "x0"], "T", "backprops"),
        "Softsign": _simple("SoftsignGrad", ["d0", "x0"], "T", "backprops"),
        "L2Loss": _simple("Mul", ["x0", "d0"], "T", "z"),
        "LRN": _simple("LRNGrad", ["d0", "x0", "y"], "T depth_radius bias alpha beta", "output"),
        "MirrorPad": _simple("MirrorPadGrad", ["d0", "x1"], "T Tpaddings mode", "output", [1]),
        "MaxPool3D": _simple("MaxPool3DGrad", ["x0", "y", "d0"], "T ksize strides padding data_format", "output"),
        "ResizeBilinear": _simple(
            "ResizeBilinearGrad", ["d0", "x0"], "T align_corners half_pixel_centers", "output", [1]
        ),
        "SpaceToDepth": _simple("DepthToSpace", ["d0"], "T block_size data_format", "output"),
        "DepthToSpace": _simple("SpaceToDepth", ["d0"], "T block_size data_format", "output"),
        "SpaceToBatchND": _simple("BatchToSpaceND", ["d0", "x1", "x2"], "T Tblock_shape", "output", [1, 2]),
        "BatchToSpaceND": _simple("SpaceToBatchND", ["d0", "x1", "x2"], "T Tblock_shape", "output", [1, 2]),
        "ReverseSequence": _simple("ReverseSequence", ["d0", "x1"], "T Tlen seq_dim batch_dim", "output", [1]),
    }
)


def is_known_there(forward: Operation) -> bool:
    """Whether TensorFlow's runtime has the derivative of a node."""
    if forward.type not in KNOWN_THERE:
        return False
    if forward.type not in _REDUCTIONS:
        return True
    # Its derivatives of reductions fail for axes that are counted from the end.
    axes = forward.inputs[1].op.attrs.get("value")
    return isinstance(axes, np.ndarray) and not np.any(axes < 0)


_REDUCTIONS: Final = ("Sum", "Mean", "Max", "Min")


@_recipe(*_REDUCTIONS)
def _reduction(r: _Recipe) -> list[str]:
    kind = r.attrs["Tidx"]
    value = protos.AttrValue(type=r.forward.inputs[0].dtype.base_dtype.as_datatype_enum)
    r.node("rank", "Rank", ["x0"], "T")
    r.node("count", "Cast", ["rank:output:0"], SrcT=_INT32, DstT=kind)
    r.node("axes", "FloorMod", ["x1", "count:y:0"], T=kind)
    function = protos.AttrValue(func=protos.NameAttrList(name=r.forward.type))
    for key, attr in r.attrs.items():
        function.func.attr[key].CopyFrom(attr)
    given, found = protos.AttrValue(), protos.AttrValue()
    given.list.type.extend([value.type, kind.type, value.type])
    found.list.type.extend([value.type, kind.type])
    r.node("dx", "SymbolicGradient", ["x0", "axes:z:0", "d0"], Tin=given, Tout=found, f=function)
    return ["dx:output:0", r.zeros(1)]


def _times_rows(r: _Recipe, name: str, first: str) -> str:
    """A matrix with each row multiplied by the gradient of its loss."""
    axis = r.const(f"{name}_axis", -1)
    column = f"{r.node(f'{name}_column', 'ExpandDims', ['d0', axis], 'T', Tdim=_INT32)}:output:0"
    return f"{r.node(name, 'Mul', [first, column], 'T')}:z:0"


@_recipe("SparseSoftmaxCrossEntropyWithLogits")
def _sparse_cross_entropy(r: _Recipe) -> list[str]:
    r.node("y", r.forward.type, ["x0", "x1"], "T Tlabels")
    return [_times_rows(r, "dx", "y:backprop:0"), r.zeros(1)]


@_recipe("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(r: _Recipe) -> list[str]:
    r.node("y", r.forward.type, ["x0", "x1"], "T")
    r.node("log", "LogSoftmax", ["x0"], "T")
    r.node("minus", "Neg", ["log:logsoftmax:0"], "T")
    return [_times_rows(r, "dx", "y:backprop:0"), _times_rows(r, "dl", "minus:y:0")]


@_recipe("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(r: _Recipe) -> list[str]:
    op_type = r.forward.type
    r.node("y", op_type, [f"x{i}" for i in range(5)], " ".join(r.attrs))
    kept = ["y:reserve_space_1:0", "y:reserve_space_2:0"] if r.forward.attrs["is_training"] else ["x3", "x4"]
    kept += ["y:reserve_space_3:0"] if op_type.endswith("V3") else []
    name = op_type.replace("Norm", "NormGrad")
    r.node("dx", name, ["d0", "x0", "x1", *kept], "T U epsilon data_format is_training")
    return ["dx:x_backprop:0", "dx:scale_backprop:0", "dx:offset_backprop:0", r.zeros(3), r.zeros(4)]


_CONVOLUTION: Final = "T strides padding use_cudnn_on_gpu explicit_paddings data_format dilations"


@_recipe("Conv2DBackpropInput")
def _transposed_convolution(r: _Recipe) -> list[str]:
    sizes = r.shape(1)
    r.node("df", "Conv2DBackpropFilter", ["d0", sizes, "x2"], _CONVOLUTION)
    r.node("dx", "Conv2D", ["d0", "x1"], _CONVOLUTION)
    return [r.zeros(0), "df:output:0", "dx:output:0"]


@_recipe("DepthwiseConv2dNative")
def _depthwise(r: _Recipe) -> list[str]:
    r.node("dx", "DepthwiseConv2dNativeBackpropInput", [r.shape(0), "x1", "d0"], _CONVOLUTION)
    r.node("df", "DepthwiseConv2dNativeBackpropFilter", ["x0", r.shape(1), "d0"], _CONVOLUTION)
    return ["dx:output:0", "df:output:0"]


@_recipe("Conv3D")
def _convolution_3d(r: _Recipe) -> list[str]:
    r.node("dx", "Conv3DBackpropInputV2", [r.shape(0), "x1", "d0"], "T strides padding data_format dilations")
    r.node("df", "Conv3DBackpropFilterV2", ["x0", r.shape(1), "d0"], "T strides padding data_format dilations")
    return ["dx:output:0", "df:output:0"]


@_recipe("AvgPool3D")
def _mean_3d(r: _Recipe) -> list[str]:
    r.node("dx", "AvgPool3DGrad", [r.shape(0), "d0"], "T ksize strides padding data_format")
    return ["dx:output:0"]


@_recipe("Pad")
def _pad(r: _Recipe) -> list[str]:
    begin, end, strides = (r.const(f"at_{i}", v) for i, v in enumerate(([0, 0], [0, 1], [1, 1])))
    kind = r.attrs.get("Tpaddings", _INT32)
    masks = {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2}
    r.node("first", "StridedSlice", ["x1", begin, end, strides], "", T=kind, Index=_INT32, **masks)
    r.node("size", "Shape", ["x0"], "T", out_type=kind)
    r.node("dx", "Slice", ["d0", "first:output:0", "size:output:0"], "T", Index=kind)
    return ["dx:output:0", r.zeros(1)]


@_recipe("Tile")
def _tile(r: _Recipe) -> list[str] | None:
    dims = r.forward.inputs[0]._dims
    if dims is None:
        return None
    kind = r.attrs.get("Tmultiples", _INT32)
    r.node("size", "Shape", ["x0"], "T", out_type=kind)
    r.node("both", "Pack", ["x1", "size:output:0"], "", T=kind, N=2, axis=1)
    r.node("flat", "Reshape", ["both:output:0", r.const("any", [-1])], "", T=kind, Tshape=_INT32)
    r.node("parts", "Reshape", ["d0", "flat:output:0"], "T", Tshape=kind)
    axes = r.const("axes", list(range(0, 2 * len(dims), 2)))
    r.node("dx", "Sum", ["parts:output:0", axes], "T", Tidx=_INT32)
    return ["dx:output:0", r.zeros(1)]


@_recipe("Erf")
def _erf(r: _Recipe) -> list[str]:
    factor = r.const("factor", 2.0 / np.sqrt(np.pi), r.forward.inputs[0].dtype.base_dtype.as_numpy_dtype)
    r.node("square", "Square", ["x0"], "T")
    r.node("minus", "Neg", ["square:y:0"], "T")
    r.node("power", "Exp", ["minus:y:0"], "T")
    r.node("slope", "Mul", ["power:y:0", factor], "T")
    r.node("dx", "Mul", ["slope:z:0", "d0"], "T")
    return ["dx:z:0"]


@_recipe("Cumsum")
def _cumsum(r: _Recipe) -> list[str]:
    r.node("dx", "Cumsum", ["d0", "x1"], "T Tidx exclusive", reverse=not r.forward.attrs["reverse"])
    return ["dx:out:0", r.zeros(1)]


@_recipe("SelectV2")
def _select(r: _Recipe) -> list[str] | None:
    dims = [t._dims for t in r.forward.inputs]
    if dims[0] is None or dims[0] != dims[1] or dims[1] != dims[2]:
        return None  # it broadcasts
    zero = f"{r.node('zero', 'ZerosLike', ['d0'], 'T')}:y:0"
    r.node("da", "SelectV2", ["x0", "d0", zero], "T")
    r.node("db", "SelectV2", ["x0", zero, "d0"], "T")
    return [r.zeros(0), "da:output:0", "db:output:0"]
