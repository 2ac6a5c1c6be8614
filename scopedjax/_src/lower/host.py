"""Host stages: nodes that run in Python with NumPy values: strings, files, `py_func`, data-dependent shapes.

A host node sees the variables and random streams of the session directly. It holds no lock while it runs, since it may
wait for another thread (a dequeue). A structured node with a host node inside runs only the region that is taken, as
a plan of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError, OpError, exception_from_code
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.bundles import Variables
from scopedjax._src.lower.checks import PendingNotes, raise_where
from scopedjax._src.lower.effects import effects_of, is_alias, is_handle, owner, regions_of, storage_key
from scopedjax._src.lower.trace import Ref, uninitialized
from scopedjax._src.ops.control_flow.array_cells import Cells


class State(Protocol):
    """What a run needs of a session: the variables, the random rows, and a lock around both."""

    values: Variables
    rng: Any
    slots: dict[Operation, int]
    lock: Any
    platform: str
    session: Any
    resources: dict[str, Any]
    resources_lock: Any
    notes: PendingNotes

    def ensure_rows(self, ops: Sequence[Operation]) -> None:
        """Gives each random node a row."""
        ...

    def enter_device(self) -> Any:
        """Returns the context manager under which programs are traced and run."""
        ...

    def take_blocks(self, op: Operation, blocks: int) -> tuple[int, int, int]:
        """Returns (seed, seed2, first block) of a node's stream and advances it."""
        ...


RegionRunner = Callable[[Operation, int, dict[Tensor, Any]], list[Any]]


class HostContext:
    """What the lowering of a host node may ask for; the host's side of `registry.LoweringContext`."""

    __slots__ = ("_history", "_regions", "_values", "op", "state")

    def __init__(
        self, state: State, op: Operation, regions: RegionRunner, values: dict[Any, Any] | None = None
    ) -> None:
        self.state = state
        self.op = op
        self._regions = regions
        self._values = values  # of the run, by tensor; and by loop, the variables of each of its steps
        self._history: list[Any] | None = None

    @property
    def platform(self) -> str:
        """The backend of the session's device stages."""
        return self.state.platform

    @property
    def session(self) -> Any:
        """The session that runs the node."""
        return self.state.session

    def handle(self) -> Ref:
        """Returns the handle to the storage that this node owns."""
        return Ref(storage_key(self.op))

    def resource(self, index: int) -> Any:
        """Returns the object (a queue, a reader, a table) behind the resource handle at input `index`.

        A session has one for each node that owns a resource. The node's lowering makes it when it is first asked for.
        """
        maker = owner(self.op.inputs[index])
        context = HostContext(self.state, maker, self._regions)
        return self._kept(storage_key(maker), lambda: maker.record.lower_with(context, maker, [])[0])

    def own(self, make: Callable[[], Any]) -> Any:
        """Returns what this node itself keeps from run to run in a session; `make()` the first time."""
        return self._kept(f"of {self.op.name}", make)

    def shared(self, key: str, make: Callable[[], Any]) -> Any:
        """Returns what all nodes of a session that say `key` keep together; `make()` the first time."""
        return self._kept(f"shared {key}", make)

    def _kept(self, key: str, make: Callable[[], Any]) -> Any:
        resources = self.state.resources
        found = resources.get(key)
        if found is None:
            with self.state.resources_lock:
                found = resources.get(key)
                if found is None:
                    found = resources[key] = make()
        return found

    def read(self, ref: Any) -> Any:
        """Returns the value of a variable as NumPy."""
        if not isinstance(ref, Ref):
            return ref
        value = self.state.values.get(ref.key)
        if value is None:
            raise uninitialized(ref.key, self.op)
        if self.state.notes:
            self.state.notes.look(everything=True)  # a save, say: nothing that is wrong gets into a file
        return np.asarray(value)

    def write(self, ref: Any, value: Any) -> None:
        """Gives a variable a new value."""
        with self.state.lock:
            self.state.values.hold({ref.key: np.array(value)})

    def is_initialized(self, ref: Any) -> bool:
        """Whether a variable has a value."""
        return ref.key in self.state.values

    def random_row(self, blocks: Any) -> tuple[Any, Any, Any]:
        """Returns (seed, seed2, first block) of this node's stream, and advances it by `blocks`."""
        self.state.ensure_rows([self.op])
        seed, seed2, block = self.state.take_blocks(self.op, int(blocks))
        return np.uint64(seed), np.uint64(seed2), np.uint64(block)

    def require(self, at: int, value: Any, high: int, words: str, low: int | None = 0) -> None:
        """Raises where an element of input `at` is not in `[low, high)`."""
        known = np.asarray(value)
        self.refuse((known >= high) if low is None else (known < low) | (known >= high), known, words)

    def require_tuples(self, at: int, value: Any, sizes: Sequence[int], words: str) -> None:
        """Raises where input `at`, along its last axis, is no index into an array of the given sizes."""
        known = np.asarray(value)
        wrong = np.any((known < 0) | (known >= np.asarray(sizes, np.int64)), axis=-1)
        self.refuse(wrong, known, words, len(sizes))

    def lies_within(self, tensor: Tensor, low: int, high: int) -> bool:
        """Whether the graph tells that all elements of a tensor lie in `[low, high)`; here they are looked at."""
        return False

    def refuse(self, wrong: Any, found: Any, words: str, depth: int = 0) -> None:
        """Raises where `wrong` is true."""
        raise_where(self.op, np.asarray(wrong), np.asarray(found), words, depth)

    def evaluate(self, tensors: Sequence[Tensor]) -> list[Any]:
        """Returns the values, as NumPy, of tensors of another graph, which a Python function has just recorded."""
        from scopedjax._src.lower.execute import Executor  # which runs host stages
        from scopedjax._src.lower.plan import make_plan

        executor = Executor(make_plan(tensors, (), ()))
        found = dict(zip(executor.plan.fetches, executor.run(self.state, ()), strict=True))
        return [np.asarray(found[tensor]) for tensor in tensors]

    def of_forward(self) -> HostContext:
        """Returns the context of the node of which this node is the gradient."""
        forward = self.op._extra["forward"]  # type: ignore[index]
        return HostContext(self.state, forward, self._regions, self._values)

    def keeps_steps(self) -> bool:
        """Whether the graph has a gradient of this node, which will need what its regions were given."""
        return any(region.kind == "view" for region in regions_of(self.op))

    def history(self) -> list[Any]:
        """Returns the list into which a loop puts the variables of each step, for its gradient."""
        if self._history is None:
            self._history = []
            if self._values is not None:
                self._values[self.op] = self._history
        return self._history

    def kept(self) -> list[Any] | None:
        """Returns what this loop kept when it ran in the same run, or None if it did not run."""
        return None if self._values is None else self._values.get(self.op)

    def with_history(self, history: list[Any]) -> HostContext:
        """Returns a context in which a loop keeps its steps in `history`."""
        context = HostContext(self.state, self.op, self._regions)
        context._history = history
        return context

    def region(self, index: int, given: dict[Tensor, Any], streams: Any = None) -> list[Any]:
        """Runs region `index` of this node with values for its captures and parameters.

        With `streams` its random nodes draw what they drew when `streams()` gave that, and are not advanced.
        """
        if streams is None:
            return self._regions(self.op, index, given)
        state = self.state
        with state.lock:
            now = state.rng
            with state.enter_device():
                state.rng = jax.device_put(streams)
            try:
                return self._regions(self.op, index, given)
            finally:
                state.rng = now

    def list_room(self) -> int | None:
        """Returns how many elements a list made here may come to hold: on the host it grows."""
        return None

    def counts_lists(self) -> bool:
        """Whether lists only count their elements: never on the host."""
        return False

    def streams(self) -> np.ndarray | None:
        """Returns where the random streams of this node's regions stand, or None where these draw nothing."""
        random = list(effects_of(self.op).random)
        if not random:
            return None
        self.state.ensure_rows(random)
        with self.state.lock:
            return np.array(self.state.rng)


