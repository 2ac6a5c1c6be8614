"""`Cells`: what a TensorArray holds, as one value that programs hand on.

    a = tf.TensorArray(tf.float32, 3)      flow: Cells(size 3, no buffer yet)
    a = a.write(1, [5., 6.])               flow: Cells(buffer [[0, 0], [5, 6], [0, 0]])

TF1 keeps the elements behind a handle and lets a scalar "flow" tensor tell in which order they are written. Here the
flow tensor's value is the array itself: writing gives a new `Cells`, so a run stays a pure function, loops carry it,
and JAX differentiates through it. The elements lie in one buffer `[capacity, ...]`; elements of differing shapes
(`split`, `write` with `infer_shape=False`) are kept as a list, whose indices must then be known while a program is
traced. The buffer is made when the first element tells its shape.

An array of dynamic size grows as it is written where indices are known. Inside a loop its capacity is settled when
the loop is entered, and `size` is a number that the loop computes.

Invariants: unwritten elements are zero; a `Cells` is never changed; the same `Cells` is a pytree with the same
structure in every step of a loop (see `settled`). Reading an element that was never written gives zeros, as in TF1.
Which elements were written and read is kept elsewhere (`lower.array_marks`): TF1 stops a run that writes one twice.

Stacks, by which imported gradients get values of a loop back, are such arrays too. Many hold shapes, the same in every
step and needed while a program is traced; `same` is what all elements are known to be.

Elements may be `Cells` themselves (`kind` is `NESTED`): what each step of an outer loop keeps of its inner loop. Then
the buffer is a `Cells` whose arrays have one axis more in front:

    a list of 4 lists of up to 8 vectors of 3      size 4, buffer: Cells(size int32[4], buffer float32[4, 8, 3])

An Optional of a file's branches (`kind` is `OPTIONAL`) is an array of one element, or of none. Two branches may put
different things into the same one, so its buffer is a dict with what each node that makes it puts in, and zeros for
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError, UnimplementedError
from scopedjax._src.base.shapes import format_dims


@dataclass(frozen=True, slots=True)
class Known:
    """A small array that is known while a program is traced, as something that can be compared."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes

    @classmethod
    def of(cls, value: Any) -> Known | None:
        """Returns what is known of a value."""
        if not isinstance(value, (np.ndarray, np.generic)) or value.dtype == object or value.size > _MOST_KNOWN:
            return None
        return cls(value.dtype.str, np.shape(value), value.tobytes())

    def value(self) -> np.ndarray:
        """Returns the array."""
        return np.frombuffer(self.content, self.dtype).reshape(self.shape).copy()


