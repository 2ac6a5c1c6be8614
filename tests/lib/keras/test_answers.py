"""tf.keras answers as that of TensorFlow 1.15 does: names, outputs, losses, steps of training."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import scopedjax as tf
from tests.lib.keras import model_programs, programs, recurrent_programs
from tests.oracle import GOLDEN

PROGRAMS = {**programs.PROGRAMS, **recurrent_programs.PROGRAMS, **model_programs.PROGRAMS}
ANSWERS = json.loads((GOLDEN / "keras_answers.json").read_text(encoding="utf-8"))


def agree(theirs: Any, ours: Any, where: str) -> None:
    """Strings and integers equal, floats close, structures alike."""
    if isinstance(theirs, dict):
        assert sorted(theirs) == sorted(ours), (where, set(theirs) ^ set(ours))
        for key in theirs:
            agree(theirs[key], ours[key], f"{where}.{key}")
    elif isinstance(theirs, list) and theirs and all(isinstance(v, float) for v in theirs):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=where)
    elif isinstance(theirs, list):
        assert len(theirs) == len(ours), (where, theirs, ours)
        for i, (a, b) in enumerate(zip(theirs, ours, strict=True)):
            agree(a, b, f"{where}[{i}]")
    elif isinstance(theirs, float):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=where)
    else:
        assert theirs == ours, where


# The programs ask many small questions of one session, each with nodes of its own.
@pytest.mark.filterwarnings("ignore:The graph grows")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    tf.keras.backend.clear_session()
    try:
        agree(ANSWERS[name], json.loads(json.dumps(PROGRAMS[name](tf))), name)
    finally:
        tf.keras.backend.clear_session()
