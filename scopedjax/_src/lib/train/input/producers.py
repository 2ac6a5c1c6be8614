"""Producers: queues that a thread fills with names, numbers or slices, once an epoch, for ever or so many times.

    names = tf.train.string_input_producer(["a", "b"], num_epochs=2)

    Const ["a", "b"] -> RandomShuffle -> Identity [after CountUpTo(epochs)] -> enqueue_many -> FIFOQueue

The thread is that of a `QueueRunner`, started by `start_queue_runners`. The epochs are counted by a local variable, so
`tf.local_variables_initializer()` must have run; when the count is reached the thread closes the queue.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.queue_runner import QueueRunner, add_queue_runner
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.array.shapes import size
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import as_tensor
from scopedjax._src.ops.files.whole_files import matching_files
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.queues.queue import FIFOQueue
from scopedjax._src.ops.random.sampling import random_shuffle
from scopedjax._src.ops.summary.nodes import scalar as scalar_summary
from scopedjax._src.variables.variable import Variable


def match_filenames_once(pattern: Any, name: str | None = None) -> Variable:
    """Returns a local variable with the names of the files that match patterns when it is initialized.

    Args:
      pattern: A pattern or a list of patterns, as for `tf.matching_files`.
      name: Name of the variable; "matching_filenames" by default.
    """
    with name_scope(name, "matching_filenames", [pattern]) as name:
        return Variable(
            name=name,
            initial_value=matching_files(pattern),
            trainable=False,
            validate_shape=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
        )


def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """Returns a tensor that can be read so many times; then its run raises OutOfRangeError.

    Args:
      tensor: Any tensor.
      num_epochs: How many times; None is no limit.
      name: Node name; "limit_epochs" by default.

    Raises:
      ValueError: `num_epochs` is not positive.

    >>> x = tf.train.limit_epochs(tf.constant(7), 1)
    >>> with tf.Session() as session:
    ...     session.run(tf.local_variables_initializer())
    ...     print(session.run(x))
    ...     try:
    ...         session.run(x)
    ...     except tf.errors.OutOfRangeError:
    ...         print("the end")
    7
    the end
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as name:
        zero = constant(0, dtype=dtypes.int64)
        epochs = Variable(zero, name="epochs", trainable=False, collections=[GraphKeys.LOCAL_VARIABLES])
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=name)


