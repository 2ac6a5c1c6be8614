"""Tensors that stay in a session between runs: `tf.get_session_handle` and what takes its handles.

    run 1:  GetSessionHandle(x)   keeps x's value in the session; fetched, it is a `TensorHandle`
    run 2:  {holder: handle.handle}  ->  GetSessionTensor(holder)  gives the value back; or feed the handle for a tensor

A handle is a text that names its node, counts the tensors of the session, and ends with a device. A kept value is
forgotten by `DeleteSessionTensor`, by `TensorHandle.delete`, or some time after its `TensorHandle` is gone.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.values import as_text
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import placeholder
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import no_outputs, scalar

_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
_MOST_DEAD = 10  # so many values whose handles are gone stay, as in TensorFlow: a program may have kept the text


class SessionTensors:
    """The values that a session keeps, by handle."""

    def __init__(self) -> None:
        self._values: dict[str, np.ndarray] = {}
        self._dead: list[str] = []
        self._count = 0
        self._lock = threading.RLock()  # a handle may be collected while a value is put

    def put(self, node: str, value: np.ndarray) -> str:
        """Keeps a value and returns its handle."""
        with self._lock:
            if len(self._dead) >= _MOST_DEAD:
                for gone in self._dead:
                    self._values.pop(gone, None)
                self._dead.clear()
            handle = f"{node};{self._count};{_DEVICE}"
            self._count += 1
            self._values[handle] = np.array(value)  # its own: buffers of a run may be written to later
            return handle

    def get(self, handle: str) -> np.ndarray:
        """Returns a value.

        Raises:
          InvalidArgumentError: there is none with this handle.
        """
        found = self._values.get(handle)
        if found is None:
            raise InvalidArgumentError(
                None, None, f"The tensor with handle '{handle}' is not in the session store."
            )  # fmt: skip
        return found

    def delete(self, handle: str) -> None:
        """Forgets a value.

        Raises:
          InvalidArgumentError: there is none with this handle.
        """
        if self._values.pop(handle, None) is None:
            raise InvalidArgumentError(
                None, None, f"Failed to delete a tensor with handle '{handle}' in the session store."
            )  # fmt: skip

    def is_gone(self, handle: str) -> None:
        """Notes that nobody holds a handle's object any longer."""
        with self._lock:
            self._dead.append(handle)


class TensorHandle:
    """A value that a session keeps: what a fetched `tf.get_session_handle` gives.

    Feed it for a tensor of its dtype, or feed its `handle` to what `tf.get_session_tensor` returns.

    Args:
      handle: The text.
      dtype: dtype of the value.
      store: The session's values.
    """

    def __init__(self, handle: str, dtype: DType, store: SessionTensors) -> None:
        self._handle = handle
        self._dtype = dtype
        self._store = store
        self._deleted = False
        self._collects = True

    def __del__(self) -> None:
        if self._collects and not self._deleted:
            self._store.is_gone(self._handle)

    def __str__(self) -> str:
        return self._handle

    @property
    def handle(self) -> str:
        """The text that stands for the value."""
        return self._handle

    @property
    def dtype(self) -> DType:
        """The dtype of the value."""
        return self._dtype

    def eval(self) -> Any:
        """Returns the value.

        Raises:
          TypeError: it was deleted.
        """
        self._check()
        value = self._store.get(self._handle)
        return value[()] if value.ndim == 0 else value.copy()

    def delete(self) -> None:
        """Forgets the value.

        Raises:
          TypeError: it was deleted before.
        """
        self._check()
        self._store.delete(self._handle)
        self._deleted = True

    def get_raw_handle(self) -> str:
        """Returns the text, and keeps the value in the session when this object is gone."""
        self._collects = False
        return self._handle

    def value_for(self, tensor: Tensor) -> np.ndarray:
        """Returns the value that is fed for a tensor.

        Raises:
          InvalidArgumentError: the tensor has another dtype, or the value is not there.
        """
        wanted = tensor.dtype.base_dtype
        if wanted is not self._dtype:
            names = {"float32": "float", "float64": "double"}
            expected, found = (names.get(t.name, t.name) for t in (wanted, self._dtype))
            raise InvalidArgumentError(
                None, tensor.op, f"Expects arg[0] to be {expected} but {found} is provided (feeding {tensor.name})"
            )
        return np.array(self._store.get(self._handle))

    def _check(self) -> None:
        if self._deleted:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")


