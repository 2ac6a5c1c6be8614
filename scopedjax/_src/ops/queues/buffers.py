"""What a queue's handle stands for in a session: a buffer of elements, and the threads that wait for it.

    putting: [enqueue_many, enqueue, close]        taking: [dequeue_many]
               |  places free?                                ^  enough elements?
               +----------> buffer of elements >-------------+

Each request stands in one of two lines and is served in the order of arrival, as far as the buffer allows: an
`enqueue_many` fills places as they become free, a `dequeue_many` takes elements as they come, so both may be larger
than the capacity. A close stands in the line of the enqueues: what waited before it is still put in. The thread that
changes something serves both lines and wakes whom it has served; it never runs the user's code.

Invariants: everything is under `_lock`, and nobody waits while holding it; an element is in the buffer, in a request,
or handed out; after a close nothing is added, and a dequeue takes what is left or fails with OutOfRangeError. A
`dequeue_many` that fails gives back what it had taken.
"""

from __future__ import annotations

import collections
import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import deadlines
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import CancelledError, DeadlineExceededError, InvalidArgumentError, OutOfRangeError
from scopedjax._src.base.shapes import Dims

Element = tuple[Any, ...]
_numbers = itertools.count()


class _Request:
    """Something that waits to be served. `advance` does what can be done now and tells whether it did anything."""

    __slots__ = ("_ready", "done", "error", "result", "word")

    def __init__(self, word: str) -> None:
        self.word = word
        self._ready = threading.Event()
        self.done = False
        self.error: Exception | None = None
        self.result: Any = None

    def finish(self, result: Any = None, error: Exception | None = None) -> None:
        self.done, self.result, self.error = True, result, error
        self._ready.set()

    def wait(self, timeout: float | None) -> bool:
        return self._ready.wait(timeout)

    def advance(self, buffer: Buffer) -> bool:
        raise NotImplementedError


class _Put(_Request):
    __slots__ = ("rest",)

    def __init__(self, elements: Sequence[Element]) -> None:
        super().__init__("Enqueue")
        self.rest = collections.deque(elements)

    def advance(self, buffer: Buffer) -> bool:
        if buffer.closed:
            self.finish(error=CancelledError(None, None, f"{buffer.kind} '{buffer.name}' is closed."))
            return True
        moved = False
        while self.rest and buffer.has_room():
            buffer.put(self.rest.popleft())
            moved = True
        if not self.rest:
            self.finish()
            return True
        return moved


class _Close(_Request):
    __slots__ = ()

    def advance(self, buffer: Buffer) -> bool:
        if buffer.closed:
            self.finish(error=CancelledError(None, None, f"Queue '{buffer.name}' is already closed."))
        else:
            buffer.closed = True
            self.finish()
        return True


class _Take(_Request):
    __slots__ = ("count", "partly", "taken")

    def __init__(self, count: int, partly: bool) -> None:
        super().__init__("Dequeue")
        self.count = count
        self.partly = partly
        self.taken: list[Element] = []

    def advance(self, buffer: Buffer) -> bool:
        missing = self.count - len(self.taken)
        if buffer.closed and buffer.size() < missing:
            if self.partly and (self.taken or buffer.size()):
                self.taken.extend(buffer.take() for _ in range(buffer.size()))
                self.finish(self.taken)
                return True
            buffer.give_back(self.taken)
            self.finish(error=OutOfRangeError(
                None, None,
                f"{buffer.kind} '{buffer.name}' is closed and has insufficient elements "
                f"(requested {self.count}, current size {buffer.size()})",
            ))  # fmt: skip
            return True
        moved = False
        while len(self.taken) < self.count and buffer.may_take():
            self.taken.append(buffer.take())
            moved = True
        if len(self.taken) == self.count:
            self.finish(self.taken)
            return True
        return moved


