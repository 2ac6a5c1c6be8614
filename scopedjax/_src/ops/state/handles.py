"""What stands behind a handle: the shape and the dtype of the storage that a tensor of dtype `resource` names.

    v = VarHandleOp(dtype=float32, shape=[2, 3])     v:0 is a scalar of dtype resource; what it names is float32 [2, 3]

A reference (`float32_ref`) shows both itself; a handle hides them, so they are looked up at the node that owns the
storage.
"""

from __future__ import annotations

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.shape_context import ShapeContext


def is_resource(tensor: Tensor) -> bool:
    """Whether a tensor is a handle of dtype `resource`."""
    return tensor.dtype.name == "resource"


def owner_of(handle: Tensor) -> Operation | None:
    """Returns the node that owns the storage, or None where the handle comes from elsewhere (it may be fed)."""
    op = handle.op
    while op.record is None or not op.record.owns_storage:
        before = next((t for t in op.inputs if is_resource(t)), None)
        if before is None and op._extra is not None:
            before = op._extra.get("captured")  # a placeholder in a function's body
        if before is None:
            return None
        op = before.op
    return op


def stored_dims(handle: Tensor) -> Dims:
    """Returns the static shape of what a handle names."""
    owner = owner_of(handle)
    return None if owner is None else owner.attrs["shape"]


def stored_dtype(handle: Tensor) -> DType | None:
    """Returns the dtype of what a handle names, or None where it cannot be told."""
    owner = owner_of(handle)
    return None if owner is None else owner.attrs["dtype"]


class StorageContext(ShapeContext):
    """A shape rule's view in which a handle has the shape of what it names."""

    __slots__ = ()

    @classmethod
    def of(cls, c: ShapeContext) -> StorageContext:
        """Returns the same node in this view."""
        return cls(c.record, c.name, c.inputs, c.attrs)

    def dims(self, index: int) -> Dims:
        """Returns the static shape of an input, or of what it names."""
        tensor = self.inputs[index]
        return stored_dims(tensor) if is_resource(tensor) else tensor._dims
