"""`tf.create_partitioned_variables`: the slices of a variable as a list, the oldest form of partitioning."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.variables.scope import VariableScope, variable_scope
from scopedjax._src.variables.spec import GetterSpec
from scopedjax._src.variables.store import get_store
from scopedjax._src.variables.variable import Variable


def create_partitioned_variables(
    shape: Any,
    slicing: Any,
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Variable]:
    """Returns the slices of a variable that is split along one axis.

    Args:
      shape: Shape of the whole, a list of ints.
      slicing: Into how many slices each axis is split; at most one of them is larger than one.
      initializer: Initializer of the slices, or a tensor of the whole.
      dtype: dtype.
      trainable: Whether optimizers shall change it.
      collections: Names of the collections that it joins; GLOBAL_VARIABLES by default.
      name: Name of the whole; defaults to "PartitionedVariable".
      reuse: Whether the variable exists already.

    Raises:
      ValueError: `shape` and `slicing` differ in length, or several axes are split.

    >>> [v.op.name for v in tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros_initializer(), name="table")]
    ['table/part_0', 'table/part_1']
    """
    if len(shape) != len(slicing):
        raise ValueError(
            "The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: "
            f"{shape}, slicing: {slicing}"
        )
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    counts = [int(n) for n in slicing]
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        spec = GetterSpec(
            scope.name.rpartition("/")[2], shape, dtype, initializer, trainable=trainable, collections=collections,
            partitioner=lambda **_: counts,
        )  # fmt: skip
        return list(_from_outside(scope, spec))


def _from_outside(scope: VariableScope, spec: GetterSpec) -> Any:
    """The slices are called after the scope itself: it is asked as if from the scope around it."""
    around = VariableScope(scope.reuse, scope.name.rpartition("/")[0], name_scope="", dtype=scope.dtype)
    around.set_initializer(scope.initializer)
    return around.get(get_store(), spec)
