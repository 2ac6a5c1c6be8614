"""Recurrent cells in one node, as `tf.contrib.rnn` records them: LSTMBlockCell, GRUBlockCell, BlockLSTM and the nodes
of their gradients.

    LSTM   (i, c', f, o) = [x, h] w + b     i = sigmoid(i + wci c)     f = sigmoid(f + forget_bias + wcf c)
           c' = tanh(c')                    new c = clip(c' i + c f)   o = sigmoid(o + wco new c)   h = o tanh(new c)
    GRU    (r, u) = sigmoid([x, h] w_ru + b_ru)      c = tanh([x, r h] w_c + b_c)      h = (1 - u) c + u h

`BlockLSTMV2` has its gates in the order i, f, c', o and no forget bias. TensorFlow's gradients take no notice of the
clipping, so its derivative is taken as one here. Steps of a sequence behind `seq_len_max` are zero (TensorFlow leaves
some of them undefined).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.registry import declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

_TYPES: Final = {"T": (dtypes.float16, dtypes.float32)}
_ORDERS: Final = {1: (0, 1, 2, 3), 2: (0, 2, 1, 3)}  # where i, c', f, o are, by version


class _Weights(NamedTuple):
    """What the steps of an LSTM share."""

    w: Any
    wci: Any
    wcf: Any
    wco: Any
    b: Any


class _Kind(NamedTuple):
    """How an LSTM computes."""

    forget_bias: float
    cell_clip: float
    use_peephole: bool
    order: tuple[int, ...]


def _lstm_step(x: Any, c: Any, h: Any, weights: _Weights, kind: _Kind) -> tuple[Any, ...]:
    """Returns (i, new c, f, o, c', tanh(new c), h)."""
    gates = jnp.split(jnp.concatenate([x, h], 1) @ weights.w + weights.b, 4, axis=1)
    i, j, f, o = (gates[at] for at in kind.order)
    f = f + kind.forget_bias
    if kind.use_peephole:
        i, f = i + weights.wci * c, f + weights.wcf * c
    i, f, j = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(j)
    new = j * i + c * f
    if kind.cell_clip > 0:
        new = new + jax.lax.stop_gradient(jnp.clip(new, -kind.cell_clip, kind.cell_clip) - new)
    if kind.use_peephole:
        o = o + weights.wco * new
    o, out = jax.nn.sigmoid(o), jnp.tanh(new)
    return i, new, f, o, j, out, o * out


def _lstm_back(c: Any, made: Sequence[Any], dc: Any, dh: Any, weights: _Weights, kind: _Kind) -> tuple[Any, ...]:
    """Returns (gradient of c, of the gates, of wci, of wcf, of wco) of one step."""
    i, new, f, o, j, out = made
    do = o * (1 - o) * dh * out
    dc = (1 - out * out) * dh * o + dc
    if kind.use_peephole:
        dc = dc + do * weights.wco
    dj, df, di = (1 - j * j) * dc * i, f * (1 - f) * dc * c, i * (1 - i) * dc * j
    before = dc * f
    if kind.use_peephole:
        before = before + di * weights.wci + df * weights.wcf
    found = (di, dj, df, do)
    gates = jnp.concatenate([found[kind.order.index(at)] for at in range(4)], 1)
    peepholes = (di * c, df * c, do * new) if kind.use_peephole else (jnp.zeros_like(c),) * 3
    return before, gates, *(jnp.sum(p, 0) for p in peepholes)


def _cell_dims(c: ShapeContext) -> list[Dims]:
    rows, before = c.require_rank(0, 2), c.require_rank(1, 2)
    return [(rows[0], before[1])] * 7


@defop(
    "LSTMBlockCell(x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T; forget_bias: float = 1.0, "
    "cell_clip: float = 3.0, use_peephole: bool = False) -> i: T, cs: T, f: T, o: T, ci: T, co: T, h: T",
    shape=_cell_dims,
    types=_TYPES,
)
def _cell(
    x: Any, cs_prev: Any, h_prev: Any, *weights: Any, forget_bias: float, cell_clip: float, use_peephole: bool
) -> Any:
    kind = _Kind(forget_bias, cell_clip, use_peephole, _ORDERS[1])
    return _lstm_step(x, cs_prev, h_prev, _Weights(*weights), kind)


def _cell_grad_dims(c: ShapeContext) -> list[Dims]:
    (rows, _), (_, width) = c.require_rank(0, 2), c.require_rank(1, 2)
    return [(rows, width), (rows, None if width is None else 4 * width), *[c.dims(at) for at in (4, 5, 6)]]


@defop(
    "LSTMBlockCellGrad(x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T, i: T, cs: T, f: T, o: T, "
    "ci: T, co: T, cs_grad: T, h_grad: T; use_peephole: bool) -> cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, "
    "wco_grad: T",
    shape=_cell_grad_dims,
    types=_TYPES,
)
def _cell_grad(x: Any, cs_prev: Any, h_prev: Any, *given: Any, use_peephole: bool) -> Any:
    kind = _Kind(0.0, 0.0, use_peephole, _ORDERS[1])
    return _lstm_back(cs_prev, given[5:11], given[11], given[12], _Weights(*given[:5]), kind)


# ------------------------------------------------------------------------------------------------------- sequences


def _block_dims(c: ShapeContext) -> list[Dims]:
    (steps, rows, _), (_, width) = c.require_rank(1, 3), c.require_rank(2, 2)
    return [(steps, rows, width)] * 7


def _block(seq_len_max: Any, x: Any, cs_prev: Any, h_prev: Any, weights: _Weights, kind: _Kind) -> Any:
    x = jnp.asarray(x)

    def step(carry: tuple[Any, Any], given: tuple[Any, Any]) -> Any:
        at, row = given
        made = _lstm_step(row, *carry, weights, kind)
        runs = at < seq_len_max
        made = tuple(jnp.where(runs, value, jnp.zeros_like(value)) for value in made)
        kept = tuple(jnp.where(runs, new, old) for new, old in zip((made[1], made[6]), carry, strict=True))
        return kept, made

    start = (jnp.asarray(cs_prev), jnp.asarray(h_prev))
    return jax.lax.scan(step, start, (jnp.arange(x.shape[0]), x))[1]


def _block_back(given: dict[str, Any], weights: _Weights, kind: _Kind) -> Any:
    """Goes through the steps of a sequence from the last to the first; `given` has the inputs by name."""
    x = jnp.asarray(given["x"])
    befores = [jnp.concatenate([jnp.asarray(given[f"{n}_prev"])[None], given[n][:-1]]) for n in ("cs", "h")]
    made = [given[name] for name in ("i", "cs", "f", "o", "ci", "co")]

    def step(carry: tuple[Any, ...], row: tuple[Any, ...]) -> Any:
        (dc, dh, sums), (at, x, c, h, dc_here, dh_here, *values) = carry, row
        dc_new, gates, *peepholes = _lstm_back(c, values, dc + dc_here, dh + dh_here, weights, kind)
        both = gates @ weights.w.T
        dx, dh_new = both[:, : x.shape[1]], both[:, x.shape[1] :]
        more = (jnp.concatenate([x, h], 1).T @ gates, *peepholes, jnp.sum(gates, 0))
        runs = at < given["seq_len_max"]
        new = (dc_new, dh_new, tuple(old + new for old, new in zip(sums, more, strict=True)))
        kept = jax.tree_util.tree_map(lambda new, old: jnp.where(runs, new, old), new, (dc, dh, sums))
        return kept, jnp.where(runs, dx, jnp.zeros_like(dx))

    zero = jnp.zeros_like(befores[0][0])
    sums = (weights.w, weights.wci, weights.wcf, weights.wco, weights.b)
    start = (zero, zero, tuple(jnp.zeros_like(s) for s in sums))
    rows = (jnp.arange(x.shape[0]), x, *befores, given["cs_grad"], given["h_grad"], *made)
    (dc, dh, sums), dx = jax.lax.scan(step, start, rows, reverse=True)
    return dx, dc, dh, *sums


def _block_grad_dims(c: ShapeContext) -> list[Dims]:
    return [c.dims(at) for at in range(1, 9)]


_INPUTS: Final = "seq_len_max: int64, x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T"
_MADE: Final = "i: T, cs: T, f: T, o: T, ci: T, co: T, h: T"


def _declare_sequences(version: int) -> None:
    end = "V2" if version == 2 else ""
    first = "" if version == 2 else "forget_bias: float = 1.0, "
    order = _ORDERS[version]
    names = [part.split(":")[0] for part in f"{_INPUTS}, {_MADE}, cs_grad: T, h_grad: T".split(", ")]

    def forward(
        seq_len_max: Any, x: Any, cs_prev: Any, h_prev: Any, *weights: Any,
        forget_bias: float = 0.0, cell_clip: float, use_peephole: bool,
    ) -> Any:  # fmt: skip
        kind = _Kind(forget_bias, cell_clip, use_peephole, order)
        return _block(seq_len_max, x, cs_prev, h_prev, _Weights(*weights), kind)

    def backward(*values: Any, use_peephole: bool) -> Any:
        weights = _Weights(*(jnp.asarray(value) for value in values[4:9]))
        kind = _Kind(0.0, 0.0, use_peephole, order)
        return _block_back(dict(zip(names, values, strict=True)), weights, kind)

    clip = 0.0 if version == 2 else 3.0
    declare(
        f"BlockLSTM{end}({_INPUTS}; {first}cell_clip: float = {clip}, use_peephole: bool = False) -> {_MADE}",
        forward,
        shape=_block_dims,
        types=_TYPES,
    )
    declare(
        f"BlockLSTMGrad{end}({_INPUTS}, {_MADE}, cs_grad: T, h_grad: T; use_peephole: bool) -> x_grad: T, "
        "cs_prev_grad: T, h_prev_grad: T, w_grad: T, wci_grad: T, wcf_grad: T, wco_grad: T, b_grad: T",
        backward,
        shape=_block_grad_dims,
        types=_TYPES,
    )


_declare_sequences(1)
_declare_sequences(2)


# -------------------------------------------------------------------------------------------------------------- GRU


def _gru_dims(c: ShapeContext) -> list[Dims]:
    (rows, _), (_, width) = c.require_rank(0, 2), c.require_rank(1, 2)
    return [(rows, width)] * 4


_GRU: Final = "x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T"


@defop(f"GRUBlockCell({_GRU}) -> r: T, u: T, c: T, h: T", shape=_gru_dims, types={"T": (dtypes.float32,)})
def _gru(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> Any:
    r, u = jnp.split(jax.nn.sigmoid(jnp.concatenate([x, h_prev], 1) @ w_ru + b_ru), 2, axis=1)
    c = jnp.tanh(jnp.concatenate([x, r * h_prev], 1) @ w_c + b_c)
    return r, u, c, (1 - u) * c + u * h_prev


def _gru_grad_dims(c: ShapeContext) -> list[Dims]:
    (rows, inputs), (_, width) = c.require_rank(0, 2), c.require_rank(1, 2)
    return [(rows, inputs), (rows, width), (rows, width), (rows, None if width is None else 2 * width)]


@defop(
    f"GRUBlockCellGrad({_GRU}, r: T, u: T, c: T, d_h: T) -> d_x: T, d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T",
    shape=_gru_grad_dims,
    types={"T": (dtypes.float32,)},
)
def _gru_grad(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any, r: Any, u: Any, c: Any, d_h: Any) -> Any:
    inputs = x.shape[1]
    d_c = d_h * (1 - u) * (1 - c * c)
    d_u = d_h * (h_prev - c) * u * (1 - u)
    second = d_c @ jnp.asarray(w_c).T
    d_rh = second[:, inputs:]
    d_ru = jnp.concatenate([d_rh * h_prev * r * (1 - r), d_u], 1)
    first = d_ru @ jnp.asarray(w_ru).T
    return first[:, :inputs] + second[:, :inputs], first[:, inputs:] + d_rh * r + d_h * u, d_c, d_ru
