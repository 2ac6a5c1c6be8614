"""`Optimizer`: the base class, with TF1's protocol for subclasses.

    minimize(loss, var_list)
      compute_gradients   tf.gradients, then [(grad, variable), ...]        change them as you like
      apply_gradients     _create_slots -> _prepare -> one update a variable -> _finish -> global step

A subclass says which slots it keeps (`_create_slots`), makes its hyper-parameters tensors (`_prepare`), and gives
the node that updates one variable (`_apply_dense`, `_apply_sparse`). The nodes that the shipped optimizers record
are TensorFlow's (`ApplyAdam`, ...); what they compute is an optax transformation (`ops.training.transforms`). Slots
are ordinary variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType, bfloat16, float16, float32, float64
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train import slots
from scopedjax._src.lower.gradients import gradients
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.partitioned import PartitionedVariable
from scopedjax._src.variables.resource_variable import ResourceVariable
from scopedjax._src.variables.scope import VariableScope, get_variable, variable_scope
from scopedjax._src.variables.spec import VariableSpec
from scopedjax._src.variables.variable import Variable


class Optimizer:
    """Trains variables along the gradients of a loss.

    Args:
      use_locking: Accepted: an update is always whole.
      name: Name of the training node and of the slots.
      use_own_namescope_for_non_slot_vars: Whether variables that belong to no single weight stand in a variable scope
        named after the optimizer.

    Raises:
      ValueError: there is no name.

    >>> w = tf.Variable([1.0, 2.0])
    >>> step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * w), var_list=[w])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(step)
    ...     print(sess.run(w).round(2).tolist())
    [0.800000011920929, 1.600000023841858]
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str, use_own_namescope_for_non_slot_vars: bool = False) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._non_slot_scope: VariableScope | None = None
        if use_own_namescope_for_non_slot_vars:
            with variable_scope(None, default_name=name) as scope:
                self._non_slot_scope = scope
        self._slots: dict[str, dict[Any, Variable]] = {}
        self._non_slot_dict: dict[tuple[str, Any], Variable] = {}

    def get_name(self) -> str:
        """Returns the name."""
        return self._name

    # The two halves of minimize --------------------------------------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """Returns a node that takes one step towards a smaller `loss`.

        Args:
          loss: Tensor.
          global_step: Variable that the step adds one to.
          var_list: Variables to train; by default those in `GraphKeys.TRAINABLE_VARIABLES`.
          gate_gradients: Accepted: a run is one program.
          aggregation_method: Accepted.
          colocate_gradients_with_ops: Accepted.
          name: Node name; the optimizer's by default.
          grad_loss: Gradient of the loss to start from.

        Raises:
          ValueError: there is nothing to train, or no variable has a gradient.
        """
        grads_and_vars = self.compute_gradients(
            loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops, grad_loss
        )
        if all(g is None for g, _ in grads_and_vars):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, "
                f"between variables {[str(v) for _, v in grads_and_vars]} and loss {loss}."
            )
        return self.apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Returns [(gradient, variable), ...]; a gradient is None where the loss does not depend on the variable.

        Args are those of `minimize`.
        """
        if gate_gradients not in (Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH. Not "
                f"{gate_gradients}"
            )
        if callable(loss):
            loss = loss()
        loss = convert_to_tensor(loss)
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        variables = self._variables_to_train(loss, var_list)
        grads = gradients(
            loss, [_gradient_source(v) for v in variables], grad_ys=grad_loss, aggregation_method=aggregation_method
        )
        pairs = list(zip(grads, variables, strict=True))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None])
        return pairs

    @staticmethod
    def _variables_to_train(loss: Tensor, var_list: Any) -> list[Any]:
        graph = loss.graph
        if var_list is None:
            found = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
            found += graph.get_collection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
        else:
            found = var_list if isinstance(var_list, (list, tuple)) else [var_list]
        flat: list[Any] = []
        for variable in found:
            flat.extend(variable if isinstance(variable, PartitionedVariable) else [variable])
        flat += graph.get_collection(GraphKeys._STREAMING_MODEL_PORTS)
        if not flat:
            raise ValueError("No variables to optimize.")
        return flat

    def apply_gradients(
        self,
        grads_and_vars: Any,
        global_step: Any = None,
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
    ) -> Operation:
        """Returns a node that applies gradients to variables.

        Args:
          grads_and_vars: [(gradient, variable), ...]; pairs without a gradient are left alone.
          global_step: Variable that the step adds one to.
          name: Node name; the optimizer's by default.
          skip_gradients_aggregation: Accepted: there is one replica.

        Raises:
          ValueError: there is no pair, or none has a gradient.
          TypeError: a gradient is no tensor.
        """
        pairs = tuple(grads_and_vars)
        if not pairs:
            raise ValueError("No variables provided.")
        converted = [(_as_gradient(g), _trainable(v)) for g, v in pairs]
        variables = [v for g, v in converted if g is not None]
        if not variables:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in converted]}.")
        home = variables[0].graph
        with home.as_default(), home.outermost():
            self._create_slots(variables)
        graph = stacks.recording_graph(home)
        with graph.name_scope(name or self.get_name()) as scope:
            self._prepare()
            updates = self._updates([(g, v) for g, v in converted if g is not None])
            done = self._finish_step(graph, updates, global_step, scope)
        train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if done not in train_ops:
            train_ops.append(done)
        return done

    def _finish_step(self, graph: Any, updates: list[Any], global_step: Any, scope: str) -> Operation:
        if global_step is None:
            done = self._finish(updates, scope)
        else:
            with graph.control_dependencies([self._finish(updates, "update")]), graph.colocate_with(global_step):
                if isinstance(global_step, ResourceVariable):
                    done = global_step.assign_add(1, name=scope, read_value=False)
                else:
                    done = apply_op("AssignAdd", global_step, 1, name=scope)
        return done.op if isinstance(done, Tensor) else done

    def _updates(self, pairs: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Returns the nodes that update the variables: one each, unless a subclass has one node for all."""
        return [self._update(grad, variable) for grad, variable in pairs]

    def _update(self, grad: Any, variable: Any) -> Any:
        graph = stacks.recording_graph(variable.graph)
        with graph.name_scope("update_" + variable.op.name), graph.colocate_with(variable):
            if isinstance(grad, IndexedSlices):
                if getattr(variable, "constraint", None) is not None:
                    raise RuntimeError("Cannot use a constraint function on a sparse variable.")
                return self._apply_sparse_duplicate_indices(grad, variable)
            update = self._apply_dense(grad, variable)
            constraint = getattr(variable, "constraint", None)
            if constraint is None:
                return update
            with graph.control_dependencies([update]):
                return variable.assign(constraint(variable))

    # Slots -----------------------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Variable | None:
        """Returns the slot `name` of a variable, or None."""
        named = self._slots.get(name)
        return None if not named else named.get(_key(var))

    def get_slot_names(self) -> list[str]:
        """Returns the names of the slots that this optimizer keeps."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """Returns all variables of the optimizer in the default graph, sorted by name."""
        graph = stacks.get_default_graph()
        found = [v for v in self._non_slot_variables() if v.graph is graph]
        for named in self._slots.values():
            found.extend(v for v in named.values() if v.graph is graph)
        return sorted(found, key=lambda v: v.name)

    def _slot_dict(self, slot_name: str) -> dict[Any, Variable]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Variable:
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot(var, val, op_name)
        return named[_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Variable:
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot_with_initializer(var, initializer, shape, dtype, op_name)
        return named[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Variable:
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_zeros_slot(var, op_name)
        return named[_key(var)]

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Variable:
        graph = colocate_with.graph
        key = (name, graph)
        if key not in self._non_slot_dict:
            with graph.colocate_with(colocate_with):
                use_resource = isinstance(colocate_with, ResourceVariable)
                self._non_slot_dict[key] = self._new_non_slot_variable(initial_value, name, use_resource)
        return self._non_slot_dict[key]

    def _new_non_slot_variable(self, initial_value: Any, name: str, use_resource: bool) -> Variable:
        """Makes the variable under the open name scope, as TF1 does, or in a variable scope of the optimizer's own."""
        if self._non_slot_scope is None:
            return create(VariableSpec(initial_value, trainable=False, name=name, use_resource=use_resource))
        with stacks.get_default_graph().name_scope(None), variable_scope(self._non_slot_scope):
            return get_variable(name, initializer=initial_value, trainable=False, use_resource=use_resource)

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> list[Variable]:
        return list(self._non_slot_dict.values())

    # What a subclass gives -------------------------------------------------------------------------------------------

    def _valid_dtypes(self) -> set[DType]:
        return {float16, bfloat16, float32, float64}

    def _assert_valid_dtypes(self, tensors: Sequence[Any]) -> None:
        valid = self._valid_dtypes()
        for t in tensors:
            if t.dtype.base_dtype not in valid:
                raise ValueError(
                    f"Invalid type {t.dtype.base_dtype!r} for {t.name}, expected: "
                    f"{sorted(valid, key=lambda v: v.name)}."
                )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Makes the slots of the variables; nothing by default."""

    def _prepare(self) -> None:
        """Makes the hyper-parameters tensors; nothing by default."""

    # TF1 has a second set of these methods for resource variables. There is one kind of variable here, so a subclass
    # that gives the second set only is served by it.

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        if type(self)._resource_apply_dense is not Optimizer._resource_apply_dense:
            return self._resource_apply_dense(grad, var)
        raise NotImplementedError(f"{type(self).__name__} does not say how to apply a dense gradient (_apply_dense)")

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        if type(self)._resource_apply_sparse is not Optimizer._resource_apply_sparse:
            return self._resource_apply_sparse(grad.values, var, grad.indices)
        raise NotImplementedError(f"{type(self).__name__} does not say how to apply IndexedSlices (_apply_sparse)")

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how to apply a dense gradient")

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how to apply IndexedSlices")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """Adds up rows that are named twice, then calls `_apply_sparse`."""
        return self._apply_sparse(distinct(grad), var)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        return group(*update_ops, name=name_scope)

    @staticmethod
    def _call_if_callable(param: Any) -> Any:
        return param() if callable(param) else param

    def _hyper(self, value: Any, name: str) -> Tensor:
        """Returns a hyper-parameter as a tensor."""
        return convert_to_tensor(self._call_if_callable(value), name=name)


def apply_rule(op_type: str, var: Any, *arguments: Any, **attrs: Any) -> Operation:
    """Records the node that applies an update rule, in the form for the kind of variable that `var` is."""
    if isinstance(var, ResourceVariable):
        return apply_op(f"Resource{op_type}", var, *arguments, **attrs)
    return apply_op(op_type, var, *arguments, **attrs).op


def distinct(grad: IndexedSlices) -> IndexedSlices:
    """Returns slices in which each row stands once (those left over are empty and out of range).

    TF1 records `Unique` and `UnsortedSegmentSum` here. How many distinct indices there are depends on data, so those
    would split the compiled program in two; `DistinctRows` keeps the static size.
    """
    values, indices = apply_op("DistinctRows", grad.values, grad.indices)
    return IndexedSlices(values, indices, grad.dense_shape)


def cast_like(tensor: Any, var: Any) -> Any:
    """Returns a hyper-parameter in the dtype of a variable; a resource variable that has it is read by its user."""
    if isinstance(tensor, Variable):
        if isinstance(tensor, ResourceVariable) and tensor.dtype is var.dtype.base_dtype:
            return tensor
        tensor = tensor.value()
    return cast(tensor, var.dtype.base_dtype)


def _key(var: Any) -> tuple[Any, str]:
    return var.graph, var.op.name


def _gradient_source(variable: Any) -> Any:
    return variable._ref() if isinstance(variable, Variable) else variable


def _trainable(variable: Any) -> Any:
    """Returns the argument if it is a variable.

    Raises:
      NotImplementedError: it is not.
    """
    if isinstance(variable, Variable):
        return variable
    if isinstance(variable, Tensor):
        raise NotImplementedError(f"Trying to update a Tensor {variable}: an optimizer updates variables")
    raise NotImplementedError(f"Trying to optimize unsupported type {variable}")


def _as_gradient(grad: Any) -> Any:
    if grad is None or isinstance(grad, IndexedSlices):
        return grad
    try:
        return convert_to_tensor(grad)
    except (TypeError, ValueError) as error:
        raise TypeError(f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}") from error
