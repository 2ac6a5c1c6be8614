"""Batches: examples are put into a queue by threads, and leave it several at a time.

    tensors -> enqueue -> FIFOQueue, PaddingFIFOQueue or RandomShuffleQueue -> dequeue_many(batch_size) -> batch

`tf.train.batch` and `tf.train.shuffle_batch` have `num_threads` threads that all run the same tensors; the `_join`
kinds have one thread for each list of tensors, so several readers can fill one queue. The `maybe_` kinds leave out
examples.
All eight are one assembly line, described by a `_Line`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.input.sparse_elements import restore, store
from scopedjax._src.lib.train.queue_runner import QueueRunner, add_queue_runner
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.selection import dynamic_partition
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import as_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.queues.queue import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from scopedjax._src.ops.sparse.sparse_tensor import convert_to_tensor_or_sparse_tensor
from scopedjax._src.ops.summary.nodes import scalar as scalar_summary


@dataclass(frozen=True)
class _Line:
    """One assembly line.

    Attributes:
      kind: Name of the public function, and of the batch's node.
      examples: One example for each thread, or one for all.
      keep_input: Whether to keep an example: Python bool, or a bool tensor.
      batch_size: Elements a batch.
      threads: How many threads run the one example; 1 where each has its own.
      capacity: Capacity of the queue.
      least: Elements that stay in a shuffling queue, or None for a queue in order.
      seed: Seed of the shuffling.
      enqueue_many: Whether an example has a first dimension over several.
      shapes: Shapes of an element, where the tensors do not tell.
      dynamic_pad: Whether elements are padded to the largest of a batch.
      smaller: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Name of the batch's node.
    """

    kind: str
    examples: Sequence[Any]
    keep_input: Any
    batch_size: Any
    capacity: int
    threads: int = 1
    least: int | None = None
    seed: int | None = None
    enqueue_many: bool = False
    shapes: Any = None
    dynamic_pad: bool = False
    smaller: bool = False
    shared_name: str | None = None
    name: str | None = None

    def record(self) -> Any:
        """Records queue, threads, summary and batch; returns the batch in the form of an example."""
        first = self.examples[0] if self.examples else None
        lists = [self._as_list(example) for example in self.examples]
        inputs = [t for tensors in lists for t in tensors]
        with name_scope(self.name, self.kind, [*inputs, self.keep_input]) as scope:
            tensors = self._converted(lists)
            keep = as_tensor(self.keep_input)
            self._check_keep(keep)
            stored, sparse = store(tensors, keep, self.enqueue_many)
            queue = self._queue(stored)
            enqueue_ops = [self._enqueue(queue, example, keep) for example in stored] * self.threads
            add_queue_runner(QueueRunner(queue, enqueue_ops))
            self._summarize(queue)
            dequeue = queue.dequeue_up_to if self.smaller else queue.dequeue_many
            batch = restore(dequeue(self.batch_size, name=scope), sparse)
        if isinstance(first, dict):
            items = [batch] if len(first) == 1 else batch
            return dict(zip(sorted(first, key=str), items, strict=True))
        return batch

    @staticmethod
    def _as_list(example: Any) -> list[Any]:
        return [example[k] for k in sorted(example, key=str)] if isinstance(example, dict) else list(example)

    def _converted(self, lists: list[list[Any]]) -> list[list[Any]]:
        if not lists:
            raise ValueError("Expected at least one set of tensors")
        found = [[convert_to_tensor_or_sparse_tensor(t) for t in tensors] for tensors in lists]
        if not found[0]:
            raise ValueError(f"Expected at least one tensor in {self.kind}().")
        for tensors in found[1:]:
            for ours, theirs in zip(found[0], tensors, strict=False):
                if ours.dtype.base_dtype is not theirs.dtype.base_dtype:
                    raise TypeError(
                        f"Expected types to be consistent: {ours.dtype.base_dtype.name} vs. "
                        f"{theirs.dtype.base_dtype.name}."
                    )
        return found

    def _check_keep(self, keep: Tensor) -> None:
        if keep.ndim is None:
            raise ValueError("`keep_input` dimensions must be known at graph construction.")
        if keep.ndim > 1 or keep.ndim == 1 and not self.enqueue_many:
            raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")

    def _queue(self, examples: list[list[Tensor]]) -> QueueBase:
        types = [t.dtype.base_dtype for t in examples[0]]
        shapes = self.shapes
        if shapes is None:
            shapes = [self._shape(of_component) for of_component in zip(*examples, strict=False)]
        if self.least is not None:
            return RandomShuffleQueue(
                self.capacity, self.least, types, shapes, seed=self.seed, shared_name=self.shared_name
            )
        queue: Callable[..., QueueBase] = PaddingFIFOQueue if self.dynamic_pad else FIFOQueue
        return queue(self.capacity, types, shapes, shared_name=self.shared_name)

    def _shape(self, tensors: Sequence[Tensor]) -> TensorShape:
        merged = TensorShape(None)
        for tensor in tensors:
            if tensor.ndim is None:
                raise ValueError(f"Cannot infer Tensor's rank: {tensor}")
            shape = tensor.get_shape()
            merged = merged.merge_with(shape.with_rank_at_least(1)[1:] if self.enqueue_many else shape)
        return merged

    def _enqueue(self, queue: QueueBase, example: list[Tensor], keep: Tensor) -> Any:
        enqueue = queue.enqueue_many if self.enqueue_many else queue.enqueue
        if keep.ndim == 1:
            number = cast(keep, dtypes.int32)
            return enqueue([dynamic_partition(tensor, number, num_partitions=2)[1] for tensor in example])
        known = constant_value(keep)
        if known is not None:
            return enqueue(example) if known else no_op()
        return cond(keep, lambda: enqueue(example), no_op)

    def _summarize(self, queue: QueueBase) -> None:
        if self.least is None:
            name, room, count = f"fraction_of_{self.capacity}_full", self.capacity, queue.size()
        else:
            room = self.capacity - self.least
            if room <= 0:
                raise ValueError(f"capacity {self.capacity} must be bigger than min_after_dequeue {self.least}.")
            name = f"fraction_over_{self.least}_of_{room}_full"
            count = apply_op("Maximum", 0, queue.size() - self.least)
        scalar_summary(name, cast(count, dtypes.float32) * (1.0 / room))


def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches of what `tensors` give when they are run again and again by threads.

    Args:
      tensors: List or dict of tensors: one example, or several with `enqueue_many`. A `tf.SparseTensor` among them
        gives one of one dimension more, as wide as the widest of the batch.
      batch_size: Examples a batch.
      num_threads: Threads that fill the queue. With more than one the order is not that of the input.
      capacity: Examples that the queue holds.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      dynamic_pad: Whether unknown sizes are allowed; a batch is padded with zeros to the largest of it.
      allow_smaller_final_batch: Whether the last batch may be smaller; its first dimension is unknown then.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "batch" by default.

    Returns:
      Tensors in the form of `tensors`, with one more dimension in front (a tensor for a list of one). Their run raises
      OutOfRangeError at the end of the input.

    Raises:
      ValueError: there are no tensors, or a shape is not known.

    >>> x = tf.train.slice_input_producer([tf.range(6)], num_epochs=1, shuffle=False)
    >>> xs = tf.train.batch(x, 4, allow_smaller_final_batch=True)
    >>> with tf.Session() as session:
    ...     session.run(tf.local_variables_initializer())
    ...     coord = tf.train.Coordinator()
    ...     threads = tf.train.start_queue_runners(session, coord)
    ...     print(session.run(xs), session.run(xs))
    ...     coord.request_stop()
    ...     coord.join(threads)
    [0 1 2 3] [4 5]
    """
    return _Line(
        "batch", [tensors], True, batch_size, capacity, threads=num_threads, enqueue_many=enqueue_many, shapes=shapes,
        dynamic_pad=dynamic_pad, smaller=allow_smaller_final_batch, shared_name=shared_name, name=name,
    ).record()  # fmt: skip


