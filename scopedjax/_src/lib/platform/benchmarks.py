"""`tf.test.Benchmark`: timings of a session's runs, printed as TensorFlow prints them; and stubs for tests."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.stacks import sessions


def benchmark_config() -> Any:
    """Returns the ConfigProto with which benchmarks are run.

    >>> tf.test.benchmark_config().graph_options.rewrite_options.dependency_optimization
    2
    """
    config = protos.ConfigProto()
    config.graph_options.rewrite_options.dependency_optimization = 2  # off
    return config


class Benchmark:
    """Base class of benchmarks: methods named `benchmark...` that time runs.

    >>> class Product(tf.test.Benchmark):
    ...     def benchmark_small(self):
    ...         x = tf.ones([2, 2])
    ...         with tf.Session() as session:
    ...             return self.run_op_benchmark(session, tf.matmul(x, x), min_iters=3)["iters"]
    >>> Product().benchmark_small()
    entry {
      name: "Product.benchmark_small"
      iters: 3
      wall_time: ...
    3
    """

    def evaluate(self, tensors: Any) -> Any:
        """Returns the values of tensors, by the default session.

        Args:
          tensors: Tensor, or a structure of them.
        """
        session = sessions.items[-1] if sessions.items else None
        if session is None:
            raise ValueError("Benchmark.evaluate needs a default session: `with tf.Session() as session:`.")
        return session.run(tensors)

    def run_op_benchmark(
        self,
        sess: Any,
        op_or_tensor: Any,
        feed_dict: Any = None,
        burn_iters: int = 2,
        min_iters: int = 10,
        store_trace: bool = False,
        store_memory_usage: bool = True,
        name: str | None = None,
        extras: Any = None,
        mbs: float = 0,
    ) -> dict[str, Any]:
        """Times runs of a node and reports the median.

        Args:
          sess: The session.
          op_or_tensor: What is run; a tensor's value does not leave the device.
          feed_dict: What is fed.
          burn_iters: Runs before the clock starts; the first one compiles.
          min_iters: Runs that are timed.
          store_trace: Has no effect: use jax.profiler.
          store_memory_usage: Has no effect: use jax.profiler.
          name: Name of the entry; by default that of the class and the method.
          extras: Dict of further numbers or texts.
          mbs: Megabytes that a run moves, for the throughput.

        Returns:
          Dict with iters, wall_time (median in seconds), extras (mean and standard deviation among them), name and
          throughput (megabytes a second).
        """
        node = getattr(op_or_tensor, "op", op_or_tensor)
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict)
        seconds: list[float] = []
        for _ in range(min_iters):
            start = time.perf_counter()
            sess.run(op_or_tensor if node is op_or_tensor else [op_or_tensor], feed_dict)
            seconds.append(time.perf_counter() - start)
        median = float(np.median(seconds))
        found: dict[str, Any] = {
            **(extras or {}),
            "wall_time_mean": float(np.mean(seconds)),
            "wall_time_stdev": float(np.std(seconds)),
        }
        throughput = mbs / median if mbs else 0.0
        self.report_benchmark(min_iters, None, median, throughput or None, found, name)
        return {"iters": min_iters, "wall_time": median, "extras": found, "name": name, "throughput": throughput}

    def report_benchmark(
        self,
        iters: int | None = None,
        cpu_time: float | None = None,
        wall_time: float | None = None,
        throughput: float | None = None,
        extras: Any = None,
        name: str | None = None,
        metrics: Any = None,
    ) -> None:
        """Prints an entry of the test log in its text form.

        Args:
          iters: Number of runs.
          cpu_time: Seconds of the processor.
          wall_time: Seconds of the clock.
          throughput: Megabytes a second.
          extras: Dict of further numbers or texts.
          name: Name of the entry; by default that of the class and the method that calls.
          metrics: List of dicts with name, value, and perhaps min_value and max_value.
        """
        lines = [f'  name: "{self._entry_name(name)}"']
        for key, value in (("iters", iters), ("cpu_time", cpu_time), ("wall_time", wall_time)):
            lines += [] if value is None else [f"  {key}: {value}"]
        lines += [] if throughput is None else [f"  throughput: {throughput}"]
        for key, value in (extras or {}).items():
            text = f'string_value: "{value}"' if isinstance(value, str) else f"double_value: {value:g}"
            lines += ["  extras {", f'    key: "{key}"', "    value {", f"      {text}", "    }", "  }"]
        for metric in metrics or ():
            lines += ["  metrics {", *(f"    {k}: {_text(v)}" for k, v in _metric(metric).items()), "  }"]
        print("\n".join(["entry {", *lines, "}"]))

    def _entry_name(self, given: str | None) -> str:
        if given is not None:
            return f"{type(self).__name__}.{given}"
        for frame in inspect.stack()[2:]:
            if frame.frame.f_locals.get("self") is self and frame.function.startswith("benchmark"):
                return f"{type(self).__name__}.{frame.function}"
        raise ValueError("Unable to determine calling Benchmark class.")


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    if "name" not in metric or "value" not in metric:
        raise ValueError("metric must have a 'name' and a 'value' key")
    return {key: metric[key] for key in ("name", "value", "min_value", "max_value") if key in metric}


def _text(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value}"


class StubOutForTesting:
    """Replaces attributes for the time of a test, and puts them back.

    >>> class Clock:
    ...     now = 5
    >>> with tf.test.StubOutForTesting() as stubs:
    ...     stubs.Set(Clock, "now", 7)
    ...     Clock.now
    7
    >>> Clock.now
    5
    """

    def __init__(self) -> None:
        self._set: list[tuple[Any, str, Any]] = []
        self._smartly: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.CleanUp()

    def __del__(self) -> None:
        self.CleanUp()

    def CleanUp(self) -> None:
        """Puts everything back."""
        self.SmartUnsetAll()
        self.UnsetAll()

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        """Replaces an attribute of a module, of an object that has it itself, or else of the class.

        Args:
          obj: A module, class or object.
          attr_name: Name of the attribute.
          new_attr: What it shall be.

        Raises:
          AttributeError: there is no such attribute.
        """
        own = inspect.ismodule(obj) or attr_name in obj.__dict__
        where = obj if own or inspect.isclass(obj) else type(obj)
        if not hasattr(where, attr_name):
            raise AttributeError("Attribute not found.")
        # A static method would become an ordinary one when it is set again as what `getattr` gives.
        old = vars(where).get(attr_name)
        self._smartly.append((where, attr_name, old if isinstance(old, staticmethod) else getattr(where, attr_name)))
        setattr(where, attr_name, new_attr)

    def SmartUnsetAll(self) -> None:
        """Puts back what `SmartSet` replaced."""
        while self._smartly:
            setattr(*self._smartly.pop())

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Replaces an attribute of an object.

        Args:
          parent: A module, class or object.
          child_name: Name of the attribute.
          new_child: What it shall be.
        """
        old = inspect.getattr_static(parent, child_name)
        if not isinstance(old, (staticmethod, classmethod)):
            old = getattr(parent, child_name)
        self._set.append((parent, child_name, old))
        setattr(parent, child_name, new_child)

    def UnsetAll(self) -> None:
        """Puts back what `Set` replaced, the last one first."""
        while self._set:
            setattr(*self._set.pop())
