"""`SyncReplicasOptimizer`: an optimizer that waits for the gradients of several workers, of which there is one here.

    worker's gradients -> mean over `replicas_to_aggregate` -> optimizer -> global step -> a token for every worker
                          (of one)                                          (none waits)

A program written for several workers hands its optimizer to this class and its hook to the session. Run by itself it is
its own chief: a step applies its gradients at once, which is what TensorFlow's queues and accumulators come to with
one worker.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import int64
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer
from scopedjax._src.lib.train.queue_runner import QueueRunner
from scopedjax._src.lib.train.sessions.hook import SessionRunHook
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.queues.queue import FIFOQueue


class _Hook(SessionRunHook):
    """What a session of several workers would have to start: here there is nothing to wait for."""

    def __init__(self, optimizer: SyncReplicasOptimizer) -> None:
        self._optimizer = optimizer

    def begin(self) -> None:
        """Checks that there is a train op.

        Raises:
          ValueError: `apply_gradients` was not called.
        """
        self._optimizer._check_applied()


class SyncReplicasOptimizer(Optimizer):
    """Applies the mean of the gradients of all workers; with one worker, its gradients.

    Args:
      opt: The optimizer that applies the gradients.
      replicas_to_aggregate: Of how many gradients the mean is taken: 1.
      total_num_replicas: How many workers there are: 1, or None.
      variable_averages: An ExponentialMovingAverage that is applied after each step, or None.
      variables_to_average: The variables that it averages; needed with it.
      use_locking: Accepted.
      name: Name of the optimizer.

    Raises:
      ValueError: more than one worker is asked for, or one of the two arguments about averages is missing.

    >>> optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.5), replicas_to_aggregate=1)
    >>> w, step = tf.Variable(4.0), tf.train.get_or_create_global_step()
    >>> train = optimizer.minimize(w * w, global_step=step)
    >>> hook = optimizer.make_session_run_hook(is_chief=True)
    >>> with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
    ...     _ = session.run(train)
    ...     print(session.run(w))
    0.0
    """

    def __init__(
        self,
        opt: Optimizer,
        replicas_to_aggregate: int,
        total_num_replicas: int | None = None,
        variable_averages: Any = None,
        variables_to_average: Any = None,
        use_locking: bool = False,
        name: str = "sync_replicas",
    ) -> None:
        super().__init__(use_locking, name)
        replicas = max(replicas_to_aggregate, total_num_replicas or 1)
        if replicas != 1:
            raise ValueError(
                f"SyncReplicasOptimizer '{name}': a session here is one worker, and the gradients of {replicas} were "
                "asked for; set replicas_to_aggregate=1 and total_num_replicas=1 (for several devices see "
                "scopedjax.pure_function)"
            )
        if variable_averages is not None and not variables_to_average:
            raise ValueError("Need to set variables_to_average for variable_averages.")
        self._opt = opt
        self._averages = variable_averages
        self._averaged = variables_to_average
        self._applied = False
        self.local_step_init_op: Operation | None = None
        self.chief_init_op: Operation | None = None
        self.ready_for_local_init_op: Any = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        """Returns [(gradient, variable), ...] as the wrapped optimizer does.

        Args:
          *args: Its arguments.
          **kwargs: Its keyword arguments.
        """
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """Returns a node that applies gradients to variables.

        Args:
          grads_and_vars: [(gradient, variable), ...].
          global_step: Variable that the step adds one to; needed.
          name: Node name; the optimizer's by default.

        Raises:
          ValueError: there are no gradients, or there is no global step.
        """
        if not grads_and_vars:
            raise ValueError("Must supply at least one variable")
        if global_step is None:
            raise ValueError("Global step is required to check staleness")
        graph = stacks.get_default_graph()
        done = self._opt.apply_gradients(grads_and_vars, global_step, name=name or self.get_name())
        if self._averages is not None:
            with graph.control_dependencies([done]), graph.name_scope(self.get_name()):
                done = self._averages.apply(self._averaged)
        self.local_step_init_op = self.chief_init_op = no_op(name=f"{self.get_name()}/init")
        from scopedjax._src.variables.collections import report_uninitialized_variables

        self.ready_for_local_init_op = report_uninitialized_variables()
        self._applied = True
        return done

    def _check_applied(self) -> None:
        if not self._applied:
            raise ValueError("Should be called after apply_gradients().")

    def get_chief_queue_runner(self) -> QueueRunner:
        """Returns a queue runner that has nothing to do: the chief's, where there are several workers.

        Raises:
          ValueError: `apply_gradients` was not called.
        """
        self._check_applied()
        queue = FIFOQueue(1, [int64], shapes=[[]], name="sync_token_q")
        return QueueRunner(queue, [])

    def get_init_tokens_op(self, num_tokens: int = -1) -> Operation:
        """Returns a node that does nothing: with several workers it would put the first tokens into their queue.

        Args:
          num_tokens: Accepted: nobody waits for tokens.

        Raises:
          ValueError: `apply_gradients` was not called.
        """
        self._check_applied()
        return no_op(name=f"{self.get_name()}/init_tokens")

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """Returns a slot of the wrapped optimizer.

        Args:
          *args: Its arguments.
          **kwargs: Its keyword arguments.
        """
        return self._opt.get_slot(*args, **kwargs)

    def variables(self) -> list[Any]:
        """Returns the variables of the wrapped optimizer."""
        return self._opt.variables()

    def get_slot_names(self, *args: Any, **kwargs: Any) -> list[str]:
        """Returns the names of the wrapped optimizer's slots.

        Args:
          *args: Its arguments.
          **kwargs: Its keyword arguments.
        """
        return self._opt.get_slot_names(*args, **kwargs)

    def make_session_run_hook(self, is_chief: bool, num_tokens: int = -1) -> SessionRunHook:
        """Returns the hook that a session of several workers needs; here it only checks that there is a train op.

        Args:
          is_chief: Accepted: the only worker is the chief.
          num_tokens: Accepted: nobody waits for tokens.
        """
        return _Hook(self)
