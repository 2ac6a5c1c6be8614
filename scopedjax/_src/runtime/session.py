"""`Session`: runs nodes of a graph and keeps its variables.

    run(fetches, feed_dict)
      prepare:  structure -> elements -> plan -> executor       once for each combination of fetches and fed tensors
      execute:  feeds -> executor -> NumPy -> structure         every time

The second time that a combination is run nothing is analysed again; the way from `run` to XLA's dispatch is a few
dictionary look-ups. A run that fetches nodes only does not wait for the device.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np

from scopedjax._src.base import deadlines
from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.protos import is_message
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import is_alias
from scopedjax._src.lower.execute import Executor
from scopedjax._src.lower.plan import make_plan
from scopedjax._src.runtime.cache import enable_compilation_cache
from scopedjax._src.runtime.device_settings import get_log_device_placement
from scopedjax._src.runtime.feeds import converter, expand_feeds, feed_tensor
from scopedjax._src.runtime.fetches import FetchMapper
from scopedjax._src.runtime.growth import GrowthWatch
from scopedjax._src.runtime.placement import device_for, log_placement
from scopedjax._src.runtime.state import SessionState

_UNLIMITED = nullcontext()


class _Prepared:
    """What is known about one combination of fetches and fed keys."""

    __slots__ = ("build", "convert", "executor", "fed", "fetches", "keys", "last", "positions")

    def __init__(self, graph: Graph, fetches: Any, keys: Sequence[Any], plans: dict[Any, Executor]) -> None:
        self.fetches = fetches  # kept alive: the combination is found by identity
        self.keys = tuple(keys)
        mapper = FetchMapper(graph, fetches)
        fed = [feed_tensor(graph, key) for key in keys]
        self.convert: list[Callable[[Any], Any]] = [converter(t) for t in fed]
        # A tensor that is fed under two keys ('x:0' and x) takes the later value; None where there is no such.
        last = {t: i for i, t in enumerate(fed)}
        self.last = list(last.values()) if len(last) < len(fed) else None
        # What is fed and fetched comes back as it was given: (position among the results, position among the feeds).
        self.fed = [(i, last[e]) for i, e in enumerate(mapper.elements) if isinstance(e, Tensor) and e in last]
        fed = list(last)
        tensors = tuple(e for e in mapper.elements if isinstance(e, Tensor) and e not in last)
        targets = tuple(e for e in mapper.elements if isinstance(e, Operation))
        # TF1 reads where 'w/read' stands when that node itself is asked for, and finds a variable without a value.
        tensors += tuple(e.outputs[0] for e in targets if is_alias(e))
        plan_key = (tensors, targets, tuple(fed))
        executor = plans.get(plan_key)
        if executor is None:
            executor = plans[plan_key] = Executor(make_plan(tensors, targets, fed))
        self.executor = executor
        order = {t: i for i, t in enumerate(executor.plan.fetches)}
        self.positions = [order.get(e) if isinstance(e, Tensor) else None for e in mapper.elements]
        self.build = mapper.build


class BaseSession:
    """What `Session` and `InteractiveSession` share."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if isinstance(target, bytes):
            target = target.decode()
        if not isinstance(target, str):
            raise TypeError(f"Argument `target` must be a string, but got {type(target).__name__}.")
        if target not in ("", "local"):
            raise UnimplementedError(
                None, None,
                f"Session target {target!r}: scopedjax runs in this process only; there is no TensorFlow server to "
                "connect to. Leave `target` empty; for several machines use jax.distributed in plain JAX.",
            )  # fmt: skip
        if graph is None:
            graph = stacks.get_default_graph()
        elif not isinstance(graph, Graph):
            raise TypeError(f"Argument `graph` must be a tf.Graph, but got {type(graph).__name__}.")
        if config is not None and not is_message(config, "ConfigProto"):
            raise TypeError(f"Argument `config` must be a tf.ConfigProto, but got {type(config).__name__}: {config!r}")
        enable_compilation_cache()
        self._graph = graph
        self._config = config
        self._target = target
        self._closed = False
        self._state = SessionState(self, device_for(config))
        self._prepared: dict[Any, _Prepared] = {}
        self._plans: dict[Any, Executor] = {}
        self._mutations = graph.mutation_count
        self._growth = GrowthWatch(graph)
        self._timeout_in_ms = int(getattr(config, "operation_timeout_in_ms", 0) or 0)
        self._log_placement = bool(getattr(config, "log_device_placement", False)) or get_log_device_placement()

    @property
    def graph(self) -> Graph:
        """The graph whose nodes this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The GraphDef of the graph as it is now."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        """The target that the session was made with."""
        return self._target

    @property
    def state(self) -> SessionState:
        """The variables and random streams; for the saver and the way out to plain JAX."""
        return self._state

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Runs what `fetches` need and returns their values.

        Args:
          fetches: A tensor, node, variable, or name of one, or a list, tuple, namedtuple or dict of such, nested at
          will. feed_dict: Values for placeholders, or in place of any other tensor or variable, by tensor or by name.
          options: RunOptions; `timeout_in_ms` limits how long the run waits for queues.
          run_metadata: RunMetadata that is filled in with the time of the run where `options` ask for a trace.

        Returns:
          Values in the same structure as `fetches`: NumPy arrays and scalars for tensors, None for nodes.

        Raises:
          RuntimeError: the session is closed.
          TypeError: a fetch or a feed key is nothing that the graph knows.
          ValueError: a fed value has another shape than its tensor.
          FailedPreconditionError: a variable has no value yet.
          InvalidArgumentError: a placeholder was not fed, or a node failed.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._mutations != self._graph.mutation_count:
            self._forget()
        if feed_dict:
            feed_dict = self._checked_feed_dict(feed_dict)
        prepared = self._prepare(fetches, feed_dict)
        if feed_dict:
            values = [convert(value) for convert, value in zip(prepared.convert, feed_dict.values(), strict=True)]
            fed = values if prepared.last is None else [values[i] for i in prepared.last]
        else:
            values = fed = []
        if self._growth.version != self._graph._next_id:
            self._growth.note()
        limit = options.timeout_in_ms if options is not None and options.timeout_in_ms else self._timeout_in_ms
        with deadlines.within(limit / 1000) if limit > 0 else _UNLIMITED:
            if run_metadata is not None and options is not None and options.trace_level:
                results = self._run_traced(prepared, fed, run_metadata)
            else:
                results = self._execute(prepared, fed)
        if prepared.fed:
            given = list(feed_dict.values())
            for result, feed in prepared.fed:
                results[result] = _as_given(given[feed], values[feed])
        return prepared.build(results)

    def _checked_feed_dict(self, feed_dict: Any) -> dict[Any, Any]:
        if not hasattr(feed_dict, "items"):
            raise TypeError(f"The feed_dict is no dictionary: {type(feed_dict).__name__}")
        return expand_feeds(feed_dict)

    def _prepare(self, fetches: Any, feed_dict: dict[Any, Any] | None) -> _Prepared:
        keys = tuple(feed_dict) if feed_dict else ()
        try:
            kind = type(fetches)
            key: Any = (kind, tuple(fetches), keys) if kind is list or kind is tuple else (fetches, keys)
            prepared = self._prepared.get(key)
        except TypeError:  # a nested structure: not hashable
            key, prepared = None, None
        if prepared is None:
            prepared = _Prepared(self._graph, fetches, keys, self._plans)
            if self._log_placement:
                log_placement(prepared.executor.plan, self._state.platform, sys.stderr)
            if key is not None:
                self._prepared[key] = prepared
        return prepared

    def _execute(self, prepared: _Prepared, feeds: Sequence[Any]) -> list[Any]:
        positions = prepared.positions
        if all(p is None for p in positions):
            # Nothing waits for the device, so the caller could change an array that is still being read.
            feeds = [f.copy() if type(f) is np.ndarray else f for f in feeds]
        notes = self._state.notes
        notes.begin_run()
        results = prepared.executor.run(self._state, feeds)
        values = [None if p is None else _as_result(results[p]) for p in positions]
        if notes:
            notes.look(values=any(p is not None for p in positions))
        return values

    def _run_traced(self, prepared: _Prepared, feeds: Sequence[Any], run_metadata: Any) -> list[Any]:
        import time

        started = time.time()
        results = self._execute(prepared, feeds)
        device = run_metadata.step_stats.dev_stats.add(device=f"/device:{self._state.platform.upper()}:0")
        device.node_stats.add(
            node_name="Session.run",
            all_start_micros=int(started * 1e6),
            all_end_rel_micros=int((time.time() - started) * 1e6),
        )
        return results

    def _forget(self) -> None:
        self._mutations = self._graph.mutation_count
        self._prepared.clear()
        self._plans.clear()

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Callable[..., Any]:
        """Returns a function that runs `fetches`, taking the values of `feed_list` as positional arguments.

        Args:
          fetches: As for `run`.
          feed_list: Tensors to feed.
          accept_options: Whether the function takes the keywords `options` and `run_metadata`.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("Argument `feed_list` must be a list or tuple.")
        keys = list(feed_list or ())

        def call(*values: Any, **keywords: Any) -> Any:
            if len(values) != len(keys):
                raise ValueError(f"The callable takes {len(keys)} values, got {len(values)}")
            if keywords and not accept_options:
                raise TypeError("the callable was made without accept_options")
            return self.run(fetches, dict(zip(keys, values, strict=True)), **keywords)

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> Any:
        """Not available: a compiled program runs as a whole."""
        raise UnimplementedError(
            None, None,
            "partial_run is not available: a run is compiled into one program. Split the fetches over two calls of "
            "Session.run, feeding the intermediate tensors to the second.",
        )  # fmt: skip

    def partial_run(self, handle: Any, fetches: Any, feed_dict: Any = None) -> Any:
        """Not available; see `partial_run_setup`."""
        return self.partial_run_setup(fetches)

    def list_devices(self) -> list[Any]:
        """Returns the devices of the process, in TF1's names."""
        from scopedjax._src.runtime.placement import session_devices

        return session_devices()

    def close(self) -> None:
        """Ends the session and lets go of its variables.

        Raises:
          InvalidArgumentError: a run that returned no values, and was not waited for, failed.
        """
        try:
            if not self._closed:
                self._state.notes.look(everything=True)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._closed = True
        self._prepared.clear()
        self._plans.clear()
        self._state.release_resources()
        self._state.values.clear()
        self._state.rng = None

    def as_default(self) -> Any:
        """Returns a context manager that makes this the default session of the thread, without closing it at the
        end."""
        return stacks.sessions.pushed(self)


