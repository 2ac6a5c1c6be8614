"""Rows of fake quantization and of quantization proper."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import Case, In

X = In((3, 4), -8, 8)
LOW, HIGH = np.float32(-1.3), np.float32(2.6)
LOWS, HIGHS = np.array([-1.0, 0.0, 0.5, -3.0], np.float32), np.array([1.0, 2.0, 4.0, -1.0], np.float32)
VALUES = np.array([[-3.0, -1.01, -1.0, -0.5, 0.0], [0.1, 0.5, 0.999, 1.0, 2.0]], np.float32)


def _quantized(**options: object) -> object:
    def call(tf: object, x: object) -> object:
        kind = getattr(tf, str(options["T"]))
        rest = {k: v for k, v in options.items() if k not in ("T", "low", "high")}
        found = tf.quantization.quantize(x, options.get("low", -1.0), options.get("high", 1.5), kind, **rest)
        back = {k: v for k, v in rest.items() if k in ("mode", "narrow_range", "axis")}
        return [found[1], found[2], tf.quantization.dequantize(found[0], found[1], found[2], **back)]

    return call


FAKE = [
    Case("args", lambda tf, x: tf.fake_quant_with_min_max_args(x), [X]),
    Case(
        "args_options",
        lambda tf, x: tf.quantization.fake_quant_with_min_max_args(x, -1, 3, num_bits=3, narrow_range=True, name="q"),
        [X],
    ),
    Case("args_positive", lambda tf, x: tf.fake_quant_with_min_max_args(x, min=1, max=3), [X]),
    Case("args_range", lambda tf, x: tf.fake_quant_with_min_max_args(x, min=1, max=-1), [X], fails=True),
    Case("args_bits", lambda tf, x: tf.fake_quant_with_min_max_args(x, num_bits=17), [X], fails=True),
    Case("args_dtype", lambda tf, x: tf.fake_quant_with_min_max_args(x), [X], ("float64",), fails=True),
    Case("args_gradient", lambda tf, g, x: tf.fake_quant_with_min_max_args_gradient(g, x, -2, 2), [X, X], grad=False),
    Case("vars", lambda tf, x, a, b: tf.fake_quant_with_min_max_vars(x, a, b), [X, LOW, HIGH]),
    Case("vars_plain", lambda tf, x: tf.fake_quant_with_min_max_vars(x, -1.0, 1.0, num_bits=4, name="q"), [X]),
    Case("vars_narrow", lambda tf, x, a, b: tf.fake_quant_with_min_max_vars(x, a, b, 4, True), [X, LOW, HIGH]),
    Case("vars_zero", lambda tf, x: tf.fake_quant_with_min_max_vars(x, 0.0, 0.0), [X]),
    Case("vars_rank", lambda tf, x, a, b: tf.fake_quant_with_min_max_vars(x, a, b), [X, (1,), ()], fails=True),
    Case(
        "vars_gradient",
        lambda tf, g, x, a, b: list(tf.fake_quant_with_min_max_vars_gradient(g, x, a, b)),
        [X, X, LOW, HIGH],
        grad=False,
    ),
    Case(
        "channels", lambda tf, x, a, b: tf.fake_quant_with_min_max_vars_per_channel(x, a, b), [(2, 3, 4), LOWS, HIGHS]
    ),
    Case(
        "channels_vector",
        lambda tf, x, a, b: tf.fake_quant_with_min_max_vars_per_channel(x, a, b),
        [4 * LOWS, LOWS, HIGHS],
    ),
    Case(
        "channels_size",
        lambda tf, x, a, b: tf.fake_quant_with_min_max_vars_per_channel(x, a, b),
        [X, (3,), (3,)],
        fails=True,
    ),
    Case(
        "channels_gradient",
        lambda tf, g, x, a, b: list(tf.fake_quant_with_min_max_vars_per_channel_gradient(g, x, a, b)),
        [X, X, LOWS, HIGHS],
        grad=False,
    ),
]

PROPER = [
    *(
        Case(f"quantize_{mode}_{kind}".lower(), _quantized(T=kind, mode=mode), [VALUES], grad=False)
        for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED")
        for kind in ("quint8", "qint8")
    ),
    Case("quantize_qint16", _quantized(T="qint16"), [VALUES], grad=False),
    Case("quantize_qint32", _quantized(T="qint32", high=4.0), [VALUES], grad=False),
    Case("quantize_narrow", _quantized(T="qint8", mode="SCALED", narrow_range=True), [VALUES], grad=False),
    Case("quantize_even", _quantized(T="qint8", mode="SCALED", round_mode="HALF_TO_EVEN"), [VALUES], grad=False),
    Case("quantize_small_range", _quantized(T="quint8", low=0.0, high=0.0), [VALUES], grad=False),
    Case("quantize_range", _quantized(T="quint8", low=1.0, high=-1.0), [VALUES], grad=False, fails=True),
    Case("quantize_dtype", _quantized(T="float32"), [VALUES], grad=False, fails=True),
    Case("quantize_mode", _quantized(T="quint8", mode="MAX"), [VALUES], grad=False, fails=True),
    Case(
        "quantize_axis",
        _quantized(T="qint8", mode="SCALED", axis=0, low=[-1.0, -2.0], high=[1.0, 3.0]),
        [VALUES],
        grad=False,
        unknown=False,
    ),
    Case("quantize_v2", lambda tf, x: list(tf.quantize_v2(x, -1.0, 1.0, tf.qint8, name="q")[1:]), [VALUES], grad=False),
    *(
        Case(
            f"there_and_back_{name}",
            lambda tf, x, options=options: tf.quantization.quantize_and_dequantize(x, -1.0, 1.5, **options),
            [X],
            ("float32", "float64"),
        )
        for name, options in (
            ("plain", {}),
            ("given", {"range_given": True}),
            ("unsigned", {"signed_input": False, "range_given": True}),
            ("few", {"num_bits": 3, "round_mode": "HALF_UP", "narrow_range": True}),
            ("bits", {"num_bits": 4, "name": "q"}),
        )
    ),
    Case("there_and_back_columns", lambda tf, x: tf.quantization.quantize_and_dequantize(x, LOWS, LOWS, axis=1), [X]),
    Case(
        "there_and_back_too_many",
        lambda tf, x: tf.quantization.quantize_and_dequantize(x, 0.0, 1.0, num_bits=70),
        [X],
        fails=True,
    ),
]

CASES = [*FAKE, *PROPER]
