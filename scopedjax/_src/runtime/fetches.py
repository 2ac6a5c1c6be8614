"""Fetches of any nesting: what `Session.run` was asked for, flattened; and the results put back into the same form.

    {"loss": loss, "rest": [train_op, (w, "b:0")]}  ->  [loss, train_op, w, b]  ->  {"loss": 0.3, "rest": [None,
    (..., ...)]}

Types that stand for several tensors (sparse tensors, indexed slices) register how they come apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices, IndexedSlicesValue
from scopedjax._src.runtime.branches import check_taken, conditions_of

Element = Tensor | Operation
Builder = Callable[[Sequence[Any]], Any]
FetchFunction = Callable[[Any], tuple[list[Any], Callable[[list[Any]], Any]]]
FeedFunction = Callable[[Any, Any], list[tuple[Any, Any]]]

_EXPANSIONS: list[tuple[Any, FetchFunction, FeedFunction | None]] = []


def register_session_run_conversion_functions(
    tensor_type: Any,
    fetch_function: FetchFunction,
    feed_function: FeedFunction | None = None,
    feed_function_for_partial_run: Any = None,
) -> None:
    """Registers how objects of a user's type are fetched and fed.

    Args:
      tensor_type: The type.
      fetch_function: `f(obj) -> ([fetches], contract)`, where `contract([values])` is the result.
      feed_function: `f(key, value) -> [(tensor, value), ...]`.
      feed_function_for_partial_run: `f(key) -> [tensor, ...]`; accepted for TF1's sake.

    Raises:
      ValueError: the type is registered already.
    """
    for known, _, _ in _EXPANSIONS:
        if isinstance(tensor_type, type) and issubclass(tensor_type, known):
            raise ValueError(f"{tensor_type} has already been registered so ignore it.")
    _EXPANSIONS.insert(0, (tensor_type, fetch_function, feed_function))


def feed_expansion(key: Any) -> FeedFunction | None:
    """Returns how a feed key that stands for several tensors comes apart, or None."""
    for known, _, feed in _EXPANSIONS:
        if feed is not None and isinstance(key, known):
            return feed
    return None


class FetchMapper:
    """A fetch structure, flattened.

    Attributes:
      elements: The tensors and nodes asked for, each once.
      build: Makes the result from one value an element (None for a node).
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        self._graph = graph
        self._index: dict[Element, int] = {}
        self.build: Builder = self._visit(fetches)
        self.elements: list[Element] = list(self._index)

    def _visit(self, fetch: Any) -> Builder:
        if fetch is None:
            raise TypeError(f'Argument `fetch` = {fetch} has invalid type "{type(fetch).__name__}". Cannot be None')
        if isinstance(fetch, (list, tuple)):
            return self._visit_sequence(fetch)
        if isinstance(fetch, Mapping):
            return self._visit_mapping(fetch)
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [a.name for a in type(fetch).__attrs_attrs__]
            builders = [self._visit(getattr(fetch, n)) for n in names]
            return lambda values: type(fetch)(**{n: b(values) for n, b in zip(names, builders, strict=True)})
        for known, expand, _ in _EXPANSIONS:
            if isinstance(fetch, known):
                parts, contract = expand(fetch)
                builders = [self._visit(part) for part in parts]
                return lambda values: contract([b(values) for b in builders])
        return self._leaf(fetch)

    def _visit_sequence(self, fetch: Any) -> Builder:
        kind = type(fetch)
        builders = [self._visit(item) for item in fetch]
        if issubclass(kind, list):
            return lambda values: [b(values) for b in builders]
        if kind is tuple:
            return lambda values: tuple([b(values) for b in builders])
        return lambda values: kind(*[b(values) for b in builders])

    def _visit_mapping(self, fetch: Any) -> Builder:
        kind = type(fetch)
        builders = {key: self._visit(value) for key, value in fetch.items()}
        if kind.__name__ == "defaultdict":
            return lambda values: kind(fetch.default_factory, {k: b(values) for k, b in builders.items()})
        return lambda values: kind((k, b(values)) for k, b in builders.items())

    def _leaf(self, fetch: Any) -> Builder:
        try:
            element = self._graph.as_graph_element(fetch, allow_tensor=True, allow_operation=True)
        except TypeError as error:
            raise TypeError(
                f'Argument `fetch` = {fetch} has invalid type "{type(fetch).__name__}" must be a string or Tensor. '
                f"({error})"
            ) from error
        except ValueError as error:
            raise ValueError(f"Argument `fetch` = {fetch} cannot be interpreted as a Tensor. ({error})") from error
        except KeyError as error:
            raise ValueError(f"Argument `fetch` = {fetch} cannot be interpreted as a Tensor. ({error})") from error
        if not self._graph.is_fetchable(element):
            return self._inside(element)
        index = self._index.setdefault(element, len(self._index))
        return lambda values: values[index]

    def _inside(self, element: Element) -> Builder:
        """What a node inside a branch of a file gives, if its branch is taken; other inner nodes are refused."""
        op = element.op if isinstance(element, Tensor) else element
        conditions = conditions_of(op) if op.context is not None else None
        if not conditions:
            inside = f" It lies inside '{op.context.name}', a branch or a loop." if op.context else ""
            raise ValueError(
                f"Operation {op.name!r} has been marked as not fetchable.{inside} Fetch what the cond or loop returns "
                "instead."
            )
        if not isinstance(element, Tensor):
            return lambda values: None  # it has no effects: there is nothing to run
        index = self._index.setdefault(element, len(self._index))
        predicates = [self._index.setdefault(p, len(self._index)) for p, _ in conditions]

        def build(values: Sequence[Any]) -> Any:
            check_taken(op, conditions, [values[i] for i in predicates])
            return values[index]

        return build


def _fetch_slices(slices: IndexedSlices) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    if slices.dense_shape is None:
        return [slices.values, slices.indices], lambda values: IndexedSlicesValue(values[0], values[1], None)
    return [slices.values, slices.indices, slices.dense_shape], lambda values: IndexedSlicesValue(*values)


def _feed_slices(slices: IndexedSlices, value: Any) -> list[tuple[Any, Any]]:
    parts = [(slices.values, value[0]), (slices.indices, value[1])]
    return parts if slices.dense_shape is None else [*parts, (slices.dense_shape, value[2])]


register_session_run_conversion_functions(IndexedSlices, _fetch_slices, _feed_slices)
