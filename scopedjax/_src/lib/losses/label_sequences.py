"""Sequences of labels: `tf.nn.collapse_repeated` and `tf.nn.ctc_unique_labels`.

collapse_repeated    1 1 2 2 1  ->  1 2 1 0 0, length 3
ctc_unique_labels    7 4 7 0    ->  labels 7 4 0 0, places 0 1 0 2
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import bool as bool_dtype
from scopedjax._src.base.dtypes import int32
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.gathering import scatter_nd
from scopedjax._src.ops.array.joining import concat, pad
from scopedjax._src.ops.array.selection import boolean_mask, sequence_mask, unique
from scopedjax._src.ops.array.shapes import reshape, shape
from scopedjax._src.ops.control_flow.functional import map_fn
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import logical_and, not_equal, where
from scopedjax._src.ops.math.reductions import reduce_max, reduce_sum


def collapse_repeated(labels: Any, seq_length: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Leaves one of each run of equal labels.

    Args:
      labels: Tensor `[batch, longest]`.
      seq_length: Integer tensor `[batch]`: the lengths of the sequences.
      name: Name scope; "collapse_repeated_labels" by default.

    Returns:
      (labels, lengths): tensor `[batch, new longest]`, zeros after the end, and the new lengths `[batch]`, int32.

    >>> labels, lengths = tf.nn.collapse_repeated([[1, 1, 2], [3, 3, 3]], [3, 2])
    >>> print(tf.Session().run([labels, lengths]))
    [array([[1, 2],
           [3, 0]], dtype=int32), array([2, 1], dtype=int32)]
    """
    with stacks.get_default_graph().name_scope(name or "collapse_repeated_labels"):
        labels = convert_to_tensor(labels, name="labels")
        seq_length = convert_to_tensor(seq_length, name="seq_length")
        first = ones_like(labels[:, :1], dtype=bool_dtype)
        kept = concat([first, not_equal(labels[:, 1:], labels[:, :-1])], axis=1)
        longest = shape(labels)[1]
        kept = logical_and(kept, sequence_mask(seq_length, maxlen=longest))
        lengths = reduce_sum(cast(kept, int32), axis=1)
        new_longest = reduce_max(lengths)
        filled = sequence_mask(lengths, maxlen=new_longest)
        places = where(filled)
        rows = shape(labels)[0]
        target = cast([rows, new_longest], places.dtype)
        found = scatter_nd(places, boolean_mask(labels, kept), target)
        return reshape(found, [rows, new_longest]), cast(lengths, seq_length.dtype)


def ctc_unique_labels(labels: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The different labels of each row, and which of them stands at each place.

    Args:
      labels: Tensor `[batch, longest]`; zeros pad.
      name: Name scope; "ctc_unique_labels" by default.

    Returns:
      (labels, places): the different labels in the order in which they appear, zeros after them, and for each place
      the number of its label, int32; both `[batch, longest]`.

    >>> labels, places = tf.nn.ctc_unique_labels([[7, 4, 7, 0]])
    >>> print(tf.Session().run([labels, places]))
    [array([[7, 4, 0, 0]], dtype=int32), array([[0, 1, 0, 2]], dtype=int32)]
    """
    with stacks.get_default_graph().name_scope(name or "ctc_unique_labels"):
        labels = convert_to_tensor(labels, name="labels")

        def of_row(row: Tensor) -> list[Tensor]:
            found, places = unique(row)
            missing = shape(row)[0] - shape(found)[0]
            return [pad(found, [[0, missing]]), places]

        found = map_fn(of_row, labels, dtype=[labels.dtype, int32])
        return found[0], found[1]