class Buffer:
    """The elements of a queue in one session; subclasses say in which order they leave.

    Args:
      name: Name of the node that owns it.
      shared_name: Name under which several nodes share it, or "".
      capacity: How many elements it holds; negative for any number.
      types: dtypes of the components of an element.
      shapes: Their shapes, or nothing where elements may differ.
    """

    kind = "FIFOQueue"

    def __init__(
        self, name: str, shared_name: str, capacity: int, types: Sequence[DType], shapes: Sequence[Dims]
    ) -> None:
        self.name = shared_name or f"_{next(_numbers)}_{name}"
        self.capacity = capacity
        self.types = tuple(types)
        self.shapes = tuple(shapes)
        self.closed = False
        self._lock = threading.Lock()
        self._putting: collections.deque[_Request] = collections.deque()
        self._taking: collections.deque[_Request] = collections.deque()

    # How elements are kept; under the lock --------------------------------------------------------------------------

    def size(self) -> int:
        """How many elements there are."""
        raise NotImplementedError

    def put(self, element: Element) -> None:
        """Adds an element."""
        raise NotImplementedError

    def take(self) -> Element:
        """Removes the next element."""
        raise NotImplementedError

    def give_back(self, elements: Sequence[Element]) -> None:
        """Puts elements back that `take` gave, in the order in which it gave them."""
        for element in elements:
            self.put(element)

    def has_room(self) -> bool:
        """Whether an element may be added."""
        return self.capacity < 0 or self.size() < self.capacity

    def may_take(self) -> bool:
        """Whether an element may leave."""
        return self.size() > 0

    # What nodes ask for ---------------------------------------------------------------------------------------------

    def enqueue(self, components: Sequence[np.ndarray[Any, Any]]) -> None:
        """Adds one element; waits for room.

        Raises:
          CancelledError: the queue is closed.
        """
        self._check(components, ())
        self._serve(self._putting, _Put([tuple(np.array(c)[()] for c in components)]))

    def enqueue_many(self, components: Sequence[np.ndarray[Any, Any]]) -> None:
        """Adds one element for each row; waits for room.

        Raises:
          CancelledError: the queue is closed.
        """
        count = len(components[0]) if components[0].ndim else 0
        self._check(components, (count,))
        if count:
            copies = [np.array(c) for c in components]
            self._serve(self._putting, _Put(list(zip(*copies, strict=True))))

    def dequeue(self) -> Element:
        """Removes one element; waits for it.

        Raises:
          OutOfRangeError: the queue is closed and empty.
        """
        return self._serve(self._taking, _Take(1, partly=False))[0]

    def dequeue_many(self, count: int, partly: bool = False) -> list[np.ndarray[Any, Any]]:
        """Removes elements and stacks them; waits for all of them.

        Args:
          count: How many.
          partly: Whether a closed queue may give fewer, if it has any.

        Raises:
          OutOfRangeError: the queue is closed and has fewer elements.
          InvalidArgumentError: the elements may have different shapes, or `count` is negative.
        """
        if len(self.shapes) != len(self.types):
            raise InvalidArgumentError(
                None, None,
                f"{self.kind}'s DequeueMany and DequeueUpTo require the components to have specified shapes.",
            )  # fmt: skip
        if count < 0:
            raise InvalidArgumentError(None, None, f"{self.kind} '{self.name}': cannot dequeue {count} elements")
        elements = self._serve(self._taking, _Take(count, partly)) if count else []
        return [
            self._stacked([e[i] for e in elements], kind.as_numpy_dtype, self.shapes[i])
            for i, kind in enumerate(self.types)
        ]

    def close(self, cancel_pending_enqueues: bool = False) -> None:
        """Closes the queue; enqueues that wait are served first, unless they are cancelled."""
        if cancel_pending_enqueues:
            with self._lock:
                self._cancel(self._putting)
        request = _Close("Close")
        if cancel_pending_enqueues and self.closed:
            return
        self._serve(self._putting, request)

    def count(self) -> int:
        """How many elements there are now."""
        with self._lock:
            return self.size()

    def release(self) -> None:
        """Ends all that waits: the session is closed."""
        with self._lock:
            self._cancel(self._putting)
            self._cancel(self._taking)

    def check_shared(self, kind: str, capacity: int, types: Sequence[DType], shapes: Sequence[Dims]) -> None:
        """Checks that another node under the same shared name means the same queue.

        Raises:
          InvalidArgumentError: it does not.
        """
        if kind != self.kind:
            raise InvalidArgumentError(None, None, f"Expected {kind}, found {self.kind} under the name '{self.name}'")
        for what, ours, theirs in (
            ("capacity", self.capacity, capacity),
            ("component types", _type_names(self.types), _type_names(types)),
            ("component shapes", _shape_names(self.shapes), _shape_names(shapes)),
        ):
            if ours != theirs:
                were = "was" if what == "capacity" else "were"
                raise InvalidArgumentError(
                    None, None, f"Shared queue '{self.name}' has {what} {ours} but requested {what} {were} {theirs}"
                )

    # The two lines --------------------------------------------------------------------------------------------------

    def _serve(self, line: collections.deque[_Request], request: _Request) -> Any:
        """Puts a request into a line and waits until it is served."""
        with self._lock:
            line.append(request)
            self._advance()
        if not request.wait(deadlines.remaining()):
            with self._lock:
                if not request.done:
                    line.remove(request)
                    self._withdraw(request)
                    request.finish(error=DeadlineExceededError(None, None, "Timed out waiting for notification"))
        if request.error is not None:
            raise request.error
        return request.result

    def _advance(self) -> None:
        """Serves both lines until neither can go on."""
        moved = True
        while moved:
            moved = False
            for line in (self._putting, self._taking):
                while line and line[0].advance(self):
                    moved = True
                    if line[0].done:
                        line.popleft()
                    else:
                        break

    def _withdraw(self, request: _Request) -> None:
        if isinstance(request, _Take) and request.taken:
            self.give_back(request.taken)
            self._advance()

    def _cancel(self, line: collections.deque[_Request]) -> None:
        for request in line:
            request.finish(error=CancelledError(None, None, f"{request.word} operation was cancelled"))
        line.clear()

    # Components -----------------------------------------------------------------------------------------------------

    def _check(self, components: Sequence[np.ndarray[Any, Any]], rows: tuple[int, ...]) -> None:
        if len(components) != len(self.types):
            raise InvalidArgumentError(
                None, None, f"Wrong number of components in tuple. Expected {len(self.types)}, got {len(components)}"
            )
        for i, (component, kind) in enumerate(zip(components, self.types, strict=True)):
            if component.dtype != np.dtype(kind.as_numpy_dtype):
                raise InvalidArgumentError(
                    None, None, f"Type mismatch in tuple component {i}. Expected {kind.name}, got {component.dtype}"
                )
            if rows and (not component.ndim or len(component) != rows[0] and len(self.shapes) != len(self.types)):
                raise InvalidArgumentError(
                    None, None, "All input tensors must have the same size in the 0th dimension: component "
                    f"{i} has shape {list(component.shape)}, the first has {rows[0]} rows",
                )  # fmt: skip
            if len(self.shapes) != len(self.types):
                continue
            wanted = self.shapes[i]
            if wanted is not None and not self._fits(component.shape, (*rows, *wanted)):
                raise InvalidArgumentError(
                    None, None,
                    f"Shape mismatch in tuple component {i}. Expected {_shape_name((*rows, *wanted))}, got "
                    f"{_shape_name(component.shape)}",
                )  # fmt: skip

    @staticmethod
    def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
        return len(shape) == len(wanted) and all(w is None or s == w for s, w in zip(shape, wanted, strict=True))

    @staticmethod
    def _stacked(values: list[Any], kind: Any, dims: Dims) -> np.ndarray[Any, Any]:
        shape = np.shape(values[0]) if values else tuple(d or 0 for d in dims or ())
        result = np.empty((len(values), *shape), kind)
        for i, value in enumerate(values):
            result[i] = value
        return result


