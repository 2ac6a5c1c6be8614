"""Rows of the CTC loss and decoders and of the edit distance.

TensorFlow computes the loss of float64 logits in float32: hence the tolerances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import Case, In

FRAMES = In((6, 3, 5))
LENGTHS = np.array([6, 4, 5], np.int32)
SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}


def sparse(tf: Any, rows: list[list[Any]], dtype: Any) -> Any:
    """Sequences as a SparseTensor."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    indices = np.asarray(places, np.int64).reshape(-1, 2)
    return tf.SparseTensor(indices, tf.constant([v for row in rows for v in row], dtype), [len(rows), 5])


def loss(rows: list[list[int]], **options: Any) -> Callable[..., Any]:
    """`tf.nn.ctc_loss` for these labels."""
    return lambda tf, x, n: tf.nn.ctc_loss(sparse(tf, rows, tf.int32), x, n, **options)


def decoder(name: str, **options: Any) -> Callable[..., Any]:
    """`tf.nn.ctc_<name>`."""
    return lambda tf, x, n: getattr(tf.nn, f"ctc_{name}")(x, n, **options)


def distance(said: list[list[Any]], meant: list[list[Any]], kind: str = "int32", **options: Any) -> Callable[..., Any]:
    """`tf.edit_distance` of two lists of sequences."""

    def call(tf: Any) -> Any:
        dtype = tf.as_dtype(kind)
        return tf.edit_distance(sparse(tf, said, dtype), sparse(tf, meant, dtype), **options)

    return call


ROWS = [[0, 1, 1], [2], [3, 2, 1]]

CASES = [
    Case("loss", loss(ROWS), [FRAMES, LENGTHS], ("float32", "float64"), tol={"float32": 5e-5, "float64": 1e-4}),
    Case("loss_batch_major", loss(ROWS[:2], time_major=False), [(2, 6, 5), LENGTHS[:2]], tol=5e-5, **SHORT),
    Case("loss_no_path", loss([[0, 0, 0, 1], [2], [1, 1]]), [FRAMES, LENGTHS], tol=5e-5, **SHORT),
    Case(
        "loss_late",
        loss([[0, 1, 2, 3, 0, 1, 2], [2], [1, 1]], ignore_longer_outputs_than_inputs=True),
        [FRAMES, LENGTHS],
        tol=5e-5,
        **SHORT,
    ),
    Case(
        "loss_collapsed",
        loss([[0, 0, 1], [2, 2], [1]], preprocess_collapse_repeated=True),
        [FRAMES, LENGTHS],
        tol=5e-5,
        **SHORT,
    ),
    Case("loss_unmerged", loss([[0, 0, 1], [2], [1]], ctc_merge_repeated=False), [FRAMES, LENGTHS], tol=5e-5, **SHORT),
    Case("loss_blank_end", loss([[0, 4], [2, 9], [1]]), [FRAMES, LENGTHS], tol=5e-5, **SHORT),
    Case("loss_too_long", loss([[0, 1, 2, 3, 0, 1, 2], [2], [1]]), [FRAMES, LENGTHS], fails=True),
    Case("loss_after_blank", loss([[4, 1], [2], [1]]), [FRAMES, LENGTHS], fails=True),
    Case("loss_negative", loss([[1, -1], [2], [1]]), [FRAMES, LENGTHS], fails=True),
    Case("loss_empty", loss([[1], [], [1]]), [FRAMES, LENGTHS], fails=True),
    Case("loss_frames", loss(ROWS), [FRAMES, LENGTHS + 3], fails=True),
    Case("loss_rank", loss(ROWS), [(6, 3), LENGTHS], fails=True),
    Case("loss_batch", loss(ROWS), [FRAMES, LENGTHS[:2]], fails=True),
    Case("greedy", decoder("greedy_decoder"), [FRAMES, LENGTHS], ("float32", "float64")),
    Case("greedy_unmerged", decoder("greedy_decoder", merge_repeated=False), [FRAMES, LENGTHS], **SHORT),
    Case("greedy_blank", decoder("greedy_decoder", blank_index=0), [FRAMES, LENGTHS], **SHORT),
    Case("greedy_frames", decoder("greedy_decoder"), [FRAMES, LENGTHS + 1], fails=True),
    Case(
        "beam",
        decoder("beam_search_decoder", top_paths=3),
        [FRAMES, LENGTHS],
        ("float32", "float64"),
        tol={"float64": 1e-6},
    ),
    Case("beam_narrow", decoder("beam_search_decoder_v2", beam_width=4, top_paths=2), [FRAMES, LENGTHS], **SHORT),
    Case(
        "beam_long",
        decoder("beam_search_decoder_v2", beam_width=20),
        [(30, 2, 8), np.array([30, 21], np.int32)],
        **SHORT,
    ),
    Case("beam_paths", decoder("beam_search_decoder", beam_width=2, top_paths=3), [FRAMES, LENGTHS], fails=True),
    Case("distance", distance([[1, 2, 3], [], [4], [1, 2, 3, 4]], [[1, 3], [2], [], [4, 3, 2, 1]])),
    Case("distance_plain", distance([[1, 2, 3], [], [4]], [[1, 3], [2], []], normalize=False, name="d")),
    Case("distance_text", distance([["a", "b"], ["c"]], [["a"], ["d"]], "string")),
    Case("distance_dense", lambda tf: tf.edit_distance(tf.constant([1]), tf.constant([1])), fails=True),
]
