"""Discrete cosine transforms and what speech makes of them: `dct`, `idct`, the mel scale, MFCCs.

    type 1   x[0] + (-1)**k x[n-1] + 2 sum x[i] cos(pi k i / (n - 1))
    type 2   2 sum x[i] cos(pi k (2i + 1) / (2n))
    type 3   x[0] + 2 sum x[i] cos(pi i (2k + 1) / (2n))
    type 4   2 sum x[i] cos(pi (2i + 1)(2k + 1) / (4n))

The mel scale is HTK's: `mel = 1127 ln(1 + f / 700)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.joining import concat, pad
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast, real
from scopedjax._src.ops.math.linear_algebra import tensordot
from scopedjax._src.ops.signal.transforms import irfft, rfft

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


def _check(x: Tensor, kind: int, n: Any, axis: int, norm: Any) -> int:
    """Checks the arguments; returns the number of samples.

    Raises:
      NotImplementedError: another axis than the last.
      ValueError: an unknown type or norm, or a combination that does not exist.
    """
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    size = x.shape.as_list()[-1] if n is None else int(n)
    if n is not None and int(n) < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in _INVERSE:
        raise ValueError("Types I, II, III and IV (I)DCT are supported.")
    if kind == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")
    if kind == 1 and size is not None and size < 2:
        raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")
    if size is None:
        raise ValueError("the cosine transform needs the static size of the last axis, or n; use set_shape")
    return size


def _basis(size: int, kind: int, ortho: bool) -> np.ndarray:
    """The transform as a matrix: column `k` are the weights of output `k`. In double precision."""
    i, k = np.arange(size)[:, None], np.arange(size)[None, :]
    if kind == 1:
        weights = 2 * np.cos(np.pi * i * k / (size - 1))
        weights[[0, -1]] /= 2
        return weights
    if kind == 4:
        return 2 * np.cos(np.pi * (2 * i + 1) * (2 * k + 1) / (4 * size)) * (np.sqrt(0.5 / size) if ortho else 1)
    if kind == 2:
        weights = 2 * np.cos(np.pi * k * (2 * i + 1) / (2 * size))
        if ortho:
            weights *= np.where(k == 0, 0.5 / np.sqrt(size), np.sqrt(0.5 / size))
        return weights
    weights = 2 * np.cos(np.pi * i * (2 * k + 1) / (2 * size))
    weights[0] = 1
    if ortho:
        weights *= np.where(i == 0, np.sqrt(1 / size), np.sqrt(0.5 / size))
    return weights


_BY_MATRIX = 1024  # longer transforms go by the fast Fourier transform of twice the length


def _transformed(x: Tensor, size: int, kind: int, norm: Any) -> Tensor:
    dims = x.shape.as_list()
    if dims[-1] is None or dims[-1] > size:
        x = x[..., :size]
    elif dims[-1] < size:
        x = pad(x, [[0, 0]] * (len(dims) - 1) + [[0, size - dims[-1]]])
    x.set_shape([*dims[:-1], size])
    if size <= _BY_MATRIX:
        weights = constant(_basis(size, kind, norm == "ortho"), dtype=x.dtype, name="basis")
        return tensordot(x, weights, axes=[[len(dims) - 1], [0]])
    return _by_fourier(x, size, kind, norm == "ortho")


def _by_fourier(x: Tensor, size: int, kind: int, ortho: bool) -> Tensor:
    whole = dtypes.complex128 if x.dtype.base_dtype is dtypes.float64 else dtypes.complex64
    if kind == 1:
        return real(rfft(concat([x, x[..., -2:0:-1]], -1)))
    if kind == 4:
        longer = _by_fourier(pad(x, [[0, 0]] * ((x.ndim or 1) - 1) + [[0, size]]), 2 * size, 2, False)
        return longer[..., 1::2] * (np.sqrt(0.5 / size) if ortho else 1.0)
    turn = np.exp((-1j if kind == 2 else 1j) * np.arange(size) * np.pi / (2 * size))
    if kind == 2:
        scale = np.where(np.arange(size) == 0, 0.5 / np.sqrt(size), np.sqrt(0.5 / size)) if ortho else 1.0
        spectrum = rfft(x, [2 * size])[..., :size]
        return real(spectrum * constant(2 * turn * scale, dtype=whole))
    scale = np.where(np.arange(size) == 0, np.sqrt(1 / size), np.sqrt(0.5 / size)) if ortho else 1.0
    weighted = cast(x, whole) * constant(2 * size * turn * scale, dtype=whole)
    return irfft(weighted, [2 * size])[..., :size]


def dct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Computes a discrete cosine transform over the last axis.

    Args:
      input: float32 or float64 tensor `[..., samples]`.
      type: 1, 2, 3 or 4; see the formulas of the module.
      n: Length of the transform: longer inputs are cut, shorter ones padded with zeros.
      axis: -1.
      norm: None, or "ortho" for a transform whose matrix is orthogonal (not for type 1).
      name: Name scope; defaults to "dct".

    Returns:
      Tensor `[..., n]`.

    Raises:
      NotImplementedError: another axis.
      ValueError: an unknown type or norm.

    >>> tf.Session().run(tf.signal.dct(tf.ones([4]), norm="ortho")).round(3).tolist()
    [2.0, 0.0, 0.0, 0.0]
    """
    with stacks.get_default_graph().name_scope(name or "dct"):
        x = convert_to_tensor(input)
        size = _check(x, type, n, axis, norm)
        return _transformed(x, size, type, norm)


