"""`tf.test.TestCase`: absl's test case with sessions and TF1's assertions.

Before each test the default graph is a new one with TF1's seed of tests (87654321), and Python's and NumPy's generators
are seeded too: a test that draws numbers draws the same ones every time, those that it drew under TensorFlow.
"""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors, nest
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.platform import temporary
from scopedjax._src.lib.platform.comparisons import Comparisons
from scopedjax._src.runtime.session import Session

_SEED: Final = 87654321


class _CheckedThread:
    """A thread whose failure is the test's failure when it is joined."""

    def __init__(self, case: unittest.TestCase, target: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._case = case
        self._call = (target, args or (), kwargs or {})
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: BaseException | None = None
        self._joined = False

    def _run(self) -> None:
        target, args, kwargs = self._call
        try:
            target(*args, **kwargs)
        except Exception as error:
            self._error = error

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def join(self) -> None:
        """Waits for the thread; fails the test if the thread failed."""
        self._thread.join()
        self._joined = True
        if self._error is not None:
            self._case.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()


class TestCase(Comparisons):
    """Base class of tests of graphs and sessions.

    >>> class SquareTest(tf.test.TestCase):
    ...     def testSquare(self):
    ...         with self.test_session():
    ...             self.assertAllClose(tf.square([2.0, 3.0]).eval(), [4.0, 9.0])
    >>> import io, unittest
    >>> runner = unittest.TextTestRunner(stream=io.StringIO())
    >>> runner.run(SquareTest("testSquare")).wasSuccessful()
    True
    """

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._threads: list[_CheckedThread] = []
        self._folder: str | None = None
        self._cached: Session | None = None
        self._cached_for: dict[str, Any] = {}

    def setUp(self) -> None:
        """Begins a test: new default graph, seeded generators."""
        super().setUp()
        self._close_cached()
        random.seed(_SEED)
        np.random.seed(_SEED)
        with contextlib.suppress(AssertionError):  # a test that runs inside `with graph.as_default()` keeps that graph
            stacks.reset_default_graph()
        stacks.get_default_graph().seed = _SEED

    def tearDown(self) -> None:
        """Ends a test: joins its threads, closes its session."""
        for thread in self._threads:
            self.assertFalse(thread.is_alive(), "A checkedThread did not terminate")
        self._close_cached()
        super().tearDown()

    def _close_cached(self) -> None:
        if self._cached is not None:
            self._cached.close()
            self._cached = None

    # ------------------------------------------------------------------------------------------------- sessions

    @contextlib.contextmanager
    def session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """A new session, and its graph, as the default ones.

        Args:
          graph: The graph; the default graph if None.
          config: `tf.ConfigProto` of the session.
          use_gpu: Accepted: a session uses the device that JAX has.
          force_gpu: Accepted likewise.
        """
        del use_gpu, force_gpu
        graph = graph or stacks.get_default_graph()
        with graph.as_default(), Session(graph=graph, config=config) as session:
            yield session

    @contextlib.contextmanager
    def cached_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """The session of this test, the same at each call, as the default one.

        Args:
          graph: The graph; the default graph if None.
          config: `tf.ConfigProto` of the session.
          use_gpu: Accepted: a session uses the device that JAX has.
          force_gpu: Accepted likewise.

        Raises:
          ValueError: the session was made with another graph or config.
        """
        del use_gpu
        given = {"graph": graph, "config": config, "force_gpu": force_gpu}
        if self._cached is None:
            self._cached = Session(graph=graph, config=config)
            self._cached_for = given
        for name, value in given.items():
            if value is not self._cached_for[name]:
                raise ValueError(
                    f"The {name} used to get the cached session is different than the one that was used to create the "
                    "session. Maybe create a new session with self.session()"
                )
        with self._cached.graph.as_default(), self._cached.as_default():
            yield self._cached

    @contextlib.contextmanager
    def test_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """The session of this test if no graph is given, else a new one. Older name; see `session`.

        Args:
          graph: The graph.
          config: `tf.ConfigProto` of the session.
          use_gpu: Accepted: a session uses the device that JAX has.
          force_gpu: Accepted likewise.
        """
        if graph is not None:
            with self.session(graph, config, use_gpu, force_gpu) as session:
                yield session
            return
        if self._cached is None:
            self._cached = Session(config=config)
            self._cached_for = {"graph": graph, "config": config, "force_gpu": force_gpu}
        with self._cached.graph.as_default(), self._cached.as_default():
            yield self._cached

    # unittest takes its name for that of a test.
    test_session.__test__ = False  # type: ignore[attr-defined]

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in the default session or else in that of this test.

        Args:
          tensors: A tensor or operation, or a nested structure of them.

        Returns:
          Arrays in the same structure.
        """
        session = stacks.get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as own:
            return own.run(tensors)

    def evaluate_if_both_tensors(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Evaluates what is a tensor among two values.

        Args:
          a, b: Tensors, structures that hold some, or plain values.

        Returns:
          The two values.
        """
        return self._value(a), self._value(b)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Tensor | Operation) or (
            not isinstance(value, np.ndarray) and hasattr(value, "_as_graph_element")
        ):
            return self.evaluate(value)
        if isinstance(value, list | tuple) and any(isinstance(v, Tensor) for v in nest.flatten(value)):
            return nest.map_structure(self._value, value)
        return value

    # --------------------------------------------------------------------------------------------------- errors

    def assertRaisesRegexp(self, expected_exception: Any, expected_regex: Any, *args: Any, **kwargs: Any) -> Any:
        """Older name of unittest's `assertRaisesRegex`.

        Args:
          expected_exception: Class of the exception.
          expected_regex: Regular expression for its text.
          *args, **kwargs: A function and its arguments; without them a context manager is returned.
        """
        return self.assertRaisesRegex(expected_exception, expected_regex, *args, **kwargs)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any, expected_err_re_or_predicate: Any) -> Iterator[None]:
        """Fails unless the block raises an exception that fits.

        Args:
          exception_type: Class of the exception.
          expected_err_re_or_predicate: Regular expression for its text (of an `OpError` also of the names of the
            operations that it goes back to), or a function of the exception.
        """
        try:
            yield
        except Exception as error:
            if not isinstance(error, exception_type) or not _fits(error, expected_err_re_or_predicate):
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
            return
        self.fail(f"{getattr(exception_type, '__name__', exception_type)} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """Fails unless the block raises an `OpError` that fits.

        Args:
          expected_err_re_or_predicate: As for `assertRaisesWithPredicateMatch`.
        """
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)

    def assertRaisesIncompatibleShapesError(self, exception_type: Any = errors.InvalidArgumentError) -> Any:
        """Fails unless the block raises an error about shapes that do not fit.

        Args:
          exception_type: Class of the exception.
        """
        return self.assertRaisesWithPredicateMatch(
            exception_type, r"Incompatible shapes|Dimensions must be equal|required broadcastable shapes"
        )

    # ------------------------------------------------------------------------------------------ threads, folders

    def checkedThread(
        self, target: Callable[..., Any], args: Any = None, kwargs: dict[str, Any] | None = None
    ) -> _CheckedThread:
        """A thread whose failure fails the test when it is joined.

        Args:
          target: What it runs.
          args, kwargs: Arguments of `target`.

        Returns:
          An object with `start()`, `join()` and `is_alive()`.
        """
        thread = _CheckedThread(self, target, args, kwargs)
        self._threads.append(thread)
        return thread

    def get_temp_dir(self) -> str:
        """A folder of this test's own, made at the first call; it goes with the process."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(dir=temporary.get_temp_dir())
        return self._folder


def _fits(error: Exception, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(error))
    text = str(error)
    if isinstance(error, errors.OpError):
        op, text = error.op, error.message
        while op is not None:
            text += f"\nCaused by: {op.name}"
            op = getattr(op, "_original_op", None)
    return re.search(wanted, text) is not None
