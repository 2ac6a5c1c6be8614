"""Keras' layers around a layer: `TimeDistributed` applies it to each step, `Bidirectional` in both directions."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import naming
from scopedjax._src.lib.keras.layer import LAYERS, Layer
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.math.reductions import reduce_any


class Wrapper(Layer):
    """A layer around a layer; a subclass says what it does with it.

    Args:
      layer: The layer inside.
      **kwargs: As for `Layer`.

    >>> class Twice(tf.keras.layers.Wrapper):
    ...     def call(self, inputs):
    ...         return self.layer(self.layer(inputs))
    >>> Twice(tf.keras.layers.Dense(3))(tf.zeros([2, 3])).shape.as_list()
    [2, 3]
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"Layer {layer} supplied to wrapper is not a supported layer type: give a Keras layer")
        super().__init__(**kwargs)
        self.layer: Any = layer

    @property
    def activity_regularizer(self) -> Any:
        """That of the layer inside."""
        return getattr(self.layer, "activity_regularizer", None)

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside, unless it is built."""
        _build(self.layer, input_shape, self._dtype)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the wrapper from again."""
        return {**super().get_config(), "layer": naming.serialized(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the wrapper from what `get_config` returned."""
        rest = dict(config)
        return cls(LAYERS.get(rest.pop("layer"), custom_objects), **rest)


def _build(layer: Any, input_shape: Any, dtype: Any) -> None:
    if not layer.built:
        layer._dtype = layer._dtype or dtype
        layer.build(TensorShape(input_shape))
        layer.built = True


class TimeDistributed(Wrapper):
    """A layer applied to each step of `[batch, time, ...]`, as to elements of one large batch.

    Args:
      layer: The layer.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: it is no layer.

    >>> layer = tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(4))
    >>> layer(tf.zeros([2, 5, 3])).shape.as_list(), layer.weights[0].name
    ([2, 5, 4], 'time_distributed/kernel:0')
    """

    supports_masking = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"Please initialize `TimeDistributed` layer with a `Layer` instance. You passed: {layer}")
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer for one step."""
        dims = TensorShape(input_shape).as_list()
        if len(dims) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape ` with at least 3 dimensions, received: "
                f"{dims}"
            )
        self.input_spec = InputSpec(shape=[None, None, *dims[2:]])
        super().build([dims[0], *dims[2:]])

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Tensor:
        """Applies the layer to all steps at once."""
        given: dict[str, Any] = {}
        if "training" in self.layer._call_parameters:
            given["training"] = training
        if mask is not None and "mask" in self.layer._call_parameters:
            given["mask"] = _flat(mask)
        found = self.layer(_flat(inputs), **given)
        return nest.map_structure(lambda t: _steps_again(t, inputs), found)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask that the layer makes of each step's; a step counts where any place of it does."""
        masks = self.layer.compute_mask(_flat(inputs), None if mask is None else _flat(mask))
        if masks is None:
            return mask
        made = _steps_again(masks, inputs)
        return made if made.shape.ndims == 2 else reduce_any(made, axis=list(range(2, len(made.shape.as_list()))))


def _flat(tensor: Tensor) -> Tensor:
    """`[batch * time, ...]` of `[batch, time, ...]`."""
    dims = tensor.shape.as_list()
    if len(dims) == 2:
        return reshape(tensor, [-1])
    inner = dims[2:]
    sizes = shape_of(tensor)
    wanted = [-1, *(sizes[i + 2] if d is None else d for i, d in enumerate(inner))]
    found = reshape(tensor, wanted)
    batch, steps = dims[:2]
    found.set_shape([None if batch is None or steps is None else batch * steps, *inner])
    return found


def _steps_again(tensor: Tensor, like: Tensor) -> Tensor:
    """`[batch, time, ...]` of `[batch * time, ...]`."""
    dims, sizes, inner = like.shape.as_list()[:2], shape_of(like), tensor.shape.as_list()[1:]
    own = shape_of(tensor)
    wanted: list[Any] = [sizes[0] if dims[0] is None else dims[0], sizes[1] if dims[1] is None else dims[1]]
    wanted += [own[i + 1] if d is None else d for i, d in enumerate(inner)]
    found = reshape(tensor, wanted)
    found.set_shape([*dims, *inner])
    return found


class Bidirectional(Wrapper):
    """A recurrent layer run in both directions of time; the outputs are joined.

    Args:
      layer: Recurrent layer; the two that run are made from its config, `forward_...` and `backward_...`.
      merge_mode: "concat", "sum", "mul", "ave", or None for a list of the two outputs.
      weights: Initial arrays: those of the forward layer, then those of the other.
      backward_layer: Another layer for the backward direction, with `go_backwards` set.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: an unknown `merge_mode`, or layers that do not fit together.

    >>> layer = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(4))
    >>> layer(tf.zeros([2, 5, 3])).shape.as_list(), [v.name for v in layer.weights][::3]
    ([2, 8], ['bidirectional/forward_lstm/kernel:0', 'bidirectional/backward_lstm/kernel:0'])
    """

    supports_masking = True

    def __init__(
        self, layer: Any, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        if not isinstance(layer, Layer):
            raise ValueError(f"Please initialize `Bidirectional` layer with a `Layer` instance. You passed: {layer}")
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError('Invalid merge mode. Merge mode should be one of {"sum", "mul", "ave", "concat", None}: '
                             f"{merge_mode!r}")  # fmt: skip
        super().__init__(layer, **kwargs)
        self._layers.clear()  # the layer given is a pattern: the two made from it have the weights
        self.merge_mode = merge_mode
        self.forward_layer: Any = self._again(layer, f"forward_{layer.name}", {})
        if backward_layer is None:
            self.backward_layer = self._again(
                layer, f"backward_{layer.name}", {"go_backwards": not layer.get_config()["go_backwards"]}
            )
        else:
            self.backward_layer = self._again(backward_layer, f"backward_{backward_layer.name}", {})
        self._given_backward = None if backward_layer is None else backward_layer.get_config()
        self._check_pair()
        if weights:
            half = len(weights) // 2
            self.forward_layer._initial_weights = weights[:half]
            self.backward_layer._initial_weights = weights[half:]
        self.stateful = layer.stateful
        self.return_sequences = self.forward_layer.return_sequences
        self.return_state = self.forward_layer.return_state

    def _again(self, layer: Any, name: str, changes: dict[str, Any]) -> Any:
        config = {**layer.get_config(), **changes, "name": name}
        made = type(layer).from_config(config)
        # Else what stands for a step that does not count would be another step's output, from either side.
        made.zero_output_for_mask = made.return_sequences
        return made

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError("Forward layer and backward layer should have different `go_backwards` value.")
        for attribute in ("stateful", "return_sequences", "return_state"):
            mine, other = getattr(forward, attribute), getattr(backward, attribute)
            if mine != other:
                raise ValueError(
                    "Forward layer and backward layer are expected to have the same value for attribute "
                    f"{attribute}, got {mine} and {other}"
                )

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        """Applies both layers.

        Args:
          inputs: Tensor `[batch, time, size]`, or a list: the tensor followed by the initial states.
          initial_state: States before the first step: those of the forward layer, then those of the other.
          constants: Tensors that each step gets.
          **kwargs: `mask`, `training`.
        """
        if isinstance(inputs, (list, tuple)) and initial_state is None:
            inputs, *rest = inputs
            initial_state = rest or None
        if initial_state is not None:
            if len(initial_state) % 2:
                raise ValueError(
                    "When passing `initial_state` to a Bidirectional RNN, the state should be a list containing the "
                    f"states of the underlying RNNs. Found: {initial_state}"
                )
            kwargs["initial_state"] = list(initial_state)
        if constants is not None:
            kwargs["constants"] = constants
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Builds both layers, each under its name."""
        for layer in (self.forward_layer, self.backward_layer):
            with stacks.get_default_graph().name_scope(layer.name):
                _build(layer, input_shape, self._dtype)
                if layer._initial_weights is not None:
                    layer.set_weights(layer._initial_weights)
        self.built = True

    def call(
        self, inputs: Any, training: Any = None, mask: Any = None, initial_state: Any = None, constants: Any = None
    ) -> Any:
        """Runs both layers and joins their outputs."""
        halves: list[dict[str, Any]] = [{}, {}]
        if initial_state is not None:
            half = len(initial_state) // 2
            halves = [{"initial_state": initial_state[:half]}, {"initial_state": initial_state[half:]}]
        given = {"training": training, "mask": mask, **({} if constants is None else {"constants": constants})}
        there = self.forward_layer(inputs, **halves[0], **given)
        back = self.backward_layer(inputs, **halves[1], **given)
        states: list[Any] = []
        if self.return_state:
            states = [*there[1:], *back[1:]]
            there, back = there[0], back[0]
        if self.return_sequences:
            back = reverse(back, [0 if getattr(self.forward_layer, "time_major", False) else 1])
        output = self._joined(there, back)
        if not self.return_state:
            return output
        return [*output, *states] if self.merge_mode is None else [output, *states]

    def _joined(self, there: Any, back: Any) -> Any:
        if self.merge_mode is None:
            return [there, back]
        if self.merge_mode == "concat":
            return concat([there, back], axis=-1)
        if self.merge_mode == "mul":
            return there * back
        return there + back if self.merge_mode == "sum" else (there + back) / 2

    def reset_states(self, states: Any = None) -> None:
        """Sets the states of both layers to zero."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the inputs, where all steps are returned; the states have none."""
        mask = nest.flatten(mask)[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            count = len(nest.flatten(self.forward_layer.cell.state_size))
            return [*masks, *(None for _ in range(2 * count))]
        return masks if self.merge_mode is None else mask

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if self._given_backward is not None:
            config["backward_layer"] = {
                "class_name": type(self.backward_layer).__name__,
                "config": self._given_backward,
            }
        else:
            config.pop("backward_layer", None)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the layer from what `get_config` returned."""
        rest = dict(config)
        rest.pop("num_constants", None)
        if "backward_layer" in rest:
            rest["backward_layer"] = LAYERS.get(rest["backward_layer"], custom_objects)
        return super().from_config(rest, custom_objects)
