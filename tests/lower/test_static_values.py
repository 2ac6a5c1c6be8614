"""Values that steer shapes: what is computed from a fed value is known before a program is traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both

pytestmark = pytest.mark.oracle


def test_an_entry_of_a_fed_vector_is_a_bound() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(np.arange(24, dtype=np.float32).reshape(4, 3, 2))
        n = tf.placeholder(tf.int32, [3])
        parts = [x[n[0] :], x[: n[1], 0], x[n[0] :, : n[-1]], tf.zeros([n[1], tf.shape(x)[n[0]]])]
        with tf.Session() as session:
            return [session.run(parts, {n: value}) for value in ([1, 2, 2], [0, 3, 1])]

    check_both(body)
