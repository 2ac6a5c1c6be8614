"""`tf.config`: which devices there are, and the settings of the process about them.

    tf.config.experimental.set_visible_devices([], "GPU")      sessions made from now on run on the CPU
    for gpu in tf.config.experimental.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)    remembered; JAX took its memory when it started

A session takes one device, the first visible one. What TensorFlow asks of its own thread pools, of its memory and of
its graph optimizer is remembered and told again, and has no other effect: XLA does these things its own way (memory by
the environment variable XLA_PYTHON_CLIENT_PREALLOCATE, which must be set before the program starts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax


class PhysicalDevice(NamedTuple):
    """A device of this machine, such as `/physical_device:GPU:0`.

    >>> tf.config.experimental.list_physical_devices("CPU")
    [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as nodes name it, such as `/device:GPU:0`.

    >>> tf.config.experimental.list_logical_devices("CPU")
    [LogicalDevice(name='/device:CPU:0', device_type='CPU')]
    """

    name: str
    device_type: str


class LogicalDeviceConfiguration(NamedTuple):
    """How much of a device a logical device takes.

    Args:
      memory_limit: Megabytes, or None.
      experimental_priority: Remembered only.
      experimental_device_ordinal: Remembered only.

    >>> tf.config.experimental.VirtualDeviceConfiguration(memory_limit=1024).memory_limit
    1024
    """

    memory_limit: Any = None
    experimental_priority: Any = None
    experimental_device_ordinal: Any = None


@dataclass
class _Settings:
    """What the process was told."""

    visible: list[PhysicalDevice] | None = None
    parts: dict[PhysicalDevice, list[LogicalDeviceConfiguration]] = field(default_factory=dict)
    growth: dict[PhysicalDevice, bool] = field(default_factory=dict)
    soft_placement: bool = False
    log_placement: bool = False
    policy: str = "silent"
    synchronous: bool = True
    inter_op: int = 0
    intra_op: int = 0
    jit: str = ""
    optimizer: dict[str, Any] = field(default_factory=dict)


_settings = _Settings()


# ------------------------------------------------------------------------------------------------------- devices


def _jax_devices() -> list[tuple[PhysicalDevice, Any]]:
    """Every device with JAX's own object; that of the CPU always exists."""
    found = [(PhysicalDevice("/physical_device:CPU:0", "CPU"), jax.local_devices(backend="cpu")[0])]
    counts: dict[str, int] = {}
    for device in jax.local_devices():
        kind = device.platform.upper()
        if kind != "CPU":
            index = counts.get(kind, 0)
            counts[kind] = index + 1
            found.append((PhysicalDevice(f"/physical_device:{kind}:{index}", kind), device))
    return found


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Returns the devices of this machine.

    Args:
      device_type: "CPU", "GPU" or "TPU"; None for all.

    >>> [device.name for device in tf.config.experimental.list_physical_devices("CPU")]
    ['/physical_device:CPU:0']
    """
    return [d for d, _ in _jax_devices() if device_type is None or d.device_type == device_type]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """Returns the visible devices as nodes name them: several for one that was split.

    Args:
      device_type: "CPU", "GPU" or "TPU"; None for all.

    >>> tf.config.experimental.list_logical_devices("CPU")[0].name
    '/device:CPU:0'
    """
    found: list[LogicalDevice] = []
    counts: dict[str, int] = {}
    for device in get_visible_devices(device_type):
        for _ in _settings.parts.get(device, [None]):
            index = counts.get(device.device_type, 0)
            counts[device.device_type] = index + 1
            found.append(LogicalDevice(f"/device:{device.device_type}:{index}", device.device_type))
    return found


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Returns the devices that sessions may use.

    Args:
      device_type: "CPU", "GPU" or "TPU"; None for all.

    >>> tf.config.experimental.get_visible_devices("CPU") == tf.config.experimental.list_physical_devices("CPU")
    True
    """
    every = list_physical_devices() if _settings.visible is None else _settings.visible
    return [d for d in every if device_type is None or d.device_type == device_type]


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Says which devices the sessions made from now on may use.

    Args:
      devices: A device of `list_physical_devices`, or a list of them.
      device_type: The type for which this is said: the devices of other types stay as they are. None for all types.

    Raises:
      ValueError: a device that is not there, or is of another type.

    >>> tf.config.experimental.set_visible_devices([], "GPU")
    """
    chosen = [devices] if isinstance(devices, (str, tuple)) or not isinstance(devices, Sequence) else list(devices)
    known = list_physical_devices(device_type)
    for device in chosen:
        if device not in known:
            raise ValueError(f"Unrecognized device: {device!r}")
    kept = [d for d in get_visible_devices() if device_type is not None and d.device_type != device_type]
    _settings.visible = [d for d in list_physical_devices() if d in kept or d in chosen]


def visible_device() -> Any:
    """Returns JAX's object of the first visible device other than the CPU, else of the CPU; None if nothing was set."""
    if _settings.visible is None:
        return None
    found = [device for known, device in _jax_devices() if known in _settings.visible]
    return found[1] if len(found) > 1 and found[0].platform == "cpu" else found[0] if found else None


# ------------------------------------------------------------------------------------------------ parts and memory


def set_virtual_device_configuration(device: Any, logical_devices: Any) -> None:
    """Splits a device into several by name; a session still runs on the one device.

    Args:
      device: A device of `list_physical_devices`.
      logical_devices: List of `VirtualDeviceConfiguration`.

    Raises:
      ValueError: the device is not there, or the memory of a CPU shall be limited.

    >>> cpu = tf.config.experimental.list_physical_devices("CPU")[0]
    >>> tf.config.experimental.set_virtual_device_configuration(
    ...     cpu, [tf.config.experimental.VirtualDeviceConfiguration()])
    """
    _known(device)
    if device.device_type == "CPU":
        for part in logical_devices:
            if part.memory_limit is not None:
                raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
            if part.experimental_priority is not None:
                raise ValueError("Setting experimental_priority on CPU virtual  devices is currently not supported")
    _settings.parts[device] = list(logical_devices)


def get_virtual_device_configuration(device: Any) -> list[LogicalDeviceConfiguration] | None:
    """Returns how a device was split, or None.

    Args:
      device: A device of `list_physical_devices`.

    Raises:
      ValueError: the device is not there.

    >>> gpus = tf.config.experimental.list_physical_devices("GPU")
    >>> [tf.config.experimental.get_virtual_device_configuration(gpu) for gpu in gpus if False]
    []
    """
    _known(device)
    return _settings.parts.get(device)


def _known(device: Any) -> None:
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}")