def idct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Computes the inverse of a discrete cosine transform over the last axis, but for a factor.

    With `norm="ortho"` it is the very inverse; without, `idct(dct(x))` is `2 n x` (`2 (n - 1) x` for type 1).

    Args:
      input: float32 or float64 tensor `[..., samples]`.
      type: Type of the transform that is to be undone: 1, 2, 3 or 4.
      n: None.
      axis: -1.
      norm: None or "ortho".
      name: Name scope; defaults to "idct".

    Returns:
      Tensor of the shape of `input`.

    Raises:
      NotImplementedError: another axis.
      ValueError: an unknown type or norm.

    >>> x = tf.constant([1.0, 2.0, 3.0])
    >>> tf.Session().run(tf.signal.idct(tf.signal.dct(x, norm="ortho"), norm="ortho")).round(3).tolist()
    [1.0, 2.0, 3.0]
    """
    with stacks.get_default_graph().name_scope(name or "idct"):
        x = convert_to_tensor(input)
        inverse = _INVERSE.get(type, type)
        size = _check(x, inverse, n, axis, norm)
        return _transformed(x, size, inverse, norm)


# ------------------------------------------------------------------------------------------------------- mel


def _mel(hertz: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Returns the matrix that turns a spectrum over hertz into one over mel: overlapping triangles.

    Args:
      num_mel_bins: Number of triangles.
      num_spectrogram_bins: Number of frequencies of the spectrum, from 0 to half the sample rate.
      sample_rate: Samples a second.
      lower_edge_hertz: Where the first triangle begins.
      upper_edge_hertz: Where the last one ends.
      dtype: Floating dtype.
      name: Name scope; defaults to "linear_to_mel_weight_matrix".

    Returns:
      Tensor `[num_spectrogram_bins, num_mel_bins]`.

    Raises:
      ValueError: numbers that do not go together.

    >>> tf.signal.linear_to_mel_weight_matrix(num_mel_bins=10).shape.as_list()
    [129, 10]
    """
    kind = dtypes.as_dtype(dtype)
    with stacks.get_default_graph().name_scope(name or "linear_to_mel_weight_matrix"):
        rate = _known(sample_rate, "sample_rate")
        bins = int(_known(num_spectrogram_bins, "num_spectrogram_bins"))
        _check_mel(num_mel_bins, rate, lower_edge_hertz, upper_edge_hertz, kind)
        frequencies = _mel(np.linspace(0.0, rate / 2.0, bins)[1:])[:, None]
        edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
        weights = np.maximum(0.0, np.minimum(rising, falling))
        # The frequency zero belongs to no triangle.
        return constant(np.pad(weights, [[1, 0], [0, 0]]), dtype=kind)


def _known(value: Any, name: str) -> float:
    known = constant_value(value) if isinstance(value, Tensor) else value
    if known is None:
        raise ValueError(f"{name} must be known when the graph is recorded; got {value}")
    return float(known)


def _check_mel(count: int, rate: float, low: float, high: float, kind: Any) -> None:
    if count <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {count}")
    if low < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {low}")
    if low >= high:
        raise ValueError(f"lower_edge_hertz {low:.1f} >= upper_edge_hertz {high:.1f}")
    if rate <= 0.0:
        raise ValueError(f"sample_rate must be positive. Got: {rate}")
    if high > rate / 2:
        raise ValueError(
            "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). Got "
            f"{high} for sample_rate: {int(rate) if rate == int(rate) else rate}"
        )
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {kind}")


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Computes mel-frequency cepstral coefficients: an orthogonal cosine transform of the logarithm of mel spectra.

    Args:
      log_mel_spectrograms: float32 or float64 tensor `[..., num_mel_bins]`.
      name: Name scope; defaults to "mfccs_from_log_mel_spectrograms".

    Returns:
      Tensor `[..., num_mel_bins]`, scaled as HTK's: `sqrt(2 / n) sum x[i] cos(pi k (2i + 1) / (2n))`.

    Raises:
      ValueError: the number of mel bins is not known, or zero.

    >>> tf.signal.mfccs_from_log_mel_spectrograms(tf.zeros([2, 9, 20])).shape.as_list()
    [2, 9, 20]
    """
    with stacks.get_default_graph().name_scope(name or "mfccs_from_log_mel_spectrograms"):
        x = convert_to_tensor(log_mel_spectrograms)
        size = x.shape.as_list()[-1]
        if not size:
            raise ValueError(f"num_mel_bins must be positive. Got: {log_mel_spectrograms}")
        return dct(x, type=2) * (1.0 / np.sqrt(size * 2.0))
