"""`tf.test.TestCase` against TensorFlow's: which assertions hold, which fail, and what a session in a test is."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle


def _case(tf: Any) -> Any:
    """An instance of the class under test, in the state that `setUp` leaves."""

    class Case(tf.test.TestCase):
        def runTest(self) -> None: ...

    return Case()


def _verdict(tf: Any, check: Callable[[Any, Any], Any]) -> str:
    try:
        check(tf, _case(tf))
    except (AssertionError, ValueError) as error:
        return f"fails with {type(error).__name__}"
    return "holds"


CHECKS: dict[str, Callable[[Any, Any], Any]] = {
    "close": lambda tf, t: t.assertAllClose([1.0, 2.0], [1.0, 2.0 + 1e-7]),
    "not close": lambda tf, t: t.assertAllClose([1.0, 2.0], [1.0, 2.1]),
    "close by rtol": lambda tf, t: t.assertAllClose([100.0], [101.0], rtol=0.01),
    "not close by rtol": lambda tf, t: t.assertAllClose([102.0], [101.0], rtol=0.001, atol=0.5),
    "close shapes": lambda tf, t: t.assertAllClose([1.0, 2.0], [1.0, 2.0, 3.0]),
    "close scalar": lambda tf, t: t.assertAllClose(1.0, [1.0]),
    "close dicts": lambda tf, t: t.assertAllClose({"a": 1.0, "b": [2.0, 3.0]}, {"b": [2.0, 3.0], "a": 1.0}),
    "close keys": lambda tf, t: t.assertAllClose({"a": 1.0}, {"b": 1.0}),
    "close dict and list": lambda tf, t: t.assertAllClose({"a": 1.0}, [1.0]),
    "close nested": lambda tf, t: t.assertAllClose((1.0, [2.0, 3.0]), [1.0, [2.0, 3.0]]),
    "close nested not": lambda tf, t: t.assertAllClose((1.0, [2.0, 3.0]), [1.0, [2.0, 3.5]]),
    "close nested lengths": lambda tf, t: t.assertAllClose([[1.0], [2.0, 3.0]], [[1.0]]),
    "close nan": lambda tf, t: t.assertAllClose([np.nan, np.inf], [np.nan, np.inf]),
    "close infinities": lambda tf, t: t.assertAllClose([np.inf], [-np.inf]),
    "close tensor": lambda tf, t: t.assertAllClose(tf.constant([1.0, 2.0]) * 2.0, [2.0, 4.0]),
    "close tensors": lambda tf, t: t.assertAllClose([tf.constant(1.0), tf.constant(2.0)], [1.0, 2.5]),
    "close complex": lambda tf, t: t.assertAllClose(np.complex64([1 + 2j]), np.complex64([1 + 3j])),
    "close integers": lambda tf, t: t.assertAllClose(np.array([1, 2]), np.array([1, 2])),
    "not all close": lambda tf, t: t.assertNotAllClose([1.0], [1.0]),
    "not all close holds": lambda tf, t: t.assertNotAllClose([1.0], [1.1]),
    "by type half": lambda tf, t: t.assertAllCloseAccordingToType(np.float16([1.0]), np.float16([1.0009])),
    "by type float": lambda tf, t: t.assertAllCloseAccordingToType(np.float32([1.0]), np.float32([1.0009])),
    "by type double": lambda tf, t: t.assertAllCloseAccordingToType(
        np.array([1.0]), np.array([1.0 + 1e-7]), rtol=1e-8, atol=1e-8
    ),
    "by type mixed": lambda tf, t: t.assertAllCloseAccordingToType(np.float16([1.0]), np.array([1.0009])),
    "equal": lambda tf, t: t.assertAllEqual([1, 2], [1, 2]),
    "not equal": lambda tf, t: t.assertAllEqual([1, 2], [1, 3]),
    "equal shapes": lambda tf, t: t.assertAllEqual([1, 2], [[1, 2]]),
    "equal nan": lambda tf, t: t.assertAllEqual([np.nan], [np.nan]),
    "equal text": lambda tf, t: t.assertAllEqual(["a", b"b"], [b"a", b"b"]),
    "equal strings": lambda tf, t: t.assertAllEqual(tf.constant(["a", "b"]), [b"a", b"c"]),
    "equal bools": lambda tf, t: t.assertAllEqual([True], [True]),
    "equal numbers": lambda tf, t: t.assertAllEqual(1, 2),
    "close numbers": lambda tf, t: t.assertAllClose(1.0, 2.0, msg="words"),
    "greater number": lambda tf, t: t.assertAllGreater(1, 1),
    "equal empty": lambda tf, t: t.assertAllEqual([], []),
    "not all equal": lambda tf, t: t.assertNotAllEqual([1], [1]),
    "not all equal holds": lambda tf, t: t.assertNotAllEqual([1], [2]),
    "near": lambda tf, t: t.assertNear(1.0, 1.4, 0.5),
    "not near": lambda tf, t: t.assertNear(1.0, 2.0, 0.5),
    "near infinity": lambda tf, t: t.assertNear(float("inf"), float("inf"), 0.5),
    "array near": lambda tf, t: t.assertArrayNear([1.0, 2.0], [1.05, 2.0], 0.1),
    "array not near": lambda tf, t: t.assertArrayNear([1.0, 2.0], [1.0, 2.2], 0.1),
    "array lengths": lambda tf, t: t.assertArrayNear([1.0], [1.0, 2.0], 0.1),
    "ndarray near": lambda tf, t: t.assertNDArrayNear(np.ones(2), np.ones(2) * 1.01, 0.1),
    "ndarray not near": lambda tf, t: t.assertNDArrayNear(np.ones(2), np.zeros(2), 0.1),
    "greater": lambda tf, t: t.assertAllGreater([2, 3], 1),
    "not greater": lambda tf, t: t.assertAllGreater([1, 3], 1),
    "less": lambda tf, t: t.assertAllLess([2, 3], 3),
    "greater equal": lambda tf, t: t.assertAllGreaterEqual([1, 3], 1),
    "less equal": lambda tf, t: t.assertAllLessEqual([2, 4], 3),
    "in range": lambda tf, t: t.assertAllInRange([0.0, 1.0], 0, 1),
    "in open range": lambda tf, t: t.assertAllInRange([0.0, 1.0], 0, 1, open_upper_bound=True),
    "out of range": lambda tf, t: t.assertAllInRange([1.0, 2.0], 0, 1),
    "no numbers in range": lambda tf, t: t.assertAllInRange([True], 0, 1),
    "in set": lambda tf, t: t.assertAllInSet([1, 2], (1, 2, 3)),
    "not in set": lambda tf, t: t.assertAllInSet([1, 2], (1,)),
    "shapes": lambda tf, t: t.assertShapeEqual(np.zeros((2, 3)), tf.constant(np.zeros((2, 3)))),
    "other shapes": lambda tf, t: t.assertShapeEqual(np.zeros((2, 3)), tf.constant(np.zeros((2, 4)))),
    "dtype": lambda tf, t: t.assertDTypeEqual(np.zeros(2, np.float32), np.float32),
    "other dtype": lambda tf, t: t.assertDTypeEqual(np.zeros(2, np.float32), np.float64),
    "tensor dtype": lambda tf, t: t.assertDTypeEqual(tf.constant(1.0), tf.float32),
    "devices": lambda tf, t: t.assertDeviceEqual("/device:CPU:0", "/cpu:0"),
    "other devices": lambda tf, t: t.assertDeviceEqual("/job:a", "/cpu:0"),
    "messages": lambda tf, t: t.assertProtoEquals("step: 4", tf.Event(step=4)),
    "items": lambda tf, t: t.assertItemsEqual([1, 2], [2, 1]),
    "empty": lambda tf, t: t.assertEmpty([1]),
    "length": lambda tf, t: t.assertLen([1], 1),
    "starts": lambda tf, t: t.assertStartsWith("abc", "ab"),
    "between": lambda tf, t: t.assertBetween(2, 3, 4),
    "subset": lambda tf, t: t.assertContainsSubset([1], [1, 2]),
}


@pytest.mark.parametrize("name", CHECKS)
def test_verdicts(name: str) -> None:
    oracle.check_both(_verdict, CHECKS[name])


def test_messages_that_differ_fail(tf: Any) -> None:
    """TensorFlow 2.21's own fails here for another reason: its protobuf is newer than its code."""
    case = _case(tf)
    with pytest.raises(AssertionError, match="step: 3"):
        case.assertProtoEquals("step: 3", tf.Event(step=4))
    case.assertProtoEquals("wall_time: 1.0", tf.Event(wall_time=1.0000001), relative_tolerance=1e-5)
    with pytest.raises(AssertionError):
        case.assertProtoEquals("wall_time: 1.0", tf.Event(wall_time=1.1), relative_tolerance=1e-5)


