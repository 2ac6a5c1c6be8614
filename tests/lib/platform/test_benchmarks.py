"""Benchmarks and stubs of `tf.test` against TensorFlow's."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def test_reports() -> None:
    def body(tf: Any) -> Any:
        class Sum(tf.test.Benchmark):  # type: ignore[misc, name-defined]
            def benchmark_sum(self) -> Any:
                with tf.Session(config=tf.test.benchmark_config()) as session:
                    x = tf.placeholder(tf.float32, [])
                    found = self.run_op_benchmark(
                        session, x + 1.0, {x: 1.0}, min_iters=3, store_memory_usage=False, extras={"a": 1}
                    )
                    self.report_benchmark(iters=3, wall_time=1.5, extras={"b": "text"})
                    self.report_benchmark(cpu_time=2.5, throughput=4.5, name="other")
                    return found, self.evaluate(tf.constant(2))

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            found, value = Sum().benchmark_sum()
        text = re.sub(r"\d+\.\d+(e-\d+)?", lambda m: m[0] if m[0] in ("1.5", "2.5", "4.5") else "N", printed.getvalue())
        text = re.sub(r"extras \{\s+key: \"wall_time_\w+\"\s+value \{\s+double_value: \S+\s+\}\s+\}", "", text)
        shown = [found["iters"], found["name"], found["throughput"], sorted(found["extras"]), found["extras"]["a"]]
        return re.sub(r"\s+", " ", text).strip(), shown, value

    check_both(body)


def test_the_configuration() -> None:
    check_both(lambda tf: str(tf.test.benchmark_config()).split())


def test_stubs() -> None:
    def body(tf: Any) -> Any:
        class Base:
            inherited = 1

            @staticmethod
            def static() -> int:
                return 1

        class Derived(Base):
            own = 2

        found = []
        stubs = tf.test.StubOutForTesting()
        stubs.SmartSet(Derived, "inherited", 10)
        stubs.Set(Derived, "own", 20)
        stubs.Set(Base, "static", lambda: 30)
        found.append((Base.inherited, Derived.own, Base.static()))
        stubs.SmartUnsetAll()
        found.append((Base.inherited, Derived.own, Base.static()))
        stubs.UnsetAll()
        found.append((Base.inherited, Derived.own, Base.static()))
        with tf.test.StubOutForTesting() as inner:
            inner.Set(Derived, "own", 5)
            found.append(Derived.own)
        stubs.CleanUp()
        return [*found, Derived.own]

    check_both(body)


def test_stubs_of_what_is_not_there() -> None:
    check_both_raise(lambda tf: tf.test.StubOutForTesting().SmartSet(object(), "no_such_attribute", 1))