def set_memory_growth(device: Any, enable: bool) -> None:
    """Remembers whether a GPU's memory shall be taken little by little; JAX decides that when it starts.

    Args:
      device: A GPU of `list_physical_devices`.
      enable: Whether it shall.

    Raises:
      ValueError: the device is not there, or is no GPU.

    >>> for gpu in tf.config.experimental.list_physical_devices("GPU"):
    ...     tf.config.experimental.set_memory_growth(gpu, True)
    """
    _known(device)
    if device.device_type == "CPU":
        raise ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices")
    _settings.growth[device] = bool(enable)


def get_memory_growth(device: Any) -> bool:
    """Returns what `set_memory_growth` was told of a GPU.

    Args:
      device: A GPU of `list_physical_devices`.

    Raises:
      ValueError: the device is not there.
      KeyError: it is no GPU.

    >>> [tf.config.experimental.get_memory_growth(d) for d in tf.config.experimental.list_physical_devices("XPU")]
    []
    """
    _known(device)
    if device.device_type == "CPU":
        raise KeyError(device)
    return _settings.growth.get(device, False)


# ------------------------------------------------------------------------------------------------------- switches


def set_soft_device_placement(enabled: bool) -> None:
    """Remembers whether nodes may run elsewhere than they were told; here they always run on the session's device.

    Args:
      enabled: Whether they may.

    >>> tf.config.set_soft_device_placement(True)
    """
    _settings.soft_placement = bool(enabled)


def get_soft_device_placement() -> bool:
    """Returns what `set_soft_device_placement` was told; False at first.

    >>> tf.config.set_soft_device_placement(False)
    >>> tf.config.get_soft_device_placement()
    False
    """
    return _settings.soft_placement