def _expects_op_error(tf: Any, t: Any, pattern: Any, error: Exception | None) -> None:
    with t.assertRaisesOpError(pattern):
        if error is not None:
            raise error


def _bad(tf: Any) -> Exception:
    return tf.errors.InvalidArgumentError(None, None, "a bad thing")


ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "matches": lambda tf, t: _expects_op_error(tf, t, "bad th.ng", _bad(tf)),
    "another text": lambda tf, t: _expects_op_error(tf, t, "good", _bad(tf)),
    "none raised": lambda tf, t: _expects_op_error(tf, t, "good", None),
    "predicate": lambda tf, t: _expects_op_error(tf, t, lambda e: e.error_code == 3, _bad(tf)),
    "predicate not": lambda tf, t: _expects_op_error(tf, t, lambda e: e.error_code == 4, _bad(tf)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_expected_errors(name: str) -> None:
    oracle.check_both(_verdict, ERRORS[name])


def test_an_error_of_another_type_passes_through() -> None:
    oracle.check_both_raise(lambda tf: _expects_op_error(tf, _case(tf), "x", KeyError("x")))


def test_sessions_of_a_test() -> None:
    def body(tf: Any) -> list[Any]:
        case = _case(tf)
        graph = tf.Graph()
        found: list[Any] = []
        with case.test_session() as first:
            found.append(tf.get_default_session() is first)
            with case.test_session() as again:
                found.append(again is first)
        with case.cached_session() as cached:
            found += [cached is first, tf.constant(3).eval()]
        with case.session() as fresh:
            found.append(fresh is first)
        with case.session(graph=graph) as other:
            found += [other.graph is graph, tf.get_default_graph() is graph]
        with case.test_session(graph=graph) as named:
            found += [named is first, named.graph is graph]
        x = tf.constant(1.5)
        found.append(case.evaluate({"a": x, "b": [x + 1.0]}))
        return found

    oracle.check_both(body)


def test_a_cached_session_keeps_its_graph() -> None:
    def body(tf: Any) -> None:
        case = _case(tf)
        with case.cached_session(), case.cached_session(graph=tf.Graph()):
            pass

    oracle.check_both_raise(body)


def test_threads() -> None:
    def good(tf: Any, t: Any) -> None:
        thread = t.checkedThread(lambda x: x + 1, args=(1,))
        thread.start()
        thread.join()

    def bad(tf: Any, t: Any) -> None:
        thread = t.checkedThread(lambda: 1 / 0)
        thread.start()
        thread.join()

    oracle.check_both(_verdict, good)
    oracle.check_both(_verdict, bad)


def test_compute_gradient() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant([[1.0, 2.0]])
        y = x * x * x
        start = np.array([[0.5, 1.5]], np.float32)
        with _case(tf).test_session():
            one = tf.test.compute_gradient(x, [1, 2], y, [1, 2], x_init_value=start)
            several = tf.test.compute_gradient([x], [[1, 2]], y, [1, 2], x_init_value=[start])
            error = tf.test.compute_gradient_error(x, [1, 2], y, [1, 2], x_init_value=start)
        assert error < 1e-3
        return one[0], one[1], several[0][0]

    oracle.check_both(body, rtol=1e-3)


def test_compute_gradient_sees_a_wrong_gradient(tf: Any) -> None:
    x = tf.constant([1.0, 2.0])
    with _case(tf).test_session():
        wrong = tf.stop_gradient(x) * x
        assert tf.test.compute_gradient_error(x, [2], wrong, [2], x_init_value=np.float32([1, 2])) > 0.5


def test_assert_equal_graph_def() -> None:
    def body(tf: Any, change: str) -> None:
        a, b = tf.GraphDef(), tf.GraphDef()
        for graph_def in (a, b):
            for name in ("x", "y"):
                graph_def.node.add(name=name, op="NoOp")
        if change == "order":
            nodes = [tf.NodeDef.FromString(n.SerializeToString()) for n in b.node]
            del b.node[:]
            b.node.extend(reversed(nodes))
        elif change == "missing":
            del b.node[1]
        elif change == "attr":
            b.node[0].attr["T"].type = 1
        tf.test.assert_equal_graph_def(a, b if change != "type" else 3)

    for change in ("none", "order", "missing", "attr", "type"):
        theirs, ours = oracle.both(body, change)
        oracle.assert_same(theirs, ours, phrase=False)


def test_devices_and_builds() -> None:
    def body(tf: Any) -> list[Any]:
        return [tf.test.is_gpu_available(), tf.test.gpu_device_name(), tf.test.is_built_with_xla()]

    oracle.check_both(body)


def test_a_cluster_is_refused(tf: Any) -> None:
    with pytest.raises(tf.errors.UnimplementedError, match=r"jax\.distributed"):
        tf.test.create_local_cluster(2, 1)


SCRIPT = """
    import sys
    {imports}
    import numpy as np

    class FirstTest(tf.test.TestCase):
        def testSeeds(self):
            print("DRAWN", np.random.randint(1000), tf.get_default_graph().seed)
            self.assertEmpty(tf.get_default_graph().get_operations())
            tf.constant(1.0)

        def testSession(self):
            self.assertEmpty(tf.get_default_graph().get_operations())
            with self.test_session():
                self.assertAllClose(tf.constant([1.0]).eval(), [1.0])

        def testFolder(self):
            self.assertTrue(tf.gfile.IsDirectory(self.get_temp_dir()))
            self.assertEqual(self.get_temp_dir(), self.get_temp_dir())
            self.assertTrue(self.get_temp_dir().startswith(tf.test.get_temp_dir()))
            print("FOLDER", tf.test.get_temp_dir())

        {extra}

    if __name__ == "__main__":
        tf.test.main()
"""
OURS = "import scopedjax as tf"
THEIRS = """import os
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()"""


def _run_script(folder: Path, imports: str, extra: str = "") -> tuple[int, list[str]]:
    script = folder / "a_test.py"
    script.write_text(textwrap.dedent(SCRIPT.format(imports=imports, extra=extra)))
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=root, env=_env(root))
    for line in done.stdout.splitlines():
        if line.startswith("FOLDER"):
            assert not Path(line.split()[1]).exists(), "the temporary folder outlives the process"
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("DRAWN")]


def _env(root: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(root), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}


def test_a_test_program_runs_as_under_tensorflow(tmp_path: Path) -> None:
    """Seeds, fresh graphs, folders and exit codes of a program with `tf.test.main()`."""
    oracle.real_tf()
    theirs, ours = _run_script(tmp_path, THEIRS), _run_script(tmp_path, OURS)
    oracle.assert_same(theirs, ours)
    assert ours[0] == 0 and ours[1]
    failing = "def testThatFails(self):\n            self.fail()"
    assert _run_script(tmp_path, OURS, failing)[0] != 0
