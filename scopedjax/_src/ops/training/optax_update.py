"""`OptaxInit` and `OptaxUpdate`: one optax transformation over a whole list of variables.

    params = {"dense/kernel": [3, 2], "dense/bias": [2]}           what optax sees: a flat dict by variable name
    optax.adam(1e-3).init(params)                                  its state: a tree
      (ScaleByAdamState(count, mu={"dense/kernel", ...}, nu={...}), EmptyState())
    leaves  count   mu of dense/bias   mu of dense/kernel   nu of ...

`OptaxInit` gives the leaves their initial values, `OptaxUpdate` takes variables, leaves and gradients and writes
variables and leaves. The transformation itself is a Python object: it is tied to the node, and not part of a GraphDef.

Invariants: each leaf is one variable of the graph; a leaf below a key that is a variable's name belongs to that
variable; the arithmetic is what optax does under JAX's own default of 32-bit types, unless a variable has 64 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NO_GRADIENT, declare, defop


@dataclass(frozen=True)
class StateLeaf:
    """One array of the state of a transformation.

    Attributes:
      field: The name that optax gives it: "mu", "count", "trace".
      param: Name of the variable that it belongs to, or None where it belongs to all.
      shape: Its shape.
      dtype: Its dtype; for a random key that of the key's numbers.
      random_key: The kind of random numbers, where it is a key of them.
      reads: Names of the variables that its initial value depends on.
    """

    field: str
    param: str | None
    shape: tuple[int, ...]
    dtype: DType
    random_key: Any
    reads: frozenset[str]


@dataclass(frozen=True, eq=False)
class StateLayout:
    """A transformation and the form of its state for certain variables."""

    transformation: optax.GradientTransformationExtraArgs
    params: Mapping[str, jax.ShapeDtypeStruct]
    structure: Any
    leaves: tuple[StateLeaf, ...]
    wide: bool

    def initial(self, given: Mapping[str, Any]) -> list[Any]:
        """Returns the leaves of the initial state; a variable that is not given counts as zeros."""
        with jax.enable_x64(self.wide):
            params = {n: given.get(n, jnp.zeros(p.shape, p.dtype)) for n, p in self.params.items()}
            leaves = jax.tree.leaves(self.transformation.init(params))
            return [_stored(leaf) for leaf in leaves]

    def stepped(
        self, params: Sequence[Any], leaves: Sequence[Any], grads: Sequence[Any], extra: Mapping[str, Any]
    ) -> tuple[list[Any], list[Any]]:
        """Returns the variables and the leaves after one step."""
        with jax.enable_x64(self.wide):
            values = dict(zip(self.params, params, strict=True))
            gradients = dict(zip(self.params, grads, strict=True))
            restored = [_restored(v, leaf) for v, leaf in zip(leaves, self.leaves, strict=True)]
            state = jax.tree.unflatten(self.structure, restored)
            updates, state = self.transformation.update(gradients, state, values, **extra)
            new: Any = optax.apply_updates(values, updates)  # of the form of `values`, which its type does not say
            found, structure = jax.tree.flatten(state)
            if structure != self.structure:
                raise TypeError(
                    f"the transformation changed the form of its state from {self.structure} to {structure}; only a "
                    "state of fixed form can be kept in variables"
                )
            return [new[name] for name in self.params], [_stored(leaf) for leaf in found]


def lay_out(transformation: Any, params: Mapping[str, tuple[tuple[int, ...], Any]]) -> StateLayout:
    """Finds the form of the state of a transformation.

    Args:
      transformation: Anything with optax's `init` and `update`.
      params: (shape, NumPy dtype) of each variable, by name.
    """
    whole = optax.with_extra_args_support(transformation)
    wide = any(np.dtype(dtype).itemsize == 8 for _, dtype in params.values())
    with jax.enable_x64(wide):
        structs = {n: jax.ShapeDtypeStruct(shape, dtype) for n, (shape, dtype) in params.items()}
        closed, state = jax.make_jaxpr(whole.init, return_shape=True)(structs)
        names = list(jax.tree.leaves({n: n for n in structs}))
        reads = _dependencies(closed.jaxpr, names)
    paths, structure = jax.tree_util.tree_flatten_with_path(state)
    leaves = tuple(_leaf(path, struct, structs, r) for (path, struct), r in zip(paths, reads, strict=True))
    return StateLayout(whole, structs, structure, leaves, wide)


def _dependencies(jaxpr: Any, names: Sequence[str]) -> list[frozenset[str]]:
    """Returns, for each output of a jaxpr, the names of the inputs that it is computed from."""
    known: dict[int, frozenset[str]] = {id(v): frozenset((n,)) for v, n in zip(jaxpr.invars, names, strict=True)}

    def of(variables: Sequence[Any]) -> frozenset[str]:
        return frozenset().union(*(known.get(id(v), frozenset()) for v in variables))

    for equation in jaxpr.eqns:
        found = of(equation.invars)
        known.update((id(v), found) for v in equation.outvars)
    return [of([v]) for v in jaxpr.outvars]


def _leaf(path: Sequence[Any], struct: Any, params: Mapping[str, Any], reads: frozenset[str]) -> StateLeaf:
    param = field = None
    for key in path:
        name = getattr(key, "name", getattr(key, "key", None))  # of a field, of a dict; a position has neither
        if isinstance(key, jax.tree_util.DictKey) and name in params:
            param = name
        elif isinstance(name, str):
            field = name
    kind = None
    if jnp.issubdtype(struct.dtype, jax.dtypes.prng_key):
        kind, struct = _key_form(struct)
    return StateLeaf(field or "state", param, tuple(struct.shape), as_dtype(np.dtype(struct.dtype)), kind, reads)


def _key_form(struct: Any) -> tuple[Any, Any]:
    """Returns (the kind of random numbers, the form of the numbers) of a random key."""
    kinds: list[Any] = []

    def data(key: Any) -> Any:
        kinds.append(jax.random.key_impl(key))
        return jax.random.key_data(key)

    form = jax.eval_shape(data, struct)
    return kinds[0], form


def _stored(leaf: Any) -> Any:
    """Returns a leaf as a variable holds it."""
    leaf = jnp.asarray(leaf)
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _restored(value: Any, leaf: StateLeaf) -> Any:
    """Returns a leaf as the transformation knows it."""
    return value if leaf.random_key is None else jax.random.wrap_key_data(value, impl=leaf.random_key)


# -------------------------------------------------------------------------------------------------------- nodes


def _layout_of(op: Operation) -> StateLayout:
    layout = None if op._extra is None else op._extra.get("layout")
    if layout is None:
        raise UnimplementedError(
            None, op,
            f"The node '{op.name}' ({op.type}) came with an imported graph, and the optax transformation behind it is "
            "a Python object that no GraphDef holds: make the OptaxOptimizer again, and restore its variables.",
        )  # fmt: skip
    return layout


@defop(
    "OptaxInit(params: Tparams...; Tstate: list(type), shapes: list(shape), names: list(string)) -> state: Tstate...",
    shape=lambda c: list(c.attr("shapes")),
    gradient=NO_GRADIENT,
)
def _optax_init(ctx: Any, params: list[Any], *, names: Sequence[str]) -> Any:
    return _layout_of(ctx.op).initial(dict(zip(names, params, strict=True)))


def _step(ctx: Any, var: list[Any], state: list[Any], grad: list[Any], extra: list[Any], *, names: Any) -> Any:
    params, leaves = _layout_of(ctx.op).stepped(
        [jnp.asarray(ctx.read(v)) for v in var],
        [jnp.asarray(ctx.read(s)) for s in state],
        [jnp.asarray(g) for g in grad],
        dict(zip(names, extra, strict=True)),
    )
    for ref, value in zip((*var, *state), (*params, *leaves), strict=True):
        ctx.write(ref, value)
    return ()


for _name, _kinds in (
    ("OptaxUpdate", "var: Ref Tvar..., state: Ref Tstate..."),
    ("ResourceOptaxUpdate", "var: N * resource, state: M * resource"),
):
    declare(
        f"{_name}({_kinds}, grad: Tgrad..., extra: Textra...; names: list(string))",
        _step,
        shape=lambda c: [],
        reads=("var", "state"),
        writes=("var", "state"),
        gradient=NO_GRADIENT,
    )


def optax_init(layout: StateLayout, params: Mapping[str, Tensor]) -> list[Tensor]:
    """Records the node of the initial state; `params` holds the variables that it depends on."""
    found = apply_op(
        "OptaxInit", list(params.values()), Tstate=[leaf.dtype for leaf in layout.leaves],
        shapes=[leaf.shape for leaf in layout.leaves], names=list(params), name="OptaxInit",
    )  # fmt: skip
    found[0].op._extra = {**(found[0].op._extra or {}), "layout": layout}
    return found


def optax_update(
    layout: StateLayout,
    variables: Sequence[Any],
    state: Sequence[Any],
    grads: Sequence[Tensor],
    extra: Mapping[str, Any],
) -> Operation:
    """Records the node of one step."""
    op_type = "ResourceOptaxUpdate" if variables[0].op.type == "VarHandleOp" else "OptaxUpdate"
    op = apply_op(
        op_type, list(variables), list(state), list(grads), list(extra.values()), names=list(extra),
        name="OptaxUpdate",
    )  # fmt: skip
    op._extra = {**(op._extra or {}), "layout": layout}
    return op
