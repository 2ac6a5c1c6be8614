"""`Tensor`: one output of a node; a name for a value that exists only while a session runs.

A tensor has a dtype and a static shape and no value. Operators (`a + b`, `x[1:]`) are installed by the floor above,
which knows the nodes they record; see `Tensor._install_operator`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import OperatorNotAllowedInGraphError
from scopedjax._src.base.shapes import Dims, TensorShape, merge_dims, to_dims

if TYPE_CHECKING:
    from scopedjax._src.graph.graph import Graph
    from scopedjax._src.graph.operation import Operation


class Tensor:
    """The symbolic result of a node of a graph.

    >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
    >>> x.name, x.shape.as_list(), x.op.type
    ('x:0', [None, 3], 'Placeholder')
    """

    __slots__ = ("__weakref__", "_dims", "_extra", "dtype", "op", "value_index")
    __array_priority__: ClassVar[int] = 100  # NumPy's operators give way to ours
    _operators: ClassVar[dict[str, Callable[..., Any]]] = {}

    if TYPE_CHECKING:  # installed by `_install_operator`

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...

    def __init__(self, op: Operation, value_index: int, dtype: DType, dims: Dims = None) -> None:
        self.op = op
        self.value_index = value_index
        self.dtype = dtype
        self._dims: Dims = dims
        self._extra: dict[str, Any] | None = None

    @property
    def graph(self) -> Graph:
        """The graph that holds this tensor."""
        return self.op.graph

    @property
    def name(self) -> str:
        """The name, `node:index`."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def device(self) -> str:
        """The device that was asked for, or ''."""
        return self.op.device

    @property
    def shape(self) -> TensorShape:
        """The static shape, as far as it is known while the graph is recorded."""
        return TensorShape(self._dims)

    def get_shape(self) -> TensorShape:
        """Returns the static shape; the same as `shape`."""
        return TensorShape(self._dims)

    @property
    def dims(self) -> Dims:
        """The static shape as a plain tuple of `int | None`, or None for an unknown rank."""
        return self._dims

    @property
    def ndim(self) -> int | None:
        """The static rank, or None where it is unknown."""
        return None if self._dims is None else len(self._dims)

    def set_shape(self, shape: Any) -> None:
        """Adds what the caller knows about the static shape.

        Args:
          shape: Anything that stands for a shape; merged with what is known.

        Raises:
          ValueError: the two do not agree.
        """
        self._dims = merge_dims(self._dims, to_dims(shape))

    def consumers(self) -> list[Operation]:
        """Returns the nodes that take this tensor as an input."""
        return [op for op in self.graph.get_operations() if any(t is self for t in op.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Runs the graph in `session` (default: the default session) and returns this tensor's value."""
        return self.graph.session_for("eval", session).run(self, feed_dict)

    def ref(self) -> Reference:
        """Returns a hashable stand-in for this tensor."""
        return Reference(self)

    def experimental_ref(self) -> Reference:
        """Returns a hashable stand-in for this tensor."""
        return Reference(self)

    def _as_node_def_input(self) -> str:
        return self.op.name if self.value_index == 0 else f"{self.op.name}:{self.value_index}"

    def _as_tf_output(self) -> Tensor:
        return self

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        dims = self._dims
        shape = "" if dims is None else f", shape={self.shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __copy__(self) -> Tensor:
        return self

    def __bool__(self) -> bool:
        raise OperatorNotAllowedInGraphError(
            f"Using a `tf.Tensor` as a Python `bool` is not allowed: '{self.name}' has no value while the graph is "
            "recorded. Use `if t is not None:` to test if a tensor is defined, and tf.cond to run "
            f"nodes that depend on the value of a tensor.{self.op.graph.advice()}"
        )

    def __len__(self) -> int:
        raise TypeError(
            f"len is not well defined for a symbolic Tensor ({self.name}). "
            "Please call `x.shape` rather than `len(x)` for shape information."
        )

    def __iter__(self) -> Any:
        raise TypeError(
            f"Tensor objects are not iterable when eager execution is not enabled ('{self.name}'). "
            "To iterate over this tensor use tf.map_fn, or take it apart with tf.unstack."
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. This error may indicate that "
            "you're trying to pass a Tensor to a NumPy call, which is not supported. Evaluate it first: "
            "session.run(tensor)."
        )

    @classmethod
    def _install_operator(cls, operator: str, function: Callable[..., Any]) -> None:
        """Makes `function` the meaning of a Python operator such as `__add__`."""
        cls._operators[operator] = function
        setattr(cls, operator, function)


class Reference:
    """A hashable stand-in for a tensor or a variable, equal where the things are the same one."""

    __slots__ = ("_target",)

    def __init__(self, target: Any) -> None:
        self._target = target

    def deref(self) -> Any:
        """Returns the thing that this stands for."""
        return self._target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._target is other._target

    def __hash__(self) -> int:
        return id(self._target)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._target!r}>"
