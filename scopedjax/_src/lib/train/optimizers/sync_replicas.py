"""`SyncReplicasOptimizer`: several workers train as one; a step is taken with the mean of their gradients.

    worker: gradients --apply_grad--> accumulator      (a gradient of an earlier step is left out)
            token <--dequeue-- sync_token_q            the token is the number of the step that begins: a worker waits
                                                       for it, and notes it as its local step
    chief:  accumulator --take_grad(replicas_to_aggregate)--> optimizer --> global step --> tokens --> sync_token_q

The workers are threads of this process that run the train op in one session, or one worker alone. The chief's part is
the one node of a queue runner, which the chief's hook starts; before that, the queue gets the tokens of the first step.
Whatever the workers' speeds, the model sees the mean of so many fresh gradients a step.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.errors import CancelledError, OutOfRangeError
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.platform.logging import info
from scopedjax._src.lib.train.coordinator import Coordinator
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer
from scopedjax._src.lib.train.queue_runner import QueueRunner
from scopedjax._src.lib.train.sessions.hook import SessionRunHook
from scopedjax._src.lib.train.sessions.manager import missing
from scopedjax._src.lower.effects import storage_key
from scopedjax._src.ops.accumulators.accumulator import ConditionalAccumulator, SparseConditionalAccumulator
from scopedjax._src.ops.array.filling import fill
from scopedjax._src.ops.control_flow.grouping import group, no_op
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.queues.queue import FIFOQueue
from scopedjax._src.variables.assignment import assign
from scopedjax._src.variables.collections import report_uninitialized_variables
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.spec import VariableSpec


class _ChiefRunner(QueueRunner):
    """The chief's queue runner. It waits for gradients for ever: at the end it is told that none will come.

    (TensorFlow lets it wait until the session's grace period, two minutes, is over.)
    """

    def __init__(self, queue: FIFOQueue, step: Any, accumulators: list[Any]) -> None:
        super().__init__(queue, [step], queue_closed_exception_types=(OutOfRangeError, CancelledError))
        self._accumulators = accumulators

    def _close_on_stop(self, sess: Any, coord: Coordinator) -> None:
        super()._close_on_stop(sess, coord)
        for accumulator in self._accumulators:
            total = sess._state.resources.get(storage_key(accumulator.accumulator_ref.op))
            if total is not None:
                total.release()


class _Hook(SessionRunHook):
    """What a worker does when its session begins; the chief also starts the thread that takes the steps."""

    def __init__(self, optimizer: SyncReplicasOptimizer, is_chief: bool, num_tokens: int) -> None:
        self._optimizer = optimizer
        self._is_chief = is_chief
        self._num_tokens = num_tokens
        self._local_init_op: Any = None
        self._tokens_op: Operation | None = None
        self._runner: QueueRunner | None = None

    def begin(self) -> None:
        """Records what is left to record.

        Raises:
          ValueError: `apply_gradients` was not called.
        """
        optimizer = self._optimizer
        if not optimizer._applied:
            raise ValueError("SyncReplicasOptimizer.apply_gradient should be called before using the hook.")
        if self._is_chief:
            self._local_init_op = optimizer.chief_init_op
            self._runner = optimizer.get_chief_queue_runner()
            self._tokens_op = optimizer.get_init_tokens_op(self._num_tokens)
        else:
            self._local_init_op = optimizer.local_step_init_op

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Sets the local step, and starts the chief's thread.

        Args:
          session: The plain session.
          coord: The Coordinator of its threads.

        Raises:
          RuntimeError: variables have no values yet.
        """
        words = "Model is not ready for SyncReplicasOptimizer local init."
        problem = missing(self._optimizer.ready_for_local_init_op, session, words)
        if problem is not None:
            raise RuntimeError(
                "Init operations did not make model ready for SyncReplicasOptimizer local_init. Init op: "
                f"{self._local_init_op.name}, error: {problem}"
            )
        session.run(self._local_init_op)
        if self._tokens_op is not None:
            session.run(self._tokens_op)
        if self._runner is not None:
            self._runner.create_threads(session, coord=coord, daemon=True, start=True)


class SyncReplicasOptimizer(Optimizer):
    """Applies the mean of the gradients of several workers, which wait for one another.

    Args:
      opt: The optimizer that applies the gradients.
      replicas_to_aggregate: Of how many gradients a step takes the mean. With more than there are workers, a worker
        gives several for one step; with fewer, the slowest ones of a step are left out.
      total_num_replicas: How many workers there are; `replicas_to_aggregate` by default.
      variable_averages: An ExponentialMovingAverage that is applied after each step, or None.
      variables_to_average: The variables that it averages.
      use_locking: Accepted.
      name: Name of the optimizer.

    >>> optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.5), replicas_to_aggregate=1)
    >>> w, step = tf.Variable(4.0), tf.train.get_or_create_global_step()
    >>> train = optimizer.minimize(w * w, global_step=step)
    >>> hook = optimizer.make_session_run_hook(is_chief=True, num_tokens=0)
    >>> with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
    ...     print(session.run(train))    # waits for the step: its token is the number of the next
    ...     print(session.run(w))
    1
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
        replicas = replicas_to_aggregate if total_num_replicas is None else total_num_replicas
        info(f"SyncReplicasOptimizer: replicas_to_aggregate={replicas_to_aggregate}; total_num_replicas={replicas}")
        self._opt = opt
        self._averages = variable_averages
        self._averaged = variables_to_average
        self._replicas_to_aggregate = replicas_to_aggregate
        self._total_num_replicas = replicas
        # Each worker waits for a token a gradient: if some give several a step, the queue needs that many.
        self._tokens_per_step = max(replicas, replicas_to_aggregate)
        self._applied = False
        self._global_step: Any = None
        self._local_step: Any = None
        self._queue: FIFOQueue | None = None
        self._chief_runner: QueueRunner | None = None
        self.local_step_init_op: Any = None
        self.chief_init_op: Operation | None = None
        self.ready_for_local_init_op: Any = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        """Returns [(gradient, variable), ...] as the wrapped optimizer does.

        Args:
          *args: Its arguments.
          **kwargs: Its keyword arguments.
        """
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """Returns what a worker runs: it gives its gradients, and waits for the token of the next step.

        Args:
          grads_and_vars: [(gradient, variable), ...].
          global_step: Variable that a step adds one to; needed.
          name: Node name of the step itself; the wrapped optimizer's by default.

        Returns:
          The local step after it took the token, a tensor with the global step's dtype.

        Raises:
          ValueError: there are no gradients, or there is no global step.
        """
        if not grads_and_vars:
            raise ValueError("Must supply at least one variable")
        if global_step is None:
            raise ValueError("Global step is required to check staleness")
        graph = stacks.get_default_graph()
        self._global_step = global_step
        self._make_local_step(graph)
        with graph.name_scope(self.get_name()):
            accumulators: list[tuple[Any, Any]] = []
            given: list[Operation] = []
            taken = [self._aggregated(grad, variable, accumulators, given) for grad, variable in grads_and_vars]
            with graph.device(global_step.device), graph.name_scope(""):
                step = self._opt.apply_gradients(taken, global_step, name=name)
            train = self._with_tokens(graph, step, given, [accumulator for accumulator, _ in accumulators])
            init: list[Any] = [self.local_step_init_op]
            for accumulator, device in accumulators:
                with graph.device(device):
                    init.append(accumulator.set_global_step(global_step, name="SetGlobalStep"))
            self.chief_init_op = group(*init)
        self._applied = True
        return train

    def _make_local_step(self, graph: Graph) -> None:
        """Makes the variable in which a worker notes of which step its gradients are; on the worker, by an anchor."""
        step = self._global_step
        with graph.colocate_with(no_op()):
            self._local_step = create(
                VariableSpec(
                    initial_value=0, dtype=step.dtype.base_dtype, trainable=False, name="sync_rep_local_step",
                    collections=[GraphKeys.LOCAL_VARIABLES],
                )
            )  # fmt: skip
            self.local_step_init_op = assign(self._local_step, step)
        self.ready_for_local_init_op = report_uninitialized_variables(graph.get_collection(GraphKeys.GLOBAL_VARIABLES))

    def _aggregated(
        self, grad: Any, variable: Any, accumulators: list[tuple[Any, Any]], given: list[Operation]
    ) -> tuple[Any, Any]:
        """Returns the mean of the workers' gradients of a variable; notes the accumulator and the node that gives."""
        if grad is None:
            return None, variable
        shared_name = f"{variable.name}/grad_accum"
        with stacks.get_default_graph().device(variable.device):
            if isinstance(grad, IndexedSlices):
                rows = SparseConditionalAccumulator(grad.dtype, shape=(), shared_name=shared_name)
                given.append(rows.apply_indexed_slices_grad(grad, local_step=self._local_step))
                mean: Any = rows.take_indexed_slices_grad(self._replicas_to_aggregate)
                accumulators.append((rows, variable.device))
            else:
                total = ConditionalAccumulator(grad.dtype, shape=variable.get_shape(), shared_name=shared_name)
                given.append(total.apply_grad(grad, local_step=self._local_step))
                mean = total.take_grad(self._replicas_to_aggregate)
                accumulators.append((total, variable.device))
        return mean, variable

    def _with_tokens(self, graph: Graph, step: Operation, given: list[Operation], accumulators: list[Any]) -> Any:
        """Records the queue of tokens, what a worker runs, and the chief's thread; returns the second."""
        dtype = self._global_step.dtype.base_dtype
        with graph.device(self._global_step.device), graph.name_scope(""):
            queue = self._queue = FIFOQueue(-1, dtype, shapes=(), name="sync_token_q", shared_name="sync_token_q")
            with graph.control_dependencies(given):
                token = queue.dequeue()
            train = assign(self._local_step, token)
            with graph.control_dependencies([step]):
                done = queue.enqueue_many((fill([self._tokens_per_step], self._global_step),))
            if self._averages is not None:
                with graph.control_dependencies([done]):
                    done = self._averages.apply(self._averaged)
            self._chief_runner = _ChiefRunner(queue, done, accumulators)
        return train

    def get_chief_queue_runner(self) -> QueueRunner:
        """Returns the queue runner whose thread takes the steps; the chief starts it.

        Raises:
          ValueError: `apply_gradients` was not called.
        """
        if self._chief_runner is None:
            raise ValueError("Should be called after apply_gradients().")
        return self._chief_runner

    def get_init_tokens_op(self, num_tokens: int = -1) -> Operation:
        """Returns a node that puts the first tokens into the queue, without which the first step could not begin.

        Args:
          num_tokens: How many; `replicas_to_aggregate` by default (-1). With 0 a worker waits for its first step.

        Raises:
          ValueError: `apply_gradients` was not called, or workers have to give several gradients a step and there are
            too few tokens for that.
        """
        if self._queue is None:
            raise ValueError("get_init_tokens_op() should be called after apply_gradients().")
        needed = self._replicas_to_aggregate - self._total_num_replicas
        if num_tokens == -1:
            num_tokens = self._replicas_to_aggregate
        elif num_tokens < needed:
            raise ValueError(f"Too few tokens to finish the first step: {num_tokens} (given) vs {needed} (needed)")
        graph = stacks.get_default_graph()
        if num_tokens <= 0:
            return no_op(name="no_init_tokens")
        with graph.device(self._global_step.device), graph.name_scope(""):
            tokens: Tensor = fill([num_tokens], self._global_step)
            return self._queue.enqueue_many((tokens,))

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
        """Returns the hook that a worker's session needs.

        Args:
          is_chief: Whether it is the chief's, which takes the steps.
          num_tokens: As for `get_init_tokens_op`.
        """
        return _Hook(self, is_chief, num_tokens)
