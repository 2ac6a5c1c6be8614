"""Files of a model's weights, and its summary.

HDF5 files are laid out as Keras lays them out: the attribute `layer_names`, a group a layer with the attribute
`weight_names`, a data set a weight. A checkpoint is what `tf.train.Saver` writes of the weights.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.lib.keras import state
from scopedjax._src.lib.train.saver import Saver


def _is_hdf5(path: str, save_format: str | None) -> bool:
    if save_format in ("h5", "hdf5", "keras"):
        return True
    return save_format is None and path.endswith((".h5", ".keras", ".hdf5"))


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "save_weights and load_weights need the package h5py for HDF5 files: install it, or use a path without the "
            'ending ".h5" to write a checkpoint'
        ) from error
    return h5py


def save_weights(model: Any, path: str, overwrite: bool, save_format: str | None) -> None:
    """Writes the weights of a model; see `Model.save_weights`."""
    if not model.weights:
        raise ValueError(f"Model '{model.name}' has no weights yet: build it or call it first")
    if not _is_hdf5(path, save_format):
        Saver(model.weights).save(state.get_session(model.weights), path, write_meta_graph=False)
        return
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists, and overwrite=False")
    with _h5py().File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.4-tf"
        for layer in model.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [w.name.encode() for w in layer.weights]
            for weight, value in zip(layer.weights, state.batch_get_value(layer.weights), strict=True):
                group.create_dataset(weight.name, data=np.asarray(value))


def load_weights(model: Any, path: str, by_name: bool) -> None:
    """Reads the weights of a model; see `Model.load_weights`."""
    if not _is_hdf5(path, None):
        if by_name:
            raise NotImplementedError("Weights may only be loaded based on topology into Models when loading "
                                      "TensorFlow-formatted weights (got by_name=True to load_weights).")  # fmt: skip
        Saver(model.weights).restore(state.get_session(model.weights), path)
        return
    with _h5py().File(path, "r") as file:
        group = file["model_weights"] if "layer_names" not in file.attrs and "model_weights" in file else file
        stored = {_text(n): _arrays(group[_text(n)]) for n in group.attrs["layer_names"]}
    state.batch_set_value(_pairs(model, stored, by_name))


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _arrays(group: Any) -> list[Any]:
    return [np.asarray(group[_text(name)]) for name in group.attrs["weight_names"]]


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
    for layer, values in matched:
        if len(layer.weights) != len(values):
            raise ValueError(
                f'Layer "{layer.name}" expects {len(layer.weights)} weights, but the saved weights have {len(values)} '
                "elements."
            )
        pairs.extend(zip(layer.weights, values, strict=True))
    return pairs


def print_summary(model: Any, width: int, positions: Sequence[float], show: Callable[[str], Any]) -> None:
    """Prints a table of the layers; see `Model.summary`."""
    ends = [int(width * p) if p <= 1 else int(p) for p in positions]

    def row(*fields: str) -> str:
        line = ""
        for text, end in zip(fields, ends):
            line = (line + " " if line else "") + text
            line = line[:end].ljust(end)
        return line

    show(f'Model: "{model.name}"')
    show("_" * width)
    show(row("Layer (type)", "Output Shape", "Param #"))
    show("=" * width)
    for i, layer in enumerate(model.layers):
        try:
            shape = str(layer.output_shape)
        except AttributeError:
            shape = "multiple"
        count = str(layer.count_params()) if layer.built else "0 (unused)"
        show(row(f"{layer.name} ({type(layer).__name__})", shape, count))
        show(("=" if i == len(model.layers) - 1 else "_") * width)
    trained = sum(int(np.prod(v.get_shape().as_list())) for v in model.trainable_weights)
    others = sum(int(np.prod(v.get_shape().as_list())) for v in model.non_trainable_weights)
    show(f"Total params: {trained + others:,}")
    show(f"Trainable params: {trained:,}")
    show(f"Non-trainable params: {others:,}")
    show("_" * width)
