"""Clusters by name: `ClusterSpec`, `replica_device_setter`, `Server`.

    cluster = tf.train.ClusterSpec({"ps": ["a:2222", "b:2222"], "worker": ["c:2222"]})
    with tf.device(tf.train.replica_device_setter(cluster=cluster)):
        w = tf.get_variable("w", [10])          w.device == "/job:ps/task:0", the next one "/job:ps/task:1", ...

The device names are recorded as TensorFlow records them, and have no effect: a session runs in this process. A server
of a cluster of one process is accepted, so that scripts which make one and connect to its target run; for several
processes there is jax.distributed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.base.values import as_text
from scopedjax._src.graph import protos
from scopedjax._src.graph.devices import DeviceSpec
from scopedjax._src.graph.operation import Operation

_VARIABLES: Final = (
    "Variable", "VariableV2", "AutoReloadVariable", "MutableHashTable", "MutableHashTableV2",
    "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2", "MutableDenseHashTable", "MutableDenseHashTableV2",
    "VarHandleOp", "BoostedTreesEnsembleResourceHandleOp", "BoostedTreesQuantileStreamResourceHandleOp",
    "ResourceConditionalAccumulator", "DecisionTreeResource",
)  # fmt: skip
_FORM: Final = (
    "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a `ClusterDef` "
    "protocol buffer"
)


class ClusterSpec:
    """The jobs of a cluster and the addresses of their tasks.

    Args:
      cluster: Dict from a job's name to the list of its tasks' addresses, or to a dict from task number to address;
        or a ClusterDef, or a ClusterSpec.

    Raises:
      TypeError: it is none of these.

    >>> cluster = tf.train.ClusterSpec({"ps": ["a:1"], "worker": {3: "b:2"}})
    >>> cluster.jobs, cluster.task_address("worker", 3)
    (['ps', 'worker'], 'b:2')
    """

    def __init__(self, cluster: Any) -> None:
        self._jobs: dict[str, dict[int, str]] = {}
        if isinstance(cluster, ClusterSpec):
            self._jobs = {name: dict(tasks) for name, tasks in cluster._jobs.items()}
            return
        if not isinstance(cluster, Mapping):
            if not hasattr(cluster, "job"):
                raise TypeError(_FORM)
            cluster = {job.name: dict(job.tasks) for job in cluster.job}
        for name, tasks in cluster.items():
            if not isinstance(name, (str, bytes)):
                raise TypeError(f"Job name {name!r} must be bytes or unicode")
            self._jobs[as_text(name)] = _tasks(name, tasks)

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._jobs)

    def as_dict(self) -> dict[str, Any]:
        """Returns a dict: the list of the addresses of each job, or a dict where task numbers are missing."""
        return {
            name: list(tasks.values()) if list(tasks) == list(range(len(tasks))) else dict(tasks)
            for name, tasks in self._jobs.items()
        }

    def as_cluster_def(self) -> Any:
        """Returns the ClusterDef protocol buffer."""
        definition = protos.ClusterDef()
        for name, tasks in sorted(self._jobs.items()):
            job = definition.job.add(name=name)
            for number, address in sorted(tasks.items()):
                job.tasks[number] = address
        return definition

    def num_tasks(self, job_name: str) -> int:
        """Returns how many tasks a job has.

        Args:
          job_name: The job.
        """
        return len(self._of(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """Returns the numbers of a job's tasks.

        Args:
          job_name: The job.
        """
        return sorted(self._of(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """Returns the address of a task.

        Args:
          job_name: The job.
          task_index: Number of the task.

        Raises:
          ValueError: there is no such job or task.
        """
        tasks = self._of(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """Returns the addresses of a job's tasks by number; None where a number is missing.

        Args:
          job_name: The job.
        """
        tasks = self._of(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]

    def _of(self, job_name: str) -> dict[int, str]:
        if job_name not in self._jobs:
            raise ValueError(f"No such job in cluster: {job_name!r}")
        return self._jobs[job_name]

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._jobs == other._jobs

    def __hash__(self) -> int:
        return hash(tuple((name, tuple(tasks.items())) for name, tasks in sorted(self._jobs.items())))

    def __repr__(self) -> str:
        return f"ClusterSpec({self.as_dict()!r})"


def _tasks(name: Any, tasks: Any) -> dict[int, str]:
    if isinstance(tasks, (list, tuple)):
        numbered = dict(enumerate(tasks))
    elif isinstance(tasks, Mapping):
        numbered = {int(number): address for number, address in tasks.items()}
    else:
        raise TypeError(f"The tasks for job {name!r} must be a list or a dictionary from integers to strings.")
    for address in numbered.values():
        if not isinstance(address, (str, bytes)):
            raise TypeError(f"Task address {address!r} must be bytes or unicode")
    return {number: as_text(address) for number, address in numbered.items()}


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Sequence[str] | None = None,
    ps_strategy: Callable[[Operation], int] | None = None,
) -> Callable[[Operation], str] | None:
    """Returns a device function that gives variables to parameter servers in turn, and the rest to the worker.

    Args:
      ps_tasks: How many tasks the parameter servers' job has.
      ps_device: Device of the parameter servers.
      worker_device: Device of everything else.
      merge_devices: Whether fields that the node's own device leaves open are filled in; always so in TF1.
      cluster: ClusterSpec, or what makes one, from which `ps_tasks` is taken.
      ps_ops: Types of the nodes that go to the parameter servers; those of variables by default.
      ps_strategy: Function of a node to the number of its task; in turn by default.

    Returns:
      A function for `tf.device`; None without parameter servers.

    Raises:
      TypeError: `cluster` is no cluster, or `ps_strategy` no function.
    """
    if cluster is not None:
        spec = ClusterSpec(cluster)
        job = DeviceSpec.from_string(ps_device).job
        tasks = spec.as_dict().get(job or "")
        if not tasks:
            return None
        ps_tasks = len(tasks)
    if ps_tasks == 0:
        return None
    if ps_strategy is not None and not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")
    types = frozenset(_VARIABLES if ps_ops is None else ps_ops)
    strategy = ps_strategy or _in_turn(ps_tasks)

    def place(op: Operation) -> str:
        if not merge_devices and op.device:
            return op.device
        own = DeviceSpec.from_string(op.device or "")
        if op.type not in types:
            return own.merged_over(DeviceSpec.from_string(worker_device or "")).to_string()
        server = DeviceSpec.from_string(ps_device)
        if server.job and (own.job is None or own.job == server.job):
            server = DeviceSpec(server.job, server.replica, strategy(op), server.device_type, server.device_index)
        return own.merged_over(server).to_string()

    return place


def _in_turn(count: int) -> Callable[[Operation], int]:
    taken = 0

    def choose(op: Operation) -> int:
        nonlocal taken
        number = taken % count
        taken += 1
        return number

    return choose


class Server:
    """A server of a cluster of one process: this one.

    Args:
      server_or_cluster_def: The cluster: a ServerDef, ClusterDef, ClusterSpec, or a dict.
      job_name: This process's job.
      task_index: This process's task.
      protocol: Its protocol, written into `server_def`; nothing is sent.
      config: ConfigProto, written into `server_def`; give a session its own.
      start: Accepted.

    Raises:
      TypeError: `server_or_cluster_def` is none of these.
      UnimplementedError: the cluster has more than one task.

    >>> server = tf.train.Server.create_local_server()
    >>> with tf.Session(server.target) as session:
    ...     print(session.run(tf.constant(1)))
    1
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ) -> None:
        given = server_or_cluster_def
        self._definition: Any = protos.ServerDef(protocol="grpc")
        if protos.is_message(given, "ServerDef"):
            self._definition.MergeFrom(protos.converted(given, "ServerDef"))
            given = given.cluster
        try:
            cluster = ClusterSpec(given)
        except TypeError as error:
            raise TypeError(
                "Could not convert `server_or_cluster_def` to a `tf.train.ServerDef` or `tf.train.ClusterSpec`."
            ) from error
        count = sum(cluster.num_tasks(job) for job in cluster.jobs)
        if count != 1:
            raise UnimplementedError(
                None, None,
                f"tf.train.Server: a cluster of {count} tasks ({cluster.as_dict()}). There are no TensorFlow servers "
                "here: a session runs in this process. For several processes use jax.distributed in plain JAX (see "
                "scopedjax.pure_function); to run this script alone, use tf.Session() without a server.",
            )  # fmt: skip
        self._describe(cluster, job_name, task_index, protocol, config)

    def _describe(self, cluster: ClusterSpec, job: str | None, task: int | None, protocol: Any, config: Any) -> None:
        """Writes down what this server is: what was given, and otherwise the only job and task that there are."""
        definition = self._definition
        definition.cluster.CopyFrom(cluster.as_cluster_def())
        definition.job_name = job or definition.job_name or cluster.jobs[0]
        indices = cluster.task_indices(definition.job_name)
        if task is not None:
            definition.task_index = task
        elif definition.task_index not in indices:
            definition.task_index = indices[0]
        if protocol is not None:
            definition.protocol = protocol
        if config is not None:
            definition.default_session_config.CopyFrom(protos.converted(config, "ConfigProto"))

    @property
    def server_def(self) -> Any:
        """The ServerDef protocol buffer of this server: its cluster, job and task."""
        return self._definition

    @property
    def target(self) -> str:
        """What `tf.Session` takes to run here."""
        return ""

    def start(self) -> None:
        """Does nothing: the process runs already."""

    def join(self) -> None:
        """Not available: nobody sends work to this process.

        Raises:
          UnimplementedError: always; TensorFlow would wait for ever.
        """
        raise UnimplementedError(
            None, None, "Server.join waits for work from other processes, and there are none: this process is alone."
        )

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """Returns the server of a cluster of this process alone.

        Args:
          config: Accepted.
          start: Accepted.
        """
        return Server({"localhost": ["localhost:0"]}, config=config, start=start)