def run_host_stage(ops: Sequence[Operation], values: dict[Tensor, Any], state: State, regions: RegionRunner) -> None:
    """Runs host nodes in order, adding their outputs to `values`.

    Raises:
      OpError: a node failed; the text names it and the user's line.
    """
    for op in ops:
        if op.outputs and all(t in values for t in op.outputs):
            continue  # fed
        for tensor, result in zip(op.outputs, _run(op, values, state, regions), strict=True):
            if not isinstance(result, Ref):
                values.setdefault(tensor, result)


def _run(op: Operation, values: dict[Tensor, Any], state: State, regions: RegionRunner) -> list[Any]:
    record = op.record
    context = HostContext(state, op, regions, values)
    keep = {*record.reads, *record.writes, *record.checks}
    inputs: list[Any] = []
    names = _argument_names(op)
    for tensor, name in zip(op.inputs, names, strict=True):
        if is_handle(tensor) and tensor not in values:
            ref = Ref(storage_key(owner(tensor)))
            kept = name in keep or record.structured and not is_alias(tensor.op)
            inputs.append(ref if kept or is_alias(op) else context.read(ref))
        else:
            value = values[tensor]
            inputs.append(value if isinstance(value, Cells) else np.asarray(value))
    try:
        results = record.lower_with(context, op, inputs)
    except OpError as error:
        if error.op is not None:
            raise
        text = f"{error.message}\n\t [[{{{{node {op.name}}}}}]]"
        raise exception_from_code(None, op, text, error.error_code) from error
    except Exception as error:
        text = str(error) or type(error).__name__
        raise InvalidArgumentError(
            None, op, f"{text}\n\t [[{{{{node {op.name}}}}}]] ({op.type}, made at {op.site})"
        ) from error
    return [_as_numpy(r, t) for r, t in zip(results, op.outputs, strict=True)]


def _as_numpy(result: Any, tensor: Tensor) -> Any:
    if isinstance(result, (Ref, Cells)) or tensor.dtype.name in ("resource", "variant"):
        return result
    return np.asarray(result, tensor.dtype.base_dtype.as_numpy_dtype)


def _argument_names(op: Operation) -> list[str]:
    names: list[str] = []
    for arg in op.record.signature.inputs:
        span = 1
        if arg.is_list:
            span = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
        names.extend([arg.name] * span)
    return names
