"""`tf.TensorArray`: elements that a loop writes and reads one by one.

Each method that changes the array returns a new object with another flow; the object that it was called on is then
out of date, as in TF1. What writes tell about the shape of the elements is shared by all objects of one array, so that
`stack` after a loop knows what the body wrote.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import TensorShape, as_shape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as range_
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast


class TensorArray:
    """An array of tensors, to be used with `tf.while_loop` and `tf.map_fn`.

    Args:
      dtype: Dtype of the elements.
      size: Number of elements; a number or an int32 scalar.
      dynamic_size: Whether writing beyond the end makes the array larger.
      clear_after_read: Accepted: an element may be read any number of times.
      tensor_array_name: Recorded on the node.
      handle: Handle of an array that exists, with `flow`, instead of `size`.
      flow: Flow of an array that exists.
      infer_shape: Whether all elements have the shape of the first one written.
      element_shape: Shape of the elements.
      colocate_with_first_write_call: Accepted.
      name: Node name; defaults to "TensorArray".

    Raises:
      ValueError: both or neither of `handle` and `size` are given.

    >>> squares = tf.TensorArray(tf.int32, size=4)
    >>> _, squares = tf.while_loop(lambda i, _: i < 4, lambda i, a: (i + 1, a.write(i, i * i)), [0, squares])
    >>> tf.Session().run(squares.stack()).tolist()
    [0, 1, 4, 9]
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        del colocate_with_first_write_call
        _check_arguments(handle, flow, size, dynamic_size, clear_after_read, tensor_array_name, element_shape)
        self._dtype: DType = as_dtype(dtype).base_dtype
        self._dynamic_size = bool(dynamic_size)
        self._size = size
        self._infer_shape = infer_shape
        self._element_shape = [as_shape(element_shape)]
        if handle is not None:
            self._handle, self._flow = handle, flow
            return
        graph = stacks.get_default_graph()
        with graph.name_scope(name or "TensorArray") as scope:
            self._handle, self._flow = apply_op(
                "TensorArrayV3",
                size,
                dtype=self._dtype,
                element_shape=self._element_shape[0],
                dynamic_size=self._dynamic_size,
                clear_after_read=True if clear_after_read is None else bool(clear_after_read),
                identical_element_shapes=bool(infer_shape),
                tensor_array_name=tensor_array_name or "",
                name=scope,
            )

    @property
    def flow(self) -> Tensor:
        """The tensor that makes users of the array wait for what was written."""
        return self._flow

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """The tensor that stands for the array."""
        return self._handle

    @property
    def element_shape(self) -> TensorShape:
        """The static shape of an element, as far as it is known."""
        return self._element_shape[0]

    @property
    def dynamic_size(self) -> bool:
        """Whether writing beyond the end makes the array larger."""
        return self._dynamic_size

    def _with_flow(self, flow: Tensor) -> TensorArray:
        """Returns the same array at another moment."""
        other = object.__new__(TensorArray)
        other._dtype, other._dynamic_size, other._size = self._dtype, self._dynamic_size, self._size
        other._infer_shape, other._element_shape = self._infer_shape, self._element_shape
        other._handle, other._flow = self._handle, flow
        return other

    def _note_element_shape(self, shape: TensorShape) -> None:
        known = self._element_shape[0]
        if not shape.is_compatible_with(known):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {known} ")
        if self._infer_shape:
            self._element_shape[0] = known.merge_with(shape)

    # Moments ---------------------------------------------------------------------------------------------------------

    def identity(self) -> TensorArray:
        """Returns an array with the same content, whose flow is a node of its own."""
        return self._with_flow(identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """Returns an array of zeros like this one, in which writing adds to what is there.

        Args:
          source: Name of the computation whose gradients it holds.
          flow: Flow after which it is made; that of this array by default.
          name: Name scope; defaults to "TensorArrayGrad".
        """
        flow = self._flow if flow is None else flow
        with stacks.get_default_graph().name_scope(name or "TensorArrayGrad"):
            handle, made = apply_op("TensorArrayGradV3", self._handle, flow, source=source, name=name)
            other = self._with_flow(identity(made, name="gradient_flow"))
        other._handle = handle
        other._dynamic_size = False
        return other

    # Elements --------------------------------------------------------------------------------------------------------

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """Returns element `index`.

        Args:
          index: int32 scalar.
          name: Node name; defaults to "TensorArrayReadV3".
        """
        value = apply_op("TensorArrayReadV3", self._handle, index, self._flow, dtype=self._dtype, name=name)
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Returns the array with `value` as element `index`.

        Args:
          index: int32 scalar.
          value: Tensor of the array's dtype.
          name: Name scope; defaults to "TensorArrayWrite".

        Raises:
          ValueError: the other elements have another shape.
        """
        with stacks.get_default_graph().name_scope(name or "TensorArrayWrite"):
            value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
            self._note_element_shape(value.shape)
            return self._with_flow(apply_op("TensorArrayWriteV3", self._handle, index, value, self._flow, name=name))

    def stack(self, name: str | None = None) -> Tensor:
        """Returns all elements as one tensor `[size, ...]`.

        Args:
          name: Name scope; defaults to "TensorArrayStack".
        """
        with stacks.get_default_graph().name_scope(name or "TensorArrayStack"):
            size = self.size()
            value = self.gather(range_(0, size), name=name)
            known = None if self._dynamic_size or self._size is None else constant_value(size)
            if known is not None and self.element_shape.ndims is not None:
                value.set_shape([int(known), *self.element_shape.as_list()])
            return value

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """Returns some elements as one tensor `[len(indices), ...]`.

        Args:
          indices: int32 vector.
          name: Node name; defaults to "TensorArrayGatherV3".
        """
        return apply_op(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            dtype=self._dtype,
            element_shape=self.element_shape,
            name=name,
        )

    def concat(self, name: str | None = None) -> Tensor:
        """Returns all elements joined along their first axis.

        Args:
          name: Node name; defaults to "TensorArrayConcatV3".
        """
        tail = self.element_shape[1:] if self.element_shape.ndims else None
        value, _ = apply_op(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            dtype=self._dtype,
            element_shape_except0=tail,
            name=name,
        )
        if self.element_shape.ndims is not None:
            dims = self.element_shape.as_list()
            rows = None
            if self._infer_shape and not self._dynamic_size:
                size = constant_value(self.size())
                rows = None if size is None or dims[0] is None else int(size) * dims[0]
            value.set_shape([rows, *dims[1:]])
        return value

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Returns the array with the slices of `value` along axis 0 as its elements.

        Args:
          value: Tensor `[size, ...]`.
          name: Name scope; defaults to "TensorArrayUnstack".
        """
        with stacks.get_default_graph().name_scope(name or "TensorArrayUnstack"):
            count = shape_of(value)[0]
            return self.scatter(range_(0, count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Returns the array with `value[i]` as element `indices[i]`.

        Args:
          indices: int32 vector.
          value: Tensor `[len(indices), ...]`.
          name: Name scope; defaults to "TensorArrayScatter".
        """
        with stacks.get_default_graph().name_scope(name or "TensorArrayScatter"):
            value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
            if value.shape.ndims is not None:
                self._note_element_shape(value.shape[1:])
            flow = apply_op("TensorArrayScatterV3", self._handle, indices, value, self._flow, name=name)
            return self._with_flow(flow)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Returns the array with pieces of `value`, of the given lengths along axis 0, as its elements.

        Args:
          value: Tensor `[sum(lengths), ...]`.
          lengths: Integer vector, one entry an element.
          name: Name scope; defaults to "TensorArraySplit".
        """
        with stacks.get_default_graph().name_scope(name or "TensorArraySplit"):
            value = convert_to_tensor(value, dtype=self._dtype, name="value")
            wide = cast(lengths, "int64")
            known = constant_value(wide)
            if value.shape.ndims is not None and known is not None and known.size and known.max() == known.min():
                self._note_element_shape(TensorShape([int(known.flat[0]), *value.shape.as_list()[1:]]))
            return self._with_flow(
                apply_op("TensorArraySplitV3", self._handle, value, wide, self._flow, name=name)
            )  # fmt: skip

    def size(self, name: str | None = None) -> Tensor:
        """Returns the number of elements.

        Args:
          name: Node name; defaults to "TensorArraySizeV3".
        """
        if not self._dynamic_size and self._size is not None:
            return convert_to_tensor(self._size, dtype=as_dtype("int32"))
        return apply_op("TensorArraySizeV3", self._handle, self._flow, name=name)

    def close(self, name: str | None = None) -> Any:
        """Returns a node that does nothing: an array lives as long as a run.

        Args:
          name: Node name; defaults to "TensorArrayCloseV3".
        """
        return apply_op("TensorArrayCloseV3", self._handle, name=name)


def _check_arguments(
    handle: Any, flow: Any, size: Any, dynamic_size: Any, clear_after_read: Any, array_name: Any, element_shape: Any
) -> None:
    for label, value in (("size", size), ("dynamic_size", dynamic_size), ("clear_after_read", clear_after_read),
                         ("tensor_array_name", array_name), ("element_shape", element_shape)):  # fmt: skip
        if handle is not None and value is not None:
            raise ValueError(f"Cannot provide both `handle` and `{label}` arguments at the same time.")
    if handle is None and size is None:
        raise ValueError("Argument `size` must be provided if handle is not provided.")
    if handle is not None and flow is None:
        raise ValueError("Argument `flow` must be provided together with `handle`: the elements travel with it.")
