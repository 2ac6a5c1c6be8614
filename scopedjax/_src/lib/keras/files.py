"""Files of models: weights, or the whole model.

HDF5 files are laid out as Keras lays them out, and its files can be read:

    layer_names            attribute: names of the layers
    dense/                 a group a layer, with the attribute weight_names
      dense/kernel:0       a data set a weight

A whole model has that in the group `model_weights`, and beside it the attributes `model_config` and `training_config`
(JSON) and the group `optimizer_weights`. A checkpoint of weights is what `tf.train.Saver` writes. Weights of a layer or
of a nested model stand in the order: those for training, then the others.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from scopedjax._src.lib.keras import chosen_optimizers as optimizers
from scopedjax._src.lib.keras import configs, losses, metrics, naming, state
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.saver import Saver

_LARGEST_ATTRIBUTE = 64512  # HDF5 keeps attributes in the header of an object, which ends there


def _is_hdf5(path: str, save_format: str | None) -> bool:
    if save_format is not None and save_format.lower() not in ("h5", "hdf5", "keras", "tf", "tensorflow"):
        raise ValueError(f"Unknown format {save_format!r}. Was expecting one of {{'tf', 'h5'}}.")
    if save_format is not None:
        return save_format.lower() in ("h5", "hdf5", "keras")
    return path.endswith((".h5", ".keras", ".hdf5"))


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "HDF5 files of Keras need the package h5py: pip install 'scopedjax[keras]'; or use save_weights with a "
            'path without the ending ".h5", which writes a checkpoint'
        ) from error
    return h5py


# ------------------------------------------------------------------------------------------------------------ weights


def _in_order(layer: Any) -> list[Any]:
    """A layer's weights as files have them: those for training, then the others."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def save_weights(model: Any, path: str, overwrite: bool, save_format: str | None) -> None:
    """Writes the weights of a model; see `Model.save_weights`."""
    if not model.weights:
        raise ValueError(f"Weights for model {model.name} have not yet been created: build it or call it first")
    if not _is_hdf5(path, save_format):
        Saver(model.weights).save(state.get_session(model.weights), path, write_meta_graph=False)
        return
    _refuse_to_overwrite(path, overwrite)
    with _h5py().File(path, "w") as file:
        _write_layers(file, model.layers)


