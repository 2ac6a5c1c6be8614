"""Tensors handed on (`identity`, `stop_gradient`, `check_numerics`), and the ways into a graph: `placeholder`."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, as_shape, format_dims, merge_dims, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import holds_text, is_known
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, Gradient, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import from_attr, like


def _same(input: Any) -> Any:
    return input


# The gradient is handed on as it is: rows (IndexedSlices) stay rows.
_HANDED_ON = Gradient("function", lambda op, *grads: list(grads))

for _type in ("Identity", "Snapshot"):
    declare(
        f"{_type}(input: T) -> output: T",
        _same,
        shape=like(0),
        numpy=_same,
        dims_value=lambda op, of: of(op.inputs[0]),
        gradient=_HANDED_ON if _type == "Identity" else NO_GRADIENT,
        aliases=_type == "Identity",
        host=holds_text("T"),
    )

declare("DeepCopy(x: T) -> y: T", lambda x: x, shape=like(0), gradient=NO_GRADIENT, host=holds_text("T"), stateful=True)
declare(
    "GuaranteeConst(input: T) -> output: T",
    _same,
    shape=like(0),
    gradient=NO_GRADIENT,
    host=holds_text("T"),
    stateful=True,
)
declare(
    "IdentityN(input: T...) -> output: T...",
    _same,
    shape=lambda c: c.all_dims(),
    numpy=_same,
    gradient=_HANDED_ON,
    host=holds_text("T"),
)
declare(
    "StopGradient(input: T) -> output: T",
    lambda input: input if is_known(input) else jax.lax.stop_gradient(input),
    shape=like(0),
    numpy=_same,
    dims_value=lambda op, of: of(op.inputs[0]),
    gradient=NOT_DIFFERENTIABLE,
    host=holds_text("T"),
)


def _refuse_gradient(op: Operation, *grads: Any) -> Any:
    raise LookupError(f"Gradient explicitly disabled. Reason: {op.attrs['message']!r} (node '{op.name}')")


declare(
    "PreventGradient(input: T; message: string = '') -> output: T",
    _same,
    shape=like(0),
    gradient=Gradient("function", _refuse_gradient),
    host=holds_text("T"),
)


def _check_gradient(op: Operation, grad: Any) -> list[Any]:
    text = "Not a number (NaN) or infinity (Inf) values detected in gradient."
    return [apply_op(op.type, grad, message=text)]


def _what_is_wrong(tensor: Any, tell_signs: bool) -> list[str]:
    values = np.asarray(tensor, np.float64)
    found: list[str] = []
    if tell_signs:
        found += ["-Inf"] if bool(np.isneginf(values).any()) else []
        found += ["+Inf"] if bool(np.isposinf(values).any()) else []
    elif bool(np.isinf(values).any()):
        found.append("Inf")
    return found + (["NaN"] if bool(np.isnan(values).any()) else [])


def _check_numerics(ctx: Any, tensor: Any, *, message: str) -> Any:
    wrong = _what_is_wrong(tensor, tell_signs=ctx.op.type == "CheckNumericsV2")
    if wrong:
        raise InvalidArgumentError(
            ctx.op.node_def, ctx.op, f"{message} : Tensor had {' and '.join(wrong)} values (node '{ctx.op.name}')"
        )
    return tensor


# Whether a value is finite is only known when it is there, so that these run on the host.
for _type in ("CheckNumerics", "CheckNumericsV2"):
    declare(
        f"{_type}(tensor: T; message: string) -> output: T",
        _check_numerics,
        shape=like(0),
        gradient=Gradient("function", _check_gradient),
        host=True,
        stateful=True,
        types={"T": dtypes.FLOATING},
    )

# -------------------------------------------------------------------------------------------------- ways in


# In errors TF names these as its protocol buffers do.
_OTHER_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _not_fed(ctx: Any) -> Any:
    op = ctx.op
    dtype, dims = op.attrs["dtype"].name, op.attrs["shape"]
    shape = "" if dims is None else f" and shape {format_dims(dims)}"
    raise InvalidArgumentError(
        op.node_def,
        op,
        f"You must feed a value for placeholder tensor '{op.name}' with dtype {_OTHER_NAMES.get(dtype, dtype)}{shape}\n"
        f"It was made at {op.site} and is missing in feed_dict.",
    )


for _text in ("shape: shape = None", "shape: shape"):
    declare(
        f"{'Placeholder' if '=' in _text else 'PlaceholderV2'}(; {_text}, dtype: type) -> output: dtype",
        _not_fed,
        shape=from_attr("shape"),
        gradient=NO_GRADIENT,
        stateful=True,
    )


def _with_default_dims(c: ShapeContext) -> list[Dims]:
    try:
        merge_dims(c.dims(0), c.attr("shape"))
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [c.attr("shape")]


@defop(
    "PlaceholderWithDefault(input: dtype; shape: shape) -> output: dtype",
    shape=_with_default_dims,
    gradient=_HANDED_ON,
    host=holds_text("dtype"),
)
def _placeholder_with_default(input: Any) -> Any:
    return input


# ------------------------------------------------------------------------------------------- public functions


def identity(input: Any, name: str | None = None) -> Any:
    """Returns a tensor with the same value, as a new node.

    Args:
      input: Tensor (or a tensor-like value, or a composite such as `tf.SparseTensor`).
      name: Node name; defaults to "Identity".

    Returns:
      Tensor of the same dtype and shape.

    >>> tf.identity(tf.constant([1.0, 2.0]), name="out").name
    'out:0'
    """
    kind = type(input).__name__
    if kind == "IndexedSlices":
        return _identity_of_slices(input, name)
    if kind == "SparseTensor":
        parts = [apply_op("Identity", p) for p in (input.indices, input.values, input.dense_shape)]
        return type(input)(*parts)
    result = apply_op("Identity", input, name=name)
    if hasattr(input, "_handle_data"):
        result._handle_data = input._handle_data
    return result


def _identity_of_slices(input: Any, name: str | None) -> Any:
    with stacks.get_default_graph().name_scope(name or "Identity"):
        values = apply_op("Identity", input.values)
        indices = apply_op("Identity", input.indices)
        dense = None if input.dense_shape is None else apply_op("Identity", input.dense_shape)
    return type(input)(values, indices, dense)


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """Returns tensors with the same values, from one node: none is available before all are.

    Args:
      input: List of tensors of any dtypes.
      name: Node name; defaults to "IdentityN".

    Returns:
      List of tensors.

    >>> [t.name for t in tf.identity_n([tf.constant(1), tf.constant(2.0)])]
    ['IdentityN:0', 'IdentityN:1']
    """
    return apply_op("IdentityN", input, name=name)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """Returns the same value, through which no gradient passes.

    Args:
      input: Tensor.
      name: Node name; defaults to "StopGradient".

    Returns:
      Tensor of the same dtype and shape.

    >>> x = tf.constant(3.0)
    >>> tf.Session().run(tf.gradients(x * tf.stop_gradient(x), x))[0].item()
    3.0
    """
    return apply_op("StopGradient", input, name=name)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """Returns `tensor`; when the program runs, a NaN or an infinity in it is an error.

    Args:
      tensor: Floating tensor.
      message: First words of the error.
      name: Node name; defaults to "CheckNumerics".

    Returns:
      Tensor with the values of `tensor`.

    Raises:
      InvalidArgumentError: (when run) a value is not finite.

    >>> tf.Session().run(tf.check_numerics([1.0, 2.0], "loss")).tolist()
    [1.0, 2.0]
    """
    return apply_op("CheckNumerics", tensor, message=message, name=name)


def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """Returns `input`; tells TensorFlow that it never changes, which has no effect here.

    Args:
      input: Tensor.
      name: Node name; defaults to "GuaranteeConst".

    Returns:
      Tensor with the values of `input`.

    >>> tf.guarantee_const(tf.constant(1)).op.type
    'GuaranteeConst'
    """
    return apply_op("GuaranteeConst", input, name=name)


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """Returns a tensor whose value is given in `feed_dict` each time the program runs.

    Args:
      dtype: Dtype of what will be fed.
      shape: What is known about its shape: None for nothing, or a list whose unknown sizes are None.
      name: Node name; defaults to "Placeholder".

    Returns:
      Tensor.

    Raises:
      InvalidArgumentError: (when run) it was not fed.

    >>> x = tf.placeholder(tf.float32, [None, 2])
    >>> tf.Session().run(x * 2.0, {x: [[1, 2]]}).tolist()
    [[2.0, 4.0]]
    """
    return apply_op("Placeholder", dtype=dtype, shape=to_dims(shape), name=name)


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Returns a tensor that may be fed, and has the value of `input` where it is not.

    Args:
      input: The default.
      shape: Static shape of what may be fed; the shape of `input` must fit it.
      name: Node name; defaults to "PlaceholderWithDefault".

    Returns:
      Tensor of the dtype of `input`.

    Raises:
      ValueError: the shape of `input` does not fit.

    >>> keep = tf.placeholder_with_default(1.0, [])
    >>> sess = tf.Session()
    >>> sess.run(keep).item(), sess.run(keep, {keep: 0.5}).item()
    (1.0, 0.5)
    """
    return apply_op("PlaceholderWithDefault", input, shape=as_shape(shape), name=name)
