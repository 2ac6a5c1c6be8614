"""A model as a config and back: what `get_config`, `to_json`, `clone_model` and whole-model files say.

    Sequential   {"name", "layers": [{"class_name", "config"}, ...]}
    Model        {"name", "layers": [{"name", "class_name", "config", "inbound_nodes"}, ...],
                  "input_layers": [[name, call, place], ...], "output_layers": ...}

An inbound node is one call of a layer: `[[[name, call, place, kwargs], ...], ...]` says which outputs of which calls it
got. Calls are numbered among those that the model has. Code is never written or read: a `Lambda` with a function that
has a name is written by the name, and read with `custom_objects`; a model with code of its own (`call`) has no config.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import naming
from scopedjax._src.lib.keras.layer import LAYERS, Call
from scopedjax._src.lib.keras.network import InputLayer, Route, tensors_of

VERSION = "2.2.4-tf"


def config_of(model: Any) -> dict[str, Any]:
    """The config of a functional model.

    Raises:
      NotImplementedError: it is made by code of its own, or by nodes that no layer made.
    """
    route: Route | None = model._route
    if route is None:
        raise NotImplementedError(
            f"Model '{model.name}' is a subclass with a `call` of its own, which no config says: keep its code, and "
            "save_weights"
        )
    places = _Places(model, route)
    layers = [
        {"name": layer.name, "class_name": type(layer).__name__, "config": naming.serialized(layer)["config"],
         "inbound_nodes": [places.inbound(call) for call in places.calls[id(layer)]]}
        for layer in route.layers
    ]  # fmt: skip
    return {
        "name": model.name,
        "layers": layers,
        "input_layers": [places.of(t) for t in route.inputs],
        "output_layers": [places.of(t) for t in route.outputs],
    }


class _Places:
    """Where tensors come from: [layer, number of its call, place among its outputs]."""

    def __init__(self, model: Any, route: Route) -> None:
        self._history = route.history
        self.calls: dict[int, list[Call]] = {id(layer): [] for layer in route.layers}
        for step in route.steps:
            if not isinstance(step, Call):
                raise NotImplementedError(
                    f"Model '{model.name}' has the node '{step.name}' between its layers, which no layer made: put it "
                    "into a Lambda layer with a named function, or keep the model's code and save_weights"
                )
            self.calls[id(step.layer)].append(step)

    def of(self, tensor: Tensor) -> list[Any]:
        """[layer, number of its call, place among its outputs]."""
        call, place = self._history[tensor]
        calls = self.calls.get(id(call.layer), [])
        number = next((i for i, known in enumerate(calls) if known is call), 0)
        return [call.layer.name, number + _first_number(call.layer), place]

    def inbound(self, call: Call) -> list[list[Any]]:
        """The tensors that a call got, the first with the other arguments."""
        if tensors_of((call.args, call.kwargs)):
            raise NotImplementedError(
                f"Layer '{call.layer.name}' was called with tensors as further arguments, which a config does not say "
                "here: give them in a list with the first input"
            )
        kwargs = json.loads(json.dumps(call.kwargs, default=jsonable))
        return [[*self.of(t), kwargs] for t in nest.flatten(call.inputs)]


def _first_number(layer: Any) -> int:
    """The number of a layer's first call: in a nested model, its own way from inputs to outputs has the number 0."""
    return 1 if isinstance(layer, LAYERS.named["Model"]) else 0


def made_from(cls: Any, config: dict[str, Any], custom_objects: Any) -> Any:
    """The functional model of a config."""
    layers: dict[str, Any] = {}
    outputs: dict[tuple[str, int], list[Tensor]] = {}
    waiting: list[tuple[str, int, Any]] = []
    for entry in config["layers"]:
        name = entry["name"]
        made = LAYERS.get({"class_name": entry["class_name"], "config": entry["config"]}, custom_objects)
        layers[name] = made
        if isinstance(made, InputLayer):
            outputs[name, 0] = [made.output]
        waiting += [(name, n, node) for n, node in enumerate(entry["inbound_nodes"], _first_number(made))]
    while waiting:
        ready = [w for w in waiting if all((t[0], t[1]) in outputs for t in w[2])]
        if not ready:
            raise ValueError(f"The config of model '{config.get('name')}' has layers whose inputs nothing makes: "
                             f"{sorted({w[0] for w in waiting})}")  # fmt: skip
        for name, number, node in sorted(ready, key=lambda w: w[1]):
            if number > _first_number(layers[name]) and (name, number - 1) not in outputs:
                continue
            tensors = [outputs[t[0], t[1]][t[2]] for t in node]
            kwargs = node[0][3] if len(node[0]) > 3 else {}
            found = layers[name](tensors[0] if len(tensors) == 1 else tensors, **kwargs)
            outputs[name, number] = tensors_of(found)
            waiting.remove((name, number, node))
    ends = [[outputs[n, call][place] for n, call, place in _rows(config[key])]
            for key in ("input_layers", "output_layers")]  # fmt: skip
    return cls(*(e[0] if len(e) == 1 else e for e in ends), name=config.get("name"))


