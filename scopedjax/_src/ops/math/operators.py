"""Python's operators on tensors: `a + b`, `-a`, `a < b`, `a[1:]`, as TF1 names the nodes they record.

    x + 1      scope "add/":  the number becomes 'add/y', the node is 'add'
    1 - x      scope "sub/":  the number becomes 'sub/x'
    x < 1      no scope of its own: 'Less/y', 'Less'

The other operand takes the tensor's dtype, so `x * 2` works for float x. `==` compares objects, not values: TF1
programs put tensors into dicts and lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.slicing import subscript
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import elementwise
from scopedjax._src.ops.math.comparison import logical_xor
from scopedjax._src.ops.math.linear_algebra import matmul


def _other(y: Any, x: Any) -> Any:
    """The other operand, in the tensor's dtype if it can have that: `int + 1.5` names two dtypes, as in TF1."""
    return y if isinstance(y, Tensor) else convert_to_tensor(y, preferred_dtype=x.dtype.base_dtype, name="y")


def _add(x: Any, y: Any, name: str) -> Tensor:
    return apply_op("Add" if x.dtype.base_dtype is dtypes.string else "AddV2", x, _other(y, x), name=name)


def _op(op_type: str) -> Callable[..., Tensor]:
    return lambda x, y, name: apply_op(op_type, x, _other(y, x), name=name)


def _logic(on_bool: Callable[..., Tensor], on_bits: str) -> Callable[..., Tensor]:
    def function(x: Any, y: Any, name: str) -> Tensor:
        return on_bool(x, y, name=name) if x.dtype.base_dtype is dtypes.bool else apply_op(on_bits, x, y)

    return function


def _matmul(x: Any, y: Any, name: str) -> Tensor:
    return matmul(x, y, name=name)


_BINARY: dict[str, Callable[..., Tensor]] = {
    "add": _add,
    "sub": _op("Sub"),
    "mul": _op("Mul"),
    "div": elementwise.div,
    "truediv": elementwise.truediv,
    "floordiv": _op("FloorDiv"),
    "mod": _op("FloorMod"),
    "pow": _op("Pow"),
    "matmul": _matmul,
    "and": _logic(_op("LogicalAnd"), "BitwiseAnd"),
    "or": _logic(_op("LogicalOr"), "BitwiseOr"),
    "xor": _logic(logical_xor, "BitwiseXor"),
}
_COMPARISONS = {"__lt__": "Less", "__le__": "LessEqual", "__gt__": "Greater", "__ge__": "GreaterEqual"}


def _gives_way(y: Any) -> bool:
    """Whether the other operand has its own idea of the operation."""
    return type(y).__name__ in ("SparseTensor", "RaggedTensor")


def _forward(name: str, function: Callable[..., Tensor]) -> Callable[..., Any]:
    reflected = f"__r{name}__"

    def operator(self: Any, other: Any) -> Any:
        if _gives_way(other) and hasattr(other, reflected):
            return NotImplemented
        with stacks.get_default_graph().name_scope(name) as scope:
            return function(self, other, name=scope)

    operator.__name__ = operator.__qualname__ = f"__{name}__"
    return operator


def _backward(name: str, function: Callable[..., Tensor]) -> Callable[..., Any]:
    def operator(self: Any, other: Any) -> Any:
        with stacks.get_default_graph().name_scope(name) as scope:
            other = convert_to_tensor(other, dtype=self.dtype.base_dtype, name="x")
            return function(other, self, name=scope)

    operator.__name__ = operator.__qualname__ = f"__r{name}__"
    return operator


def _comparison(op_type: str) -> Callable[..., Any]:
    return lambda self, other: apply_op(op_type, self, other)


def _invert(self: Any) -> Tensor:
    return apply_op("LogicalNot" if self.dtype.base_dtype is dtypes.bool else "Invert", self)


def _round(self: Any, digits: Any = None) -> Tensor:
    return elementwise.round(self)


def operators() -> dict[str, Callable[..., Any]]:
    """Returns the operators by their Python names, for classes that behave as a tensor does (variables)."""
    found: dict[str, Callable[..., Any]] = {}
    for name, function in _BINARY.items():
        found[f"__{name}__"] = _forward(name, function)
        found[f"__r{name}__"] = _backward(name, function)
    for name, op_type in _COMPARISONS.items():
        found[name] = _comparison(op_type)
    found["__neg__"] = lambda self: apply_op("Neg", self)
    found["__abs__"] = lambda self: elementwise.abs(self)
    found["__invert__"] = _invert
    found["__round__"] = _round
    found["__getitem__"] = subscript
    return found


def install() -> None:
    """Gives `Tensor` its operators."""
    for name, function in operators().items():
        Tensor._install_operator(name, function)


install()
