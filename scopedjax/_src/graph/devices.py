"""Device names: merged as TF1 merges them (an inner spec overrides the fields it names), recorded on each node.

On one machine with one accelerator the names have no effect on where XLA runs a program; a session decides that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scopedjax._src.base.values import as_text

if TYPE_CHECKING:
    from scopedjax._src.graph.operation import Operation


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """A device name in parts, such as `/job:worker/replica:0/task:1/device:GPU:0`; None is "any".

    >>> tf.DeviceSpec(device_type="GPU", device_index=0).to_string()
    '/device:GPU:0'
    """

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """Parses a device name.

        Raises:
          ValueError: a part is not known.
        """
        fields: dict[str, Any] = {}
        for part in spec.split("/"):
            if not part:
                continue
            pieces = part.split(":")
            key = pieces[0].lower()
            if key == "job" and len(pieces) == 2:
                fields["job"] = pieces[1]
            elif key in ("replica", "task") and len(pieces) == 2 and pieces[1].isdigit():
                fields[key] = int(pieces[1])
            elif key == "device" and len(pieces) == 3:
                fields["device_type"] = pieces[1].upper()
                fields["device_index"] = None if pieces[2] == "*" else int(pieces[2])
            elif re.fullmatch(r"[a-z_]+", key) and len(pieces) in (1, 2) and key not in ("job", "replica", "task"):
                fields["device_type"] = key.upper()
                if len(pieces) == 2 and pieces[1] != "*":
                    if not pieces[1].isdigit():
                        raise ValueError(
                            f"Unknown attribute '{part}' is encountered while parsing the device spec: '{spec}'."
                        )
                    fields["device_index"] = int(pieces[1])
            else:
                raise _unknown_part(part, spec)
        return cls(**fields)

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


def _unknown_part(part: str, spec: str) -> ValueError:
    return ValueError(f"Unknown attribute '{part}' is encountered while parsing the device spec: '{spec}'.")


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
