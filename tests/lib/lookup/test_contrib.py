"""`tf.contrib.lookup` under the names that only TensorFlow 1 has, against what TensorFlow 1.15 gave."""

from __future__ import annotations

from typing import Any

from tests.golden.contrib_lookup import answers
from tests.oracle import golden


def test_is_as_recorded(tf: Any) -> None:
    assert answers(tf) == golden("contrib_lookup")
