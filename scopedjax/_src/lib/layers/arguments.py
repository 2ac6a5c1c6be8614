"""How layers take their arguments: sizes as numbers or tuples, `padding` and `data_format` by Keras' names."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.cond import cond


def as_tuple(value: Any, count: int, name: str) -> tuple[int, ...]:
    """`value` as `count` integers.

    Raises:
      ValueError: a tuple of another length, or of other things.
    """
    problem = f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
    if isinstance(value, int):
        return (value,) * count
    try:
        found = tuple(value)
        if len(found) != count:
            raise ValueError(problem)
        return tuple(int(v) for v in found)
    except TypeError:
        raise ValueError(problem) from None


def padding_name(value: Any) -> str:
    """Returns "valid" or "same", whatever the case.

    Raises:
      ValueError: another.
    """
    name = str(value).lower()
    if name not in ("valid", "same"):
        raise ValueError(
            'The `padding` argument must be a list/tuple or one of "valid", "same" (or "causal", only for `Conv1D). '
            f"Received: {name}"
        )
    return name


def channels_are_first(data_format: Any) -> bool:
    """Whether `data_format` is "channels_first".

    Raises:
      ValueError: neither that nor "channels_last".
    """
    name = str("channels_last" if data_format is None else data_format).lower()
    if name not in ("channels_first", "channels_last"):
        raise ValueError(
            f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {data_format}'
        )
    return name == "channels_first"


def op_format(first: bool, spatial: int) -> str:
    """The ops' name of a data format: "NHWC", "NCW", ..."""
    axes = "DHW"[-spatial:]
    return f"NC{axes}" if first else f"N{axes}C"


def window_length(size: int | None, taps: int, padding: str, stride: int, dilation: int = 1) -> int | None:
    """Length of an axis after a convolution or pooling."""
    if size is None:
        return None
    extent = (taps - 1) * dilation + 1
    length = size if padding == "same" else size - extent + 1
    return -(-length // stride)


def known_condition(value: Any) -> bool | None:
    """A condition as a Python bool where it is known while the graph is recorded, else None."""
    if not isinstance(value, Tensor):
        return value.__bool__() if hasattr(value, "__bool__") and not hasattr(value, "op") else _plain(value)
    found = constant_value(value)
    return None if found is None else bool(found)


def _plain(value: Any) -> bool | None:
    return None if hasattr(value, "op") else bool(value)


def either(condition: Any, if_true: Any, if_false: Any) -> Any:
    """`if_true()` or `if_false()`: decided now where the condition is known, in the graph otherwise."""
    known = known_condition(condition)
    if known is None:
        return cond(condition, if_true, if_false)
    return if_true() if known else if_false()


def read(variable: Any) -> Tensor:
    """A variable's value as a result of a branch."""
    return identity(variable)
