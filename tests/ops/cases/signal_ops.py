"""Rows of the transforms of signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import COMPLEX, WIDE_FLOATS, Case

X = (2, 3, 8)
WAVE = (2, 30)
SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
TOL = {"float32": 5e-5, "complex64": 5e-5, "float64": 1e-10, "complex128": 1e-10}
FEWER = {"names": "fewer nodes than TF1 records: what is known of the shapes is computed when the graph is made"}
EITHER = {"float32": 1e-4, "float64": 1e-6}  # TensorFlow keeps some factors in float32


def signal(function: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.signal.<function>` with these arguments behind the tensors."""
    return lambda tf, *tensors: getattr(tf.signal, function)(*tensors, *args, **options)


def back_and_forth(tf: Any, x: Any) -> Any:
    """The signal out of its short-time Fourier transform."""
    window = tf.signal.inverse_stft_window_fn(4)
    return tf.signal.inverse_stft(tf.signal.stft(x, 8, 4), 8, 4, window_fn=window)


def fails(label: str, call: Callable[..., Any], shape: Any = X) -> Case:
    """A row that fails on both sides."""
    return Case(label, call, [shape], fails=True)


TRANSFORMS = [
    *(Case(f, signal(f), [X], COMPLEX, tol=TOL, unknown=("partial",)) for f in ("fft", "ifft2d")),
    *(Case(f, signal(f), [X], ("complex64",), tol=TOL, **SHORT) for f in ("fft2d", "fft3d", "ifft", "ifft3d")),
    Case("rfft", signal("rfft"), [X], WIDE_FLOATS, tol=TOL, unknown=("partial", "unknown")),
    Case("rfft_cut", signal("rfft", [6], name="r"), [X], tol=TOL, grad=False, **SHORT),
    Case("rfft_padded", signal("rfft", [13]), [X], tol=TOL, **SHORT),
    Case("rfft2d", signal("rfft2d"), [X], tol=TOL, **SHORT),
    Case("rfft3d", signal("rfft3d", [2, 4, 9]), [X], tol=TOL, grad=False, **SHORT),
    Case("irfft", signal("irfft"), [(2, 3, 5)], COMPLEX, tol=TOL, unknown=("partial",)),
    Case("irfft_odd", signal("irfft", [7]), [(2, 5)], ("complex64",), tol=TOL, grad=False, **SHORT),
    Case("irfft_padded", signal("irfft", [12]), [(2, 5)], ("complex64",), tol=TOL, **SHORT),
    Case("irfft2d", signal("irfft2d"), [(2, 3, 5)], ("complex64",), tol=TOL, **SHORT),
    Case("irfft3d", signal("irfft3d", [2, 3, 8]), [(2, 3, 5)], ("complex64",), tol=TOL, grad=False, **SHORT),
    Case("spectral", lambda tf, x: tf.spectral.irfft(tf.spectral.rfft(x)), [X], tol=TOL, **SHORT),
    Case("root", lambda tf, x: tf.ifft(tf.fft(x)), [X], ("complex64",), tol=TOL, atol=1e-6, **SHORT),
    fails("fft_rank", lambda tf, x: tf.fft3d(tf.cast(x, tf.complex64)), (2, 3)),
    Case("fftshift", signal("fftshift"), [(5, 4)], notes=FEWER, **SHORT),
    Case("ifftshift", signal("ifftshift", 1), [(5, 4)], notes=FEWER, **SHORT),
]

WINDOWS = [
    *(
        Case(f"{name}_{n}_{periodic}", signal(f"{name}_window", n, periodic=periodic), atol=1e-6)
        for name in ("hann", "hamming")
        for n, periodic in ((8, True), (7, False), (1, True))
    ),
    Case(
        "hann_dynamic",
        lambda tf, n: tf.signal.hann_window(n, dtype=tf.float64),
        [np.int32(6)],
        tol=1e-7,
        atol=1e-7,
        names=False,
        **SHORT,
    ),
    Case("inverse_window", lambda tf: tf.signal.inverse_stft_window_fn(3)(8, dtype=tf.float32), tol=2e-5, notes=FEWER),
]

