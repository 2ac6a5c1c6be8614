"""`tf.QueueBase` and its kinds: the objects with which a program records the nodes of a queue.

    q = tf.FIFOQueue(10, [tf.float32], shapes=[[]])     node fifo_queue: owns the elements, in each session
    put = q.enqueue(x)                                  node fifo_queue_enqueue: waits while the queue is full
    y = q.dequeue()                                     node fifo_queue_Dequeue: waits while it is empty

Nodes run on the host and wait without holding a lock, so other threads go on running the session meanwhile. Inside one
run the nodes take their turns: a run that fetches a dequeue together with the enqueue that it would wait for, and made
the dequeue first, waits for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType, as_dtype, int64
from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import device
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import as_tensor, graph_of
from scopedjax._src.ops.random.sampling import get_seed


class QueueBase:
    """A queue of elements, each a tuple of tensors; threads put them in and take them out.

    Args:
      dtypes: dtypes of the components of an element.
      shapes: Their shapes, or None where elements may differ.
      names: Names of the components, or None; with names, elements are dicts.
      queue_ref: The handle: output of the node that owns the elements.

    Raises:
      ValueError: `names` and `dtypes` differ in length.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Any) -> None:
        self._dtypes: list[DType] = list(dtypes)
        if shapes is None:
            self._shapes = [TensorShape(None) for _ in self._dtypes]
        else:
            self._shapes = [TensorShape(shape) for shape in shapes]
            if len(self._shapes) != len(self._dtypes):
                raise ValueError(
                    "Queue shapes must have the same length as dtypes, "
                    f"received len(shapes)={len(self._shapes)}, len(dtypes)={len(self._dtypes)}"
                )
        if names is not None and len(names) != len(self._dtypes):
            raise ValueError(
                "Queue names must have the same length as dtypes,"
                f"received len(names)={len(names)},len(dtypes)={len(self._dtypes)}"
            )
        self._names: list[str] | None = None if names is None else list(names)
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: Any) -> QueueBase:
        """Returns the queue `queues[index]`. Of one queue only: what several share is chosen by `tf.case`.

        Args:
          index: Scalar int tensor.
          queues: List of queues with the same dtypes and names.

        Raises:
          TypeError: `queues` is no list of queues with the same dtypes.
          UnimplementedError: there are several queues.
        """
        if not queues or not isinstance(queues, list) or not all(isinstance(q, QueueBase) for q in queues):
            raise TypeError("A list of queues expected")
        if not all(q.dtypes == queues[0].dtypes for q in queues[1:]):
            raise TypeError("Queues do not have matching component dtypes.")
        if not all(q.names == queues[0].names for q in queues[1:]):
            raise TypeError("Queues do not have matching component names.")
        if len(queues) == 1:
            return queues[0]
        raise UnimplementedError(
            None, None,
            "QueueBase.from_list chooses among handles while the graph runs, and a run here knows its queues before it "
            "starts. Choose among the elements: tf.case([(tf.equal(index, i), q.dequeue) ...]), or tf.cond for two.",
        )  # fmt: skip

    @property
    def queue_ref(self) -> Any:
        """The handle."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the node that owns the elements."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[DType]:
        """The dtypes of the components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The shapes of the components."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """The names of the components, or None."""
        return self._names

    # Enqueue --------------------------------------------------------------------------------------------------------

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """Returns a node that puts one element in; it waits while the queue is full.

        Args:
          vals: A tensor, a list or tuple of tensors, or a dict where components have names.
          name: Node name; by default the queue's with "_enqueue".

        Returns:
          The node. Its run raises CancelledError where the queue is closed.

        Raises:
          ValueError: dict or no dict against the rule, or shapes that do not fit.
          TypeError: a value of another dtype.
        """
        with _graph(vals).name_scope(name or f"{self._name}_enqueue") as scope:
            values = self._converted(vals)
            for value, shape in zip(values, self._shapes, strict=False):
                value.get_shape().assert_is_compatible_with(shape)
            return apply_op("QueueEnqueueV2", self._queue_ref, values, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """Returns a node that puts several elements in, one for each row; it waits while the queue is full.

        Args:
          vals: As for `enqueue`, with one more dimension in front, of the same size for all components.
          name: Node name; by default the queue's with "_EnqueueMany".

        Raises:
          ValueError: the sizes differ, or shapes do not fit.
        """
        with _graph(vals).name_scope(name or f"{self._name}_EnqueueMany") as scope:
            values = self._converted(vals)
            rows: int | None = None
            for value, shape in zip(values, self._shapes, strict=False):
                dims = value._dims
                if dims is None:
                    continue
                if not dims:
                    raise ValueError("Shape () must have rank at least 1")
                if None not in (rows, dims[0]) and rows != dims[0]:
                    raise ValueError(f"Dimensions {rows} and {dims[0]} are not compatible")
                rows = dims[0] if rows is None else rows
                TensorShape(dims[1:]).assert_is_compatible_with(shape)
            return apply_op("QueueEnqueueManyV2", self._queue_ref, values, name=scope)

    def _converted(self, vals: Any) -> list[Tensor]:
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise ValueError(
                    "Keys in dictionary to enqueue do not match names of Queue.  "
                    f"Dictionary: {sorted(vals)},Queue: {sorted(self._names)}"
                )
            items = [vals[k] for k in self._names]
        else:
            if self._names:
                raise ValueError("You must enqueue a dictionary in a Queue with names")
            items = list(vals) if isinstance(vals, (list, tuple)) else [vals]
        return [
            as_tensor(item, dtype=dtype, name=f"component_{i}")
            for i, (item, dtype) in enumerate(zip(items, self._dtypes, strict=False))
        ]

    # Dequeue --------------------------------------------------------------------------------------------------------

    def dequeue(self, name: str | None = None) -> Any:
        """Returns the next element; its run waits for it, and raises OutOfRangeError at the end of a closed queue.

        Args:
          name: Node name; by default the queue's with "_Dequeue".

        Returns:
          A tensor, a list of them for several components, or a dict where they have names.
        """
        name = name or f"{self._name}_Dequeue"
        found = apply_op("QueueDequeueV2", self._queue_ref, component_types=self._dtypes, name=name)
        for tensor, shape in zip(found, self._shapes, strict=True):
            tensor.set_shape(shape)
        return self._as_element(found)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """Returns the next `n` elements, stacked; its run waits for all of them.

        Args:
          n: How many: a scalar int tensor.
          name: Node name; by default the queue's with "_DequeueMany".

        Returns:
          As `dequeue`, with one more dimension in front.
        """
        return self._dequeue_several("QueueDequeueManyV2", n, name or f"{self._name}_DequeueMany")

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """Returns the next `n` elements, stacked; from a closed queue those that are left, if there are any.

        Args:
          n: How many: a scalar int tensor.
          name: Node name; by default the queue's with "_DequeueUpTo".

        Returns:
          As `dequeue`, with one more dimension in front, of unknown size.
        """
        return self._dequeue_several("QueueDequeueUpToV2", n, name or f"{self._name}_DequeueUpTo")

    def _dequeue_several(self, op_type: str, n: Any, name: str) -> Any:
        found = apply_op(op_type, self._queue_ref, n, component_types=self._dtypes, name=name)
        for tensor, shape in zip(found, self._shapes, strict=True):
            if shape.dims is not None:
                tensor.set_shape([None, *shape.as_list()])
        return self._as_element(found)

    def _as_element(self, found: list[Tensor]) -> Any:
        if self._names:
            return dict(zip(self._names, found, strict=True))
        return found[0] if len(found) == 1 else found

    # The queue itself -----------------------------------------------------------------------------------------------

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """Returns a node that closes the queue: nothing more comes in, what is in it can still be taken.

        Args:
          cancel_pending_enqueues: Whether enqueues that wait fail with CancelledError; else they are served first.
          name: Node name; by default the queue's with "_Close".
        """
        name = name or f"{self._name}_Close"
        return apply_op("QueueCloseV2", self._queue_ref, cancel_pending_enqueues=cancel_pending_enqueues, name=name)

    def is_closed(self, name: str | None = None) -> Tensor:
        """Returns whether the queue is closed, as a scalar bool tensor.

        Args:
          name: Node name; by default the queue's with "_Is_Closed".
        """
        return apply_op("QueueIsClosedV2", self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Tensor:
        """Returns how many elements there are, as a scalar int32 tensor.

        Args:
          name: Node name; by default the queue's with "_Size".
        """
        return apply_op("QueueSizeV2", self._queue_ref, name=name or f"{self._name}_Size")


def _graph(vals: Any) -> Graph:
    """The graph in which an element's values are, else the default one."""
    items = vals.values() if isinstance(vals, dict) else vals if isinstance(vals, (list, tuple)) else [vals]
    return next((g for g in map(graph_of, items) if g is not None), get_default_graph())