class FirstInFirstOut(Buffer):
    """Elements leave in the order in which they came."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._elements: collections.deque[Element] = collections.deque()

    def size(self) -> int:
        """How many elements there are."""
        return len(self._elements)

    def put(self, element: Element) -> None:
        """Adds an element."""
        self._elements.append(element)

    def take(self) -> Element:
        """Removes the oldest element."""
        return self._elements.popleft()

    def give_back(self, elements: Sequence[Element]) -> None:
        """Puts elements back in front."""
        self._elements.extendleft(reversed(elements))


class Padding(FirstInFirstOut):
    """Elements of different sizes leave in order; several at once are padded with zeros to the largest."""

    kind = "PaddingFIFOQueue"

    @staticmethod
    def _stacked(values: list[Any], kind: Any, dims: Dims) -> np.ndarray[Any, Any]:
        sizes = [np.shape(value) for value in values]
        largest = (max(of_axis) for of_axis in zip(*sizes, strict=True))
        shape = tuple(largest) if sizes else tuple(d or 0 for d in dims or ())
        result = np.zeros((len(values), *shape), kind)
        if result.dtype == object:
            result.fill(b"")
        for i, (value, size) in enumerate(zip(values, sizes, strict=True)):
            result[(i, *map(slice, size))] = value
        return result


class RandomShuffle(Buffer):
    """Elements leave in random order; while the queue is open, `least` of them stay in it.

    Args:
      least: The number of elements that stay, for the sake of a good mixture.
      draw: Returns the next 32 random bits.
    """

    kind = "RandomShuffleQueue"

    def __init__(self, *args: Any, least: int, draw: Callable[[], int]) -> None:
        super().__init__(*args)
        self._least = least
        self._draw = draw
        self._elements: list[Element] = []

    def size(self) -> int:
        """How many elements there are."""
        return len(self._elements)

    def put(self, element: Element) -> None:
        """Adds an element."""
        self._elements.append(element)

    def take(self) -> Element:
        """Removes an element; the last one moves to its place, as in TensorFlow, whose order this is."""
        elements = self._elements
        index = self._draw() % len(elements)
        found, elements[index] = elements[index], elements[-1]
        elements.pop()
        return found

    def may_take(self) -> bool:
        """Whether an element may leave."""
        return self.size() > (0 if self.closed else self._least)


class Priority(Buffer):
    """The element with the lowest first component leaves first; equal ones in the order in which they came."""

    kind = "PriorityQueue"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._heap: list[tuple[int, int, Element]] = []
        self._order = itertools.count()

    def size(self) -> int:
        """How many elements there are."""
        return len(self._heap)

    def put(self, element: Element) -> None:
        """Adds an element."""
        heapq.heappush(self._heap, (int(element[0]), next(self._order), element))

    def take(self) -> Element:
        """Removes the first element."""
        return heapq.heappop(self._heap)[2]


def _type_names(types: Sequence[DType]) -> str:
    return "-".join({"float32": "float", "float64": "double", "float16": "half"}.get(t.name, t.name) for t in types)


def _shape_name(shape: Sequence[int | None]) -> str:
    return f"[{','.join('?' if d is None else str(d) for d in shape)}]"


def _shape_names(shapes: Sequence[Dims]) -> str:
    return f"[{','.join('<unknown>' if s is None else _shape_name(s) for s in shapes)}]"
