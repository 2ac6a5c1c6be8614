"""Initializers: how a variable starts. `tf.get_variable` calls one with the shape and the dtype.

Each is an object `initializer(shape, dtype=None, partition_info=None) -> Tensor` that can also be written down
(`get_config`) and made again (`from_config`). Their random numbers are TF1's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import as_dtype, float32
from scopedjax._src.base.shapes import to_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import eye, ones, zeros
from scopedjax._src.ops.array.joining import matrix_transpose
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.random.sampling import random_normal, random_uniform, truncated_normal


class Initializer:
    """What all initializers share."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Returns a tensor of the given shape and dtype; `partition_info` tells which slice of a whole it is."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the initializer again."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes an initializer from what `get_config` returned."""
        config = dict(config)
        config.pop("dtype_name", None)
        return cls(**config)


def _floating(dtype: Any) -> Any:
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Argument `dtype` is expected to be floating point. Received: {dtype}.")
    return dtype


def _dims(shape: Any) -> list[int]:
    dims = to_dims(shape)
    if dims is None or None in dims:
        raise ValueError(f"the initializer needs a fully known shape, got {shape}")
    return [int(d) for d in dims if d is not None]


class Zeros(Initializer):
    """Zeros.

    Args:
      dtype: Dtype where the call does not say.

    >>> tf.Session().run(tf.zeros_initializer()([2])).tolist()
    [0.0, 0.0]
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return zeros(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


class Ones(Initializer):
    """Ones.

    Args:
      dtype: Dtype where the call does not say.

    >>> tf.Session().run(tf.ones_initializer()([2])).tolist()
    [1.0, 1.0]
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return ones(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


class Constant(Initializer):
    """A fixed value; a shorter list is filled up with its last element.

    Args:
      value: Number, list, or array.
      dtype: Dtype where the call does not say.
      verify_shape: Whether the value must have the shape asked for.

    Raises:
      TypeError: the value is of no such kind.

    >>> tf.Session().run(tf.constant_initializer([1, 2, 3, 4, 5, 6])([3, 2])).tolist()
    [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    """

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray, np.generic)) or value is None):
            raise TypeError(
                f"Invalid type for initial value={value} of type: {type(value).__name__}. Expected Python scalar, list "
                "or tuple of values, or numpy.ndarray."
            )
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None, verify_shape: bool | None = None
    ) -> Tensor:
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, dtype=self.dtype if dtype is None else dtype, shape=shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


class RandomUniform(Initializer):
    """Numbers drawn evenly from [minval, maxval).

    Args:
      minval: Lower bound.
      maxval: Upper bound; 1 for floats.
      seed: Seed.
      dtype: Dtype where the call does not say.
    """

    def __init__(self, minval: Any = 0.0, maxval: Any = None, seed: int | None = None, dtype: Any = float32) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_uniform(shape, self.minval, self.maxval, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed, "dtype": self.dtype.name}


class RandomNormal(Initializer):
    """Numbers drawn from a normal distribution.

    Args:
      mean: Mean.
      stddev: Standard deviation.
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


class TruncatedNormal(Initializer):
    """Numbers drawn from a normal distribution, those beyond two standard deviations drawn again.

    Args:
      mean: Mean.
      stddev: Standard deviation, before the truncation.
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return truncated_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


