"""Logging, flags, `tf.app.run`, resource files: scripts run under TensorFlow and here; what they say is compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import absl.flags
import pytest

from scopedjax import flags as our_flags
from tests import oracle

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

# What is compared here though no body names it: tests/surface/evidence.py.
ABSL = sorted(name for name, value in vars(absl.flags).items() if vars(our_flags).get(name) is value)
COMPARES = ["logging.log_every_n", "logging.log_first_n", *(f"flags.{name}" for name in ABSL)]
ROOT = Path(__file__).parents[3]
OURS = "import scopedjax as tf\n"
THEIRS = """
import os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
import logging as _logging
for _handler in list(_logging.getLogger("absl").handlers):
    _logging.getLogger("absl").removeHandler(_handler)
"""


def _run(folder: Path, imports: str, body: str, arguments: list[str], flags: list[str]) -> list[str]:
    script = folder / "script.py"
    script.write_text(imports + textwrap.dedent(body))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, *flags, str(script), *arguments], capture_output=True, text=True, cwd=folder, env=environment
    )
    # What TensorFlow says about itself while it is imported is no concern of ours.
    said = [
        line for line in done.stderr.splitlines() if re.match(r"(\w+:tensorflow:|[\w.]*Error\b|OWN|tensorflow\|)", line)
    ]
    said = [line for line in said if "disable_resource_variables" not in line and "deprecated" not in line.lower()]
    return [
        f"exit code {done.returncode}",
        *done.stdout.splitlines(),
        *(re.sub(r"^[\w.]+\.(\w+:)", r"\1", s) for s in said),
    ]


def _same(tmp_path: Path, body: str, *arguments: str, flags: list[str] | None = None) -> list[str]:
    oracle.real_tf()
    theirs, ours = (_run(tmp_path, imports, body, list(arguments), flags or []) for imports in (THEIRS, OURS))
    oracle.assert_same(theirs, ours)
    return ours


def test_flags_are_absls_own() -> None:
    theirs = oracle.real_tf().flags
    assert len(ABSL) > 40
    assert [name for name in ABSL if getattr(theirs, name) is not getattr(our_flags, name)] == []


def test_logging(tmp_path: Path) -> None:
    said = _same(
        tmp_path,
        """
        print(tf.logging.get_verbosity(), tf.logging.DEBUG, tf.logging.INFO, tf.logging.WARN, tf.logging.ERROR,
              tf.logging.FATAL)
        tf.logging.info("not shown")
        tf.logging.warn("shown %d", 1)
        tf.logging.warning("shown %s", "too")
        tf.logging.set_verbosity(tf.logging.DEBUG)
        print(tf.logging.get_verbosity())
        tf.logging.debug("debug")
        tf.logging.info("info")
        tf.logging.error("error")
        tf.logging.fatal("fatal")
        tf.logging.log(tf.logging.INFO, "log %s", "x")
        tf.logging.vlog(tf.logging.WARN, "vlog")
        tf.logging.TaskLevelStatusMessage("status")
        tf.logging.log_if(tf.logging.INFO, "if %d", True, 3)
        tf.logging.log_if(tf.logging.INFO, "never", False)
        tf.logging.set_verbosity("ERROR")
        tf.logging.warn("not shown")
        for bad in (lambda: tf.logging.set_verbosity("bogus"), tf.logging.flush):
            try:
                bad()
            except Exception as error:
                print(type(error).__name__, error)
        print(tf.get_logger().name, tf.get_logger() is __import__("logging").getLogger("tensorflow"))
        """,
    )
    assert "INFO:tensorflow:if 3" in said


@pytest.mark.parametrize(("function", "last"), [("log_every_n", 6), ("log_first_n", 2)])
def test_logging_now_and_then(function: str, last: int, tmp_path: Path) -> None:
    """One call a script: in a script of one file TensorFlow counts the calls of all its lines together."""
    said = _same(
        tmp_path,
        f"""
        tf.logging.set_verbosity(tf.logging.INFO)
        for i in range(8):
            tf.logging.{function}(tf.logging.INFO, "number %d", 3, i)
        """,
    )
    assert said[-1] == f"INFO:tensorflow:number {last}"


def test_each_line_has_a_count_of_its_own(tmp_path: Path) -> None:
    body = """
    tf.logging.set_verbosity(tf.logging.INFO)
    for i in range(3):
        tf.logging.log_first_n(tf.logging.INFO, "one %d", 1, i)
        tf.logging.log_first_n(tf.logging.INFO, "two %d", 1, i)
    """
    assert _run(tmp_path, OURS, body, [], [])[1:] == ["INFO:tensorflow:one 0", "INFO:tensorflow:two 0"]


def test_logging_shows_the_line_of_the_caller(tmp_path: Path) -> None:
    said = _same(
        tmp_path,
        """
        import logging, sys
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(name)s|%(filename)s|%(funcName)s|%(message)s"))
        tf.get_logger().handlers[:] = [handler]
        tf.get_logger().propagate = False
        tf.logging.set_verbosity(tf.logging.INFO)
        def function():
            tf.logging.info("one")
            tf.logging.log_first_n(tf.logging.INFO, "two", 1)
        function()
        """,
    )
    assert "tensorflow|script.py|function|one" in said


def test_importing_leaves_logging_alone(tmp_path: Path) -> None:
    body = """
    import logging
    print(logging.getLogger("tensorflow").handlers, logging.getLogger().handlers, logging.getLogger().level)
    tf.logging.set_verbosity(tf.logging.INFO)
    print(len(logging.getLogger("tensorflow").handlers))
    """
    assert _run(tmp_path, OURS, body, [], [])[1:3] == ["[] [] 30", "1"]


def test_a_program_with_logging_of_its_own_is_not_shown_twice(tmp_path: Path) -> None:
    body = """
    import logging
    logging.basicConfig(format="OWN %(message)s", level=logging.INFO)
    tf.logging.set_verbosity(tf.logging.INFO)
    tf.logging.info("once")
    """
    assert _run(tmp_path, OURS, body, [], []) == ["exit code 0", "OWN once"]


FLAGS = """
flags = tf.app.flags
flags.DEFINE_string("name", "default", "A name.")
flags.DEFINE_integer("count", 3, "A count.")
flags.DEFINE_float("rate", 0.5, "A rate.")
flags.DEFINE_boolean("fast", False, "Whether.")
tf.flags.DEFINE_bool("slow", True, "Whether not.")
tf.flags.DEFINE_enum("kind", "a", ["a", "b"], "A kind.")
tf.flags.DEFINE_list("items", ["x"], "Items.")
tf.flags.DEFINE_string(flag_name="old", default_value="o", docstring="Old names.")
FLAGS = flags.FLAGS
"""


def test_flags_are_parsed_when_first_looked_at(tmp_path: Path) -> None:
    _same(
        tmp_path,
        FLAGS
        + """
