"""`OptaxOptimizer`: any optax transformation as an optimizer, its state in variables of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.training.optax_update import StateLayout, StateLeaf, lay_out, optax_init, optax_update
from scopedjax._src.variables.variable import Variable


class OptaxOptimizer(Optimizer):
    """Trains variables with an optax gradient transformation.

    The transformation gets all variables of one `apply_gradients` at once, as a flat dict from variable name (such as
    "dense/kernel") to value, so global norms, masks and labels by name work. Each array of its state is a variable:
    those that belong to a weight are slots ("dense/kernel/Optax/mu"), the others stand beside them ("Optax/count").
    They are saved, restored, listed and initialized like any other. Gradients of gathers are made dense first.

    Args:
      transformation: What optax's functions return: anything with `init(params)` and `update(grads, state, params)`.
      name: Name of the training node and of the state's variables.
      use_locking: Accepted.
      extra_args: Tensors that `update` takes besides, by keyword, such as `{"value": loss}`.

    Raises:
      TypeError: `transformation` has no `init` or no `update`.

    >>> import optax
    >>> w = tf.Variable([1.0, -2.0], name="w")
    >>> opt = tf.train.OptaxOptimizer(optax.lion(0.1))
    >>> step = opt.minimize(tf.reduce_sum(w * w), var_list=[w])
    >>> [v.name for v in opt.variables()]
    ['Optax/count:0', 'w/Optax/mu:0']
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(step)
    ...     print(sess.run(w).round(2).tolist())
    [0.8999999761581421, -1.899999976158142]
    """

    def __init__(
        self,
        transformation: Any,
        name: str = "Optax",
        use_locking: bool = False,
        extra_args: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        if not callable(getattr(transformation, "init", None)) or not callable(getattr(transformation, "update", None)):
            raise TypeError(
                "OptaxOptimizer needs an optax gradient transformation, such as optax.adam(1e-3), with `init` and "
                f"`update`; got {transformation!r}"
            )
        self._transformation = transformation
        self._extra_args = dict(extra_args or {})
        self._layout: StateLayout | None = None
        self._state: list[Variable] = []

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        named = {v.op.name: v for v in var_list}
        if len(named) != len(var_list):
            raise ValueError(f"a variable stands twice in the list: {[v.name for v in var_list]}")
        for v in var_list:
            if not v.get_shape().is_fully_defined():
                raise ValueError(f"OptaxOptimizer needs the static shape of {v.name}, which is {v.get_shape()}")
        params = {n: (tuple(v.get_shape().as_list()), v.dtype.base_dtype.as_numpy_dtype) for n, v in named.items()}
        layout = self._layout = lay_out(self._transformation, params)
        kept = [self._kept(leaf, at, named) for at, leaf in _numbered(layout.leaves)]
        if None in kept:
            read = set().union(*(leaf.reads for leaf in layout.leaves))
            values = optax_init(layout, {n: v.initialized_value() for n, v in named.items() if n in read})
            for i, (at, leaf) in enumerate(_numbered(layout.leaves)):
                if kept[i] is None:
                    kept[i] = self._made(leaf, at, named, values[i])
        self._state = cast("list[Variable]", kept)

    def _kept(self, leaf: StateLeaf, field: str, named: Mapping[str, Any]) -> Variable | None:
        """Returns the variable of a leaf that an earlier `apply_gradients` made."""
        if leaf.param is not None:
            return self.get_slot(named[leaf.param], field)
        found = self._get_non_slot_variable(field, next(iter(named.values())).graph)
        if found is not None and tuple(found.get_shape().as_list()) != leaf.shape:
            raise ValueError(
                f"{found.name} has shape {found.get_shape()}, and for this list of variables it would need "
                f"{leaf.shape}: use one OptaxOptimizer for each list of variables"
            )
        return found

    def _made(self, leaf: StateLeaf, field: str, named: Mapping[str, Any], value: Tensor) -> Variable:
        if leaf.param is not None:
            return self._get_or_make_slot(named[leaf.param], value, field, f"{self._name}/{field}")
        first = min(named.values(), key=lambda v: v.name)
        return self._create_non_slot_variable(value, field, first)

    def _new_non_slot_variable(self, initial_value: Any, name: str, use_resource: bool) -> Variable:
        return super()._new_non_slot_variable(initial_value, f"{self._name}/{name}", use_resource)

    def _updates(self, pairs: Sequence[tuple[Any, Any]]) -> list[Any]:
        assert self._layout is not None
        by_name = {v.op.name: (g, v) for g, v in pairs}
        ordered = [by_name[name] for name in self._layout.params]
        variables = [v for _, v in ordered]
        grads = [convert_to_tensor(g, dtype=v.dtype.base_dtype) for g, v in ordered]
        extra = {name: convert_to_tensor(value) for name, value in self._extra_args.items()}
        update = optax_update(self._layout, variables, self._state, grads, extra)
        return [update, *self._constrained(variables, update)]

    @staticmethod
    def _constrained(variables: Sequence[Any], update: Any) -> list[Any]:
        with update.graph.control_dependencies([update]):
            return [v.assign(v.constraint(v.read_value())) for v in variables if v.constraint is not None]


def _numbered(leaves: Sequence[StateLeaf]) -> list[tuple[str, StateLeaf]]:
    """Returns each leaf with its field's name; a name that comes again for one variable gets a number."""
    seen: dict[tuple[str | None, str], int] = {}
    found: list[tuple[str, StateLeaf]] = []
    for leaf in leaves:
        count = seen.get((leaf.param, leaf.field), 0)
        seen[leaf.param, leaf.field] = count + 1
        found.append((f"{leaf.field}_{count}" if count else leaf.field, leaf))
    return found
