"""`tf.keras.initializers`: those of `tf.initializers`, with Keras' defaults and by name."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import float32
from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.variables import initializers as shared


class RandomNormal(shared.RandomNormal):
    """Numbers from a normal distribution; the deviation is 0.05 by default.

    Args:
      mean: Mean.
      stddev: Standard deviation.
      seed: Seed.
      dtype: Dtype where the call does not say.

    >>> tf.keras.initializers.RandomNormal().get_config()["stddev"]
    0.05
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(mean, stddev, seed, dtype)


class TruncatedNormal(shared.TruncatedNormal):
    """Numbers from a normal distribution within two deviations; the deviation is 0.05 by default.

    Args:
      mean: Mean.
      stddev: Standard deviation.
      seed: Seed.
      dtype: Dtype where the call does not say.

    >>> tf.keras.initializers.TruncatedNormal().get_config()["stddev"]
    0.05
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(mean, stddev, seed, dtype)


class RandomUniform(shared.RandomUniform):
    """Numbers drawn evenly; from -0.05 to 0.05 by default.

    Args:
      minval: Lower bound.
      maxval: Upper bound.
      seed: Seed.
      dtype: Dtype where the call does not say.

    >>> tf.keras.initializers.RandomUniform().get_config()["maxval"]
    0.05
    """

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(minval, maxval, seed, dtype)


_NAMED = Registry(
    "initializer",
    {
        **dict.fromkeys(("zeros", "zero", "Zeros"), shared.Zeros),
        **dict.fromkeys(("ones", "one", "Ones"), shared.Ones),
        **dict.fromkeys(("constant", "Constant"), shared.Constant),
        **dict.fromkeys(("uniform", "random_uniform", "RandomUniform"), RandomUniform),
        **dict.fromkeys(("normal", "random_normal", "RandomNormal"), RandomNormal),
        **dict.fromkeys(("truncated_normal", "TruncatedNormal"), TruncatedNormal),
        **dict.fromkeys(("variance_scaling", "VarianceScaling"), shared.VarianceScaling),
        **dict.fromkeys(("orthogonal", "Orthogonal"), shared.Orthogonal),
        **dict.fromkeys(("identity", "Identity"), shared.Identity),
        **dict.fromkeys(("glorot_uniform", "GlorotUniform"), shared.GlorotUniform),
        **dict.fromkeys(("glorot_normal", "GlorotNormal"), shared.GlorotNormal),
        "he_normal": shared.he_normal,
        "he_uniform": shared.he_uniform,
        "lecun_normal": shared.lecun_normal,
        "lecun_uniform": shared.lecun_uniform,
    },
    makes=True,
)


def get(identifier: Any) -> Any:
    """Returns the initializer that a name, a config, a class or an object stands for; None stays None.

    Raises:
      ValueError: it stands for none.

    >>> tf.keras.initializers.get("ones").get_config()
    {'dtype': 'float32'}
    """
    return _NAMED.get(identifier)


def serialize(initializer: Any) -> Any:
    """Returns {"class_name": ..., "config": ...} of an initializer.

    >>> tf.keras.initializers.serialize(tf.keras.initializers.Zeros())["class_name"]
    'Zeros'
    """
    return serialized(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the initializer of a config or name, of `custom_objects` first.

    >>> tf.keras.initializers.deserialize({"class_name": "Constant", "config": {"value": 2}}).value
    2
    """
    return _NAMED.get(config, custom_objects)