def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """Returns a queue of the rows of a tensor, filled by a thread again and again.

    Args:
      input_tensor: Tensor of one row at least.
      element_shape: Shape of a row, where the tensor does not tell it.
      num_epochs: How many times each row is given; None for ever. Counted by a local variable.
      shuffle: Whether the rows of each epoch are put in random order.
      seed: Seed of that order.
      capacity: Capacity of the queue.
      shared_name: Name under which several nodes of a session share the queue.
      summary_name: Name of a scalar summary of how full the queue is, or None for none.
      name: Name of the queue; "input_producer" by default.
      cancel_op: Node that closes the queue when the coordinator stops.

    Returns:
      The queue; its `QueueRunner` is in `GraphKeys.QUEUE_RUNNERS`.

    Raises:
      ValueError: the shape of a row is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        rows = as_tensor(input_tensor, name="input_tensor")
        row_shape = rows.get_shape()[1:] if rows.dims else rows.get_shape().with_rank_at_least(1)
        row_shape = row_shape.merge_with(element_shape)
        if not row_shape.is_fully_defined():
            raise ValueError(
                "Either `input_tensor` must have a fully defined shape or `element_shape` must be specified"
            )
        if shuffle:
            rows = random_shuffle(rows, seed=seed)
        rows = limit_epochs(rows, num_epochs)
        types = [rows.dtype.base_dtype]
        # Without a name TensorFlow takes the node's type.
        queue = FIFOQueue(capacity, types, [row_shape], shared_name=shared_name, name=name or "FIFOQueueV2")
        add_queue_runner(QueueRunner(queue, [queue.enqueue_many([rows])], cancel_op=cancel_op))
        if summary_name is not None:
            scalar_summary(summary_name, cast(queue.size(), dtypes.float32) * (1.0 / capacity))
        return queue


def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """Returns a queue of strings, names of files usually, filled by a thread.

    Args:
      string_tensor: List of strings, or a string vector.
      num_epochs: How many times each string is given; None for ever. Counted by a local variable.
      shuffle: Whether the strings of each epoch are put in random order.
      seed: Seed of that order.
      capacity: Capacity of the queue.
      shared_name: Name under which several nodes of a session share the queue.
      name: Name of the queue; "input_producer" by default.
      cancel_op: Node that closes the queue when the coordinator stops.

    Returns:
      The queue; its `QueueRunner` is in `GraphKeys.QUEUE_RUNNERS`.

    Raises:
      ValueError: the list is empty.

    >>> names = tf.train.string_input_producer(["a", "b"], num_epochs=1, shuffle=False)
    >>> name = names.dequeue()
    >>> with tf.Session() as session:
    ...     session.run(tf.local_variables_initializer())
    ...     coord = tf.train.Coordinator()
    ...     threads = tf.train.start_queue_runners(session, coord)
    ...     print(session.run(name), session.run(name))
    ...     coord.request_stop()
    ...     coord.join(threads)
    b'a' b'b'
    """
    message = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor) and not hasattr(string_tensor, "op") and not len(string_tensor):
        raise ValueError(message)
    with name_scope(name, "input_producer", [string_tensor]) as name:
        strings = as_tensor(string_tensor, dtype=dtypes.string)
        with control_dependencies([_assertion(apply_op("Greater", size(strings), 0), message)]):
            strings = identity(strings)
        return input_producer(
            strings, [], num_epochs, shuffle, seed, capacity, shared_name, f"fraction_of_{capacity}_full", name,
            cancel_op,
        )  # fmt: skip


def _assertion(condition: Tensor, message: str) -> Operation:
    """An `Assert` with the two nodes that TensorFlow records for a text: one converted first, one the node's own."""
    with name_scope(None, "Assert"):
        constant(message)
        return apply_op("Assert", condition, [message], name="Assert")


def range_input_producer(
    limit: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> FIFOQueue:
    """Returns a queue of the integers 0 to `limit` - 1, filled by a thread.

    Args:
      limit: Scalar int32 tensor.
      num_epochs: How many times each number is given; None for ever. Counted by a local variable.
      shuffle: Whether the numbers of each epoch are put in random order.
      seed: Seed of that order.
      capacity: Capacity of the queue.
      shared_name: Name under which several nodes of a session share the queue.
      name: Name of the queue; "input_producer" by default.

    Returns:
      The queue; its `QueueRunner` is in `GraphKeys.QUEUE_RUNNERS`.
    """
    from scopedjax._src.ops.array.filling import range as range_of

    with name_scope(name, "input_producer", [limit]) as name:
        return input_producer(
            range_of(limit), [], num_epochs, shuffle, seed, capacity, shared_name, f"fraction_of_{capacity}_full", name
        )


def slice_input_producer(
    tensor_list: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """Returns one row of each tensor, the same row of all, a next one each time that it is run.

    Args:
      tensor_list: List of tensors with the same first dimension.
      num_epochs: How many times each row is given; None for ever. Counted by a local variable.
      shuffle: Whether the rows of each epoch come in random order.
      seed: Seed of that order.
      capacity: Capacity of the queue of row numbers.
      shared_name: Name under which several nodes of a session share the queue.
      name: Name scope; "input_producer" by default.

    Returns:
      List of tensors, one a tensor of `tensor_list`, without its first dimension.

    Raises:
      ValueError: the list is empty.
    """
    with name_scope(name, "input_producer", tensor_list):
        tensors = [as_tensor(t) for t in tensor_list]
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        count = shape_of(tensors[0])[0]
        numbers = range_input_producer(count, num_epochs, shuffle, seed, capacity, shared_name)
        index = numbers.dequeue()
        return [gather(t, index) for t in tensors]