class UniformUnitScaling(Initializer):
    """Numbers drawn evenly from [-sqrt(3 / n), sqrt(3 / n)) times `factor`, with n the product of all but the last
    size.

    Sussillo and Abbott, "Random Walk Initialization for Training Very Deep Feedforward Networks", 2014.

    Args:
      factor: Factor.
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        whole = shape if partition_info is None else partition_info.full_shape
        size = max(1.0, float(math.prod(_dims(whole)[:-1])))
        limit = math.sqrt(3 / size) * self.factor
        return random_uniform(shape, -limit, limit, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


# A normal distribution truncated at two standard deviations has this much less of a deviation.
_TRUNCATION = 0.87962566103423978


class VarianceScaling(Initializer):
    """Numbers whose variance is `scale` over the number of inputs, outputs, or their mean.

    He et al., "Delving Deep into Rectifiers", 2015; Glorot and Bengio, "Understanding the Difficulty of Training
    Deep Feedforward Neural Networks", 2010.

    Args:
      scale: Positive factor.
      mode: "fan_in", "fan_out" or "fan_avg".
      distribution: "normal" or "truncated_normal", "untruncated_normal", or "uniform".
      seed: Seed.
      dtype: Floating dtype where the call does not say.

    Raises:
      ValueError: an argument is outside its range.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be a positive float. Received: {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Argument `mode` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: {mode}")
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "Argument `distribution` should be one of ('normal', uniform', 'truncated_normal', "
                f"'untruncated_normal'). Received: {distribution}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = self.dtype if dtype is None else dtype
        fan_in, fan_out = _fans(shape if partition_info is None else partition_info.full_shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        scale = self.scale / max(1.0, fan)
        if self.distribution in ("normal", "truncated_normal"):
            return truncated_normal(shape, 0.0, math.sqrt(scale) / _TRUNCATION, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(scale), dtype, seed=self.seed)
        limit = math.sqrt(3.0 * scale)
        return random_uniform(shape, -limit, limit, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


def _fans(shape: Any) -> tuple[float, float]:
    """Returns how many inputs and outputs a weight of this shape has: a kernel counts once for each of its places."""
    dims = _dims(shape)
    if not dims:
        return 1, 1
    if len(dims) == 1:
        return dims[0], dims[0]
    places = math.prod(dims[:-2])
    return dims[-2] * places, dims[-1] * places


class Orthogonal(Initializer):
    """A matrix with orthonormal rows or columns (Saxe et al., 2014); further dimensions are folded into the rows.

    Args:
      gain: Factor.
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = _floating(dtype)
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dims = _at_least_two(shape)
        dtype = self.dtype if dtype is None else as_dtype(dtype)
        columns, rows = dims[-1], math.prod(dims[:-1])
        flat = [rows, columns] if rows >= columns else [columns, rows]
        draws = random_normal(flat, dtype=dtype, seed=self.seed)
        q, r = apply_op("Qr", draws, full_matrices=False)
        q = q * apply_op("Sign", apply_op("DiagPart", r))
        if rows < columns:
            q = matrix_transpose(q)
        return self.gain * apply_op("Reshape", q, dims)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


class Identity(Initializer):
    """The identity matrix.

    Args:
      gain: Factor.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        whole = _dims(shape if partition_info is None else partition_info.full_shape)
        if len(whole) != 2:
            raise ValueError(
                "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. "
                f"Received shape={shape}"
            )
        matrix = eye(*whole, dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            matrix = apply_op("Slice", matrix, partition_info.var_offset, list(_dims(shape)))
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "dtype": self.dtype.name}


def _at_least_two(shape: Any) -> list[int]:
    dims = _dims(shape)
    if len(dims) < 2:
        raise ValueError(
            "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. "
            f"Received shape={shape}"
        )
    return dims


class GlorotUniform(VarianceScaling):
    """Glorot's uniform initializer: evenly from +-sqrt(6 / (inputs + outputs)); what `tf.get_variable` takes by
    default.

    Args:
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotNormal(VarianceScaling):
    """Glorot's normal initializer: truncated normal with variance 2 / (inputs + outputs).

    Args:
      seed: Seed.
      dtype: Floating dtype where the call does not say.
    """

    def __init__(self, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Returns LeCun's normal initializer: variance 1 / inputs.

    Args:
      seed: Seed.
    """
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Returns LeCun's uniform initializer: variance 1 / inputs.

    Args:
      seed: Seed.
    """
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Returns He's normal initializer: variance 2 / inputs.

    Args:
      seed: Seed.
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Returns He's uniform initializer: variance 2 / inputs.

    Args:
      seed: Seed.
    """
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


zeros_initializer = Zeros
ones_initializer = Ones
constant_initializer = Constant
random_uniform_initializer = RandomUniform
random_normal_initializer = RandomNormal
truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling_initializer = VarianceScaling
orthogonal_initializer = Orthogonal
identity_initializer = Identity
glorot_uniform_initializer = GlorotUniform
glorot_normal_initializer = GlorotNormal
