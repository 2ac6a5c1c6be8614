"""`Model` and `Sequential`: layers as one layer.

    Model(x, y)                 functional: the calls between x and y; `model(z)` repeats them on z
    class M(Model): call        subclass: `call` says what it does, layers in attributes belong to it
    Sequential([...])           one after the other; with `input_shape` on the first, built at once

Nodes of a call stand under the model's name (`sequential/dense/MatMul`); variables stand where the layer was built:
under the model's name only if the model's call built it. Training is in `training`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import configs, files, state, summaries
from scopedjax._src.lib.keras.layer import Layer, unique
from scopedjax._src.lib.keras.network import Input, InputLayer, Route
from scopedjax._src.lib.keras.training import Trainable


class Model(Trainable, Layer):
    """Layers as one layer, with a training loop.

    Args:
      *args: `inputs` and `outputs` (tensors, lists of them) of a functional model; none for a subclass.
      **kwargs: `inputs`, `outputs`, `name`, `trainable`.

    >>> x = tf.keras.Input((4,))
    >>> model = tf.keras.Model(x, tf.keras.layers.Dense(2)(x))
    >>> model(tf.zeros([3, 4])).name, [v.name for v in model.weights]
    ('model/dense/BiasAdd:0', ['dense/kernel:0', 'dense/bias:0'])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inputs = args[0] if args else kwargs.pop("inputs", None)
        outputs = args[1] if len(args) > 1 else kwargs.pop("outputs", None)
        name = args[2] if len(args) > 2 else kwargs.pop("name", None)
        super().__init__(name=name, trainable=kwargs.pop("trainable", True), dtype=kwargs.pop("dtype", None), **kwargs)
        self._route: Route | None = None
        self._inputs: list[Tensor] | None = None
        self._outputs: list[Tensor] | None = None
        self._output_form: Any = None
        self._reset_training()
        if outputs is not None:
            self._set_route(inputs, outputs)

    def _set_route(self, inputs: Any, outputs: Any) -> None:
        """Makes it the functional model between tensors."""
        flat_inputs, flat_outputs = nest.flatten(inputs), nest.flatten(outputs)
        strays = [t for t in flat_inputs if not isinstance(t, Tensor) or t not in state.state_of(t.graph).history]
        if strays:
            raise ValueError(
                "Input tensors to a Model must come from `tf.keras.Input`. Received: "
                f"{strays[0]} (missing previous layer metadata)."
            )
        self._route = Route(flat_inputs, flat_outputs)
        self._inputs, self._outputs = flat_inputs, flat_outputs
        self._output_form = outputs
        self._layers[:] = self._route.layers
        self._graph = flat_outputs[0].graph
        self.built = True
        if not self._calls:
            self._calls.append((inputs, outputs))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Repeats the layers' calls on other inputs; a subclass writes its own."""
        if self._route is None:
            raise NotImplementedError("When subclassing the `Model` class, you should implement a `call` method.")
        given = nest.flatten(inputs)
        if len(given) != len(self._route.inputs):
            raise ValueError(
                f"Layer {self.name} expects {len(self._route.inputs)} inputs, but it received {len(given)}"
            )
        return nest.pack_sequence_as(self._output_form, self._route.repeat(given))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """A model's output has the masks that its layers gave it."""
        return None

    def build(self, input_shape: Any) -> None:
        """Makes the variables, by calling the model on a placeholder of a shape (with the batch)."""
        if type(self).call is not Model.call and not isinstance(input_shape, TensorShape):
            self(Input(batch_shape=tuple(input_shape)))
        self.built = True

    # What it has ---------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """Its layers."""
        return list(self._layers)

    @property
    def inputs(self) -> list[Tensor] | None:
        """Input tensors; None for a model that was not called."""
        return self._inputs

    @property
    def outputs(self) -> list[Tensor] | None:
        """Output tensors; None for a model that was not called."""
        return self._outputs

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs' layers."""
        return [t.op.name.rpartition("/")[2] for t in self._inputs or []]

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that give the outputs."""
        history = state.state_of().history
        return [history[t][0].layer.name if t in history else f"output_{i + 1}"
                for i, t in enumerate(self._outputs or [])]  # fmt: skip

    @property
    def input(self) -> Any:
        """The input tensor, or the list of them."""
        return super().input if self._inputs is None else _single(self._inputs)

    @property
    def output(self) -> Any:
        """The output tensor, or the list of them."""
        return super().output if self._outputs is None else _single(self._outputs)

    @property
    def input_shape(self) -> Any:
        """Shape of the input."""
        return nest.map_structure(lambda t: t.dims, self.input)

    @property
    def output_shape(self) -> Any:
        """Shape of the output."""
        return nest.map_structure(lambda t: t.dims, self.output)

    @property
    def weights(self) -> list[Any]:
        """All variables, layer by layer."""
        own = [*self._trainable_weights, *self._non_trainable_weights]
        return unique([*(v for layer in self._layers for v in layer.weights), *own])

    @property
    def trainable_weights(self) -> list[Any]:
        """Variables for training, layer by layer."""
        if not self.trainable:
            return []
        return unique([*(v for layer in self._layers for v in layer.trainable_weights), *self._trainable_weights])

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes a functional model from what `get_config` returned, with new weights."""
        return configs.made_from(cls, config, custom_objects)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the model from again.

        Raises:
          NotImplementedError: the model has a `call` of its own, or nodes that no layer made.
        """
        return configs.config_of(self)

    def to_json(self, **kwargs: Any) -> str:
        """Returns the config as JSON; `model_from_json` makes the model again.

        Args:
          **kwargs: Of `json.dumps`.
        """
        return json.dumps(configs.whole(self), **{"default": configs.jsonable, **kwargs})

    def to_yaml(self, **kwargs: Any) -> str:
        """Returns the config as YAML; `model_from_yaml` makes the model again.

        Args:
          **kwargs: Of `yaml.dump`.

        Raises:
          ImportError: the package `pyyaml` is not installed.
        """
        return configs.yaml_text(self, **kwargs)

    @property
    def state_updates(self) -> list[Any]:
        """The updates of stateful layers."""
        found = [layer.state_updates if isinstance(layer, Model) else layer.updates if layer.stateful else []
                 for layer in self._layers]  # fmt: skip
        return [op for ops in found for op in ops]

    def reset_states(self) -> None:
        """Sets the states of stateful layers to zero."""
        for layer in self._layers:
            if hasattr(layer, "reset_states") and (layer.stateful or isinstance(layer, Model)):
                layer.reset_states()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Returns a layer by its index, or by its name.

        Raises:
          ValueError: there is none.
        """
        if index is not None:
            if len(self.layers) <= index:
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(self.layers)} layers."
                )
            return self.layers[index]
        if not name:
            raise ValueError("Provide either a layer name or layer index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Layers: {', '.join(layer.name for layer in self.layers)}")

    def summary(self, line_length: int | None = None, positions: Any = None, print_fn: Any = None) -> None:
        """Prints the layers, the shapes of their outputs, and how many parameters they have.

        Args:
          line_length: Length of a line; 65 by default, 98 where layers are joined.
          positions: Where the columns end, as parts of the line.
          print_fn: Function of a line; `print` by default.

        Raises:
          ValueError: it is not built.
        """
        if not self.built:
            raise ValueError("This model has not yet been built. Build the model first by calling `build()` or calling "
                             "`fit()` with some data, or specify an `input_shape` argument in the first layer(s) for "
                             "automatic build.")  # fmt: skip
        summaries.print_summary(self, line_length, positions, print_fn or print)

    # Files -----------------------------------------------------------------------------------------------------------

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: str | None = None,
        signatures: Any = None,
    ) -> None:  # fmt: skip
        """Writes the whole model into an HDF5 file; args as for `keras.models.save_model`."""
        files.save_model(self, filepath, overwrite, include_optimizer, save_format, signatures)

    def save_weights(self, filepath: Any, overwrite: bool = True, save_format: str | None = None) -> None:
        """Writes the values of the weights.

        Args:
          filepath: File; one that ends in ".h5" or ".keras" is HDF5 (needs the package h5py), another a checkpoint.
          overwrite: Whether a file that exists is replaced; otherwise that is an error.
          save_format: "h5" or "tf", in the place of the ending.
        """
        files.save_weights(self, str(filepath), overwrite, save_format)

    def load_weights(self, filepath: Any, by_name: bool = False) -> None:
        """Reads the values of the weights.

        Args:
          filepath: What `save_weights` was given; HDF5 files of Keras can be read too.
          by_name: Whether layers are found by name (HDF5 only) and those that are missing left alone.

        Raises:
          ValueError: the file does not fit the model.
        """
        files.load_weights(self, str(filepath), by_name)