def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches of those examples for which `keep_input` is true.

    Args:
      tensors: As for `tf.train.batch`.
      keep_input: Scalar bool tensor; with `enqueue_many` also a vector, one value an example.
      batch_size: Examples a batch.
      num_threads: Threads that fill the queue.
      capacity: Examples that the queue holds.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      dynamic_pad: Whether unknown sizes are allowed.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "batch" by default.

    Returns:
      As `tf.train.batch`.
    """
    return _Line(
        "batch", [tensors], keep_input, batch_size, capacity, threads=num_threads, enqueue_many=enqueue_many,
        shapes=shapes, dynamic_pad=dynamic_pad, smaller=allow_smaller_final_batch, shared_name=shared_name, name=name,
    ).record()  # fmt: skip


def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches of what several examples give, each run by a thread of its own.

    Args:
      tensors_list: List of examples (lists or dicts of tensors) of the same dtypes, from several readers usually.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      dynamic_pad: Whether unknown sizes are allowed.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "batch_join" by default.

    Returns:
      As `tf.train.batch`, in the form of one example.

    Raises:
      ValueError: there are no examples, or shapes do not fit.
      TypeError: the dtypes differ.
    """
    return maybe_batch_join(
        tensors_list, True, batch_size, capacity, enqueue_many, shapes, dynamic_pad, allow_smaller_final_batch,
        shared_name, name,
    )  # fmt: skip