def _refuse_to_overwrite(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists, and overwrite=False")


def _write_layers(group: Any, layers: Any) -> None:
    _write_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = configs.VERSION.encode()
    for layer in layers:
        _write_weights(group.create_group(layer.name), _in_order(layer))


def _write_weights(group: Any, weights: Any) -> None:
    _write_names(group, "weight_names", [w.name for w in weights])
    for weight, value in zip(weights, state.batch_get_value(weights), strict=True):
        group.create_dataset(weight.name, data=np.asarray(value))


def _write_names(group: Any, key: str, names: list[str]) -> None:
    """Names as an attribute; in parts, with numbers after the key, where they are too large for one."""
    encoded = [n.encode() for n in names]
    parts = 1
    while any(np.asarray(part).nbytes > _LARGEST_ATTRIBUTE for part in np.array_split(encoded, parts)):
        parts += 1
    if parts == 1:
        group.attrs[key] = encoded
        return
    for i, part in enumerate(np.array_split(encoded, parts)):
        group.attrs[f"{key}{i}"] = part


def _read_names(group: Any, key: str) -> list[str]:
    if key in group.attrs:
        return [_text(n) for n in group.attrs[key]]
    found: list[str] = []
    number = 0
    while f"{key}{number}" in group.attrs:
        found += [_text(n) for n in group.attrs[f"{key}{number}"]]
        number += 1
    return found


def load_weights(model: Any, path: str, by_name: bool) -> None:
    """Reads the weights of a model; see `Model.load_weights`."""
    if not _is_hdf5(path, None):
        if by_name:
            raise NotImplementedError("Weights may only be loaded based on topology into Models when loading "
                                      "TensorFlow-formatted weights (got by_name=True to load_weights).")  # fmt: skip
        Saver(model.weights).restore(state.get_session(model.weights), path)
        return
    if not model.built:
        raise ValueError("Unable to load weights saved in HDF5 format into a subclassed Model which has not created "
                         "its variables yet. Call the Model first, then load the weights.")  # fmt: skip
    with _h5py().File(path, "r") as file:
        group = file["model_weights"] if "layer_names" not in file.attrs and "model_weights" in file else file
        stored = _read_layers(group)
    state.batch_set_value(_pairs(model, stored, by_name))


def _read_layers(group: Any) -> dict[str, list[Any]]:
    return {name: _arrays(group[name]) for name in _read_names(group, "layer_names")}


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _arrays(group: Any) -> list[Any]:
    return [np.asarray(group[name]) for name in _read_names(group, "weight_names")]


def _pairs(model: Any, stored: dict[str, list[Any]], by_name: bool) -> list[tuple[Any, Any]]:
    """[(weight, array), ...]: layers by name, or those with weights in their order."""
    if by_name:
        matched = [(layer, stored[layer.name]) for layer in model.layers if layer.name in stored]
    else:
        layers = [layer for layer in model.layers if layer.weights]
        arrays = [a for a in stored.values() if a]
        if len(layers) != len(arrays):
            raise ValueError(
                f"You are trying to load a weight file containing {len(arrays)} layers into a model with {len(layers)} "
                "layers."
            )
        matched = list(zip(layers, arrays, strict=True))
    pairs: list[tuple[Any, Any]] = []
    for number, (layer, values) in enumerate(matched):
        weights = _in_order(layer)
        if len(weights) != len(values):
            raise ValueError(
                f'Layer #{number} (named "{layer.name}") expects {len(weights)} weight(s), but the saved weights have '
                f"{len(values)} element(s)."
            )
        for weight, value in zip(weights, values, strict=True):
            if tuple(weight.get_shape().as_list()) != value.shape:
                raise ValueError(
                    f'Layer #{number} (named "{layer.name}"), weight {weight.name} has shape '
                    f"{tuple(weight.get_shape().as_list())}, but the saved weight has shape {value.shape}."
                )
            pairs.append((weight, value))
    return pairs


# -------------------------------------------------------------------------------------------------------- whole models


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: str | None = None,
    signatures: Any = None,
) -> None:  # fmt: skip
    """Writes a whole model into an HDF5 file: its config, its weights, and what it was compiled with.

    Args:
      model: Functional or Sequential model.
      filepath: Path of the file.
      overwrite: Whether a file that exists is replaced; otherwise that is an error.
      include_optimizer: Whether what `compile` was told, and the optimizer's variables, are written too.
      save_format: "h5"; "tf" would be a SavedModel.
      signatures: Must be None: they belong to a SavedModel.

    Raises:
      NotImplementedError: a SavedModel, or a model that no config says.

    >>> import tempfile, os
    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.h5")
    >>> tf.keras.models.save_model(model, path)
    >>> tf.keras.models.load_model(path).output_shape
    (None, 2)
    """
    path = str(filepath)
    if save_format in ("tf", "tensorflow") or signatures is not None:
        raise NotImplementedError("Model.save writes HDF5 files here; for a SavedModel call "
                                  "tf.saved_model.simple_save on Keras' session")  # fmt: skip
    h5py = _h5py()
    text = configs.whole(model)
    _refuse_to_overwrite(path, overwrite)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = configs.VERSION.encode()
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps(
            {"class_name": text["class_name"], "config": text["config"]}, default=configs.jsonable
        ).encode()
        _write_layers(file.create_group("model_weights"), model.layers)
        if include_optimizer and model.optimizer is not None:
            _write_training(file, model)


