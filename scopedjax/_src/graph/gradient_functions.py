"""Gradients for TensorFlow's own SymbolicGradient, of types of which its runtime knows none.

TensorFlow runs `SymbolicGradient {f: MatMul}` for the types that its C++ library differentiates (`KNOWN_THERE`: those
that it differentiates rightly; its gradients of Asinh, Slice and of parts of complex numbers are wrong or fail). For
others `f` must be a function of the GraphDef's library, and a GradientDef must name the function that is its gradient:

    f: scopedjax_Elu_T1              arg_0 -> Elu -> out_0
    gradient: scopedjax_Elu_T1_grad  arg_0, arg_1 (the gradient of out_0) -> EluGrad(arg_1, Elu(arg_0)) -> out_0

The body of the second is a recipe (`gradient_recipes`). Inside functions TensorFlow 2 does not run SymbolicGradient at
all: there a gradient node is a call of the second function.

Types with neither are loaded by TensorFlow and fail there when run: "No gradient defined for op".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import attribute_kind, to_attr_value
from scopedjax._src.graph.gradient_recipes import RECIPES, Recipe
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import is_default, place_of

KNOWN_THERE: Final = frozenset(
    """
    Abs Acos Add AddV2 Angle Asin Atan Atanh AvgPool BatchMatMul BatchMatMulV2 BiasAdd BroadcastTo Cast
    Concat ConcatV2 Conj ConjugateTranspose Const Conv2D Cos Cosh Div DivNoNan Exp ExpandDims Expm1 Inv Log
    Log1p LogSoftmax MatMul Max MaxPool MaxPoolGrad Maximum Mean Min Minimum Mul MulNoNan Neg Pack Pow RealDiv
    Reciprocal Relu Relu6 Reshape Reverse ReverseV2 Rsqrt Select Sigmoid Sign Sin Sinh Softmax Split SplitV Sqrt
    Square SquaredDifference Squeeze StridedSlice StridedSliceGrad Sub Sum Tan Tanh Transpose Unpack
    Xdivy Xlog1py Xlogy
    """.split()
)
_REDUCTIONS: Final = ("Sum", "Mean", "Max", "Min")


@dataclass(frozen=True, slots=True)
class GradientFunctions:
    """What TensorFlow needs for the gradient of one node.

    Attributes:
      forward: A function that does what the node does.
      gradient: Its gradient: a function of the node's inputs and of the gradients for its outputs.
      acts: Whether that does something besides giving values.
    """

    forward: Any
    gradient: Any
    acts: bool


def gradient_functions(forward: Operation, prefix: str, source: str) -> GradientFunctions | None:
    """Returns the functions for the gradient of a node, or None where nothing is known.

    Args:
      forward: The forward node.
      prefix: What the names of generated functions begin with.
      source: The scope of the call of `tf.gradients`, by which TensorFlow tells gradients of arrays apart.
    """
    make = RECIPES.get(forward.type)
    if make is None:
        return None
    attrs = {k: to_attr_value(v, attribute_kind(forward, k)) for k, v in forward.attrs.items() if not k.startswith("_")}
    recipe = Recipe(forward, [], attrs, source)
    results = make(recipe)
    if results is None:
        return None
    made, gradient = _forward_function(forward, "", attrs), _gradient_function(forward, recipe, results)
    text = b"".join(f.SerializeToString(deterministic=True) for f in (made, gradient))
    made.signature.name = f"{prefix}{forward.type}_{hashlib.sha256(text).hexdigest()[:12]}"
    gradient.signature.name = f"{made.signature.name}_grad"
    return GradientFunctions(made, gradient, recipe.acts)


def is_known_there(forward: Operation) -> bool:
    """Whether TensorFlow's runtime has the derivative of a node."""
    if forward.type not in KNOWN_THERE:
        return False
    if any(t.dtype.is_complex for t in forward.inputs) and forward.type in RECIPES:
        return False
    if any(size != 1 for size in forward.attrs.get("dilations", ())):
        return False  # its derivative of a convolution passes over them
    if forward.type not in _REDUCTIONS:
        return True
    # Its derivatives of reductions fail for axes that are counted from the end.
    axes = forward.inputs[1].op.attrs.get("value")
    return isinstance(axes, np.ndarray) and not np.any(axes < 0)


def _forward_function(forward: Operation, name: str, attrs: dict[str, Any]) -> Any:
    function = protos.FunctionDef()
    function.signature.name = name
    body = function.node_def.add(name="forward", op=forward.type)
    for key, value in attrs.items():
        if not is_default(forward, key):
            body.attr[key].CopyFrom(value)
    for i, tensor in enumerate(forward.inputs):
        function.signature.input_arg.add(name=f"arg_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        body.input.append(f"arg_{i}")
    for i, tensor in enumerate(forward.outputs):
        function.signature.output_arg.add(name=f"out_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
        function.ret[f"out_{i}"] = place_of(tensor, name="forward")
    return function


def _gradient_function(forward: Operation, recipe: Recipe, results: Sequence[str]) -> Any:
    function = protos.FunctionDef()
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
