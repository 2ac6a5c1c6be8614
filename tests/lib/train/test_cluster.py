"""ClusterSpec, replica_device_setter, Server, checkpoints_iterator, against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle

JOBS = {"ps": ["a:1", "b:2"], "worker": {1: "c:3", 3: "d:4"}}


def test_cluster_spec() -> None:
    def body(tf: Any) -> Any:
        c = tf.train.ClusterSpec(JOBS)
        again = tf.train.ClusterSpec(c.as_cluster_def())
        return (
            c.jobs, c.as_dict(), c.num_tasks("worker"), c.task_indices("worker"), c.task_address("worker", 3),
            c.job_tasks("ps"), c.job_tasks("worker"), bool(c), repr(c), str(c.as_cluster_def()), c == again,
            c != tf.train.ClusterSpec(c), bool(tf.train.ClusterSpec({})), tf.train.ClusterSpec({}).as_dict(),
            tf.train.ClusterSpec({"w": ("x:1",)}).as_dict(), tf.train.ClusterSpec({"w": {2: "x:1"}}).as_dict(),
        )  # fmt: skip

    check_both(body)


MISTAKES: list[Callable[[Any], Any]] = [
    lambda tf: tf.train.ClusterSpec(JOBS).num_tasks("z"),
    lambda tf: tf.train.ClusterSpec(JOBS).job_tasks("z"),
    lambda tf: tf.train.ClusterSpec(JOBS).task_indices("z"),
    lambda tf: tf.train.ClusterSpec(JOBS).task_address("ps", 5),
    lambda tf: tf.train.ClusterSpec(3),
    lambda tf: tf.train.ClusterSpec({"a": 3}),
    lambda tf: tf.train.ClusterSpec({"a": {"x": "b"}}),
    lambda tf: tf.train.ClusterSpec({"a": [1]}),
    lambda tf: tf.train.ClusterSpec({1: ["a"]}),
    lambda tf: tf.train.replica_device_setter(2, ps_strategy=3),
    lambda tf: tf.train.replica_device_setter(cluster=3),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number: int) -> None:
    check_both_raise(MISTAKES[number])


SETTERS: dict[str, dict[str, Any]] = {
    "none": {"ps_tasks": 0},
    "two": {"ps_tasks": 2},
    "cluster": {"cluster": JOBS, "worker_device": "/job:worker/task:1/gpu:0"},
    "as_it_is": {"ps_tasks": 2, "merge_devices": False},
    "types": {"ps_tasks": 2, "ps_ops": ["Const"]},
    "strategy": {"ps_tasks": 3, "ps_strategy": lambda op: 2},
    "same_job": {"cluster": JOBS, "ps_device": "/job:worker"},
    "device": {"ps_tasks": 1, "ps_device": "/job:ps/cpu:0"},
    "no_such_job": {"cluster": {"worker": ["a"]}},
}


@pytest.mark.parametrize("name", SETTERS)
def test_devices(name: str) -> None:
    def body(tf: Any) -> Any:
        with tf.device(tf.train.replica_device_setter(**SETTERS[name])):
            a = tf.Variable(1.0, name="a")
            tf.get_variable("b", [1])
            tf.add(a, 1.0, name="c")
            with tf.device("/job:other"):
                tf.constant(1, name="d")
                tf.Variable(2.0, name="e")
            with tf.device("/cpu:0"):
                tf.Variable(2.0, name="f")
                tf.constant(1, name="g")
            tf.train.create_global_step()
        wanted = ("VariableV2", "AddV2", "Const", "Assign")
        return [(o.name, o.device) for o in tf.get_default_graph().get_operations() if o.type in wanted]

    check_both(body)


def test_a_local_server(tf: Any) -> None:
    server = tf.train.Server.create_local_server()
    with tf.Session(server.target) as session:
        assert session.run(tf.constant(3)) == 3
    with pytest.raises(tf.errors.UnimplementedError, match=r"jax\.distributed"):
        tf.train.Server(JOBS, job_name="ps", task_index=0)
    with pytest.raises(tf.errors.UnimplementedError, match="alone"):
        server.join()


def test_what_a_server_is() -> None:
    def body(tf: Any) -> Any:
        spec = tf.train.ClusterSpec({"a": {3: "localhost:0"}})
        whole = tf.train.ServerDef(cluster=spec.as_cluster_def(), job_name="a", task_index=3, protocol="grpc")
        config = tf.ConfigProto(allow_soft_placement=True)
        servers = [
            tf.train.Server.create_local_server(start=False),
            tf.train.Server({"a": ["localhost:0"]}, config=config, start=False),
            tf.train.Server(spec, protocol="grpc", start=False),
            tf.train.Server(whole, start=False),
        ]
        texts = [str(server.server_def) for server in servers]
        return [*texts, servers[-1].server_def.SerializeToString(deterministic=True), whole.cluster.job[0].tasks[3]]

    check_both(body)
    check_both_raise(lambda tf: tf.train.Server(3))


def test_checkpoints_as_they_appear(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = tmp_path / tf.__name__
        folder.mkdir()
        tf.get_variable("v", initializer=1.0)
        saver = tf.train.Saver()
        asked: list[int] = []
        found = []

        def timed_out() -> bool:
            asked.append(len(found))
            return len(asked) == 2

        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            saver.save(session, str(folder / "m"), global_step=1)
            for path in tf.train.checkpoints_iterator(str(folder), timeout=0, timeout_fn=timed_out):
                found.append(path.replace(str(folder), ""))
                if len(found) < 3:
                    saver.save(session, str(folder / "m"), global_step=1 + len(found))
        return found, asked

    check_both(body)
