"""`tf.contrib.distributions` and `tf.contrib.metrics` against what TensorFlow 1.15 gave (tests/golden)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scopedjax as tf
from tests.golden.contrib_probability import BODIES
from tests.oracle import golden


@pytest.fixture(scope="module")
def recorded() -> Any:
    return golden("contrib_probability.json")


@pytest.mark.parametrize("name", BODIES)
def test_is_as_recorded(name: str, recorded: Any) -> None:
    with tf.Graph().as_default():
        found = BODIES[name](tf)
    assert len(found) == len(recorded[name])
    for ours, theirs in zip(found, recorded[name], strict=True):
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


def test_number_of_components_must_be_known() -> None:
    with pytest.raises(ValueError, match="`loc` or `scale_diag`"):
        tf.contrib.distributions.MultivariateNormalDiag(scale_identity_multiplier=2.0)


def test_the_same_classes() -> None:
    assert tf.contrib.distributions.Normal is tf.distributions.Normal
    assert tf.contrib.distributions.kl_divergence is tf.distributions.kl_divergence
