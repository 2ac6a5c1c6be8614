"""Rules of TensorFlow that no optimizer of its first library uses, but contrib's and Keras's: AdaMax, Adagrad with
epsilon, AddSign, PowerSign, AMSGrad, Keras's momentum.

    AdaMax      m = b1 m + (1 - b1) g      v = max(b2 v, |g|)      w -= lr / (1 - b1 ** t) m / (v + eps)
    AdagradV2   a += g g                                           w -= lr g / (sqrt(a) + eps)
    AddSign     m = b m + (1 - b) g                                w -= lr (alpha + decay sign(g) sign(m)) g
    PowerSign   the same m                                         w -= lr exp(logbase decay sign(g) sign(m)) g
    AMSGrad     Adam's m and v, u = max(u, v)                      w -= lr' m / (sqrt(u) + eps), with Adam's lr'
    Keras       a = momentum a - lr g                              w += a, or with Nesterov w += momentum a - lr g

Kingma and Ba (2014), Bello et al. (2017), Reddi et al. (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp

from scopedjax._src.ops.training.apply import declare_rule

_Result = tuple[Any, Sequence[Any]]


def _adamax(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    m = h["beta1"] * slots[0] + (1 - h["beta1"]) * grad
    v = jnp.maximum(h["beta2"] * slots[1], jnp.abs(grad))
    return -h["lr"] / (1 - h["beta1_power"]) * (m / (v + h["epsilon"])), (m, v)


def _adagrad(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    squares = slots[0] + grad * grad if h["update_slots"] else slots[0]
    return -h["lr"] * grad / (jnp.sqrt(squares) + h["epsilon"]), (squares,)


def _signs(slots: Sequence[Any], grad: Any, h: dict[str, Any]) -> tuple[Any, Any]:
    m = h["beta"] * slots[0] + (1 - h["beta"]) * grad
    return m, h["sign_decay"] * jnp.sign(grad) * jnp.sign(m)


def _add_sign(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    m, agreement = _signs(slots, grad, h)
    return -h["lr"] * (h["alpha"] + agreement) * grad, (m,)


def _power_sign(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    m, agreement = _signs(slots, grad, h)
    return -h["lr"] * jnp.exp(h["logbase"] * agreement) * grad, (m,)


def _amsgrad(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    m = slots[0] + (grad - slots[0]) * (1 - h["beta1"])
    v = slots[1] + (grad * grad - slots[1]) * (1 - h["beta2"])
    largest = jnp.maximum(slots[2], v)
    rate = h["lr"] * jnp.sqrt(1 - h["beta2_power"]) / (1 - h["beta1_power"])
    return -(m * rate) / (jnp.sqrt(largest) + h["epsilon"]), (m, v, largest)


def _keras_momentum(slots: Sequence[Any], grad: Any, value: Any, h: dict[str, Any]) -> _Result:
    moved = h["momentum"] * slots[0] - h["lr"] * grad
    return h["momentum"] * moved - h["lr"] * grad if h["use_nesterov"] else moved, (moved,)


_LOCK: Final = "use_locking: bool = False"
_ROWS: Final = (
    ("ApplyAdaMax(var: Ref T, m: Ref T, v: Ref T, beta1_power: T, lr: T, beta1: T, beta2: T, epsilon: T, grad: T; "
     f"{_LOCK})", _adamax),
    (f"ApplyAdagradV2(var: Ref T, accum: Ref T, lr: T, epsilon: T, grad: T; {_LOCK}, update_slots: bool = True)",
     _adagrad),
    ("SparseApplyAdagradV2(var: Ref T, accum: Ref T, lr: T, epsilon: T, grad: T, indices: Tindices; "
     f"{_LOCK}, update_slots: bool = True)", _adagrad),
    (f"ApplyAddSign(var: Ref T, m: Ref T, lr: T, alpha: T, sign_decay: T, beta: T, grad: T; {_LOCK})", _add_sign),
    (f"ApplyPowerSign(var: Ref T, m: Ref T, lr: T, logbase: T, sign_decay: T, beta: T, grad: T; {_LOCK})",
     _power_sign),
)  # fmt: skip
for _signature, _update in _ROWS:
    declare_rule(f"{_signature} -> out: Ref T", _update)
    declare_rule(f"Resource{_signature.replace(': Ref T', ': resource')}", _update)
for _signature, _update in (
    ("ResourceApplyAdamWithAmsgrad(var: resource, m: resource, v: resource, vhat: resource, beta1_power: T, "
     f"beta2_power: T, lr: T, beta1: T, beta2: T, epsilon: T, grad: T; {_LOCK})", _amsgrad),
    ("ResourceApplyKerasMomentum(var: resource, accum: resource, lr: T, grad: T, momentum: T; "
     f"{_LOCK}, use_nesterov: bool = False)", _keras_momentum),
    ("ResourceSparseApplyKerasMomentum(var: resource, accum: resource, lr: T, grad: T, indices: Tindices, momentum: T; "
     f"{_LOCK}, use_nesterov: bool = False)", _keras_momentum),
):  # fmt: skip
    declare_rule(_signature, _update)
