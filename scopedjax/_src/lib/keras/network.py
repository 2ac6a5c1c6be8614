"""`Input` and the graph of layers: from the outputs of a functional model back to its inputs.

    x = Input((4,))          input_1 (Placeholder)
    h = Dense(3)(x)          a Call of `dense`, input x
    y = Dense(2)(h)          a Call of `dense_1`, input h
    Model(x, y)              calls in order: dense, dense_1; layers: input_1, dense, dense_1

`Route` is that order. Calling the model on other tensors repeats each call with them; nodes that no layer made (`h * 2`
between layers) are recorded again. Layers stand by depth (the farthest from the outputs first), as Keras' `weights` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.lib.keras.layer import Call, Layer, ancestors, unique
from scopedjax._src.ops.apply import record_node
from scopedjax._src.ops.array.identity import placeholder


class InputLayer(Layer):
    """Where a model begins: a placeholder.

    Args:
      input_shape: Shape without the batch.
      batch_size: Size of the batch, or None.
      dtype: Dtype; float32 by default.
      input_tensor: A tensor to use in the placeholder's place.
      sparse: Must be false.
      name: Name of the layer and of the placeholder.
      ragged: Must be false.
      **kwargs: `batch_input_shape`.

    >>> tf.keras.layers.InputLayer((4,)).output.shape.as_list()
    [None, 4]
    """

    def __init__(
        self,
        input_shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        input_tensor: Any = None,
        sparse: bool = False,
        name: str | None = None,
        ragged: bool = False,
        **kwargs: Any,
    ) -> None:
        if sparse or ragged:
            raise NotImplementedError("sparse and ragged inputs are not available; use a dense tensor and a mask")
        if "batch_input_shape" in kwargs:
            batch_size, *rest = kwargs.pop("batch_input_shape")
            input_shape = tuple(rest)
        if name is None:
            name = f"input_{state.get_uid('input')}"
        shape = None if input_shape is None else (batch_size, *_as_sizes(input_shape))
        if input_tensor is None:
            tensor = placeholder(dtype or state.floatx(), shape, name=name)
        else:
            tensor = input_tensor
        super().__init__(name=name, dtype=tensor.dtype.base_dtype)
        self._batch_input_shape = tuple(tensor.dims or ())
        self.built = True
        self.is_placeholder = input_tensor is None
        self._calls.append((tensor, tensor))
        state.state_of().history[tensor] = (Call(self, [], (), {}, tensor), 0)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        form = {"batch_input_shape": self._batch_input_shape, "dtype": self.dtype, "sparse": False, "ragged": False}
        return {**form, "name": self.name}


def _as_sizes(shape: Any) -> tuple[int | None, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    name: str | None = None,
    dtype: Any = None,
    sparse: bool = False,
    tensor: Any = None,
    ragged: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Returns a placeholder that a model can begin with.

    Args:
      shape: Shape without the batch.
      batch_size: Size of the batch, or None.
      name: Name of the placeholder; "input_1", ... by default.
      dtype: Dtype; float32 by default.
      sparse: Must be false.
      tensor: A tensor to use in the placeholder's place.
      ragged: Must be false.
      **kwargs: `batch_shape`: the shape with the batch.

    Raises:
      ValueError: neither a shape nor a tensor.

    >>> tf.keras.Input((4,)).name
    'input_1:0'
    """
    if "batch_shape" in kwargs:
        batch_size, *rest = kwargs.pop("batch_shape")
        shape = tuple(rest)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {list(kwargs)}")
    if shape is None and tensor is None:
        raise ValueError("Please provide to Input a `shape` or a `tensor` argument. Note that `shape` does not include "
                         "the batch dimension.")  # fmt: skip
    layer = InputLayer(shape, batch_size, dtype, tensor, sparse, name, ragged)
    return layer.output