print(FLAGS.name, FLAGS.count, FLAGS.rate, FLAGS.fast, FLAGS.slow, FLAGS.kind, FLAGS.items, FLAGS.old)
FLAGS.name = "changed"
print(FLAGS.name, "name" in FLAGS, FLAGS["count"].value, FLAGS["count"].using_default_value)
print(sorted(set(FLAGS.flag_values_dict()) & {"name", "count", "rate"}))
print(FLAGS(["program", "--name=again", "rest"]), FLAGS.name, len(FLAGS) > 5, "kind" in list(FLAGS))
tf.flags.DEFINE_integer("later", 5, "Defined after parsing.")
print(FLAGS.later)
for bad in (lambda: FLAGS.nothing, lambda: flags.DEFINE_string("name", "", "Twice.") and None):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__)
del FLAGS.count
print("count" in FLAGS)
""",
        "--name=given",
        "--count=7",
        "--fast",
        "--noslow",
        "--kind=b",
        "--items=p,q",
    )


def test_an_unknown_flag_is_refused(tmp_path: Path) -> None:
    said = _same(tmp_path, FLAGS + "print(FLAGS.name)\n", "--bogus=1")
    assert "UnrecognizedFlagError: Unknown command line flag 'bogus'" in said


def test_app_run(tmp_path: Path) -> None:
    body = (
        FLAGS
        + """
def main(argv):
    print("main", argv[1:], FLAGS.name, FLAGS.count)
    return 3
if __name__ == "__main__":
    tf.app.run()
"""
    )
    said = _same(tmp_path, body, "--name=given", "--bogus=1", "rest")
    assert said[:2] == ["exit code 3", "main ['--bogus=1', 'rest'] given 3"]


def test_app_run_with_arguments(tmp_path: Path) -> None:
    _same(
        tmp_path,
        FLAGS + 'tf.app.run(main=lambda argv: print("other", argv, FLAGS.name), argv=["p", "--name=q", "z"])\n',
        "--name=ignored",
    )


def test_app_run_without_main(tmp_path: Path) -> None:
    said = _same(tmp_path, "tf.app.run()\n")
    assert "AttributeError: module '__main__' has no attribute 'main'" in said


def test_flags_that_absl_defines_are_shared(tmp_path: Path) -> None:
    _same(
        tmp_path,
        FLAGS
        + """
from absl import flags as absl_flags
absl_flags.DEFINE_string("theirs", "t", "Of another library.")
print(FLAGS.theirs, absl_flags.FLAGS.name)
tf.flags.mark_flag_as_required("name")
print(issubclass(tf.flags.IllegalFlagValueError, tf.flags.Error))
""",
    )


def test_resources(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("contents")
    _same(
        tmp_path,
        """
        loader = tf.resource_loader
        print(loader.get_data_files_path() == __import__("os").path.dirname(__import__("os").path.abspath(__file__)))
        print(open(loader.get_path_to_datafile("data.txt")).read(), loader.readahead_file_path("x"))
        """,
    )
    body = 'print(tf.resource_loader.load_resource("data.txt"))\ntf.resource_loader.load_resource("none")\n'
    said = _run(tmp_path, OURS, body, [], [])
    assert said[:2] == ["exit code 1", "b'contents'"] and said[2].startswith("FileNotFoundError")
