"""How callers write strides, dilations, window sizes and paddings, and the form that the ops take.

    strides=2, [2], [2, 2], [1, 2, 2, 1]      ->  [1, 2, 2, 1]     (NCHW: [1, 1, 2, 2])
    padding="SAME"                            ->  "SAME", []
    padding=[[0, 0], [1, 2], [1, 2], [0, 0]]  ->  "EXPLICIT", [0, 0, 1, 2, 1, 2, 0, 0]

The checks of the ops' own attributes (a padding or data format that does not exist) are here as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.ops.kernels.geometry import Padding
from scopedjax._src.ops.shape_context import ShapeContext

_FORMATS = {4: ("NHWC", "NCHW"), 5: ("NDHWC", "NCDHW")}


def per_dimension(value: Any, spatial: int, channels_first: bool, name: str) -> list[int]:
    """`value` as one integer for each dimension, batch and channels included.

    Args:
      value: None (ones), an integer, or a list of 1, `spatial` or `spatial + 2` integers.
      spatial: Number of spatial dimensions.
      channels_first: Whether channels are dimension 1.
      name: The argument, for the error.

    Raises:
      ValueError: a list of another length.
    """
    if value is None:
        return [1] * (spatial + 2)
    given = list(value) if hasattr(value, "__len__") else [value]
    given = [int(v) for v in given]
    if len(given) == spatial + 2:
        return given
    if len(given) not in (1, spatial):
        raise ValueError(
            f"{name} should be of length 1, {spatial} or {spatial + 2}. Received: {name}={value} of length {len(given)}"
        )
    inner = given * spatial if len(given) == 1 else given
    return [1, 1, *inner] if channels_first else [1, *inner, 1]


def op_padding(padding: Any, rank: int = 4) -> tuple[str, list[int]]:
    """`padding` as the attributes `padding` and `explicit_paddings`.

    Raises:
      ValueError: a list that is not one pair for each dimension, or the string "EXPLICIT".
    """
    if padding == "EXPLICIT":
        raise ValueError(
            "'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list."
        )
    if not isinstance(padding, (list, tuple)):
        return padding, []
    flat: list[int] = []
    for i, pair in enumerate(padding):
        if not isinstance(pair, (list, tuple)):
            raise ValueError(
                "When `padding` is a list, each element of `padding` must be a list/tuple of size 2. Received: "
                f"padding={padding} with element at index {i} of type {type(pair)}"
            )
        if len(pair) != 2:
            raise ValueError(
                "When `padding` is a list, each element of `padding` must be a list/tuple of size 2. Received: "
                f"padding={padding} with element at index {i} of size {len(pair)}"
            )
        flat.extend(int(p) for p in pair)
    if len(padding) != rank:
        raise ValueError(
            f"When padding is a list, it must be of size {rank}. Received: padding={padding} of size {len(padding)}"
        )
    return "EXPLICIT", flat


def kernel_padding(padding: str, explicit: Sequence[int]) -> Padding:
    """The attributes as the kernels take them."""
    return list(explicit) if padding == "EXPLICIT" else padding


def check_choice(c: ShapeContext, attr: str, choices: Sequence[str]) -> None:
    """Raises TF1's ValueError for an attribute that is none of `choices`."""
    value = c.attr(attr)
    if value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"Attr '{attr}' of '{c.record.type}' Op passed string '{value}' not in: {listed}.")


def check_window_attrs(c: ShapeContext, rank: int) -> Padding:
    """Checks `padding` and `data_format` of a windowed op; returns its padding as the kernels take it."""
    explicit = c.attrs.get("explicit_paddings")
    check_choice(c, "padding", ("SAME", "VALID") if explicit is None else ("SAME", "VALID", "EXPLICIT"))
    if "data_format" in c.attrs:
        check_choice(c, "data_format", _FORMATS[rank])
    return kernel_padding(c.attr("padding"), explicit or ())
