"""Functions and small classes of tf.keras answer as those of TensorFlow 1.15 do."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import scopedjax as tf
from tests.lib.keras import function_programs, further_programs
from tests.oracle import golden


def agree(theirs: Any, ours: Any, where: str) -> None:
    """Numbers close, everything else equal, structures alike."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        assert sorted(theirs) == sorted(ours), where
        for key in theirs:
            agree(theirs[key], ours[key], f"{where}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        assert len(theirs) == len(ours), (where, theirs, ours)
        for i, (a, b) in enumerate(zip(theirs, ours, strict=True)):
            agree(a, b, f"{where}[{i}]")
    elif isinstance(theirs, float):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=where)
    else:
        assert theirs == ours, where


PROGRAMS = [
    *(("keras_functions", name, program) for name, program in function_programs.PROGRAMS.items()),
    *(("keras_further", name, program) for name, program in further_programs.PROGRAMS.items()),
]


@pytest.mark.filterwarnings("ignore:The graph grows")
@pytest.mark.parametrize(("recorded", "name", "program"), PROGRAMS, ids=[name for _, name, _ in PROGRAMS])
def test_program(recorded: str, name: str, program: Any) -> None:
    tf.keras.backend.clear_session()
    try:
        found = json.loads(json.dumps(program(tf), default=lambda value: value.item()))
        agree(golden(recorded)[name], found, name)
    finally:
        tf.keras.backend.clear_session()


def test_yaml_that_tensorflow_wrote() -> None:
    """Texts of TensorFlow 1.15 make models; nothing in a text is run."""
    tf.keras.backend.clear_session()
    try:
        models = [tf.keras.models.model_from_yaml(text) for text in golden("keras_further")["yaml_texts"][0]]
        assert [model.name for model in models] == ["m", "functional"]
        assert models[0].layers[0].strides == (2, 1)
        with pytest.raises(Exception, match="could not determine a constructor"):
            tf.keras.models.model_from_yaml("!!python/object/apply:os.getcwd []")
    finally:
        tf.keras.backend.clear_session()
