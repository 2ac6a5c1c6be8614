"""`Attention` and `AdditiveAttention`: each step of a query sees the values, weighed by how well their keys fit.

    query [batch, Tq, size]   value [batch, Tv, size]   key = value unless it is given
    scores [batch, Tq, Tv]    dot product (Luong), or a sum of tanh(query + key) (Bahdanau)
    result [batch, Tq, size]  softmax(scores) @ value

Scores of masked values, and with `causal` those of later steps, are lowered by 1e9 before the softmax.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.ops.array.filling import range as numbers
from scopedjax._src.ops.array.shapes import expand_dims
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater_equal
from scopedjax._src.ops.math.elementwise import tanh
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.softmax import softmax


class _Attending(Layer):
    """What both share; a subclass says the scores."""

    supports_masking = True

    def __init__(self, causal: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.causal = causal

    def _scores(self, query: Any, key: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its scores")

    def call(self, inputs: Any, mask: Any = None) -> Tensor:
        """Attends.

        Raises:
          ValueError: `inputs` is no list of query and value (and key), or `mask` no list of their masks.
        """
        name = type(self).__name__
        if not isinstance(inputs, list) or len(inputs) not in (2, 3):
            raise ValueError(f"{name} layer must be called on a list of inputs, namely [query, value] or "
                             f"[query, value, key]. Given: {inputs}")  # fmt: skip
        if mask is not None and (not isinstance(mask, list) or len(mask) not in (2, 3)):
            raise ValueError(f"{name} layer mask must be a list of length 2, namely [query_mask, value_mask]. "
                             f"Given: {mask}")  # fmt: skip
        query, value, key = inputs[0], inputs[1], inputs[-1]
        scores = self._scores(query, key)
        of_query, of_value = (mask[0], mask[1]) if mask else (None, None)
        if of_value is not None:
            scores = scores - 1e9 * (1.0 - cast(expand_dims(of_value, -2), scores.dtype))
        if self.causal:
            rows, columns = numbers(shape_of(query)[1]), numbers(shape_of(value)[1])
            seen = greater_equal(expand_dims(rows, 1), columns)
            scores = scores - 1e9 * (1.0 - cast(seen, scores.dtype))
        result: Tensor = matmul(softmax(scores), value)
        return result if of_query is None else result * cast(expand_dims(of_query, -1), result.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns the mask of the query."""
        return None if not mask or mask[0] is None else convert_to_tensor(mask[0])

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        return {**super().get_config(), "causal": self.causal}


class Attention(_Attending):
    """Attention by dot products (Luong 2015), over `[query, value]` or `[query, value, key]`.

    Args:
      use_scale: Whether the scores have a factor that is trained.
      **kwargs: As for `Layer`; `causal`: whether a step sees none that comes later.

    >>> query, value = tf.ones([1, 2, 3]), tf.constant([[[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]])
    >>> tf.Session().run(tf.keras.layers.Attention()([query, value]))[0, 0].tolist()
    [2.0, 2.0, 2.0]
    """

    def __init__(self, use_scale: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.scale: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the factor."""
        if self.use_scale:
            self.scale = self.add_weight("scale", (), initializer="ones")
        super().build(input_shape)

    def _scores(self, query: Any, key: Any) -> Any:
        scores = matmul(query, key, transpose_b=True)
        return scores if self.scale is None else scores * self.scale


class AdditiveAttention(_Attending):
    """Attention by sums (Bahdanau 2015), over `[query, value]` or `[query, value, key]`.

    Args:
      use_scale: Whether the terms of the sums have factors that are trained.
      **kwargs: As for `Layer`; `causal`: whether a step sees none that comes later.

    >>> layer = tf.keras.layers.AdditiveAttention()
    >>> layer([tf.zeros([2, 4, 3]), tf.zeros([2, 5, 3])]).shape.as_list(), layer.weights[0].name
    ([2, 4, 3], 'additive_attention/scale:0')
    """

    def __init__(self, use_scale: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.scale: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the factors."""
        if self.use_scale:
            size = TensorShape(input_shape[1]).as_list()[-1]
            self.scale = self.add_weight("scale", (size,), initializer="glorot_uniform")
        super().build(input_shape)

    def _scores(self, query: Any, key: Any) -> Any:
        terms = tanh(expand_dims(query, 2) + expand_dims(key, 1))
        return reduce_sum(terms if self.scale is None else terms * self.scale, axis=-1)
