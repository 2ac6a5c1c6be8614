"""`apply_op`: records one node of a declared type, as TF1's generated wrappers did.

    apply_op("AddV2", x, 1.0, name="add")
      name scope "add/"  ->  inputs converted inside it ('add/y' is a Const)  ->  T = float32
      ->  shape rule  ->  node 'add'

The order matters for names: constants made from Python values are named after the argument, inside the node's scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.convert import as_tensor, graph_of, infer_dtype
from scopedjax._src.ops.registry import OpRecord, lookup
from scopedjax._src.ops.shape_context import ShapeContext, infer_dims
from scopedjax._src.ops.signature import MISSING, Arg


def apply_op(op_type: str, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
    """Records a node and returns its result.

    Args:
      op_type: A declared type.
      *inputs: One value an argument of the signature (a list for a list argument); anything convertible to a tensor.
      name: Node name; defaults to the type.
      **attrs: Attributes that cannot be told from the inputs. None stands for the default.

    Returns:
      A Tensor for a type with one output, a list of Tensors for a list output, a tuple for several outputs, and the
      Operation for a type with none.

    Raises:
      TypeError: an input's dtype does not fit.
      ValueError: the shapes do not fit.
    """
    op = make_op(op_type, inputs, attrs, name)
    outputs = op.record.signature.outputs
    if not outputs:
        return op
    if len(outputs) == 1:
        return list(op.outputs) if outputs[0].is_list else op.outputs[0]
    return tuple(_group_outputs(outputs, op))


def _group_outputs(outputs: Sequence[Arg], op: Operation) -> list[Any]:
    from scopedjax._src.ops.registry import group

    return group(outputs, op.attrs, op.outputs)


def make_op(op_type: str, inputs: Sequence[Any], attrs: dict[str, Any], name: str | None = None) -> Operation:
    """Records a node as `apply_op` does, and returns the Operation."""
    record = lookup(op_type)
    if record is None:
        raise NotImplementedError(f"op type '{op_type}' is not known to scopedjax")
    default = stacks.get_default_graph()
    graph = None if default.building_function else _graph_from_inputs(inputs)
    entered = nullcontext() if graph is None or graph is default else graph.as_default()
    with entered:
        graph = graph or default
        scopes = graph.scopes
        old = scopes.name_stack
        scope = graph.enter_name_scope(scopes, name or op_type)
        try:
            tensors, attrs = _convert_inputs(record, inputs, attrs)
        finally:
            scopes.name_stack = old
        return record_node(graph, record, scope, tensors, attrs)


def record_node(
    graph: Graph, record: OpRecord, name: str, tensors: tuple[Tensor, ...], attrs: dict[str, Any]
) -> Operation:
    """Adds a node whose inputs are tensors and whose attributes are canonical and complete."""
    output_types = output_dtypes(record, attrs)
    dims = infer_dims(record, ShapeContext(record, name.rstrip("/"), tensors, attrs), len(output_types))
    return graph.create_node(record.type, name, tensors, output_types, dims, attrs, record)


def output_dtypes(record: OpRecord, attrs: dict[str, Any]) -> list[DType]:
    """Returns the dtype of each output of a node with these attributes."""
    found: list[DType] = []
    for arg in record.signature.outputs:
        if arg.list_attr:
            found.extend(attrs[arg.list_attr])
            continue
        dtype = arg.dtype or attrs[arg.type_attr]
        if arg.ref:
            dtype = dtype._as_ref
        found.extend([dtype] * attrs[arg.number_attr] if arg.number_attr else [dtype])
    return found


def _graph_from_inputs(inputs: Sequence[Any]) -> Graph | None:
    first: Any = None
    graph: Graph | None = None
    for value in inputs:
        for item in value if isinstance(value, (list, tuple)) else (value,):
            found = item.op.graph if type(item) is Tensor else graph_of(item)
            if found is None or found is graph:
                continue
            if graph is not None:
                raise ValueError(
                    f"{item} must be from the same graph as {first} (graphs are {found} and {graph}). "
                    "Build both under one `with graph.as_default():`."
                )
            first, graph = item, found
    return graph


def _convert_inputs(
    record: OpRecord, inputs: Sequence[Any], given: dict[str, Any]
) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    signature = record.signature
    if len(inputs) != len(signature.inputs):
        raise TypeError(f"op type '{record.type}' takes {len(signature.inputs)} inputs, got {len(inputs)}")
    attrs = {key: canonical(signature.attrs[key].kind, value) for key, value in given.items() if value is not None}
    tensors: list[Tensor] = []
    for arg, value in zip(signature.inputs, inputs, strict=True):
        if arg.list_attr:
            tensors.extend(_convert_mixed_list(record, arg, value, attrs))
        elif arg.number_attr:
            tensors.extend(_convert_list(record, arg, value, attrs))
        else:
            tensors.append(_convert_one(record, arg, value, attrs))
    for name, attr in signature.attrs.items():
        if name not in attrs:
            if attr.default is MISSING:
                raise TypeError(f"op type '{record.type}' needs the attribute '{name}' ({attr.kind})")
            attrs[name] = attr.default
    return tuple(tensors), attrs


def _wanted_dtype(record: OpRecord, arg: Arg, attrs: dict[str, Any]) -> tuple[DType | None, DType | None]:
    """Returns (the dtype that the argument must have, the one that it had better have)."""
    if arg.dtype is not None:
        return arg.dtype, None
    dtype = attrs.get(arg.type_attr)
    if dtype is not None:
        return dtype, None
    default = record.signature.attrs[arg.type_attr].default
    return None, None if default is MISSING else default


def _convert_one(record: OpRecord, arg: Arg, value: Any, attrs: dict[str, Any]) -> Tensor:
    dtype, preferred = _wanted_dtype(record, arg, attrs)
    if type(value) is Tensor and not arg.ref:
        tensor = value
    else:
        if preferred is not None and isinstance(value, (list, tuple)) and not value:
            # TF1 tries an empty list as float32 first, and leaves that constant behind.
            as_tensor(value, name=arg.name)
        try:
            tensor = as_tensor(
                value, dtype=None if arg.ref else dtype, name=arg.name, preferred_dtype=preferred, as_ref=arg.ref
            )
        except (TypeError, ValueError) as error:
            _explain_mismatch(record, arg, value, dtype, error)
            raise
    base = tensor.dtype.base_dtype
    if dtype is not None and base is not dtype:
        raise _mismatch(record, arg, base, dtype)
    if arg.ref and not tensor.dtype._is_ref_dtype:
        raise TypeError(
            f"'{record.type}' Op requires that input '{arg.name}' be a mutable tensor (e.g.: a tf.Variable)"
        )
    _check_allowed(record, arg, base)
    if arg.type_attr and dtype is None:
        attrs[arg.type_attr] = base
    return tensor


def _mismatch(record: OpRecord, arg: Arg, found: DType, wanted: DType) -> TypeError:
    message = f"Input '{arg.name}' of '{record.type}' Op has type {found.name} that does not match "
    if arg.dtype is not None:
        return TypeError(f"{message}expected type of {wanted.name}.")
    first = next((a.name for a in record.signature.inputs if a.type_attr == arg.type_attr), arg.name)
    if first == arg.name:
        return TypeError(f"{message}type {wanted.name} of attribute '{arg.type_attr}'.")
    return TypeError(f"{message}type {wanted.name} of argument '{first}'.")


def _explain_mismatch(record: OpRecord, arg: Arg, value: Any, dtype: DType | None, error: Exception) -> None:
    """Raises TF1's words for a value of another dtype, where its own dtype can be told."""
    if dtype is None:
        return
    if isinstance(error, TypeError):
        raise TypeError(
            f"Expected {dtype.name} passed to parameter '{arg.name}' of op '{record.type}', got {value!r} of type "
            f"'{type(value).__name__}' instead. Error: {error}"
        ) from error
    found = infer_dtype(value)
    if found is not None and found is not dtype:
        raise _mismatch(record, arg, found, dtype) from error