def set_log_device_placement(enabled: bool) -> None:
    """Says whether the sessions made from now on print where their nodes run, as `log_device_placement=True` does.

    Args:
      enabled: Whether they do.

    >>> tf.debugging.set_log_device_placement(False)
    """
    _settings.log_placement = bool(enabled)


def get_log_device_placement() -> bool:
    """Returns what `set_log_device_placement` was told; False at first.

    >>> tf.debugging.get_log_device_placement()
    False
    """
    return _settings.log_placement


def set_device_policy(device_policy: str | None) -> None:
    """Remembers what TensorFlow does where an input lies on another device; a graph's inputs are never elsewhere here.

    Args:
      device_policy: "silent", "silent_for_int32", "warn", "explicit", or None for "silent".

    Raises:
      ValueError: another word.

    >>> tf.config.experimental.set_device_policy("silent")
    """
    if device_policy not in ("silent", "silent_for_int32", "warn", "explicit", None):
        raise ValueError(
            f"Invalid argument `device_policy`: {device_policy!r}. Please refer to the known policies: "
            "'silent', 'silent_for_int32', 'warn', 'explicit'."
        )
    _settings.policy = device_policy or "silent"


def get_device_policy() -> str:
    """Returns what `set_device_policy` was told; "silent" at first.

    >>> tf.config.experimental.set_device_policy(None)
    >>> tf.config.experimental.get_device_policy()
    'silent'
    """
    return _settings.policy


def set_synchronous_execution(enable: bool) -> None:
    """Remembers how TensorFlow runs single operations in eager mode; graphs are not concerned.

    Args:
      enable: Whether one after the other.

    >>> tf.config.experimental.set_synchronous_execution(True)
    """
    _settings.synchronous = bool(enable)


def get_synchronous_execution() -> bool:
    """Returns what `set_synchronous_execution` was told; True at first.

    >>> tf.config.experimental.get_synchronous_execution()
    True
    """
    return _settings.synchronous


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Remembers a number of threads; XLA has its own.

    Args:
      num_threads: 0 lets the system choose.

    >>> tf.config.threading.set_inter_op_parallelism_threads(0)
    """
    _settings.inter_op = num_threads


def get_inter_op_parallelism_threads() -> int:
    """Returns what `set_inter_op_parallelism_threads` was told; 0 at first.

    >>> tf.config.threading.get_inter_op_parallelism_threads()
    0
    """
    return _settings.inter_op


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Remembers a number of threads; XLA has its own.

    Args:
      num_threads: 0 lets the system choose.

    >>> tf.config.threading.set_intra_op_parallelism_threads(0)
    """
    _settings.intra_op = num_threads


def get_intra_op_parallelism_threads() -> int:
    """Returns what `set_intra_op_parallelism_threads` was told; 0 at first.

    >>> tf.config.threading.get_intra_op_parallelism_threads()
    0
    """
    return _settings.intra_op


def set_jit(enabled: bool | str) -> None:
    """Remembers whether XLA shall compile; here it compiles everything.

    Args:
      enabled: True, False, "autoclustering", or "" for False.

    >>> tf.config.optimizer.set_jit(True)
    """
    _settings.jit = enabled if isinstance(enabled, str) else "autoclustering" if enabled else ""


def get_jit() -> str:
    """Returns what `set_jit` was told: "autoclustering" or ""; "" at first.

    >>> tf.config.optimizer.set_jit(False)
    >>> tf.config.optimizer.get_jit()
    ''
    """
    return _settings.jit


def set_experimental_options(options: dict[str, Any]) -> None:
    """Remembers options of TensorFlow's graph optimizer; XLA has its own.

    Args:
      options: Dict from an option's name to its value.

    >>> tf.config.optimizer.set_experimental_options({"constant_folding": True})
    """
    _settings.optimizer.update(options)


def get_experimental_options() -> dict[str, Any]:
    """Returns what `set_experimental_options` was told.

    >>> tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]
    False
    """
    return {"disable_model_pruning": False, "disable_meta_optimizer": False, **_settings.optimizer}