class Route:
    """The calls between inputs and outputs, in an order in which they can be repeated.

    Args:
      inputs: Tensors (flat).
      outputs: Tensors (flat).

    Raises:
      ValueError: an output does not come from the inputs.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.history = state.state_of(outputs[0].graph).history
        self.steps: list[Call | Operation] = []
        self._seen: set[Any] = set()
        input_ops = {t.op for t in self.inputs}
        self._touched = {op for t in self.outputs for op in ancestors(t)}
        self._dependent = _dependents(self._touched, input_ops)
        for tensor in self.outputs:
            self._visit(tensor)
        self.layers = self._by_depth()

    def _visit(self, tensor: Tensor) -> None:
        """Adds what makes a tensor, after what it needs."""
        if any(tensor is i for i in self.inputs):
            return
        call, _ = self.history.get(tensor, (None, 0))
        step: Any = call if call is not None else tensor.op
        if step in self._seen:
            return
        self._seen.add(step)
        if call is not None and isinstance(call.layer, InputLayer) or not self._needed(call, tensor):
            if tensor.op.type == "Placeholder":
                raise ValueError(
                    f'Graph disconnected: cannot obtain value for tensor {tensor} at layer "{tensor.op.name}". Its '
                    f"placeholder is not among the inputs of the model: {[t.name for t in self.inputs]}"
                )
            return
        needs = tensors_of((call.inputs, call.args, call.kwargs)) if call is not None else list(tensor.op.inputs)
        for needed in needs:
            self._visit(needed)
        self.steps.append(step)

    def _needed(self, call: Call | None, tensor: Tensor) -> bool:
        """Whether a tensor depends on the inputs, or is the result of a layer (whose weights the model has)."""
        return call is not None or tensor.op in self._dependent or tensor.op.type == "Placeholder"

    def _by_depth(self) -> list[Any]:
        """The layers, those farthest from the outputs first; at one depth in the order of the route."""
        depth: dict[int, int] = {}
        made_by: dict[Tensor, Any] = {}
        for step in self.steps:
            outputs = tensors_of(step.outputs) if isinstance(step, Call) else list(step.outputs)
            made_by.update(dict.fromkeys(outputs, step))
        layer_depth: dict[int, int] = {}
        order: dict[int, int] = {}
        found: dict[int, Any] = {}
        for step in reversed(self.steps):
            layer = step.layer if isinstance(step, Call) else step
            here = max(depth.get(id(step), 0), layer_depth.get(id(layer), 0))
            layer_depth[id(layer)] = here
            needs = tensors_of((step.inputs, step.args, step.kwargs)) if isinstance(step, Call) else step.inputs
            for tensor in needs:
                before = made_by.get(tensor)
                if before is not None:
                    depth[id(before)] = max(depth.get(id(before), 0), here + 1)
                elif any(tensor is i for i in self.inputs) and tensor in self.history:
                    source = self.history[tensor][0].layer
                    layer_depth[id(source)] = max(layer_depth.get(id(source), 0), here + 1)
        sources = [self.history[t][0].layer for t in self.inputs if t in self.history]
        for number, layer in enumerate([*sources, *(s.layer for s in self.steps if isinstance(s, Call))]):
            order.setdefault(id(layer), number)
            found.setdefault(id(layer), layer)
        return sorted(found.values(), key=lambda x: (-layer_depth.get(id(x), 0), order[id(x)]))

    def repeat(self, inputs: Sequence[Tensor], masks: Any = None) -> list[Tensor]:
        """Returns the outputs for other inputs, by calling each layer again."""
        known: dict[Tensor, Tensor] = dict(zip(self.inputs, inputs, strict=True))

        def new(value: Any) -> Any:
            return known.get(value, value) if isinstance(value, Tensor) else value

        for step in self.steps:
            if isinstance(step, Call):
                given = {k: nest.map_structure(new, v) for k, v in step.kwargs.items()}
                made = step.layer(
                    nest.map_structure(new, step.inputs), *nest.map_structure(new, list(step.args)), **given
                )
                known.update(zip(tensors_of(step.outputs), tensors_of(made), strict=True))
            else:
                copy = _recorded_again(step, tuple(new(t) for t in step.inputs))
                known.update(zip(step.outputs, copy.outputs, strict=True))
        return [known.get(t, t) for t in self.outputs]


def _recorded_again(op: Operation, inputs: tuple[Tensor, ...]) -> Operation:
    """The same node on other inputs."""
    if op.context is not None:
        raise NotImplementedError(
            f"The model cannot be called again: '{op.name}' stands in a tf.cond or tf.while_loop between its layers. "
            "Put that part into a Lambda layer or a layer of its own."
        )
    return record_node(op.graph, op.record, op.name.rpartition("/")[2], inputs, dict(op.attrs))


def _dependents(among: set[Operation], roots: set[Operation]) -> set[Operation]:
    """The operations that depend on the roots."""
    known: dict[Operation, bool] = {}
    for op in sorted(among, key=lambda o: o._id):
        known[op] = op in roots or any(known.get(t.op, False) for t in op.inputs)
    return {op for op, is_dependent in known.items() if is_dependent}


def tensors_of(value: Any) -> list[Tensor]:
    """The tensors of a nest."""
    return [t for t in nest.flatten(value) if isinstance(t, Tensor)]
