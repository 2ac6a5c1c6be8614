"""Which JAX device a session uses, and what `log_device_placement` prints."""

from __future__ import annotations

from typing import Any, TextIO

import jax

from scopedjax._src.lower.plan import Plan
from scopedjax._src.runtime.device_settings import visible_device


def device_for(config: Any) -> Any:
    """Returns the device that a ConfigProto asks for, or None for JAX's default.

    `device_count={"GPU": 0}` keeps a session on the CPU; `gpu_options.visible_device_list="1"` takes the second GPU;
    where it asks for nothing, the process's visible devices count (`tf.config.experimental.set_visible_devices`).
    """
    if config is None:
        return visible_device()
    counts = dict(getattr(config, "device_count", {}))
    if jax.default_backend() == "cpu":
        return None
    if counts.get("GPU", 1) == 0 and counts.get("TPU", 0) == 0:
        return jax.local_devices(backend="cpu")[0]
    visible = str(getattr(getattr(config, "gpu_options", None), "visible_device_list", "") or "")
    if visible:
        first = int(visible.split(",")[0])
        devices = jax.local_devices()
        if first >= len(devices):
            raise ValueError(
                f"gpu_options.visible_device_list={visible!r} names device {first}; there are {len(devices)}: {devices}"
            )
        return devices[first]
    return visible_device()


def log_placement(plan: Plan, platform: str, out: TextIO) -> None:
    """Prints where each node of a plan runs."""
    for stage in plan.stages:
        where = platform.upper() if stage.device else "host"
        for op in stage.ops:
            print(f"{op.name}: ({op.type}): /device:{where}:0", file=out)


class DeviceAttributes:
    """A device as `Session.list_devices` and `device_lib.list_local_devices` describe it."""

    def __init__(self, name: str, device_type: str, memory_limit_bytes: int, incarnation: int) -> None:
        self.name = name
        self.device_type = device_type
        self.memory_limit_bytes = memory_limit_bytes
        self.memory_limit = memory_limit_bytes
        self.incarnation = incarnation

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes}, {self.incarnation})"


def session_devices() -> list[DeviceAttributes]:
    """Returns the devices of the process."""
    found = [DeviceAttributes("/job:localhost/replica:0/task:0/device:CPU:0", "CPU", 0, 0)]
    for i, device in enumerate(d for d in jax.local_devices() if d.platform != "cpu"):
        kind = device.platform.upper()
        stats = device.memory_stats() or {}
        name = f"/job:localhost/replica:0/task:0/device:{kind}:{i}"
        found.append(DeviceAttributes(name, kind, int(stats.get("bytes_limit", 0)), i + 1))
    return found