def _types(dtypes: Any) -> list[DType]:
    return [as_dtype(t).base_dtype for t in (dtypes if isinstance(dtypes, (list, tuple)) else [dtypes])]


def _shapes(shapes: Any) -> list[TensorShape] | None:
    """Fully known shapes, one a component; a single shape stands for one component."""
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape):
        shapes = [shapes]
    if not isinstance(shapes, (tuple, list)):
        raise TypeError(f"Shapes must be a TensorShape or a list or tuple of TensorShapes, got {type(shapes)} instead.")
    if all(shape is None or isinstance(shape, int) for shape in shapes):
        shapes = [shapes]
    found = [TensorShape(shape) for shape in shapes]
    if not all(shape.is_fully_defined() for shape in found):
        raise ValueError(f"All shapes must be fully defined: {found}")
    return found


def _partial_shapes(shapes: Any) -> list[TensorShape]:
    """Shapes of known rank, one a component."""
    if not isinstance(shapes, Sequence) or not shapes or any(s is None or isinstance(s, int) for s in shapes):
        raise ValueError("When providing partial shapes, a list of shapes must be provided.")
    found = [TensorShape(shape) for shape in shapes]
    if any(shape.dims is None for shape in found):
        raise ValueError(f"All shapes must have a defined rank: {found}")
    return found


