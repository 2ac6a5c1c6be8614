"""How a variable is read and aggregated over replicas: accepted for TF1's sake; there is one replica here."""

from __future__ import annotations

import enum


class VariableSynchronization(enum.Enum):
    """When the copies of a variable on several replicas are made equal."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How updates of several replicas are brought together."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796 (TF1 has both names)


def is_trainable(synchronization: VariableSynchronization, trainable: bool | None) -> bool:
    """Returns whether a variable made with these arguments is trained: not if it is synchronized on reading."""
    return synchronization is not VariableSynchronization.ON_READ if trainable is None else bool(trainable)
