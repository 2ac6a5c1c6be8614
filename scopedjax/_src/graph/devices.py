"""Device names: merged as TF1 merges them (an inner spec overrides the fields it names), recorded on each node.

On one machine with one accelerator the names have no effect on where XLA runs a program; a session decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from scopedjax._src.base.values import as_text

if TYPE_CHECKING:
    from scopedjax._src.graph.operation import Operation


# Kinds that may stand without `device:` before them.
_KINDS: Final = ("cpu", "gpu", "tpu", "epu", "custom")


@dataclass(slots=True, unsafe_hash=True)
class DeviceSpec:
    """A device name in parts, such as `/job:worker/replica:0/task:1/device:GPU:0`; None is "any".

    Args:
      job: Name of the job.
      replica: Index of the replica.
      task: Index of the task.
      device_type: Kind of device, such as "CPU" or "GPU".
      device_index: Index of the device among those of its kind.

    >>> tf.DeviceSpec(device_type="GPU", device_index=0).to_string()
    '/device:GPU:0'
    """

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    def __post_init__(self) -> None:
        for name in ("replica", "task", "device_index"):
            value = getattr(self, name)
            setattr(self, name, None if value is None else int(value))
        self.job = None if self.job is None else str(self.job)
        self.device_type = None if self.device_type is None else str(self.device_type).upper()

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """Parses a device name.

        Args:
          spec: Device name such as "/job:ps/task:0/cpu:0".

        Raises:
          ValueError: a part is not known, or two name kinds of devices.
        """
        named: dict[str, Any] = {}
        for part in spec.split("/"):
            pieces = part.split(":")
            key = pieces[0].lower()
            if not part:
                continue
            if key in ("job", "replica", "task") and len(pieces) == 2:
                named[key] = pieces[1] if key == "job" else int(pieces[1])
                continue
            if (key in _KINDS and len(pieces) <= 2) or (key == "device" and len(pieces) == 3):
                kind, index = pieces[-2:] if len(pieces) > 1 else (key, "*")
                if "device_type" in named:
                    raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec}.")
                named |= {"device_type": kind.upper(), "device_index": None if index == "*" else int(index)}
                continue
            raise ValueError(f"Unknown attribute '{pieces[0]}' is encountered while parsing the device spec: '{spec}'.")
        return cls(**named)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Takes the parts of a device name instead of its own.

        Args:
          spec: Device name.

        Returns:
          This spec.

        Raises:
          ValueError: a part is not known.
        """
        parsed = DeviceSpec.from_string(spec)
        for name in _FIELDS:
            setattr(self, name, getattr(parsed, name))
        return self

    def merge_from(self, dev: DeviceSpec) -> None:
        """Takes over the parts that another spec names.

        Args:
          dev: The other spec.
        """
        for name in _FIELDS:
            if getattr(dev, name) is not None:
                setattr(self, name, getattr(dev, name))

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """Returns a new spec: this one with the parts that another names.

        Args:
          dev: The other spec.
        """
        merged = replace(self)
        merged.merge_from(dev)
        return merged

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """Returns a new spec with other values for some parts.

        Args:
          **kwargs: Values by the names of the parts.
        """
        return replace(self, **kwargs)

    def to_string(self) -> str:
        """Returns the name in TF's canonical form."""
        text = ""
        if self.job is not None:
            text += f"/job:{self.job}"
        if self.replica is not None:
            text += f"/replica:{self.replica}"
        if self.task is not None:
            text += f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text

    def merged_over(self, other: DeviceSpec) -> DeviceSpec:
        """Returns `other` with the fields that this spec names put in their place."""
        named = {f: getattr(self, f) for f in ("job", "replica", "task") if getattr(self, f) is not None}
        if self.device_type is not None:
            named |= {"device_type": self.device_type, "device_index": self.device_index}
        elif self.device_index is not None:
            named["device_index"] = self.device_index
        return replace(other, **named)


_FIELDS: Final = tuple(f.name for f in fields(DeviceSpec))


def resolve_device(op: Operation, devices: Sequence[str | Callable[[Operation], Any]]) -> str:
    """Returns the device name that the open `tf.device` blocks, outermost first, give to a node.

    A name fills in the fields that the blocks inside it left open. A function sees what they said in `op.device`, and
    its answer stands in place of that, as it is.

    Raises:
      TypeError: a function returns neither text nor a device spec.
    """
    for device in reversed(devices):
        if callable(device):
            answer = device(op)
            op.device = as_text(answer.to_string() if hasattr(answer, "to_string") else answer)
        else:
            op.device = DeviceSpec.from_string(op.device).merged_over(DeviceSpec.from_string(device)).to_string()
    return op.device
