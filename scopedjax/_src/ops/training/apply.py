"""`Apply*` and `SparseApply*`: one node that moves a variable and its slots along a gradient.

    ApplyMomentum(var, accum, lr, grad, momentum)                 every element
    SparseApplyMomentum(var, accum, lr, grad, indices, momentum)  the gathered rows only; rows named twice are added
    up first

    ResourceApplyMomentum(var, accum, ...)                        the same for handles, without an output

One table row declares the forms of a rule: the signature tells which inputs are variables (`Ref`), `grad` or
`delta` is the gradient, the others are hyper-parameters, and `update` makes the step from an optax transformation in
`transforms`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from scopedjax._src.base.dtypes import NUMERIC
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.state.handles import StorageContext
from scopedjax._src.ops.training import transforms as rules

# (slots in the order of the signature, gradient, value, hyper-parameters) -> (step, new slots)
Update = Callable[[Sequence[Any], Any, Any, dict[str, Any]], tuple[Any, Sequence[Any]]]


def _updated(rule: optax.GradientTransformation, grad: Any, state: Any, value: Any = None) -> tuple[Any, Any]:
    """Returns (step, new state): to optax a state is any tree, and here its fields are known."""
    return rule.update(grad, state, value)


def _gradient_descent(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    step, _ = _updated(rules.gradient_descent(h["alpha"]), grad, optax.ScaleState())
    return step, ()


def _momentum(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    rule = rules.momentum(h["lr"], h["momentum"], h["use_nesterov"])
    step, state = _updated(rule, grad, (optax.TraceState(slots[0]), optax.ScaleState()))
    return step, (state[0].trace,)


def _adam(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    rule = rules.adam(h["lr"], h["beta1"], h["beta2"], h["epsilon"], h["use_nesterov"])
    state = rules.AdamState(slots[0], slots[1], h["beta1_power"], h["beta2_power"])
    step, new = _updated(rule, grad, state)
    return step, (new.mu, new.nu)


def _adagrad(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    if not h["update_slots"]:
        return -h["lr"] * grad / jnp.sqrt(slots[0]), slots
    state = (optax.ScaleByRssState(slots[0]), optax.ScaleState())
    step, new = _updated(rules.adagrad(h["lr"]), grad, state)
    return step, (new[0].sum_of_squares,)


def _adadelta(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    state = (optax.ScaleByAdaDeltaState(slots[0], slots[1]), optax.ScaleState())
    step, new = _updated(rules.adadelta(h["lr"], h["rho"], h["epsilon"]), grad, state, value)
    return step, (new[0].e_g, new[0].e_x)


def _rmsprop(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    ms, mom = slots
    rule = rules.rmsprop(h["lr"], h["rho"], h["momentum"], h["epsilon"], centered=False)
    empty = optax.ScaleState()
    step, new = _updated(rule, grad, (optax.ScaleByRmsState(ms), empty, optax.TraceState(mom), empty))
    return step, (new[0].nu, new[2].trace)


def _centered_rmsprop(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    mg, ms, mom = slots
    rule = rules.rmsprop(h["lr"], h["rho"], h["momentum"], h["epsilon"], centered=True)
    empty = optax.ScaleState()
    step, new = _updated(rule, grad, (optax.ScaleByRStdDevState(mg, ms), empty, optax.TraceState(mom), empty))
    return step, (new[0].mu, new[0].nu, new[2].trace)


def _ftrl(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    shrinkage = h.get("l2_shrinkage", 0)
    rule = rules.ftrl(h["lr"], h["l1"], h["l2"], shrinkage, h["lr_power"], h["multiply_linear_by_lr"])
    step, new = _updated(rule, grad, rules.FtrlState(slots[0], slots[1]), value)
    return step, (new.accumulator, new.linear)


def _proximal_descent(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    rule = rules.proximal_gradient_descent(h["alpha"], h["l1"], h["l2"])
    return _updated(rule, grad, rules.NoState(), value)[0], ()


def _proximal_adagrad(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    rule = rules.proximal_adagrad(h["lr"], h["l1"], h["l2"])
    step, new = _updated(rule, grad, rules.ProximalAdagradState(slots[0]), value)
    return step, (new.accumulator,)


def _adagrad_da(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> tuple[Any, Sequence[Any]]:
    rule = rules.adagrad_da(h["lr"], h["l1"], h["l2"], h["global_step"])
    step, new = _updated(rule, grad, rules.AdagradDAState(slots[0], slots[1]), value)
    return step, (new.gradient, new.squared)


def distinct_rows(values: Any, indices: Any) -> tuple[Any, Any]:
    """Adds up rows of the same index, in an array of the same static size.

    Args:
      values: `[n, ...]`.
      indices: Integers `[n]`.

    Returns:
      (`[n, ...]`, `[n]`): the sums, then zeros; the distinct indices in ascending order, then numbers out of every
      range, which a scatter drops.
    """
    count = indices.shape[0]
    if count == 0:
        return values, indices
    values, indices = jnp.asarray(values), jnp.asarray(indices)
    order = jnp.argsort(indices)
    ordered = indices[order]
    starts = jnp.concatenate([jnp.ones(1, bool), ordered[1:] != ordered[:-1]])
    place = jnp.cumsum(starts) - 1
    summed = jnp.zeros_like(values).at[place].add(values[order])
    unused = np.iinfo(indices.dtype).max
    distinct = jnp.full_like(indices, unused).at[place].set(ordered)
    return summed, distinct


def _shapes(arguments: Sequence[str], references: Sequence[str]) -> Callable[[ShapeContext], list[Dims]]:
    """The rule for the shapes of a form: slots are like the variable, hyper-parameters scalars, and a gradient is like
    the variable or, of gathered rows, like some rows of it."""

    def rule(c: ShapeContext) -> list[Dims]:
        whole: Dims = None
        for at, name in enumerate(arguments):
            if name in references or (name in ("grad", "delta") and "indices" not in arguments):
                try:
                    whole = merge_dims(whole, c.dims(at))
                except ValueError as error:
                    raise c.fail(str(error)) from None
            elif name not in ("grad", "indices"):
                c.require_rank(at, 0)
        if "indices" in arguments:
            _check_rows(c, whole, c.dims(arguments.index("grad")), arguments.index("indices"))
        return [whole]

    return rule


def _checked(rule: Callable[[ShapeContext], list[Dims]]) -> Callable[[ShapeContext], list[Dims]]:
    """The checks of a rule for variables that are named by handles; such a form has no output."""

    def check(c: ShapeContext) -> list[Dims]:
        rule(StorageContext.of(c))
        return []

    return check


def _check_rows(c: ShapeContext, whole: Dims, rows: Dims, indices: int) -> None:
    (count,) = c.require_rank(indices, 1)
    if whole is None or rows is None:
        return
    try:
        merge_dims((count, *whole[1:]), rows)
    except ValueError as error:
        raise c.fail(str(error)) from None


def _is_variable(name: str, signature: str) -> bool:
    return f"{name}: Ref" in signature or f"{name}: resource" in signature


def declare_rule(signature: str, update: Update) -> None:
    """Declares the form of a rule that a signature describes."""
    arguments = [a.split(":")[0].strip() for a in signature[signature.index("(") + 1 : signature.index(";")].split(",")]
    references = tuple(a for a in arguments if _is_variable(a, signature))
    is_resource = references[0] + ": resource" in signature
    attrs = tuple(n for n in ("use_nesterov", "update_slots", "multiply_linear_by_lr") if f"{n}:" in signature)

    def lower(ctx: Any, *values: Any, **options: Any) -> Any:
        given = dict(zip(arguments, values, strict=True))
        refs = [given.pop(name) for name in references]
        grad = given.pop("grad") if "grad" in given else given.pop("delta")
        indices = given.pop("indices", None)
        hyper = {**given, **options}
        whole = [ctx.read(ref) for ref in refs]
        if indices is None:
            step, slots = update(whole[1:], grad, whole[0], hyper)
            new = [whole[0] + step, *slots]
        else:
            grad, at = distinct_rows(grad, indices)
            rows = [w.at[at].get(mode="fill", fill_value=1) for w in whole]
            step, slots = update(rows[1:], grad, rows[0], hyper)
            changed = [rows[0] + step, *slots]
            new = [
                w.at[at].set(c.astype(w.dtype), mode="drop", unique_indices=False)
                for w, c in zip(whole, changed, strict=True)
            ]
        for ref, old, value in zip(refs, whole, new, strict=True):
            ctx.write(ref, jnp.asarray(value, old.dtype))
        return None if is_resource else refs[0]

    shapes = _shapes(arguments, references)
    record = declare(
        signature, lower, shape=_checked(shapes) if is_resource else shapes, reads=references, writes=references,
        gradient=NO_GRADIENT, types={"T": NUMERIC},
    )  # fmt: skip
    record.wanted_attrs = attrs


_LOCK = "use_locking: bool = False"
_ROWS: tuple[tuple[str, Update], ...] = (
    (f"ApplyGradientDescent(var: Ref T, alpha: T, delta: T; {_LOCK})", _gradient_descent),
    (
        f"ApplyMomentum(var: Ref T, accum: Ref T, lr: T, grad: T, momentum: T; {_LOCK}, use_nesterov: bool = False)",
        _momentum,
    ),
    (
        f"SparseApplyMomentum(var: Ref T, accum: Ref T, lr: T, grad: T, indices: Tindices, momentum: T; {_LOCK}, "
        "use_nesterov: bool = False)",
        _momentum,
    ),
    (
        "ApplyAdam(var: Ref T, m: Ref T, v: Ref T, beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, "
        "epsilon: T, "
        f"grad: T; {_LOCK}, use_nesterov: bool = False)",
        _adam,
    ),
    (f"ApplyAdagrad(var: Ref T, accum: Ref T, lr: T, grad: T; {_LOCK}, update_slots: bool = True)", _adagrad),
    (
        f"SparseApplyAdagrad(var: Ref T, accum: Ref T, lr: T, grad: T, indices: Tindices; {_LOCK}, "
        f"update_slots: bool = True)",
        _adagrad,
    ),
    (
        f"ApplyAdadelta(var: Ref T, accum: Ref T, accum_update: Ref T, lr: T, rho: T, epsilon: T, grad: T; {_LOCK})",
        _adadelta,
    ),
    (
        "SparseApplyAdadelta(var: Ref T, accum: Ref T, accum_update: Ref T, lr: T, rho: T, epsilon: T, grad: T, "
        f"indices: Tindices; {_LOCK})",
        _adadelta,
    ),
    (
        f"ApplyRMSProp(var: Ref T, ms: Ref T, mom: Ref T, lr: T, rho: T, momentum: T, epsilon: T, grad: T; {_LOCK})",
        _rmsprop,
    ),
    (
        "SparseApplyRMSProp(var: Ref T, ms: Ref T, mom: Ref T, lr: T, rho: T, momentum: T, epsilon: T, grad: T, "
        f"indices: Tindices; {_LOCK})",
        _rmsprop,
    ),
    (
        "ApplyCenteredRMSProp(var: Ref T, mg: Ref T, ms: Ref T, mom: Ref T, lr: T, rho: T, momentum: T, epsilon: T, "
        f"grad: T; {_LOCK})",
        _centered_rmsprop,
    ),
    (
        "SparseApplyCenteredRMSProp(var: Ref T, mg: Ref T, ms: Ref T, mom: Ref T, lr: T, rho: T, momentum: T, "
        "epsilon: T, "
        f"grad: T, indices: Tindices; {_LOCK})",
        _centered_rmsprop,
    ),
    (
        "ApplyFtrl(var: Ref T, accum: Ref T, linear: Ref T, grad: T, lr: T, l1: T, l2: T, lr_power: T; "
        f"{_LOCK}, multiply_linear_by_lr: bool = False)",
        _ftrl,
    ),
    (
        "ApplyFtrlV2(var: Ref T, accum: Ref T, linear: Ref T, grad: T, lr: T, l1: T, l2: T, l2_shrinkage: T, "
        "lr_power: T; "
        f"{_LOCK}, multiply_linear_by_lr: bool = False)",
        _ftrl,
    ),
    (
        "SparseApplyFtrl(var: Ref T, accum: Ref T, linear: Ref T, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
        f"lr_power: T; {_LOCK}, multiply_linear_by_lr: bool = False)",
        _ftrl,
    ),
    (
        "SparseApplyFtrlV2(var: Ref T, accum: Ref T, linear: Ref T, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
        f"l2_shrinkage: T, lr_power: T; {_LOCK}, multiply_linear_by_lr: bool = False)",
        _ftrl,
    ),
    (f"ApplyProximalGradientDescent(var: Ref T, alpha: T, l1: T, l2: T, delta: T; {_LOCK})", _proximal_descent),
    (
        f"SparseApplyProximalGradientDescent(var: Ref T, alpha: T, l1: T, l2: T, grad: T, indices: Tindices; {_LOCK})",
        _proximal_descent,
    ),
    (f"ApplyProximalAdagrad(var: Ref T, accum: Ref T, lr: T, l1: T, l2: T, grad: T; {_LOCK})", _proximal_adagrad),
    (
        "SparseApplyProximalAdagrad(var: Ref T, accum: Ref T, lr: T, l1: T, l2: T, grad: T, indices: Tindices; "
        f"{_LOCK})",
        _proximal_adagrad,
    ),
    (
        "ApplyAdagradDA(var: Ref T, gradient_accumulator: Ref T, gradient_squared_accumulator: Ref T, grad: T, "
        "lr: T, l1: T, "
        f"l2: T, global_step: int64; {_LOCK})",
        _adagrad_da,
    ),
    (
        "SparseApplyAdagradDA(var: Ref T, gradient_accumulator: Ref T, gradient_squared_accumulator: Ref T, grad: T, "
        f"indices: Tindices, lr: T, l1: T, l2: T, global_step: int64; {_LOCK})",
        _adagrad_da,
    ),
)
for _signature, _update in _ROWS:
    declare_rule(f"{_signature} -> out: Ref T", _update)
    declare_rule(f"Resource{_signature.replace(': Ref T', ': resource')}", _update)


# Ours, where TF1 records Unique and UnsortedSegmentSum: how many rows are distinct depends on data, which would end the
# compiled program here. This keeps the static size, with empty rows out of range at the end.
declare(
    "DistinctRows(values: T, indices: Tindices) -> summed: T, distinct: Tindices",
    distinct_rows,
    shape=lambda c: [c.dims(0), c.dims(1)],
    gradient=NO_GRADIENT,
)
