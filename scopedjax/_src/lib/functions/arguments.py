"""Arguments of a `tf.function`: what of them is a tensor, and which calls can share one trace.

    f(x, 5, scale=[y, None])     bound:  a = x   n = 5   scale = [y, None]
                                 tensors: x, y (named a, scale)
                                 form:    (float32, ("value", 5), [float32, ("value", None)])   shapes: ((None, 3), ())

Two calls whose forms are equal differ in shapes only. A trace serves a call whose shapes are special cases of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_spec import TensorSpec
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.variable import Variable

Shapes = tuple[Dims, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call.

    Attributes:
      bound: The arguments by name, with defaults; arrays are tensors.
      form: What must be equal for two calls to share a trace.
      tensors: The tensors, or what is known of them, in order.
      names: The argument that each is part of.
    """

    bound: inspect.BoundArguments
    form: Any
    tensors: list[Tensor | TensorSpec]
    names: list[str]

    @property
    def shapes(self) -> Shapes:
        """The static shapes of the tensors."""
        return tuple(t.shape._dims for t in self.tensors)

    def with_tensors(self, new: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns positional and keyword arguments with other tensors in the place of these."""
        left = iter(new)

        def put(leaf: Any) -> Any:
            return next(left) if _is_tensor(leaf) else leaf

        bound = inspect.BoundArguments(self.bound.signature, type(self.bound.arguments)())
        for name, value in self.bound.arguments.items():
            bound.arguments[name] = _mapped(put, value)
        return bound.args, bound.kwargs


def bind(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
    """Returns arguments by name, with defaults.

    Raises:
      TypeError: they do not fit the signature.
    """
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise misfit(str(error), args, kwargs, signature) from None
    bound.apply_defaults()
    return bound


def misfit(why: str, args: Sequence[Any], kwargs: Mapping[str, Any], signature: Any) -> TypeError:
    """Returns TensorFlow's error for arguments that do not fit."""
    return TypeError(
        f"Binding inputs to tf.function failed due to `{why}`. Received args: {tuple(args)} and kwargs: "
        f"{dict(kwargs)} for signature: {signature}."
    )


def described(bound: inspect.BoundArguments) -> Call:
    """Returns what a call is about.

    Raises:
      TypeError: an argument that is no tensor cannot be hashed.
    """
    tensors: list[Any] = []
    names: list[str] = []
    form: list[Any] = []
    for name, value in bound.arguments.items():
        bound.arguments[name] = value = _mapped(_as_leaf, value)
        for part, item in _parts(bound.signature.parameters[name], name, value):
            form.append((part, _form(item)))
            found = [leaf for leaf in nest.flatten(item, expand_composites=True) if _is_tensor(leaf)]
            tensors.extend(found)
            names.extend([part] * len(found))
    return Call(bound, tuple(form), tensors, names)


def _parts(parameter: inspect.Parameter, name: str, value: Any) -> list[tuple[str, Any]]:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return [(f"{name}_{i}", item) for i, item in enumerate(value)]
    if parameter.kind is parameter.VAR_KEYWORD:
        return [(key, value[key]) for key in sorted(value)]
    return [(name, value)]


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict) and not value or isinstance(value, (list, tuple)) and not len(value):
        return value
    return nest.map_structure(function, value, expand_composites=True)


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, (Tensor, TensorSpec))


def _as_leaf(leaf: Any) -> Any:
    if isinstance(leaf, (np.ndarray, np.generic)):
        return convert_to_tensor(leaf)
    return leaf


def _form(value: Any) -> Any:
    if _is_tensor(value):
        return value.dtype.base_dtype
    if isinstance(value, Variable):
        return "variable", id(value)
    if nest.is_nested(value):
        keys = tuple(sorted(value)) if isinstance(value, Mapping) else ()
        children = [value[key] for key in keys] if keys else list(value)
        return type(value), keys, tuple(_form(child) for child in children)
    if hasattr(type(value), "_composite_parts"):
        return type(value), tuple(_form(child) for child in value._composite_parts())
    try:
        hash(value)
    except TypeError:
        raise TypeError(
            f"Could not generate a generic TraceType for {value!r}.Please verify that it is immutable/hashable. "
            "Otherwise, consider implementing the Tracing Protocol for it."
        ) from None
    return "value", value


# ----------------------------------------------------------------------------------------------------------- shapes