def _store(ctx: Any) -> SessionTensors:
    return ctx.shared("session tensors", SessionTensors)


def _text(handle: Any) -> str:
    found = handle.item()
    return found.handle if isinstance(found, TensorHandle) else as_text(found)


@defop("GetSessionHandle(value: T) -> handle: string", shape=scalar, host=True, stateful=True,
       gradient=NOT_DIFFERENTIABLE)  # fmt: skip
def _get_handle(ctx: Any, value: Any) -> Any:
    store = _store(ctx)
    result = np.empty((), object)
    result[()] = TensorHandle(store.put(ctx.op.name, value), ctx.op.inputs[0].dtype.base_dtype, store)
    return result


@defop("GetSessionTensor(handle: string; dtype: type) -> value: dtype", shape=lambda c: [None], host=True,
       stateful=True, gradient=NOT_DIFFERENTIABLE)  # fmt: skip
def _get_tensor(ctx: Any, handle: Any) -> Any:
    return np.array(_store(ctx).get(_text(handle)))


@defop("DeleteSessionTensor(handle: string)", shape=no_outputs, host=True, stateful=True,
       gradient=NOT_DIFFERENTIABLE)  # fmt: skip
def _delete(ctx: Any, handle: Any) -> tuple[()]:
    _store(ctx).delete(_text(handle))
    return ()


def get_session_handle(data: Tensor, name: str | None = None) -> Tensor:
    """Returns a tensor whose run keeps the value of `data` in the session.

    Args:
      data: Tensor.
      name: Node name; "GetSessionHandle" by default.

    Returns:
      A scalar string tensor; fetched, it gives an object with `handle` (its text), `eval()` and `delete()`.

    Raises:
      TypeError: `data` is no tensor.

    >>> x = tf.placeholder(tf.float32, [2])
    >>> with tf.Session() as session:
    ...     kept = session.run(tf.get_session_handle(tf.constant([1.0, 2.0]) * 3.0))
    ...     print(session.run(x + 1.0, {x: kept}))
    [4. 7.]
    """
    if not isinstance(data, Tensor):
        raise TypeError("`data` must be of type Tensor.")
    with stacks.get_default_graph().colocate_with(data.op):
        return apply_op("GetSessionHandle", data, name=name)


def get_session_tensor(handle: Any, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Returns a placeholder for a handle, and the tensor that the session keeps under the handle that is fed.

    Args:
      handle: Text of a handle: where the value lies. The one that is fed may be another.
      dtype: dtype of the value.
      name: Node name; "GetSessionTensor" by default.

    Returns:
      (placeholder, tensor).

    Raises:
      InvalidArgumentError: (when run) the session has no such value.

    >>> with tf.Session() as session:
    ...     kept = session.run(tf.get_session_handle(tf.constant(5)))
    ...     holder, five = tf.get_session_tensor(kept.handle, tf.int32)
    ...     print(session.run(five * five, {holder: kept.handle}))
    25
    """
    with stacks.get_default_graph().device(_device_of(handle)):
        holder = placeholder(dtypes.string)
        return holder, apply_op("GetSessionTensor", holder, dtype=dtypes.as_dtype(dtype), name=name)


def delete_session_tensor(handle: Any, name: str | None = None) -> tuple[Tensor, Operation]:
    """Returns a placeholder for a handle, and the node that forgets the value of the handle that is fed.

    Args:
      handle: Text of a handle: where the value lies.
      name: Node name; "DeleteSessionTensor" by default.

    Returns:
      (placeholder, operation).

    Raises:
      InvalidArgumentError: (when run) the session has no such value.
    """
    with stacks.get_default_graph().device(_device_of(handle)):
        holder = placeholder(dtypes.string)
        return holder, apply_op("DeleteSessionTensor", holder, name=name)


def _device_of(handle: Any) -> str:
    return str(as_text(handle) if isinstance(handle, bytes) else handle).split(";")[-1]
