"""`VariableSpec`: everything that `tf.Variable` or `tf.get_variable` was asked for, as one object.

The fifteen options travel together from the public function over custom getters and creators to the variable, so a new
option is one field here and not a parameter of four functions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization


@dataclass(slots=True)
class VariableSpec:
    """The arguments of `tf.Variable`."""

    initial_value: Any = None
    trainable: bool | None = None
    collections: Any = None
    validate_shape: bool = True
    caching_device: Any = None
    name: str | None = None
    variable_def: Any = None
    dtype: Any = None
    expected_shape: Any = None
    import_scope: str | None = None
    constraint: Any = None
    use_resource: bool | None = None
    synchronization: VariableSynchronization = VariableSynchronization.AUTO
    aggregation: VariableAggregation = VariableAggregation.NONE
    shape: Any = None

    def keywords(self) -> dict[str, Any]:
        """Returns the arguments as a dict, as a variable creator gets them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(slots=True)
class GetterSpec:
    """The arguments of `tf.get_variable`, as a custom getter gets them."""

    name: str
    shape: Any = None
    dtype: Any = None
    initializer: Any = None
    regularizer: Any = None
    reuse: Any = None
    trainable: bool | None = None
    collections: Any = None
    caching_device: Any = None
    partitioner: Any = None
    validate_shape: bool = True
    use_resource: bool | None = None
    constraint: Any = None
    synchronization: VariableSynchronization = VariableSynchronization.AUTO
    aggregation: VariableAggregation = VariableAggregation.NONE

    def keywords(self) -> dict[str, Any]:
        """Returns the arguments other than the name as a dict."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}
