"""`tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`: a function applied along axis 0 of its inputs.

All are one `Scan` node (see `scan`), since the number of steps is the size of an axis. The results have the names that
TF1's loops gave them: `map/TensorArrayStack/TensorArrayGatherV3`, `foldl/while/Exit_2`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.arranging import reverse as reversed_along
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.control_flow.scan import BACKWARD, COUNTERS, FOLDED_BACKWARD
from scopedjax._src.ops.control_flow.scan import scan as record_scan
from scopedjax._src.ops.convert import convert_to_tensor


def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Applies a function to each slice of `elems` along axis 0 and stacks the results.

    Args:
      fn: Takes one slice of `elems`, in the same structure; returns tensors whose shapes are the same for all slices.
      elems: Tensor `[n, ...]`, or a nest of tensors with the same size of axis 0.
      dtype: Dtypes of the results in their structure, where these are not those of `elems`.
      parallel_iterations: Accepted.
      back_prop: Accepted.
      swap_memory: Accepted.
      infer_shape: Accepted.
      name: Name scope; defaults to "map".
      fn_output_signature: Another name of `dtype`.

    Returns:
      Tensors `[n, ...]` in the structure of what `fn` returns.

    Raises:
      TypeError: `fn` cannot be called, or returns another structure or other dtypes.
      ValueError: there are no `elems`, or they are scalars.

    >>> tf.Session().run(tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3]))).tolist()
    [1, 4, 9]
    """
    del parallel_iterations, back_prop, swap_memory, infer_shape
    if not callable(fn):
        raise TypeError(f"The provided function {fn!r} is not callable. fn must be callable.")
    wanted = dtype if fn_output_signature is None else fn_output_signature
    if not nest.flatten(elems):
        raise ValueError(
            f"elems must be a Tensor or (possibly nested) sequence of Tensors. Got {elems}, which does not contain any "
            "Tensors."
        )
    with stacks.get_default_graph().name_scope(name or "map"):
        flat = _elements(elems)
        wanted = nest.pack_sequence_as(elems, [t.dtype for t in flat]) if wanted is None else wanted
        structure: list[Any] = []

        def step(_: Tensor, slices: list[Tensor], state: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            result = fn(nest.pack_sequence_as(elems, slices))
            nest.assert_same_structure(wanted, result, expand_composites=False)
            kinds = [_plain_dtype(d) for d in nest.flatten(wanted)]
            tensors = [convert_to_tensor(t) for t in nest.flatten(result)]
            for tensor, kind in zip(tensors, kinds, strict=True):
                if kind is not None and tensor.dtype.base_dtype is not kind:
                    raise TypeError(
                        f"map_fn: the function returns {tensor.dtype.base_dtype.name} where {kind.name} was "
                        "announced: give the dtypes of the results as `dtype`"
                    )
            structure.append(result)
            return tensors, []

        _, outputs = record_scan(step, [], flat, "while", len(nest.flatten(wanted)))
        return nest.pack_sequence_as(structure[0], [_stacked(t) for t in outputs])


def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combines the slices of `elems` along axis 0 from first to last.

    Args:
      fn: `fn(accumulated, slice) -> accumulated`.
      elems: Tensor `[n, ...]`, or a nest of tensors with the same size of axis 0.
      initializer: What to start with; the first slice by default.
      parallel_iterations: Accepted.
      back_prop: Accepted.
      swap_memory: Accepted.
      name: Name scope; defaults to "foldl".

    Returns:
      What the last call returned.

    Raises:
      TypeError: `fn` cannot be called, or returns another structure.

    >>> tf.Session().run(tf.foldl(lambda a, x: 10 * a + x, tf.constant([1, 2, 3])))
    np.int32(123)
    """
    del parallel_iterations, back_prop, swap_memory
    return _fold(fn, elems, initializer, name or "foldl", backward=False)


def foldr(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combines the slices of `elems` along axis 0 from last to first.

    Args:
      fn: `fn(accumulated, slice) -> accumulated`.
      elems: Tensor `[n, ...]`, or a nest of tensors with the same size of axis 0.
      initializer: What to start with; the last slice by default.
      parallel_iterations: Accepted.
      back_prop: Accepted.
      swap_memory: Accepted.
      name: Name scope; defaults to "foldr".

    Returns:
      What the last call returned.

    Raises:
      TypeError: `fn` cannot be called, or returns another structure.

    >>> tf.Session().run(tf.foldr(lambda a, x: 10 * a + x, tf.constant([1, 2, 3])))
    np.int32(321)
    """
    del parallel_iterations, back_prop, swap_memory
    return _fold(fn, elems, initializer, name or "foldr", backward=True)


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Combines the slices of `elems` along axis 0 and returns what was accumulated after each.

    Args:
      fn: `fn(accumulated, slice) -> accumulated`.
      elems: Tensor `[n, ...]`, or a nest of tensors with the same size of axis 0.
      initializer: What to start with, in the structure of the result; the first slice by default, which is then the
        first of the results too.
      parallel_iterations: Accepted.
      back_prop: Accepted.
      swap_memory: Accepted.
      infer_shape: Accepted.
      reverse: Whether to go from the last slice to the first; the results stand in the order of `elems`.
      name: Name scope; defaults to "scan".

    Returns:
      Tensors `[n, ...]` in the structure of `initializer` (or of `elems`).

    Raises:
      TypeError: `fn` cannot be called, or returns another structure.

    >>> tf.Session().run(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3]))).tolist()
    [1, 3, 6]
    """
    del parallel_iterations, back_prop, swap_memory, infer_shape
    _check_callable(fn)
    with stacks.get_default_graph().name_scope(name or "scan"):
        flat, start, structure, first = _prepared(elems, initializer, reverse)
        _, outputs = _accumulated(fn, elems, flat, start, structure, True, reverse)
        if first is not None:
            outputs = [concat([f, o], 0) for f, o in zip(first, outputs, strict=True)]
        if reverse:
            outputs = [reversed_along(o, axis=[0]) for o in outputs]
        return nest.pack_sequence_as(structure, [_stacked(t) for t in outputs])


def _fold(fn: Callable[..., Any], elems: Any, initializer: Any, name: str, backward: bool) -> Any:
    _check_callable(fn)
    with stacks.get_default_graph().name_scope(name):
        flat, start, structure, _ = _prepared(elems, initializer, backward)
        final, _ = _accumulated(fn, elems, flat, start, structure, False, backward)
        return nest.pack_sequence_as(structure, final)


def _prepared(
    elems: Any, initializer: Any, backward: bool
) -> tuple[list[Tensor], list[Tensor], Any, list[Tensor] | None]:
    """Returns (sequences in the order of the steps, start, structure of the state, the first slice if it is that)."""
    flat = _elements(elems)
    if backward:
        flat = [reversed_along(t, axis=[0]) for t in flat]
    if initializer is not None:
        return flat, [convert_to_tensor(t) for t in nest.flatten(initializer)], initializer, None
    return [t[1:] for t in flat], [t[0] for t in flat], elems, [t[:1] for t in flat]


def _accumulated(
    fn: Callable[..., Any],
    elems: Any,
    flat: Sequence[Tensor],
    start: list[Tensor],
    structure: Any,
    keeps_all: bool,
    backward: bool,
) -> tuple[list[Tensor], list[Tensor]]:
    def step(_: Tensor, slices: list[Tensor], state: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        result = fn(nest.pack_sequence_as(structure, state), nest.pack_sequence_as(elems, slices))
        nest.assert_same_structure(structure, result, expand_composites=False)
        new = [convert_to_tensor(t, dtype=s.dtype.base_dtype if not isinstance(t, Tensor) else None)
               for t, s in zip(nest.flatten(result), state, strict=True)]  # fmt: skip
        return (new if keeps_all else []), new

    counters = (BACKWARD if keeps_all else FOLDED_BACKWARD) if backward else COUNTERS
    arrays = len(start) if keeps_all else 0
    final, outputs = record_scan(step, start, flat, "while", arrays, state_first=True, counters=counters)
    return final, outputs


def _elements(elems: Any) -> list[Tensor]:
    flat = [convert_to_tensor(t, name="elem") for t in nest.flatten(elems)]
    for tensor in flat:
        if tensor.shape.ndims == 0:
            raise ValueError(f"elements must be at least 1 dimensional Tensor(s): {tensor.name} is a scalar")
    return flat


def _plain_dtype(value: Any) -> Any:
    dtype = getattr(value, "dtype", value)  # a TensorSpec says it too
    return None if dtype is None else as_dtype(dtype).base_dtype


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(f"{fn!r} is not callable. Please provide a callable function.")


def _stacked(tensor: Tensor) -> Tensor:
    """Names a result as TF1 named the stacked TensorArray."""
    with stacks.get_default_graph().name_scope("TensorArrayStack"):
        return identity(tensor, name="TensorArrayGatherV3")
