"""Which kind of variable is made by default; and how replicas share one: accepted, for there is one replica here."""

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


class _DefaultKind:
    """Which kind of variable is made where `use_resource` is not given; for the whole process, as in TF1."""

    use_resource = False


default_kind = _DefaultKind()


def is_trainable(synchronization: VariableSynchronization, trainable: bool | None) -> bool:
    """Returns whether a variable made with these arguments is trained: not if it is synchronized on reading."""
    return synchronization is not VariableSynchronization.ON_READ if trainable is None else bool(trainable)
