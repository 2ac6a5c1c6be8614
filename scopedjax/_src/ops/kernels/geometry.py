"""Where the windows of a convolution or a pooling lie: output sizes and padding, in integers only.

    padding "SAME", size 5, kernel 3, stride 2            padding "VALID"

        .  0 1 2 3 4  .      one pad on either side           0 1 2 3 4
       [______]                                              [_____]
            [_____]          output 3 = ceil(5 / 2)              [_____]     output 2 = ceil((5 - 3 + 1) / 2)
                [______]

A `Window` holds one spatial axis: a kernel of `kernel` taps, `dilation` apart, is set down `output` times, `stride`
apart, on the axis of length `size` after `low` and `high` elements were put before and behind it. Tap `t` of position
`p` therefore reads element `p * stride + t * dilation - low`. Everything else (the ops' shape rules, the convolutions,
the poolings and their gradients) is said in these words. An odd number of pads under SAME puts the larger half behind.

Padding is written as TensorFlow writes it: "SAME", "VALID", or explicit pairs, one for each dimension of the data
format, as in `[[0, 0], [1, 2], [1, 2], [0, 0]]` (the API) or flat, as in the attribute `explicit_paddings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Padding = str | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class Window:
    """One spatial axis of a windowed op (see the module's picture); `low` and `high` may exceed what is read."""

    size: int
    kernel: int
    stride: int
    dilation: int
    low: int
    high: int
    output: int

    @property
    def extent(self) -> int:
        """How many elements one window spans."""
        return (self.kernel - 1) * self.dilation + 1

    def reach(self, tap: int) -> tuple[int, int]:
        """First (inclusive) and last (exclusive) element that `tap` reads, counted on the padded axis."""
        start = tap * self.dilation
        return start, start + (self.output - 1) * self.stride + 1

    @property
    def tiles(self) -> bool:
        """Whether the windows cover the axis without gap, overlap or padding."""
        return (
            self.kernel == self.stride
            and self.dilation == 1
            and self.low == 0
            and self.high == 0
            and self.size == self.output * self.stride
        )


def conv_output_dim(
    size: int | None,
    kernel: int | None,
    stride: int = 1,
    padding: str | tuple[int, int] = "VALID",
    dilation: int = 1,
) -> int | None:
    """Length of the output axis of a convolution or pooling.

    Args:
      size: Length of the input axis, or None when unknown.
      kernel: Number of taps, or None when unknown.
      stride: Distance of two windows.
      padding: "SAME", "VALID", or the pair of explicit pads of this axis.
      dilation: Distance of two taps of one window.

    Returns:
      `ceil(size / stride)` for SAME, `ceil((size + pads - extent + 1) / stride)` otherwise, with
      `extent = (kernel - 1) * dilation + 1`; None where what it depends on is unknown.

    Raises:
      ValueError: The window is longer than the padded axis, or `padding` is unknown.

    >>> conv_output_dim(5, 3, 2, "SAME"), conv_output_dim(5, 3, 2, "VALID"), conv_output_dim(None, 3)
    (3, 2, None)
    """
    if padding == "SAME":
        return None if size is None else -(-size // stride)
    if isinstance(padding, str) and padding != "VALID":
        raise ValueError(f"padding is {padding!r}; expected 'SAME', 'VALID' or explicit pairs.")
    if size is None or kernel is None:
        return None
    pads = (0, 0) if isinstance(padding, str) else padding
    padded, extent = size + pads[0] + pads[1], (kernel - 1) * dilation + 1
    if padded < extent:
        raise ValueError(
            f"Negative dimension size caused by subtracting {extent} from {padded}: the window is longer than the "
            f"padded axis (size {size}, kernel {kernel}, dilation {dilation}, padding {padding!r}). Use "
            "padding='SAME', a smaller kernel, or a larger input."
        )
    return (padded - extent) // stride + 1


def conv_pads(
    size: int, kernel: int, stride: int, padding: str | tuple[int, int], dilation: int = 1
) -> tuple[int, int]:
    """Elements that `padding` puts before and behind an axis; the larger half of an odd number goes behind.

    >>> conv_pads(5, 2, 1, "SAME"), conv_pads(5, 3, 2, "VALID"), conv_pads(4, 3, 2, "SAME")
    ((0, 1), (0, 0), (0, 1))
    """
    if not isinstance(padding, str):
        return padding
    if padding == "VALID":
        return 0, 0
    output = -(-size // stride)
    total = max((output - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def window(
    size: int, kernel: int, stride: int = 1, padding: str | tuple[int, int] = "VALID", dilation: int = 1
) -> Window:
    """The `Window` of one axis; arguments and errors as in `conv_output_dim`."""
    output = conv_output_dim(size, kernel, stride, padding, dilation)
    low, high = conv_pads(size, kernel, stride, padding, dilation)
    assert output is not None
    return Window(size, kernel, stride, dilation, low, high, output)


def deconv_output_dim(size: int | None, kernel: int, stride: int, padding: str) -> int | None:
    """Length that a transposed convolution makes of an axis where the caller leaves it open (`tf.layers`' rule).

    >>> deconv_output_dim(4, 5, 2, "SAME"), deconv_output_dim(4, 5, 2, "VALID"), deconv_output_dim(None, 5, 2, "SAME")
    (8, 11, None)
    """
    if size is None:
        return None
    return size * stride + (max(kernel - stride, 0) if padding == "VALID" else 0)


def spatial_axes(rank: int, data_format: str) -> tuple[int, ...]:
    """Positions of the spatial dimensions of an array in `data_format`.

    >>> spatial_axes(4, "NHWC"), spatial_axes(4, "NCHW"), spatial_axes(5, "NDHWC")
    ((1, 2), (2, 3), (1, 2, 3))
    """
    return tuple(range(2, rank)) if channels_first(data_format) else tuple(range(1, rank - 1))


def channels_first(data_format: str) -> bool:
    """Whether the channels are dimension 1; a format that is neither kind raises ValueError."""
    if data_format in ("NCHW", "NCDHW", "NCW"):
        return True
    if data_format in ("NHWC", "NDHWC", "NWC"):
        return False
    raise ValueError(f"data_format is {data_format!r}; expected one of NWC, NHWC, NDHWC, NCW, NCHW, NCDHW.")


def axis_paddings(padding: Padding, rank: int) -> list[str | tuple[int, int]]:
    """`padding` as one entry for each of the `rank` dimensions.

    >>> axis_paddings("SAME", 2), axis_paddings([0, 0, 1, 2], 2), axis_paddings([[0, 0], [1, 2]], 2)
    (['SAME', 'SAME'], [(0, 0), (1, 2)], [(0, 0), (1, 2)])

    Raises:
      ValueError: A name other than SAME and VALID, a wrong number of pads, or a negative one.
    """
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise ValueError(f"padding is {padding!r}; expected 'SAME', 'VALID' or explicit pairs.")
        return [padding] * rank
    flat: list[int] = []
    for entry in padding:
        flat.extend([entry] if isinstance(entry, int) else [int(pad) for pad in entry])
    if len(flat) != 2 * rank or min(flat) < 0:
        raise ValueError(
            f"Explicit padding {list(padding)!r} must give two numbers, none negative, for each of {rank} dimensions."
        )
    return [(flat[2 * i], flat[2 * i + 1]) for i in range(rank)]


def windows(
    sizes: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int] | None = None,
) -> tuple[Window, ...]:
    """The windows of the spatial dimensions.

    Args:
      sizes: Lengths of the spatial dimensions of the input.
      kernels: Numbers of taps, one for each spatial dimension.
      strides: As the op has them: one entry for each dimension of `data_format`, batch and channels included.
      padding: "SAME", "VALID" or explicit pads in the order of `data_format`.
      data_format: For example "NHWC".
      dilations: As `strides`; None means one everywhere.

    Raises:
      ValueError: Strides, dilations or explicit pads in the batch or channel dimension, or a window that does not fit.
    """
    rank = len(sizes) + 2
    dilations = [1] * rank if dilations is None else dilations
    pads = axis_paddings(padding, rank)
    axes = spatial_axes(rank, data_format)
    for axis in set(range(rank)) - set(axes):
        if strides[axis] != 1 or dilations[axis] != 1 or pads[axis] not in ("SAME", "VALID", (0, 0)):
            raise ValueError(
                f"Strides {list(strides)}, dilations {list(dilations)}, padding {padding!r}: the batch and channel "
                f"dimensions of {data_format} can have neither strides, dilations nor padding."
            )
    return tuple(
        window(size, kernel, strides[axis], pads[axis], dilations[axis])
        for size, kernel, axis in zip(sizes, kernels, axes)
    )