def _names(names: Any, dtypes: Sequence[DType]) -> list[str] | None:
    if names is None:
        return None
    found = list(names) if isinstance(names, (list, tuple)) else [names]
    if len(found) != len(dtypes):
        raise ValueError(
            "List of names must have the same length as the list of dtypes, received "
            f"len(names)={len(found)},len(dtypes)={len(dtypes)}"
        )
    return found


class FIFOQueue(QueueBase):
    """A queue that gives elements in the order in which they came.

    Args:
      capacity: How many elements it holds.
      dtypes: dtype of the components, or a list of them.
      shapes: Fully known shapes of the components; without them `dequeue_many` is not possible.
      names: Names of the components; with them elements are dicts.
      shared_name: Name under which several nodes of a session share one queue.
      name: Node name.

    >>> q = tf.FIFOQueue(10, tf.int32, shapes=[[]])
    >>> with tf.Session() as session:
    ...     session.run(q.enqueue_many([[1, 2, 3]]))
    ...     print(session.run([q.dequeue(), q.size()]))
    [np.int32(1), np.int32(2)]
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "fifo_queue",
    ) -> None:
        types, dims = _types(dtypes), _shapes(shapes)
        labels = _names(names, types)
        with device("CPU"):
            ref = apply_op(
                "FIFOQueueV2", component_types=types, shapes=dims, capacity=capacity,
                shared_name=shared_name, name=name,
            )  # fmt: skip
        super().__init__(types, dims, labels, ref)


class PaddingFIFOQueue(QueueBase):
    """A queue whose elements may differ in size: `dequeue_many` pads them with zeros to the largest.

    Args:
      capacity: How many elements it holds.
      dtypes: dtype of the components, or a list of them.
      shapes: List of the shapes of the components; None in a shape is a size that may differ.
      names: Names of the components; with them elements are dicts.
      shared_name: Name under which several nodes of a session share one queue.
      name: Node name.

    Raises:
      ValueError: `shapes` is no list of shapes of known rank.

    >>> q = tf.PaddingFIFOQueue(10, [tf.int32], shapes=[[None]])
    >>> puts = [q.enqueue([[1, 2, 3]]), q.enqueue([[4]])]
    >>> with tf.Session() as session:
    ...     _ = session.run(puts)
    ...     print(session.run(q.dequeue_many(2)))
    [[1 2 3]
     [4 0 0]]
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:
        types, dims = _types(dtypes), _partial_shapes(shapes)
        labels = _names(names, types)
        if len(types) != len(dims):
            raise ValueError(
                f"Shapes must be provided for all components, but received {len(types)} dtypes and {len(dims)} shapes."
            )
        ref = apply_op(
            "PaddingFIFOQueueV2", component_types=types, shapes=dims, capacity=capacity,
            shared_name=shared_name, name=name,
        )  # fmt: skip
        super().__init__(types, dims, labels, ref)