class Sequential(Model):
    """Layers one after the other.

    Args:
      layers: The layers.
      name: Name of the model.

    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(4,)), tf.keras.layers.Dense(2)])
    >>> [v.name for v in model.weights]
    ['dense/kernel:0', 'dense/bias:0', 'dense_1/kernel:0', 'dense_1/bias:0']
    """

    def __init__(self, layers: Any = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self._sequence: list[Any] = []
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Adds a layer at the end.

        Raises:
          TypeError: it is no layer.
        """
        if not isinstance(layer, Layer):
            raise TypeError(f"The added layer must be an instance of class Layer. Found: {layer}")
        route = self._route
        if not self._sequence:
            start = self._start_of(layer)
            if isinstance(layer, InputLayer):
                self._begun = layer.output
                return
            if start is not None:
                self._begun = start
        self._sequence.append(layer)
        begun = self.__dict__.get("_begun")
        if begun is None:
            self._layers[:] = self._sequence
            return
        before = begun if route is None or self._outputs is None else self._outputs[0]
        after = layer(before)
        if isinstance(after, (list, tuple)):
            raise TypeError("All layers in a Sequential model should have a single output tensor.")
        self._set_sequence(begun, after)

    @property
    def weights(self) -> list[Any]:
        """All variables, layer by layer.

        Raises:
          ValueError: the model is not built.
        """
        if not self.built:
            raise ValueError(
                f"Weights for model {self.name} have not yet been created. Weights are created when the Model is first "
                "called on inputs or `build()` is called with an `input_shape`."
            )
        return super().weights

    def _start_of(self, layer: Any) -> Tensor | None:
        shape = layer._batch_input_shape
        if isinstance(layer, InputLayer):
            return layer.output
        if shape is None and isinstance(layer, Model) and layer.inputs:
            shape = layer.inputs[0].dims
        if shape is None:
            return None
        return Input(batch_shape=shape, dtype=layer.dtype if _is_fed_as(layer) else None, name=layer.name + "_input")

    def _set_sequence(self, begun: Tensor, after: Tensor) -> None:
        self._calls.clear()
        self._set_route(begun, after)
        self._layers[:] = self._sequence

    def pop(self) -> None:
        """Takes the last layer off.

        Raises:
          TypeError: there is none.
        """
        if not self._sequence:
            raise TypeError("There are no layers in the model.")
        self._sequence.pop()
        begun = self.__dict__.get("_begun")
        if begun is None or not self._sequence:
            self._layers[:] = self._sequence
            self._route = self._outputs = None
        else:
            self._set_sequence(begun, self._sequence[-1].output)

    def build(self, input_shape: Any = None) -> None:
        """Makes the variables for inputs of a shape (with the batch)."""
        if self._route is None and not isinstance(input_shape, TensorShape):
            if input_shape is None:
                raise ValueError("You must provide an `input_shape` argument.")
            self(Input(batch_shape=tuple(input_shape)))
        self.built = True

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """Makes a model from what `get_config` returned, with new weights."""
        return configs.sequence_from(cls, config, custom_objects)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the model from again."""
        return configs.sequence_config(self)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Calls the layers one after the other."""
        if self._route is not None:
            return super().call(inputs, training=training, mask=mask)
        for layer in self._sequence:
            inputs = layer(inputs)
        return inputs

    def predict_proba(self, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
        """Returns the outputs for arrays, as `predict` does."""
        return self.predict(x, batch_size, verbose)

    def predict_classes(self, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
        """Returns the class of each example: the largest output, or whether the only one is above one half."""
        outputs = self.predict(x, batch_size, verbose)
        return outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype(np.int32)


def _is_fed_as(layer: Any) -> bool:
    """Whether a first layer's dtype is that of its input."""
    return layer.dtype is not None and type(layer).__name__ != "Embedding"


def _single(tensors: Sequence[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else list(tensors)
