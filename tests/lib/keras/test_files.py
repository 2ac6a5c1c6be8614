"""HDF5 files of models go both ways: with TensorFlow 2.21's Keras live, from that of 1.15 by files that it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopedjax as tf
from tests import oracle
from tests.lib.keras import file_models

pytest.importorskip("h5py")


def _same(model: Any, name: str, predicted: Any) -> None:
    np.testing.assert_allclose(model.predict(file_models.data(name)), predicted, rtol=1e-4, atol=1e-5)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("direction", ["theirs to ours", "ours to theirs"])
@pytest.mark.parametrize("name", file_models.MODELS)
def test_exchanged(name: str, direction: str, tmp_path: Path) -> None:
    """A whole model with its optimizer; weights alone, by order and by name."""
    writer, reader = (oracle.real_tf(), tf) if direction == "theirs to ours" else (tf, oracle.real_tf())
    for side in (writer, reader):
        side.keras.backend.clear_session()
    model = file_models.made(writer, name)
    predicted, slots = model.predict(file_models.data(name)), model.optimizer.get_weights()
    model.save(str(tmp_path / "model.h5"))
    model.save_weights(str(tmp_path / "weights.h5"))
    oracle.COUNTS["comparisons"] += 1
    again = reader.keras.models.load_model(str(tmp_path / "model.h5"))
    _same(again, name, predicted)
    assert len(again.optimizer.get_weights()) == len(slots)
    for a, b in zip(again.optimizer.get_weights(), slots, strict=True):
        np.testing.assert_array_equal(a, b)
    for by_name in (False, True):
        made = file_models.MODELS[name](reader)
        made.load_weights(str(tmp_path / "weights.h5"), by_name=by_name)
        _same(made, name, predicted)


@pytest.mark.parametrize("name", file_models.MODELS)
def test_written_by_tensorflow_1(name: str) -> None:
    tf.keras.backend.clear_session()
    recorded = oracle.golden("keras_files")[name]
    model = tf.keras.models.load_model(str(oracle.GOLDEN / f"keras_files_{name}.h5"))
    _same(model, name, recorded["predicted"])
    found = [np.asarray(w).ravel()[:3].tolist() for w in model.optimizer.get_weights()]
    assert len(found) == len(recorded["optimizer"])
    for ours, theirs in zip(found, recorded["optimizer"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
