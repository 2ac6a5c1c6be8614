"""Compressed strings: `tf.decode_compressed`."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, LoweringContext, defop
from scopedjax._src.ops.shape_rules import like

_READERS = {"": lambda data: data, "ZLIB": zlib.decompress, "GZIP": gzip.decompress}


@defop(
    "DecodeCompressed(bytes: string; compression_type: string = '') -> output: string",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _decode(ctx: LoweringContext, bytes: Any, *, compression_type: str) -> Any:
    reader = _READERS.get(compression_type)
    if reader is None:
        choices = ", ".join(_READERS)
        message = (
            "Only ZLIB, GZIP or NONE are supported compressions: compression_type is "
            f"{compression_type!r}, not one of {choices}"
        )
        raise InvalidArgumentError(None, ctx.op, message)
    result = np.empty(bytes.shape, object)
    for at, item in np.ndenumerate(bytes):
        try:
            result[at] = reader(item)
        except (zlib.error, OSError, EOFError) as error:
            raise InvalidArgumentError(
                None, ctx.op, f"decode_compressed: element {at} is no {compression_type} string: {error}"
            ) from error
    return result


def decode_compressed(bytes: Any, compression_type: str = "", name: str | None = None) -> Tensor:
    """Strings, decompressed.

    Args:
      bytes: String tensor.
      compression_type: "ZLIB", "GZIP", or "" for strings that are not compressed.
      name: Node name; "DecodeCompressed" by default.

    Returns:
      String tensor of the shape of `bytes`.

    Raises:
      InvalidArgumentError: when run, if the kind is another, or a string is damaged.

    >>> import zlib
    >>> tf.Session().run(tf.decode_compressed(zlib.compress(b"text"), "ZLIB"))
    b'text'
    """
    return apply_op("DecodeCompressed", bytes, compression_type=compression_type, name=name)