def _rows(places: Any) -> Any:
    """[[layer, call, place], ...]; one place alone stands without the outer list."""
    return [places] if places and isinstance(places[0], str) else places


def sequence_config(model: Any) -> dict[str, Any]:
    """The config of a Sequential."""
    layers = [naming.serialized(layer) for layer in model._sequence]
    begun = model.__dict__.get("_begun")
    config: dict[str, Any] = {"name": model.name, "layers": layers}
    if begun is not None and layers and "batch_input_shape" not in layers[0]["config"]:
        layers[0]["config"]["batch_input_shape"] = list(begun.dims)
    return config


def sequence_from(cls: Any, config: Any, custom_objects: Any) -> Any:
    """The Sequential of a config; Keras before 2.2 wrote the list of layers alone."""
    if isinstance(config, list):
        config = {"layers": config}
    model = cls(name=config.get("name"))
    for entry in config["layers"]:
        model.add(LAYERS.get(entry, custom_objects))
    shape = config.get("build_input_shape")
    if shape and not model.inputs:
        model.build(shape)
    return model


def whole(model: Any) -> dict[str, Any]:
    """The config with the name of the class and of the version, as JSON and files say it."""
    name = "Sequential" if isinstance(model, LAYERS.named["Sequential"]) else "Model"
    return {"class_name": name, "config": model.get_config(), "keras_version": VERSION, "backend": "tensorflow"}


def jsonable(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "as_list"):
        return value.as_list()
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    raise TypeError(f"{value!r} of a layer's config cannot be written as JSON")


def model_from_config(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Returns the model of `{"class_name", "config"}`, with new weights.

    Args:
      config: What a model's `get_config` gave, under "config", with the class's name under "class_name".
      custom_objects: {name: class or function} of things of one's own.

    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> again = tf.keras.models.model_from_config({"class_name": "Sequential", "config": model.get_config()})
    >>> again.layers[0].units
    2
    """
    if isinstance(config, list):
        raise TypeError(f"`model_from_config` expects a dictionary, not a list: {config}. Maybe you meant to use "
                        "`Sequential.from_config(config)`?")  # fmt: skip
    name = {"Functional": "Model"}.get(config["class_name"], config["class_name"])
    with naming.custom_object_scope(custom_objects or {}):
        return LAYERS.get({"class_name": name, "config": config["config"]})


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Returns the model that `to_json` wrote, with new weights.

    Args:
      json_string: The text.
      custom_objects: {name: class or function} of things of one's own.

    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> tf.keras.models.model_from_json(model.to_json()).output_shape
    (None, 2)
    """
    return model_from_config(json.loads(json_string), custom_objects)


def _yaml() -> Any:
    try:
        return importlib.import_module("yaml")
    except ImportError as error:
        raise ImportError("Requires yaml module installed (`pip install pyyaml`).") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(inner) for inner in value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else _plain(jsonable(value))


def yaml_text(model: Any, **kwargs: Any) -> str:
    """The config as YAML, in which tuples are marked as TensorFlow 1.15 marks them."""
    return _yaml().dump(_plain(whole(model)), **kwargs)


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """Returns the model that `to_yaml` wrote, here or in TensorFlow 1.15, with new weights.

    The text is data: nothing in it is run.

    Args:
      yaml_string: The text.
      custom_objects: {name: class or function} of things of one's own.

    Raises:
      ImportError: the package `pyyaml` is not installed.

    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> tf.keras.models.model_from_yaml(model.to_yaml()).output_shape
    (None, 2)
    """
    yaml = _yaml()

    class Loader(yaml.SafeLoader):
        """A safe loader that knows tuples."""

    Loader.add_constructor(
        "tag:yaml.org,2002:python/tuple", lambda loader, node: tuple(loader.construct_sequence(node, deep=True))
    )
    return model_from_config(yaml.load(yaml_string, Loader), custom_objects)


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None) -> Any:
    """Returns a model of the same layers with weights of its own.

    Args:
      model: Functional or Sequential model.
      input_tensors: Must be None: call the clone on tensors.
      clone_function: Function of a layer that returns the one to stand in its place.

    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> tf.keras.models.clone_model(model).layers[0] is model.layers[0]
    False
    """
    if input_tensors is not None:
        raise NotImplementedError("clone_model(input_tensors) is not available in scopedjax: call the clone on them")
    config = model.get_config()
    if clone_function is not None:
        for entry, layer in zip(config["layers"], model.layers, strict=False):
            if not isinstance(layer, InputLayer):
                entry.update(naming.serialized(clone_function(layer)))
    return type(model).from_config(config)


def serialize(layer: Any) -> dict[str, Any]:
    """Returns {"class_name": ..., "config": ...} of a layer.

    >>> tf.keras.layers.serialize(tf.keras.layers.Dense(3))["class_name"]
    'Dense'
    """
    return naming.serialized(layer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Returns the layer of {"class_name": ..., "config": ...}.

    Args:
      config: What `serialize` returned.
      custom_objects: {name: class} of layers of one's own.

    >>> tf.keras.layers.deserialize({"class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    return LAYERS.get(config, custom_objects)
