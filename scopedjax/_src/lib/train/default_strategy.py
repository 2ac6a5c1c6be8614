"""`tf.distribute` of a program that uses no strategy: one replica, everything is called as it stands.

Libraries ask `tf.distribute.get_replica_context()` or `get_strategy().num_replicas_in_sync` and go on; here the answer
is always that of the default strategy. Strategies for several devices are not here.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_sum


class ReduceOp(enum.Enum):
    """How the values of several replicas become one.

    >>> tf.distribute.ReduceOp.MEAN.value
    'MEAN'
    """

    SUM = "SUM"
    MEAN = "MEAN"


def _reduction(reduce_op: Any) -> ReduceOp:
    return reduce_op if isinstance(reduce_op, ReduceOp) else ReduceOp(str(reduce_op).upper())


class Strategy:
    """How a program is spread over devices: the default strategy, which does not spread it.

    Args:
      extended: Not used.

    >>> tf.distribute.get_strategy().num_replicas_in_sync
    1
    """

    def __init__(self, extended: Any) -> None:
        self._extended = extended

    @property
    def extended(self) -> Any:
        """What was given as `extended`."""
        return self._extended

    @property
    def num_replicas_in_sync(self) -> int:
        """One."""
        return 1

    @contextlib.contextmanager
    def scope(self) -> Iterator[Strategy]:
        """Returns a context in which this strategy is the current one, as it is anyway."""
        yield self

    def run(self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options: Any = None) -> Any:
        """Returns `fn(*args, **kwargs)`.

        Args:
          fn: Function of one replica.
          args: Its arguments.
          kwargs: Its named arguments.
          options: Not used.
        """
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """Returns the value of the one replica, reduced along an axis where one is given.

        Args:
          reduce_op: `tf.distribute.ReduceOp`, or its name.
          value: Tensor, or a structure of them.
          axis: Axis, or None.
        """
        if axis is None:
            _reduction(reduce_op)
            return value
        apply = reduce_sum if _reduction(reduce_op) is ReduceOp.SUM else reduce_mean
        return nest.map_structure(lambda v: apply(v, axis), value)

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """Returns the value as a tuple with one entry, for the one replica.

        Args:
          value: What `run` returned.
        """
        return (value,)

    def unwrap(self, value: Any) -> tuple[Any, ...]:
        """Returns what `experimental_local_results` does.

        Args:
          value: What `run` returned.
        """
        return (value,)

    def group(self, value: Any, name: str | None = None) -> Any:
        """Returns the operation `value`; with a name, a node of that name after it.

        Args:
          value: Operation.
          name: Node name.
        """
        return value if name is None else group(value, name=name)

    @contextlib.contextmanager
    def colocate_vars_with(self, colocate_with_variable: Any) -> Iterator[None]:
        """Returns a context that changes nothing: there is one device.

        Args:
          colocate_with_variable: A variable.
        """
        yield

    def update_config_proto(self, config_proto: Any) -> Any:
        """Returns the ConfigProto as it is.

        Args:
          config_proto: A ConfigProto.
        """
        return config_proto


class ReplicaContext:
    """What one replica knows of itself: it is the only one.

    Args:
      strategy: The strategy.
      replica_id_in_sync_group: The number of the replica.

    >>> tf.distribute.get_replica_context().replica_id_in_sync_group
    0
    """

    def __init__(self, strategy: Any, replica_id_in_sync_group: Any) -> None:
        self._strategy = strategy
        self._id = replica_id_in_sync_group

    @property
    def strategy(self) -> Strategy:
        """The strategy."""
        return self._strategy

    @property
    def num_replicas_in_sync(self) -> int:
        """One."""
        return self._strategy.num_replicas_in_sync

    @property
    def replica_id_in_sync_group(self) -> Any:
        """Zero."""
        return self._id

    @property
    def devices(self) -> tuple[str, ...]:
        """The device that is current where nodes are recorded; "" for none."""
        return ("",)

    def merge_call(self, merge_fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """Returns `merge_fn(strategy, *args, **kwargs)`.

        Args:
          merge_fn: Function of the strategy and of what all replicas bring.
          args: Its further arguments.
          kwargs: Its named arguments.
        """
        return merge_fn(self._strategy, *args, **(kwargs or {}))

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """Returns the value: sum and mean over one replica.

        Args:
          reduce_op: `tf.distribute.ReduceOp`, or its name.
          value: Tensor, or a structure of them.
          options: Not used.
        """
        _reduction(reduce_op)
        return nest.map_structure(lambda v: identity(convert_to_tensor(v)), value)


_STRATEGY = Strategy(None)
_CONTEXT = ReplicaContext(_STRATEGY, 0)


def get_strategy() -> Strategy:
    """Returns the default strategy.

    >>> tf.distribute.get_strategy().run(lambda x: x + 1, args=(1,))
    2
    """
    return _STRATEGY


def has_strategy() -> bool:
    """Whether there is another strategy than the default one: there never is.

    >>> tf.distribute.has_strategy()
    False
    """
    return False


def get_replica_context() -> ReplicaContext:
    """Returns the context of the one replica.

    >>> tf.distribute.get_replica_context().num_replicas_in_sync
    1
    """
    return _CONTEXT


def in_cross_replica_context() -> bool:
    """Whether the code stands between replicas: it never does.

    >>> tf.distribute.in_cross_replica_context()
    False
    """
    return False


def get_loss_reduction() -> ReduceOp:
    """Returns how losses of replicas are put together: by their sum.

    >>> tf.distribute.get_loss_reduction().name
    'SUM'
    """
    return ReduceOp.SUM