def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches as `tf.train.batch_join`, of those examples for which `keep_input` is true.

    Args:
      tensors_list: As for `tf.train.batch_join`.
      keep_input: Scalar bool tensor; with `enqueue_many` also a vector, one value an example.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      dynamic_pad: Whether unknown sizes are allowed.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "batch_join" by default.

    Returns:
      As `tf.train.batch_join`.
    """
    return _Line(
        "batch_join", list(tensors_list), keep_input, batch_size, capacity, enqueue_many=enqueue_many, shapes=shapes,
        dynamic_pad=dynamic_pad, smaller=allow_smaller_final_batch, shared_name=shared_name, name=name,
    ).record()  # fmt: skip


def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches of examples in random order.

    Args:
      tensors: List or dict of tensors: one example, or several with `enqueue_many`.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      min_after_dequeue: Examples that stay in the queue, for the sake of a good mixture.
      num_threads: Threads that fill the queue.
      seed: Seed of the order.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "shuffle_batch" by default.

    Returns:
      As `tf.train.batch`.

    Raises:
      ValueError: `capacity` is not larger than `min_after_dequeue`; else as `tf.train.batch`.
    """
    return maybe_shuffle_batch(
        tensors, batch_size, capacity, min_after_dequeue, True, num_threads, seed, enqueue_many, shapes,
        allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches as `tf.train.shuffle_batch`, of those examples for which `keep_input` is true.

    Args:
      tensors: As for `tf.train.shuffle_batch`.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      min_after_dequeue: Examples that stay in the queue.
      keep_input: Scalar bool tensor; with `enqueue_many` also a vector, one value an example.
      num_threads: Threads that fill the queue.
      seed: Seed of the order.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "shuffle_batch" by default.

    Returns:
      As `tf.train.shuffle_batch`.
    """
    return _Line(
        "shuffle_batch", [tensors], keep_input, batch_size, capacity, threads=num_threads, least=min_after_dequeue,
        seed=seed, enqueue_many=enqueue_many, shapes=shapes, smaller=allow_smaller_final_batch,
        shared_name=shared_name, name=name,
    ).record()  # fmt: skip


def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches in random order of what several examples give, each run by a thread of its own.

    Args:
      tensors_list: List of examples (lists or dicts of tensors) of the same dtypes.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      min_after_dequeue: Examples that stay in the queue, for the sake of a good mixture.
      seed: Seed of the order.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "shuffle_batch_join" by default.

    Returns:
      As `tf.train.batch_join`.
    """
    return maybe_shuffle_batch_join(
        tensors_list, batch_size, capacity, min_after_dequeue, True, seed, enqueue_many, shapes,
        allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Returns batches as `tf.train.shuffle_batch_join`, of those examples for which `keep_input` is true.

    Args:
      tensors_list: As for `tf.train.shuffle_batch_join`.
      batch_size: Examples a batch.
      capacity: Examples that the queue holds.
      min_after_dequeue: Examples that stay in the queue.
      keep_input: Scalar bool tensor; with `enqueue_many` also a vector, one value an example.
      seed: Seed of the order.
      enqueue_many: Whether the tensors have a first dimension over examples.
      shapes: Shapes of an example; by default those of the tensors.
      allow_smaller_final_batch: Whether the last batch may be smaller.
      shared_name: Name under which several nodes of a session share the queue.
      name: Node name; "shuffle_batch_join" by default.

    Returns:
      As `tf.train.shuffle_batch_join`.
    """
    return _Line(
        "shuffle_batch_join", list(tensors_list), keep_input, batch_size, capacity, least=min_after_dequeue, seed=seed,
        enqueue_many=enqueue_many, shapes=shapes, smaller=allow_smaller_final_batch, shared_name=shared_name, name=name,
    ).record()  # fmt: skip
