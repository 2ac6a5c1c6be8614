"""Texts into buckets: `string_to_hash_bucket` in its three forms, and `fingerprint`, with TensorFlow's numbers.

    string_to_hash_bucket         MurmurHash64A (Appleby), seed 0xDECAFCAFFE          kept for old graphs
    string_to_hash_bucket_fast    FarmHash Fingerprint64 (the package `cityhash`)     the usual one
    string_to_hash_bucket_strong  SipHash-2-4 (Aumasson and Bernstein), with a key    against chosen inputs

A vocabulary that was hashed by TensorFlow gets the same ids here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.strings.elementwise import each, invalid

_MASK: Final = (1 << 64) - 1
_SEED: Final = 0xDECAFCAFFE


def murmur64(text: bytes, seed: int = _SEED) -> int:
    """MurmurHash64A of a text."""
    factor = 0xC6A4A7935BD1E995
    state = seed ^ (len(text) * factor & _MASK)
    whole = len(text) // 8 * 8
    for (word,) in struct.iter_unpack("<Q", text[:whole]):
        mixed = word * factor & _MASK
        mixed = (mixed ^ mixed >> 47) * factor & _MASK
        state = (state ^ mixed) * factor & _MASK
    if len(text) > whole:
        state = (state ^ int.from_bytes(text[whole:], "little")) * factor & _MASK
    state = (state ^ state >> 47) * factor & _MASK
    return state ^ state >> 47


def _turned(value: int, by: int) -> int:
    return (value << by | value >> 64 - by) & _MASK


def _sip_round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = a + b & _MASK
    c = c + d & _MASK
    b = _turned(b, 13) ^ a
    d = _turned(d, 16) ^ c
    a = _turned(a, 32)
    c = c + b & _MASK
    a = a + d & _MASK
    b = _turned(b, 17) ^ c
    d = _turned(d, 21) ^ a
    return a, b, _turned(c, 32), d


def siphash(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of a text under a key of two 64-bit numbers."""
    low, high = key[0] & _MASK, key[1] & _MASK
    state = (
        low ^ 0x736F6D6570736575,
        high ^ 0x646F72616E646F6D,
        low ^ 0x6C7967656E657261,
        high ^ 0x7465646279746573,
    )
    whole = len(text) // 8 * 8
    words = [word for (word,) in struct.iter_unpack("<Q", text[:whole])]
    words.append(int.from_bytes(text[whole:], "little") | (len(text) & 255) << 56)
    for word in words:
        a, b, c, d = state
        state = _sip_round(*_sip_round(a, b, c, d ^ word))
        state = (state[0] ^ word, *state[1:])
    a, b, c, d = state
    state = (a, b, c ^ 255, d)
    for _ in range(4):
        state = _sip_round(*state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def fingerprint64(text: bytes) -> int:
    """FarmHash's 64-bit fingerprint of a text."""
    import farmhash  # pyright: ignore[reportMissingImports]

    return int(farmhash.Fingerprint64(text))  # pyright: ignore[reportAttributeAccessIssue]


def _bucketed(function: Callable[[bytes], int], texts: Any, num_buckets: int) -> Any:
    return each(lambda text: function(text) % num_buckets, texts, np.int64)


@defop(
    "StringToHashBucket(string_tensor: string; num_buckets: int) -> output: int64",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _plain(string_tensor: Any, *, num_buckets: int) -> Any:
    return _bucketed(murmur64, string_tensor, num_buckets)


@defop(
    "StringToHashBucketFast(input: string; num_buckets: int) -> output: int64",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _fast(input: Any, *, num_buckets: int) -> Any:
    return _bucketed(fingerprint64, input, num_buckets)


@defop(
    "StringToHashBucketStrong(input: string; num_buckets: int, key: list(int)) -> output: int64",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _strong(input: Any, *, num_buckets: int, key: tuple[int, ...]) -> Any:
    if len(key) != 2:
        raise invalid("Key must have 2 elements")
    return _bucketed(lambda text: siphash(text, (key[0], key[1])), input, num_buckets)


def _fingerprint_dims(c: ShapeContext) -> list[Dims]:
    dims, method = c.dims(0), c.const(1)
    if dims is not None and not dims:
        raise c.fail("Shape must be at least rank 1 but is rank 0")
    return [(None if dims is None else dims[0], None if method is None else 8)]


@defop(
    "Fingerprint(data: T, method: string) -> fingerprint: uint8",
    shape=_fingerprint_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _fingerprint(data: Any, method: Any) -> Any:
    if bytes(method[()]) != b"farmhash64":
        raise invalid(f"Unsupported fingerprint method: {method[()].decode('utf-8', 'replace')}")
    rows: list[bytes] = []
    for row in data.reshape(data.shape[0], -1):
        if data.dtype != object:
            rows.append(np.ascontiguousarray(row).tobytes())
        elif len(row) == 1:
            rows.append(bytes(row[0]))
        else:  # several texts: the fingerprint of their fingerprints
            rows.append(b"".join(struct.pack("<Q", fingerprint64(text)) for text in row))
    found = b"".join(struct.pack("<Q", fingerprint64(row)) for row in rows)
    return np.frombuffer(found, np.uint8).reshape(len(rows), 8)


def _at_least_one(op_type: str, num_buckets: Any) -> None:
    if isinstance(num_buckets, int) and num_buckets < 1:
        raise ValueError(f"Attr 'num_buckets' of '{op_type}' Op passed {num_buckets} less than minimum 1.")


def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Tensor:
    """Puts texts into buckets by a hash that old graphs use; take `string_to_hash_bucket_fast` in new programs.

    Args:
      string_tensor: String tensor.
      num_buckets: How many buckets.
      name: Node name; "StringToHashBucket" by default.
      input: The newer name of `string_tensor`.

    Returns:
      int64 tensor of the same shape, from 0 to `num_buckets - 1`.

    Raises:
      ValueError: `num_buckets` is less than 1.

    >>> tf.Session().run(tf.string_to_hash_bucket(["a", "hello"], 1000)).tolist()
    [868, 938]
    """
    texts = renamed_argument("input", input, "string_tensor", string_tensor)
    _at_least_one("StringToHashBucket", num_buckets)
    return apply_op("StringToHashBucket", texts, num_buckets=num_buckets, name=name)


def string_to_hash_bucket_fast(input: Any, num_buckets: int, name: str | None = None) -> Tensor:
    """Puts texts into buckets by FarmHash's fingerprint.

    Args:
      input: String tensor.
      num_buckets: How many buckets.
      name: Node name; "StringToHashBucketFast" by default.

    Returns:
      int64 tensor of the same shape, from 0 to `num_buckets - 1`.

    Raises:
      ValueError: `num_buckets` is less than 1.

    >>> tf.Session().run(tf.string_to_hash_bucket_fast(["a", "hello"], 1000)).tolist()
    [939, 296]
    """
    _at_least_one("StringToHashBucketFast", num_buckets)
    return apply_op("StringToHashBucketFast", input, num_buckets=num_buckets, name=name)


def string_to_hash_bucket_strong(input: Any, num_buckets: int, key: Any, name: str | None = None) -> Tensor:
    """Puts texts into buckets by SipHash under a key, so that nobody without the key can choose the bucket.

    Args:
      input: String tensor.
      num_buckets: How many buckets.
      key: Two integers.
      name: Node name; "StringToHashBucketStrong" by default.

    Returns:
      int64 tensor of the same shape, from 0 to `num_buckets - 1`.

    Raises:
      ValueError: `num_buckets` is less than 1.
      TypeError: `key` is no list.
      InvalidArgumentError: when run, if the key has not two elements.

    >>> tf.Session().run(tf.string_to_hash_bucket_strong(["a", "hello"], 1000, [1, 2])).tolist()
    [646, 622]
    """
    _at_least_one("StringToHashBucketStrong", num_buckets)
    if not isinstance(key, (list, tuple)):
        raise TypeError(f"Expected list for 'key' argument to 'string_to_hash_bucket_strong' Op, not {key!r}.")
    return apply_op("StringToHashBucketStrong", input, num_buckets=num_buckets, key=key, name=name)


def fingerprint(data: Any, method: Any = "farmhash64", name: str | None = None) -> Tensor:
    """The 64-bit fingerprint of each row.

    Args:
      data: Tensor of rank 1 or more.
      method: "farmhash64".
      name: Node name; "Fingerprint" by default.

    Returns:
      uint8 tensor `[rows, 8]`, the lowest byte first.

    Raises:
      ValueError: `data` is a scalar.
      InvalidArgumentError: when run, if the method is unknown.

    >>> tf.Session().run(tf.fingerprint(["a", "b"])).shape
    (2, 8)
    """
    return apply_op("Fingerprint", data, method, name=name)
