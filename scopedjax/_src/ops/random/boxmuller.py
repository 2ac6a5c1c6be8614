"""Standard normals from random words, to the bit that TensorFlow gets on a CPU.

Box and Muller: two uniforms make two independent normals,

    r = sqrt(-2 log u1),   (x0, x1) = r * (sin 2 pi u2, cos 2 pi u2),   u1 raised to at least 1e-7.

The last bit of a float32 normal depends on whose `log`, `sin` and `cos` are called. TensorFlow calls the C library, and
the single-precision functions of glibc (2.28 and later) are short polynomials in double precision, rounded once at the
end. Evaluating the same polynomials here gives the same floats everywhere: there was no difference in any of the 2**23
arguments that a uniform float32 can produce, while even correctly rounded functions differ in the last bit of 1.5 % of
the normals. It is also five times faster on XLA's CPU backend than its double-precision `log`, `sin` and `cos`, since
nothing has to be prepared for arguments outside [0, 2 pi].

Why a bit matters that much: a truncated normal rejects values beyond 2, and one wrong bit near 2 would shift the
numbers behind it.

Source of the coefficients: Arm Optimized Routines (MIT licence), whose `logf`, `sinf` and `cosf` glibc took over in
2.28.
"""

from __future__ import annotations

import math

import numpy as np

from scopedjax._src.ops.random.philox import Array, Namespace, interleave
from scopedjax._src.ops.random.uniforms import uniform_float32, uniform_float64

__all__ = ["normals_float32", "normals_float64"]

_SMALLEST = 1e-7
_hex = float.fromhex

# sin y = y + y z (S0 + z (S1 + z S2)) and cos y = C0 + z (C1 + ...) with z = y * y, for |y| <= pi / 4.
_SIN = tuple(map(_hex, ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")))
_COS = tuple(
    map(
        _hex,
        ("0x1p+0", "-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5", "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16"),
    )
)
_TWO_OVER_PI = _hex("0x1.45f306dc9c883p-1")
_HALF_PI = _hex("0x1.921fb54442d18p+0")

# log(2**k z) = k log 2 + log c + log(z / c): the sixteen (1 / c, log c), c near the middle of the intervals that divide
# [_LOG_START, 2 _LOG_START), and a cubic for log(1 + r).
_LOG_START = 0x3F330000
_LOG_TABLE = np.array(
    [
        [_hex("0x1.661ec79f8f3bep+0"), _hex("-0x1.57bf7808caadep-2")],
        [_hex("0x1.571ed4aaf883dp+0"), _hex("-0x1.2bef0a7c06ddbp-2")],
        [_hex("0x1.49539f0f010bp+0"), _hex("-0x1.01eae7f513a67p-2")],
        [_hex("0x1.3c995b0b80385p+0"), _hex("-0x1.b31d8a68224e9p-3")],
        [_hex("0x1.30d190c8864a5p+0"), _hex("-0x1.6574f0ac07758p-3")],
        [_hex("0x1.25e227b0b8eap+0"), _hex("-0x1.1aa2bc79c81p-3")],
        [_hex("0x1.1bb4a4a1a343fp+0"), _hex("-0x1.a4e76ce8c0e5ep-4")],
        [_hex("0x1.12358f08ae5bap+0"), _hex("-0x1.1973c5a611cccp-4")],
        [_hex("0x1.0953f419900a7p+0"), _hex("-0x1.252f438e10c1ep-5")],
        [1.0, 0.0],
        [_hex("0x1.e608cfd9a47acp-1"), _hex("0x1.aa5aa5df25984p-5")],
        [_hex("0x1.ca4b31f026aap-1"), _hex("0x1.c5e53aa362eb4p-4")],
        [_hex("0x1.b2036576afce6p-1"), _hex("0x1.526e57720db08p-3")],
        [_hex("0x1.9c2d163a1aa2dp-1"), _hex("0x1.bc2860d22477p-3")],
        [_hex("0x1.886e6037841edp-1"), _hex("0x1.1058bc8a07ee1p-2")],
        [_hex("0x1.767dcf5534862p-1"), _hex("0x1.4043057b6ee09p-2")],
    ]
)
_LOG = tuple(map(_hex, ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")))
_LOG_2 = _hex("0x1.62e42fefa39efp-1")


def normals_float32(xp: Namespace, words: Array) -> Array:
    """Turns each pair of words into a pair of standard normals.

    Args:
      xp: `numpy` or `jax.numpy`.
      words: `uint32` array `[..., 2]`.

    Returns:
      `float32` array `[..., 2]`.
    """
    u = uniform_float32(words)
    u1 = xp.maximum(u[..., 0], np.float32(_SMALLEST))
    radius = xp.sqrt(np.float32(-2) * _log(xp, u1))
    angle = (u[..., 1].astype(np.float64) * (2 * math.pi)).astype(np.float32)
    sin, cos = _sin_cos(xp, angle)
    return interleave(xp, (sin * radius, cos * radius))


def normals_float64(xp: Namespace, block: tuple[Array, Array, Array, Array]) -> Array:
    """Turns each block into a pair of standard normals in double precision.

    The namespace's own functions are used: they are within one unit in the last place of the C library's.

    Args:
      xp: `numpy` or `jax.numpy`.
      block: Four `uint32` arrays `[...]`.

    Returns:
      `float64` array `[..., 2]`.
    """
    u1 = xp.maximum(uniform_float64(block[0], block[1]), _SMALLEST)
    angle = uniform_float64(block[2], block[3]) * (2 * math.pi)
    radius = xp.sqrt(-2.0 * xp.log(u1))
    return interleave(xp, (xp.sin(angle) * radius, xp.cos(angle) * radius))


def _log(xp: Namespace, x: Array) -> Array:
    """glibc's `logf`, for positive normal float32 numbers."""
    bits = x.view(np.int32)
    offset = bits - np.int32(_LOG_START)
    interval = (offset >> np.int32(19)) & np.int32(15)
    exponent = offset >> np.int32(23)
    z = (bits - (offset & np.int32(~0x7FFFFF))).view(np.float32).astype(np.float64)
    inverse = xp.take(xp.asarray(_LOG_TABLE[:, 0]), interval, mode="clip")
    log_centre = xp.take(xp.asarray(_LOG_TABLE[:, 1]), interval, mode="clip")
    r = z * inverse - 1.0
    rr = r * r
    whole = log_centre + exponent.astype(np.float64) * _LOG_2
    return ((_LOG[0] * rr + (_LOG[1] * r + _LOG[2])) * rr + (whole + r)).astype(np.float32)


def _sin_cos(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """glibc's `sinf` and `cosf`, for float32 numbers in [0, 2 pi]."""
    wide = x.astype(np.float64)
    quarter = (wide * _TWO_OVER_PI + 0.5).astype(np.int32)
    y = wide - quarter.astype(np.float64) * _HALF_PI
    z = y * y
    sin = y + y * z * (_SIN[0] + z * (_SIN[1] + z * _SIN[2]))
    cos = _COS[0] + z * (_COS[1] + z * (_COS[2] + z * (_COS[3] + z * _COS[4])))
    odd = (quarter & np.int32(1)) != 0
    sin, cos = xp.where(odd, cos, sin), xp.where(odd, sin, cos)
    sin = xp.where((quarter & np.int32(2)) != 0, -sin, sin)
    cos = xp.where(((quarter + np.int32(1)) & np.int32(2)) != 0, -cos, cos)
    return sin.astype(np.float32), cos.astype(np.float32)