class RandomShuffleQueue(QueueBase):
    """A queue that gives elements in random order.

    With a seed the order is TensorFlow's own, as long as elements come in the same order.

    Args:
      capacity: How many elements it holds.
      min_after_dequeue: How many elements at least stay in it while it is open, for the sake of a good mixture.
      dtypes: dtype of the components, or a list of them.
      shapes: Fully known shapes of the components; without them `dequeue_many` is not possible.
      names: Names of the components; with them elements are dicts.
      seed: Seed of the order.
      shared_name: Name under which several nodes of a session share one queue.
      name: Node name.

    >>> q = tf.RandomShuffleQueue(10, 0, tf.int32, shapes=[[]], seed=7)
    >>> with tf.Session() as session:
    ...     session.run(q.enqueue_many([[1, 2, 3, 4]]))
    ...     print(sorted(session.run(q.dequeue_many(4))) == [1, 2, 3, 4])
    True
    """

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ) -> None:
        types, dims = _types(dtypes), _shapes(shapes)
        labels = _names(names, types)
        first, second = get_seed(seed)
        if first is None and second is None:
            first, second = 0, 0
        elif seed is None and shared_name is not None:
            # Nodes that share a queue shall agree on its seed, so TF1 takes it from the name that they share.
            second = int(hashlib.md5(f"{first}{shared_name}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
        ref = apply_op(
            "RandomShuffleQueueV2", component_types=types, shapes=dims, capacity=capacity,
            min_after_dequeue=min_after_dequeue, seed=first, seed2=second, shared_name=shared_name, name=name,
        )  # fmt: skip
        super().__init__(types, dims, labels, ref)


class PriorityQueue(QueueBase):
    """A queue that gives the element with the lowest priority number first.

    An element's first component is its priority, an int64 scalar, before those that `types` lists.

    Args:
      capacity: How many elements it holds.
      types: dtype of the other components, or a list of them.
      shapes: Fully known shapes of the other components.
      names: Names of all components, the priority's included; with them elements are dicts.
      shared_name: Name under which several nodes of a session share one queue.
      name: Node name.

    >>> q = tf.PriorityQueue(10, tf.string, shapes=[[]])
    >>> with tf.Session() as session:
    ...     session.run(q.enqueue_many([[2, 1], ["b", "a"]]))
    ...     print(session.run(q.dequeue()))
    [np.int64(1), b'a']
    """

    def __init__(
        self,
        capacity: int,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:
        kinds, dims = _types(types), _shapes(shapes)
        ref = apply_op(
            "PriorityQueueV2", component_types=kinds, shapes=dims or [], capacity=capacity,
            shared_name=shared_name, name=name,
        )  # fmt: skip
        all_kinds = [int64, *kinds]
        all_dims = None if dims is None else [TensorShape([]), *dims]
        super().__init__(all_kinds, all_dims, names, ref)
