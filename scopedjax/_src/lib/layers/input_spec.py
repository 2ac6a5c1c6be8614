"""`InputSpec`: what a layer asks of its inputs, checked before each call."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor


class InputSpec:
    """What a layer asks of an input: rank, dtype, sizes of axes.

    Args:
      dtype: The dtype, or None for any.
      shape: The shape, with None for free sizes.
      ndim: The rank.
      max_ndim: The largest rank.
      min_ndim: The smallest rank.
      axes: {axis: size}, with None for a free size.
      allow_last_axis_squeeze: Accepted.
      name: Accepted.
      optional: Accepted.

    >>> tf.layers.InputSpec(min_ndim=2, axes={-1: 3}).axes
    {-1: 3}
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = None if shape is None else tuple(TensorShape(shape).as_list())
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        fields = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        shown = [f"{f}={getattr(self, f)}" for f in fields if getattr(self, f)]
        return f"InputSpec({', '.join(shown)})"

    def check(self, tensor: Tensor, position: int, layer: str) -> None:
        """Checks an input.

        Raises:
          ValueError: it does not fit.
        """
        start = f"Input {position} of layer {layer} is incompatible with the layer: "
        dims = tensor.dims
        if self.dtype is not None and tensor.dtype.base_dtype.name != self.dtype:
            raise ValueError(f"{start}expected dtype={self.dtype}, found dtype={tensor.dtype.base_dtype.name}")
        if dims is None:
            if self.ndim is not None or self.max_ndim is not None or self.min_ndim is not None:
                raise ValueError(f"{start}its rank is undefined, but the layer requires a defined rank.")
            return
        rank, shown = len(dims), f"Full shape received: {list(dims)}"
        if self.ndim is not None and rank != self.ndim:
            raise ValueError(f"{start}expected ndim={self.ndim}, found ndim={rank}. {shown}")
        if self.max_ndim is not None and rank > self.max_ndim:
            raise ValueError(f"{start}expected max_ndim={self.max_ndim}, found ndim={rank}")
        if self.min_ndim is not None and rank < self.min_ndim:
            # The second colon is TensorFlow 1.15's.
            raise ValueError(f"{start}: expected min_ndim={self.min_ndim}, found ndim={rank}. {shown}")
        for axis, value in self.axes.items():
            if value is not None and dims[axis] not in (value, None):
                raise ValueError(
                    f"{start}expected axis {axis} of input shape to have value {value} but received input with shape "
                    f"{list(dims)}"
                )
        if self.shape is not None and any(s is not None and d not in (s, None) for s, d in zip(self.shape, dims)):
            raise ValueError(
                f"Input {position} is incompatible with layer {layer}: expected shape={self.shape}, found "
                f"shape={list(dims)}"
            )