FRAMES = [
    Case("frame", signal("frame", 6, 4), [WAVE], notes=FEWER, unknown=("partial", "unknown")),
    Case("frame_end", signal("frame", 6, 4, pad_end=True, pad_value=-1), [WAVE], notes=FEWER, unknown=("partial",)),
    Case("frame_axis", signal("frame", 3, 2, axis=1), [(2, 7, 3)], notes=FEWER, **SHORT),
    Case("overlap", signal("overlap_and_add", 2), [(2, 4, 5)], notes=FEWER, unknown=("partial",)),
    Case("overlap_gaps", signal("overlap_and_add", 5), [(4, 3)], notes=FEWER, **SHORT),
    Case("stft", signal("stft", 8, 5), [WAVE], WIDE_FLOATS, tol=TOL, atol=1e-5, notes=FEWER, unknown=("partial",)),
    Case(
        "stft_options",
        signal("stft", 8, 5, fft_length=10, window_fn=None, pad_end=True),
        [WAVE],
        tol=1e-4,
        notes=FEWER,
        **SHORT,
    ),
    Case("inverse", back_and_forth, [WAVE], tol=1e-4, atol=1e-5, notes=FEWER, **SHORT),
]

COSINES = [
    *(
        Case(
            f"{function}_{kind}_{norm}",
            signal(function, kind, norm=norm),
            [(2, 3, 6)],
            WIDE_FLOATS if kind == 2 else ("float32",),
            tol=EITHER,
            atol=1e-5,
            notes=FEWER,
            **SHORT,
        )
        for function in ("dct", "idct")
        for kind in (1, 2, 3, 4)
        for norm in ((None, "ortho") if kind > 1 else (None,))
    ),
    Case("dct_longer", signal("dct", 2, 9), [X], tol=EITHER, atol=1e-5, notes=FEWER, unknown=("partial",)),
    Case("dct_shorter", signal("dct", 3, 5), [X], tol=EITHER, atol=1e-5, notes=FEWER, **SHORT),
    *(
        Case(
            f"dct_fourier_{kind}",
            signal("dct", kind, norm=norm),
            [(1, 1030)],
            tol=2e-3,
            atol=1e-4,
            notes=FEWER,
            grad=False,
            **SHORT,
        )
        for kind, norm in ((1, None), (2, "ortho"), (3, "ortho"), (4, "ortho"))
    ),
    fails("dct_axis", signal("dct", 2, axis=0)),
    fails("dct_kind", signal("dct", 5)),
    fails("dct_norm", signal("dct", 2, norm="orto")),
    fails("dct_ortho_1", signal("dct", 1, norm="ortho")),
    Case("mel", signal("linear_to_mel_weight_matrix"), tol=1e-3, atol=1e-4, notes=FEWER),
    Case(
        "mel_wide",
        signal("linear_to_mel_weight_matrix", 40, 257, 16000, 20.0, 8000.0),
        tol=1e-3,
        atol=2e-4,
        notes=FEWER,
    ),
    Case("mel_edges", signal("linear_to_mel_weight_matrix", 20, 129, 8000, 300.0, 200.0), fails=True),
    Case("mel_nyquist", signal("linear_to_mel_weight_matrix", 20, 129, 8000, 100.0, 5000.0), fails=True),
    Case("mel_bins", signal("linear_to_mel_weight_matrix", 0), fails=True),
    Case("mfcc", signal("mfccs_from_log_mel_spectrograms"), [(2, 5, 20)], tol=1e-4, atol=1e-5, notes=FEWER, **SHORT),
]

CASES = [*TRANSFORMS, *WINDOWS, *FRAMES, *COSINES]