def is_special_case(own: Shapes, general: Shapes) -> bool:
    """Whether shapes are those of a trace, or special cases of them."""
    return all(_fits(a, b) for a, b in zip(own, general, strict=True))


def _fits(own: Dims, general: Dims) -> bool:
    if general is None:
        return True
    if own is None or len(own) != len(general):
        return False
    return all(b is None or a == b for a, b in zip(own, general, strict=True))


def relaxed(a: Shapes, b: Shapes) -> Shapes:
    """Returns the most special shapes of which both are special cases."""
    return tuple(_common(x, y) for x, y in zip(a, b, strict=True))


def _common(a: Dims, b: Dims) -> Dims:
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


# ------------------------------------------------------------------------------------------------------- signatures


def checked_signature(input_signature: Any) -> tuple[Any, ...] | None:
    """Returns an input signature as a tuple.

    Raises:
      TypeError: it is no sequence of specs.
    """
    if input_signature is None:
        return None
    if not isinstance(input_signature, (list, tuple)):
        raise TypeError(f"input_signature must be either a tuple or a list, got {type(input_signature)}.")
    leaves = nest.flatten(tuple(input_signature)) if input_signature else []
    if any(not isinstance(leaf, TensorSpec) for leaf in leaves):
        raise TypeError(
            "input_signature must be a possibly nested sequence of TensorSpec objects, got invalid args "
            f"{list(input_signature)} with types {[type(leaf) for leaf in leaves]}."
        )
    return tuple(input_signature)


def fitted(bound: inspect.BoundArguments, specs: tuple[Any, ...], shown: str) -> Call:
    """Returns a call whose arguments are tensors as an input signature asks for.

    Args:
      bound: The arguments.
      specs: The input signature.
      shown: The signature in error texts.

    Raises:
      TypeError: an argument does not fit.
    """
    call = described(bound)
    names = list(bound.arguments)
    if len(specs) > len(names):
        raise TypeError(
            f"input_signature has {len(specs)} entries, but the function takes {len(names)} arguments: {names}"
        )
    found: list[Any] = []
    for name, spec in zip(names, specs, strict=False):
        try:
            nest.assert_same_structure(spec, bound.arguments[name])
        except (TypeError, ValueError) as error:
            raise misfit(str(error), bound.args, bound.kwargs, shown) from None
        leaves = zip(nest.flatten(spec), nest.flatten(bound.arguments[name]), strict=True)
        tensors = [_of_spec(wanted, leaf, bound, shown) for wanted, leaf in leaves]
        bound.arguments[name] = nest.pack_sequence_as(spec, tensors)
        found.extend(tensors)
    call = described(bound)
    return Call(call.bound, "input_signature", call.tensors, call.names)


def _of_spec(spec: TensorSpec, value: Any, bound: inspect.BoundArguments, shown: str) -> Any:
    if not isinstance(value, (Tensor, TensorSpec)):
        try:
            value = convert_to_tensor(value, dtype=spec.dtype)
        except (TypeError, ValueError) as error:
            raise misfit(str(error), bound.args, bound.kwargs, shown) from None
    if value.dtype.base_dtype is not spec.dtype.base_dtype or not _fits(value.shape._dims, spec.shape._dims):
        own = TensorSpec(value.shape, value.dtype.base_dtype)
        raise misfit(f"Can not cast {own} to {spec}", bound.args, bound.kwargs, shown)
    return value


def as_argument(value: Any, placeholder: Tensor) -> Tensor:
    """Returns a value as a tensor that a traced function takes in the place of a placeholder.

    Raises:
      TypeError: it has another shape, or is no tensor.
    """
    wanted = placeholder.dtype.base_dtype
    tensor = value if isinstance(value, Tensor) else convert_to_tensor(value, dtype=wanted)
    if tensor.dtype.base_dtype is not wanted:
        tensor = apply_op("Cast", tensor, DstT=as_dtype(wanted))
    if not _fits(tensor._dims, placeholder._dims) and not tensor.shape.is_compatible_with(placeholder.shape):
        raise TypeError(
            f"Tensor {tensor} is not compatible with the shape this function was traced with. Expected shape "
            f"{placeholder.shape}, but got shape {tensor.shape}.\n\nIf you called get_concrete_function, you may need "
            "to pass a tf.TensorSpec(..., shape=...) with a less specific shape, having None on axes which can vary."
        )
    return tensor