_MOST_KNOWN = 64  # elements
NESTED: Final = "cells"  # the kind of an array whose elements are arrays of cells
OPTIONAL: Final = "optional"  # the kind of an Optional
NOTHING = "nothing"  # what the elements of an array are into which nothing was written


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The elements of a TensorArray.

    Attributes:
      kind: NumPy dtype of the elements, `NESTED`, or `OPTIONAL`.
      size: Number of elements: an int, or a traced int32 scalar for an array that grows inside a loop.
      buffer: Array `[capacity, ...]`, capacity at least `size`; None before the first write. Of nested cells, `Cells`.
      items: The elements one by one, None where not written; instead of a buffer.
      dynamic: Whether writing beyond the size makes the array larger.
      bounded: Whether the capacity is known to suffice for writes at indices that are not known while tracing.
      adds: Whether writing adds to what is there: arrays of gradients.
      counts: Whether it holds no elements and only counts how large it becomes.
      room: The capacity that the buffer will have, where there is none yet and the size is traced.
      same: Of a stack, what every element is, `NOTHING`, or None where they differ or are not known. Of an Optional,
        what is known of what nodes put into it: (name of the node, value) pairs.
    """

    kind: Any
    size: Any
    buffer: Any = None
    items: tuple[Any, ...] | None = None
    dynamic: bool = False
    bounded: bool = False
    adds: bool = False
    counts: bool = False
    room: int = 0
    same: Any = None

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arrays, and what else there is."""
        known = isinstance(self.size, int)
        children = (None if known else self.size, self.buffer, self.items)
        return children, self._form(known)

    def _form(self, known: bool) -> tuple[Any, ...]:
        flags = (self.dynamic, self.bounded, self.adds, self.counts, self.room, self.same)
        return (self.kind, self.size if known else None, *flags)

    @classmethod
    def tree_unflatten(cls, aux: tuple[Any, ...], children: Sequence[Any]) -> Cells:
        """The reverse of `tree_flatten`."""
        kind, known, *flags = aux
        size, buffer, items = children
        return cls(kind, size if known is None else known, buffer, items, *flags)

    @property
    def capacity(self) -> int:
        """How many elements there is room for."""
        if self.items is not None:
            return len(self.items)
        if jax.tree_util.tree_leaves(self.buffer):
            return _lead(self.buffer)
        return max(self.size, self.room) if isinstance(self.size, int) else self.room

    # Reading ---------------------------------------------------------------------------------------------------------

    def read(self, index: Any, shape: Sequence[int] | None = None) -> Any:
        """Returns one element; `shape` is that of an element that was never written."""
        self._check_has_elements()
        if isinstance(self.same, Known):
            return self.same.value()
        known = _as_int(index)
        if known is not None and isinstance(self.size, int):
            self._check_readable(known)
        if self.items is not None:
            if known is None:
                raise _needs_known_index()
            item = self.items[known]
            return self._zeros(shape) if item is None else item
        if self.buffer is None:
            return self._zeros(shape)
        if known is not None:
            return jax.tree_util.tree_map(lambda b: jnp.asarray(b)[known], self.buffer)
        return jax.tree_util.tree_map(lambda b: jax.lax.dynamic_index_in_dim(b, index, keepdims=False), self.buffer)

    def gather(self, indices: Any, shape: Sequence[int] | None = None) -> Any:
        """Returns elements `[len(indices), ...]`."""
        self._check_has_elements()
        known: Any = np.asarray(indices) if isinstance(indices, (np.ndarray, np.generic)) else None
        if known is not None and isinstance(self.size, int):
            for index in known.tolist():
                self._check_readable(index)
        if self.items is not None:
            if known is None:
                raise _needs_known_index()
            return self._stack([self.read(np.int32(i), shape) for i in known], shape)
        if self.buffer is None:
            count: Any = indices.shape
            if self.size == 0 and (shape is None or None in shape):
                raise UnimplementedError(
                    None,
                    None,
                    f"TensorArray has size zero, but element shape {_shown(shape)} is not fully defined: give an "
                    "`element_shape`.",
                )
            return jnp.zeros((count[0], *self._zeros(shape).shape), self.kind)
        if known is not None and np.array_equal(known, np.arange(self.buffer.shape[0])):
            return self.buffer
        return jnp.take(self.buffer, jnp.asarray(indices), axis=0, mode="clip")

    def concat(self, shape: Sequence[int | None] | None = None) -> tuple[Any, Any]:
        """Returns (all elements joined along their first axis, their sizes along it)."""
        self._check_has_elements()
        if not isinstance(self.size, int):
            raise UnimplementedError(
                None, None, "concat of a TensorArray whose size a loop computed: use stack and tf.reshape instead"
            )
        if self.items is None:
            if self.buffer is None:
                tail = tuple(d or 0 for d in (shape or (0,))[1:])
                return self._stack([], tail), np.zeros([0], np.int64)
            whole = self.buffer[: self.size]
            if whole.ndim < 2:
                raise InvalidArgumentError(
                    None, None, "Concat saw a scalar shape at index 0 but requires at least vectors."
                )
            return whole.reshape(whole.shape[0] * whole.shape[1], *whole.shape[2:]), np.full(
                [whole.shape[0]], whole.shape[1], np.int64
            )
        parts = [self.read(np.int32(i)) for i in range(self.size)]
        return _module(self.kind).concatenate(parts), np.asarray([p.shape[0] for p in parts], np.int64)

    def _check_has_elements(self) -> None:
        if self.counts:
            raise UnimplementedError(
                None,
                None,
                "a loop reads a TensorArray of dynamic size that it writes, and nothing tells how large it becomes: "
                "give its size, or `maximum_iterations` to the loop",
            )

    def _check_readable(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise InvalidArgumentError(
                None, None, f"Tried to read from index {index} but array size is: {self.size}"
            )  # fmt: skip

    def _zeros(self, shape: Sequence[int] | None) -> Any:
        if shape is None or any(d is None for d in shape):
            raise InvalidArgumentError(
                None,
                None,
                "Could not read from TensorArray index 0.  Furthermore, the element shape is not fully defined: "
                f"{_shown(shape)}. Nothing was written to the array yet; with an `element_shape` it reads as zeros.",
            )
        return _module(self.kind).zeros(tuple(shape), self.kind)

    def _stack(self, parts: list[Any], shape: Sequence[int] | None) -> Any:
        module = _module(self.kind)
        if not parts:
            return module.zeros((0, *self._zeros(shape).shape), self.kind)
        return module.stack(parts)

    # Writing ---------------------------------------------------------------------------------------------------------

    def write(self, index: Any, value: Any) -> Cells:
        """Returns the array with one element replaced."""
        if self.counts:
            return self._counted(index)
        if self.same is not None:
            known_value = Known.of(value)
            same = known_value if self.same in (NOTHING, known_value) else None
            return replace(self, same=None).write(index, value).with_same(same)
        known = _as_int(index)
        if known is None:
            return self._write_somewhere(index, value)
        cells = self._grown(known + 1) if isinstance(self.size, int) else self
        if isinstance(cells.size, int) and not 0 <= known < cells.size:
            raise InvalidArgumentError(
                None, None, f"Tried to write to index {known} but array is not resizeable and size is: {cells.size}"
            )
        if not isinstance(cells.size, int) and known >= cells.capacity:
            cells = cells.with_capacity(known + 1)
        if cells.items is not None or not cells._fits(value) or cells.kind == np.dtype(object):
            items = list(cells._as_items())
            items[known] = value if items[known] is None or not cells.adds else items[known] + value
            return replace(cells, items=tuple(items), buffer=None)
        if not isinstance(cells.size, int):
            return replace(cells._put(known, value), size=jnp.maximum(cells.size, np.int32(known + 1)))
        return cells._put(known, value)

    def _write_somewhere(self, index: Any, value: Any) -> Cells:
        if self.items is not None or not self._fits(value):
            raise _needs_known_index()
        if not self.dynamic:
            return self._put(index, value)
        if not self.bounded:
            raise UnimplementedError(
                None,
                None,
                "a TensorArray of dynamic size is written at an index that the program computes, and nothing tells how "
                "large it becomes: give its size, or `maximum_iterations` to the loop",
            )
        size = jnp.maximum(jnp.asarray(self.size, jnp.int32), jnp.asarray(index, jnp.int32) + 1)
        return replace(self._put(index, value), size=size)

    def _counted(self, index: Any) -> Cells:
        largest = jnp.max(jnp.asarray(index, jnp.int32), initial=-1)
        return replace(self, size=jnp.maximum(jnp.asarray(self.size, jnp.int32), largest + 1))

    def counted_with(self, value: Any) -> Cells:
        """Returns the count of a list on which `value` was pushed: room enough for it and for what it holds itself."""
        size = jnp.asarray(self.size, jnp.int32) + 1
        if isinstance(value, Cells):
            size = jnp.maximum(size, jnp.asarray(value.size, jnp.int32))
        return replace(self, size=size)

    def _put(self, index: Any, value: Any) -> Cells:
        if isinstance(value, Cells):
            return self._put_cells(index, value)
        buffer = self.buffer
        if buffer is None:
            buffer = jnp.zeros((self.capacity, *value.shape), self.kind)
        at = jnp.asarray(buffer).at[index]
        return replace(self, buffer=at.add(value, mode="drop") if self.adds else at.set(value, mode="drop"))

    def _put_cells(self, index: Any, value: Cells) -> Cells:
        room = self.capacity
        value = as_traced(value)
        if self.buffer is None:
            buffer = _rows_like(value, room)
        else:
            element = jax.tree_util.tree_map(lambda b: b[0], self.buffer)
            value = as_traced(value.in_form_of(element))
            buffer = self._rows_in_form(value, room)
        put = jax.tree_util.tree_map(lambda b, v: b.at[index].set(v, mode="drop"), buffer, value)
        return replace(self, buffer=put)

    def scatter(self, indices: Any, values: Any) -> Cells:
        """Returns the array with `values[i]` as element `indices[i]`."""
        if self.counts:
            return self._counted(indices)
        if not isinstance(indices, (np.ndarray, np.generic)):
            if self.dynamic and not self.bounded:
                raise _needs_known_index()
            return self._put(indices, values) if self.buffer is not None else self._shaped(values)._put(indices, values)
        known = np.asarray(indices)
        cells = self._grown(int(known.max()) + 1 if known.size else 0)
        if not isinstance(cells.size, int):
            return cells._put(known, values)
        if known.size and not (known.min() >= 0 and known.max() < cells.size):
            raise InvalidArgumentError(
                None,
                None,
                f"Max scatter index must be < array size ({int(known.max())} vs. {cells.size})",
            )
        if cells.kind == np.dtype(object) or cells.items is not None:
            for i, index in enumerate(known.tolist()):
                cells = cells.write(np.int32(index), values[i])
            return cells
        if cells.buffer is None and np.array_equal(known, np.arange(cells.size)):
            return replace(cells, buffer=jnp.asarray(values))
        return cells._shaped(values)._put(known, values)

    def split(self, values: Any, lengths: np.ndarray) -> Cells:
        """Returns the array with pieces of `values`, of the given lengths along axis 0, as its elements."""
        if self.counts:
            return self._counted(np.arange(len(lengths)))
        cells = self._grown(len(lengths))
        if len(lengths) != cells.size:
            raise InvalidArgumentError(
                None,
                None,
                f"TensorArray's size is not equal to the size of lengths ({cells.size} vs. {len(lengths)}), and the "
                "TensorArray is not marked as dynamically resizeable",
            )
        if int(np.sum(lengths)) != values.shape[0]:
            raise InvalidArgumentError(
                None, None, "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                f"{int(np.sum(lengths))} and value's shape is: {list(values.shape)}",
            )  # fmt: skip
        ends = np.cumsum(lengths)
        parts = tuple(values[end - n : end] for end, n in zip(ends.tolist(), lengths.tolist(), strict=True))
        if len(set(lengths.tolist())) == 1 and cells.kind != np.dtype(object):
            return replace(cells, buffer=jnp.stack(parts), items=None)
        return replace(cells, items=parts, buffer=None)

    def with_same(self, same: Known | str | None) -> Cells:
        """Returns the array with another note of what every element is."""
        return self if same == self.same else replace(self, same=same)

    # Forms -----------------------------------------------------------------------------------------------------------

    def _shaped(self, values: Any) -> Cells:
        """With a buffer for elements like `values[i]`."""
        if self.buffer is not None:
            return self
        return replace(self, buffer=jnp.zeros((self.capacity, *values.shape[1:]), self.kind))

    def _fits(self, value: Any) -> bool:
        return self.buffer is None or self.kind == NESTED or tuple(self.buffer.shape[1:]) == tuple(value.shape)

    def _grown(self, size: int) -> Cells:
        """With at least `size` elements, for an array that may grow."""
        if not self.dynamic or not isinstance(self.size, int) or size <= self.size:
            return self
        return replace(self.with_capacity(size), size=size)

    def with_capacity(self, capacity: int) -> Cells:
        """Returns the array with room for `capacity` elements."""
        missing = capacity - self.capacity
        if missing <= 0:
            return self
        if self.items is not None:
            return replace(self, items=(*self.items, *[None] * missing))
        if self.buffer is None:
            return replace(self, room=capacity) if self.dynamic else replace(self, size=capacity)
        return replace(self, buffer=jax.tree_util.tree_map(lambda b: resized(jnp.asarray(b), capacity), self.buffer))

    def _as_items(self) -> tuple[Any, ...]:
        if self.items is not None:
            return self.items
        if self.buffer is None:
            return (None,) * self.size
        return tuple(self.buffer[i] for i in range(self.size))

    def _rows_in_form(self, element: Any, room: int) -> Any:
        """The buffer of nested cells with elements in the form of one (its arrays may be mere shapes)."""
        if self.buffer is None:
            return _rows_like(element, room)
        if not jax.tree_util.tree_leaves(self.buffer):
            return _rows_like(as_traced(self.buffer.in_form_of(element)), room)
        return jax.vmap(lambda e: as_traced(e.in_form_of(element)))(self.buffer)

    def element_form(self) -> Any:
        """Returns the shape of an element; of nested cells, an element."""
        if self.kind == NESTED:
            return jax.tree_util.tree_map(lambda b: jax.ShapeDtypeStruct(b.shape[1:], b.dtype), self.buffer)
        return self.buffer.shape[1:]

    def in_form_of(self, other: Cells) -> Cells:
        """Returns the array as another form of it is: with that one's buffer, room, and a computed size like there."""
        cells = self._with_size_of(other)
        if cells.kind == OPTIONAL:
            return cells._optional_in_form_of(other)
        if cells.same != other.same:
            cells = cells.with_same(
                cells.same if other.same == NOTHING else other.same if cells.same == NOTHING else None
            )
        if other.room > cells.room or other.bounded and not cells.bounded:
            cells = replace(cells, room=max(cells.room, other.room), bounded=other.bounded or cells.bounded)
        if other.buffer is None or cells.items is not None:
            return cells
        room = other.capacity
        if cells.buffer is None:
            return replace(cells, buffer=_zeros_of(other.buffer))
        if cells.kind == NESTED:
            element = jax.tree_util.tree_map(lambda b: jax.ShapeDtypeStruct(b.shape[1:], b.dtype), other.buffer)
            cells = replace(cells, buffer=cells._rows_in_form(element, room))
        return cells.with_capacity(room)

    def _with_size_of(self, other: Cells) -> Cells:
        if isinstance(self.size, int) and not (isinstance(other.size, int) and other.size == self.size):
            return replace(self, size=jnp.asarray(self.size, jnp.int32))
        return self

    def _optional_in_form_of(self, other: Cells) -> Cells:
        own = {
            k: v.in_form_of(other.buffer[k]) if k in other.buffer and isinstance(v, Cells) else v
            for k, v in self.buffer.items()
        }
        known = (dict(self.same), dict(other.same))
        both = {
            (k, v)
            for k, v in (*self.same, *other.same)
            if all(k not in o.buffer or known[i].get(k) == v for i, o in enumerate((self, other)))
        }
        same = tuple(sorted(both, key=lambda pair: pair[0]))
        return replace(self, buffer={**_zeros_of(other.buffer), **own}, same=same)

    def settled(self, capacity: int | None, element: Any) -> Cells:
        """Returns the array in the form that a loop carries.

        Args:
          capacity: How many elements the loop may need, or None where that is not known.
          element: What `element_form` says of the array, or None where nothing was written in the loop either.
        """
        cells = self
        if cells.counts:
            return replace(cells, size=jnp.asarray(cells.size, jnp.int32))
        if cells.items is not None and all(i is not None and i.shape == cells.items[0].shape for i in cells.items):
            cells = replace(cells, items=None, buffer=jnp.stack(list(cells.items)))
        if element is not None and cells.kind == NESTED:
            cells = replace(cells, buffer=cells._rows_in_form(element, max(cells.capacity, capacity or 0)))
        elif cells.buffer is None and cells.items is None and element is not None:
            room = max(cells.capacity, capacity or 0)
            cells = replace(cells, buffer=jnp.zeros((room, *element), cells.kind))
        if not cells.dynamic or cells.items is not None:
            return cells
        if capacity is not None:
            cells = replace(cells.with_capacity(capacity), bounded=True, room=capacity)
        return replace(cells, size=jnp.asarray(cells.size, jnp.int32))

    def zeros(self) -> Cells:
        """Returns an array like this one with zeros as its elements."""
        return jax.tree_util.tree_map(lambda v: jnp.zeros_like(v) if is_inexact(v) else v, self)


def _lead(buffer: Any) -> int:
    """The capacity of a buffer."""
    return jax.tree_util.tree_leaves(buffer)[0].shape[0]


def _rows_like(element: Any, room: int) -> Any:
    """A buffer of `room` elements like one."""
    return jax.tree_util.tree_map(lambda v: jnp.zeros((room, *v.shape), v.dtype), element)


def _zeros_of(buffer: Any) -> Any:
    return jax.tree_util.tree_map(lambda b: jnp.zeros(b.shape, b.dtype), buffer)


def is_inexact(value: Any) -> bool:
    """Whether an array holds floating or complex numbers."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jnp.inexact)


def as_traced(value: Any) -> Any:
    """Returns a value as JAX arrays."""
    return jax.tree_util.tree_map(jnp.asarray, value) if isinstance(value, Cells) else jnp.asarray(value)


def inexact_parts(value: Any) -> list[Any]:
    """Returns the arrays of floating or complex numbers that a value consists of."""
    if isinstance(value, Cells):
        return [leaf for leaf in jax.tree_util.tree_leaves(value) if is_inexact(leaf)]
    return [value] if is_inexact(value) else []


def with_inexact_parts(value: Any, parts: Sequence[Any]) -> Any:
    """Returns a value with other arrays in place of its `inexact_parts`."""
    if not isinstance(value, Cells):
        return parts[0] if parts else value
    leaves, tree = jax.tree_util.tree_flatten(value)
    given = iter(parts)
    return jax.tree_util.tree_unflatten(tree, [next(given) if is_inexact(leaf) else leaf for leaf in leaves])


def map_parts(function: Any, values: Sequence[Any]) -> Any:
    """Applies a function of arrays to the corresponding inexact parts of several `Cells`; plain arrays go in as is."""
    filled = [v for v in values if not isinstance(v, Cells) or inexact_parts(v)]
    if len(filled) < len(values) and any(isinstance(v, Cells) for v in filled):
        values = filled  # nothing was written to the others: zeros to be added
    first = next(v for v in values if isinstance(v, Cells))
    columns = [inexact_parts(v) if isinstance(v, Cells) else [v] * len(inexact_parts(first)) for v in values]
    return with_inexact_parts(first, [function(list(row)) for row in zip(*columns, strict=True)])


def resized(array: Any, size: int) -> Any:
    """Returns an array with another size of axis 0: cut, or filled with zeros."""
    missing = size - array.shape[0]
    if missing <= 0:
        return array[:size]
    return jnp.concatenate([array, jnp.zeros((missing, *array.shape[1:]), array.dtype)])


def _shown(shape: Sequence[int | None] | None) -> str:
    return "<unknown>" if shape is None else format_dims(tuple(shape))


def _module(kind: Any) -> Any:
    return np if kind == np.dtype(object) else jnp


def _as_int(index: Any) -> int | None:
    return int(index) if isinstance(index, (int, np.ndarray, np.generic)) else None


def _needs_known_index() -> UnimplementedError:
    return UnimplementedError(
        None,
        None,
        "a TensorArray whose elements differ in shape is read or written at an index that is not known while the "
        "program is traced: pad the elements to one shape",
    )