def _check_allowed(record: OpRecord, arg: Arg, dtype: DType) -> None:
    allowed = record.types.get(arg.type_attr or arg.list_attr)
    if allowed is not None and dtype not in allowed:
        names = ", ".join(sorted(t.name for t in allowed))
        raise TypeError(
            f"Value passed to parameter '{arg.name}' has DataType {dtype.name} not in list of allowed values: {names}"
        )


def _as_list(record: OpRecord, arg: Arg, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"Expected list for '{arg.name}' argument to '{record.type}' Op, not {value!r} of type "
            f"{type(value).__name__}."
        )
    return list(value)


def _convert_list(record: OpRecord, arg: Arg, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
    values = _as_list(record, arg, value)
    given = attrs.get(arg.number_attr)
    if given is not None and given != len(values):
        raise ValueError(
            f"List argument '{arg.name}' to '{record.type}' Op with length {len(values)} must match length {given} of "
            f"argument '{next(a.name for a in record.signature.inputs if a.number_attr == arg.number_attr)}'."
        )
    dtype, preferred = _wanted_dtype(record, arg, attrs)
    if dtype is None:
        for item in values:
            if isinstance(item, Tensor) or graph_of(item) is not None:
                dtype = infer_dtype(item)
                break
    tensors: list[Tensor] = []
    for i, item in enumerate(values):
        try:
            tensor = as_tensor(
                item,
                dtype=None if arg.ref else dtype,
                name=f"{arg.name}_{i}",
                preferred_dtype=preferred,
                as_ref=arg.ref,
            )
        except (TypeError, ValueError) as error:
            kinds = [t.name if (t := infer_dtype(v)) is not None else "<NOT CONVERTIBLE TO TENSOR>" for v in values]
            raise TypeError(
                f"Tensors in list passed to '{arg.name}' of '{record.type}' Op have types [{', '.join(kinds)}] "
                "that don't all match."
            ) from error
        dtype = dtype or tensor.dtype.base_dtype
        tensors.append(tensor)
    attrs[arg.number_attr] = len(tensors)
    if dtype is not None:
        _check_allowed(record, arg, dtype)
        if arg.type_attr:
            attrs[arg.type_attr] = dtype
    return tensors


def _convert_mixed_list(record: OpRecord, arg: Arg, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
    values = _as_list(record, arg, value)
    given: Sequence[DType | None] = attrs.get(arg.list_attr) or [None] * len(values)
    if len(given) != len(values):
        raise ValueError(
            f"List argument '{arg.name}' to '{record.type}' Op with length {len(values)} must match length "
            f"{len(given)} "
            f"of attribute '{arg.list_attr}'."
        )
    tensors = [
        as_tensor(v, dtype=None if arg.ref else t, name=f"{arg.name}_{i}", as_ref=arg.ref)
        for i, (v, t) in enumerate(zip(values, given, strict=True))
    ]
    for tensor in tensors:
        _check_allowed(record, arg, tensor.dtype.base_dtype)
    attrs[arg.list_attr] = tuple(t.dtype.base_dtype for t in tensors)
    return tensors


def canonical(kind: str, value: Any) -> Any:
    """Returns an attribute's value in canonical Python form.

    Kinds and forms: "type" `DType`; "shape" dims tuple or None; "bool"/"int"/"float"/"string" the Python type;
    "list(...)" a tuple of these; "tensor" an ndarray; "func" as it is.
    """
    if kind.startswith("list("):
        inner = kind[5:-1]
        items = value if isinstance(value, (list, tuple)) else [value]
        return tuple(canonical(inner, item) for item in items)
    match kind:
        case "type":
            return as_dtype(value).base_dtype
        case "shape":
            dims: Dims = to_dims(value)
            return dims
        case "bool":
            if not isinstance(value, (bool, int)) and type(value).__name__ not in ("bool_", "bool"):
                raise TypeError(f"Expected bool for argument, not {value!r}.")
            return bool(value)
        case "int":
            return int(value)
        case "float":
            # A GraphDef keeps 32 bits of it, and TensorFlow computes with what the GraphDef says.
            return float(np.float32(value))
        case "string":
            return value.decode() if isinstance(value, bytes) else str(value)
        case _:
            return value