def _write_training(file: Any, model: Any) -> None:
    compiled = model._compiled
    if not isinstance(compiled.optimizer, optimizers.Optimizer):
        logging.warning(
            "TensorFlow optimizers do not make it possible to access optimizer attributes or optimizer state after "
            "instantiation. As a result, we cannot save the optimizer as part of the model save file. You will have "
            "to compile your model again after loading it."
        )
        return
    told = {
        "loss": _said(compiled.loss), "metrics": _said(compiled.metrics),
        "weighted_metrics": _said(compiled.weighted_metrics), "sample_weight_mode": compiled.sample_weight_mode,
        "loss_weights": compiled.loss_weights, "optimizer_config": naming.serialized(compiled.optimizer),
    }  # fmt: skip
    file.attrs["training_config"] = json.dumps(told, default=configs.jsonable).encode()
    if compiled.optimizer.weights:
        _write_weights(file.create_group("optimizer_weights"), compiled.optimizer.weights)


def _said(value: Any) -> Any:
    """Losses and metrics by name or config, in the structure in which they were given."""
    if isinstance(value, dict):
        return {k: _said(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(v) for v in value]
    return value if isinstance(value, str) else naming.serialized(value)


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True) -> Any:
    """Returns the model of an HDF5 file: with its weights, and compiled where it was.

    Args:
      filepath: Path of the file.
      custom_objects: {name: class or function} of things of one's own.
      compile: Whether to compile it as it was.

    Raises:
      OSError: there is no such file, or it is none of HDF5.
      ValueError: the file has weights alone, or a layer is not known.

    >>> import tempfile, os
    >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.h5")
    >>> model.save(path)
    >>> again = tf.keras.models.load_model(path)
    >>> bool((again.get_weights()[0] == model.get_weights()[0]).all())
    True
    """
    path = str(filepath)
    if os.path.isdir(path):
        raise NotImplementedError(f"{path} is a folder: keras.models.load_model reads HDF5 files here; a SavedModel is "
                                  "read by tf.saved_model.loader.load")  # fmt: skip
    with _h5py().File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ValueError(f"No model found in config file: {path} has weights alone; make the model by its code, "
                             "then load_weights")  # fmt: skip
        config = json.loads(_text(file.attrs["model_config"]))
        stored = _read_layers(file["model_weights"])
        told = json.loads(_text(file.attrs["training_config"])) if "training_config" in file.attrs else None
        slots = _arrays(file["optimizer_weights"]) if "optimizer_weights" in file else None
    model = configs.model_from_config(config, custom_objects)
    state.batch_set_value(_pairs(model, stored, False))
    if compile and told is not None:
        _compile_again(model, told, slots, custom_objects or {})
    elif compile:
        logging.warning(
            "No training configuration found in save file: the model was *not* compiled. Compile it manually."
        )
    return model


def _compile_again(model: Any, told: dict[str, Any], slots: Any, custom_objects: Any) -> None:
    """Compiles a model as it was, and gives the optimizer its variables back."""
    optimizer = optimizers.deserialize(told["optimizer_config"], custom_objects)
    model.compile(
        optimizer, _meant(told.get("loss"), losses, custom_objects),
        _meant(told.get("metrics"), metrics, custom_objects), told.get("loss_weights"), told.get("sample_weight_mode"),
        _meant(told.get("weighted_metrics"), metrics, custom_objects),
    )  # fmt: skip
    if slots is None or model._compiled is None or not model._compiled.values:
        return
    model._training_step()
    try:
        optimizer.set_weights(slots)
    except ValueError:
        logging.warning(
            "Error in loading the saved optimizer state. As a result, your model is starting with a freshly "
            "initialized optimizer."
        )


def _meant(said: Any, page: Any, custom_objects: Any) -> Any:
    """Losses and metrics from their names or configs."""
    if isinstance(said, dict) and "class_name" not in said:
        return {k: _meant(v, page, custom_objects) for k, v in said.items()}
    if isinstance(said, list):
        return [_meant(v, page, custom_objects) for v in said]
    if said is None or said in ("accuracy", "acc", "crossentropy", "ce"):
        return said
    return page.deserialize(said, custom_objects)