def _as_given(value: Any, converted: Any) -> Any:
    """A fed value as an array: the user's own array where it is one of the tensor's dtype, str where str was fed."""
    if isinstance(converted, np.ndarray) and converted.dtype == object:
        return np.asarray(value, dtype=object)
    return np.asarray(converted) if isinstance(converted, jax.Array) else converted


def _as_result(value: Any) -> Any:
    if isinstance(value, jax.Array):
        array = np.asarray(value)
        return array[()] if array.ndim == 0 else array.copy()
    if isinstance(value, np.ndarray):
        return value[()] if value.ndim == 0 else value.copy()
    return value


class Session(BaseSession):
    """Runs nodes of a graph.

    Args:
      target: '' only.
      graph: The graph to run; the default graph if not given.
      config: ConfigProto.

    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.constant(5.0) * 6.0))
    30.0
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._entered: list[tuple[Any, Any]] = []

    def __enter__(self) -> Session:
        graph, session = self._graph.as_default(), self.as_default()
        graph.__enter__()
        session.__enter__()
        self._entered.append((graph, session))
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, exc_tb: Any) -> None:
        graph, session = self._entered.pop()
        session.__exit__(exc_type, exc_value, exc_tb)
        graph.__exit__(exc_type, exc_value, exc_tb)
        if exc_type is None:
            self.close()
        else:
            self._let_go()  # an error is on its way already

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Not available: sessions in this process share no containers."""
        raise UnimplementedError(
            None,
            None,
            "Session.reset clears the containers of a TensorFlow server; scopedjax has none. Close the session.",
        )


class InteractiveSession(BaseSession):
    """A session that makes itself the default one when it is made.

    >>> sess = tf.InteractiveSession()
    >>> (tf.constant(5.0) * 6.0).eval()
    np.float32(30.0)
    >>> sess.close()
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        stacks.sessions.enforce_nesting = False
        self._default_session = self.as_default()
        self._default_session.__enter__()
        self._default_graph: Any = None
        if graph is not None:
            self._default_graph = graph.as_default()
            stacks.graphs.enforce_nesting = False
            self._default_graph.__enter__()

    def close(self) -> None:
        """Ends the session; it is no longer the default one."""
        try:
            super().close()
        finally:
            for manager in (self._default_graph, self._default_session):
                if manager is not None:
                    manager.__exit__(None, None, None)
            self._default_graph = self._default_session = None
