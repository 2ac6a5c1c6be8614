"""`ctc_loss` and the CTC decoders: label sequences for frames when nobody knows which frame belongs to which label.

    logits [time, batch, classes], the last class the blank      labels: a SparseTensor [batch, most]

How many labels a batch has is known in the run alone, so these start on the host, as in TensorFlow, which has them for
the CPU only. `CTCLoss` gives the gradient together with the loss; there is none of second order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import FailedPreconditionError, InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.shapes import expand_dims, renamed_argument
from scopedjax._src.ops.kernels import ctc
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, Gradient, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue

# ---------------------------------------------------------------------------------------------------- the loss


def _merged(c: ShapeContext, first: int | None, second: int | None) -> int | None:
    if first is not None and second is not None and first != second:
        raise c.fail(f"Dimensions must be equal, but are {first} and {second}")
    return second if first is None else first


def _loss_dims(c: ShapeContext) -> list[Dims]:
    inputs, indices = c.require_rank(0, 3), c.require_rank(1, 2)
    _merged(c, indices[0], c.require_rank(2, 1)[0])
    batch = _merged(c, inputs[1], c.require_rank(3, 1)[0])
    return [(batch,), (inputs[0], batch, inputs[2])]


def _loss_gradient(op: Operation, grad: Any, _: Any) -> list[Any]:
    reason = (
        "Currently there is no way to take the second derivative of ctc_loss due to the fused implementation's "
        "interaction with tf.gradients()"
    )
    own = apply_op("PreventGradient", op.outputs[1], message=reason)
    return [expand_dims(grad, -1) * own, None, None, None]


def _sequences(ctx: LoweringContext, indices: np.ndarray, values: np.ndarray, batch: int) -> list[list[int]]:
    """The labels of each sequence.

    Raises:
      InvalidArgumentError: a sequence without labels.
    """
    found: list[list[int]] = [[] for _ in range(batch)]
    for row, value in zip(indices[:, 0].tolist(), values.tolist(), strict=True):
        if not 0 <= row < batch:
            raise InvalidArgumentError(None, ctx.op, f"labels batch index must be between 0 and {batch} but saw: {row}")
        found[row].append(value)
    for row, labels in enumerate(found):
        if not labels:
            raise InvalidArgumentError(None, ctx.op, f"Labels length is zero in batch {row}")
    return found


def _usable_labels(ctx: LoweringContext, row: int, labels: list[int], classes: int, collapse: bool) -> list[int]:
    """The labels without blanks at the end, and equal neighbours made one if wanted.

    Raises:
      InvalidArgumentError: a negative label, or a label behind a blank.
    """
    text = ",".join(map(str, labels))
    kept: list[int] = []
    ended = False
    for i, label in enumerate(labels):
        if collapse and i and labels[i - 1] == label:
            continue
        if label < 0:
            message = f"All labels must be nonnegative integers, batch: {row} labels: {text}"
            raise InvalidArgumentError(None, ctx.op, message)
        if label >= classes - 1:
            ended = True
        elif ended:
            message = (
                f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: {row} num_classes: "
                f"{classes} labels: {text} labels seen so far: {','.join(map(str, kept))}"
            )
            raise InvalidArgumentError(None, ctx.op, message)
        else:
            kept.append(label)
    return kept


@defop(
    "CTCLoss(inputs: T, labels_indices: int64, labels_values: int32, sequence_length: int32; "
    "preprocess_collapse_repeated: bool = False, ctc_merge_repeated: bool = True, "
    "ignore_longer_outputs_than_inputs: bool = False, T: type = float32) -> loss: T, gradient: T",
    shape=_loss_dims,
    host=True,
    gradient=Gradient("function", _loss_gradient),
    types={"T": (dtypes.float32, dtypes.float64)},
)
def _ctc_loss(
    ctx: LoweringContext,
    inputs: np.ndarray,
    labels_indices: np.ndarray,
    labels_values: np.ndarray,
    sequence_length: np.ndarray,
    *,
    preprocess_collapse_repeated: bool,
    ctc_merge_repeated: bool,
    ignore_longer_outputs_than_inputs: bool,
) -> Any:
    time, batch, classes = inputs.shape
    _check_lengths(ctx, sequence_length, time, batch, InvalidArgumentError)
    rows = [
        _usable_labels(ctx, row, labels, classes, preprocess_collapse_repeated)
        for row, labels in enumerate(_sequences(ctx, labels_indices, labels_values, batch))
    ]
    lengths = np.asarray([len(labels) for labels in rows], np.int32)
    late = np.flatnonzero(lengths > sequence_length)
    if late.size and not ignore_longer_outputs_than_inputs:
        row = int(late[0])
        message = (
            f"Not enough time for target transition sequence (required: {lengths[row]}, available: "
            f"{sequence_length[row]}){row}You can turn this error into a warning by using the flag "
            "ignore_longer_outputs_than_inputs"
        )
        raise InvalidArgumentError(None, ctx.op, message)
    # A multiple of 8, so that batches whose longest sequences differ a little share a compiled program.
    most = max(8, -(-int(lengths.max(initial=0)) // 8) * 8)
    padded = np.asarray([labels + [0] * (most - len(labels)) for labels in rows], np.int32).reshape(batch, most)
    if not inputs.size:
        return np.zeros(batch, inputs.dtype), np.zeros_like(inputs)
    with ctx.state.enter_device():  # type: ignore[attr-defined]
        loss, gradient = ctc.losses(inputs, padded, lengths, sequence_length, merge_repeated=ctc_merge_repeated)
    loss, gradient = np.array(loss), np.array(gradient)
    loss[late], gradient[:, late] = 0, 0
    return loss, gradient


def _check_lengths(ctx: LoweringContext, lengths: np.ndarray, time: int, batch: int, error: Any) -> None:
    if len(lengths) != batch:
        raise error(None, ctx.op, f"len(sequence_length) != batch_size.  len(sequence_length):  {len(lengths)}")
    for i, length in enumerate(lengths.tolist()):
        if length > time:
            raise error(None, ctx.op, f"sequence_length({i}) <= {time}")


def ctc_loss(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Tensor:
    """Computes the CTC loss: minus the log of the chance that the frames give the labels, over all alignments.

    Args:
      labels: int32 `SparseTensor` `[batch, most]`: the labels of each sequence, between 0 and `classes - 2`.
      inputs: float32 or float64 tensor `[time, batch, classes]`: logits; the last class is the blank.
      sequence_length: int32 tensor `[batch]`: how many frames of each sequence count.
      preprocess_collapse_repeated: Whether equal neighbours in the labels are made one.
      ctc_merge_repeated: Whether a label may last for several frames.
      ignore_longer_outputs_than_inputs: Whether sequences with more labels than frames get the loss 0, instead of an
        error.
      time_major: Whether `inputs` is `[time, batch, classes]`, not `[batch, time, classes]`.
      logits: The later name of `inputs`.

    Returns:
      Tensor `[batch]`. Where no alignment fits (repeated labels need a blank between) it is infinite.

    Raises:
      TypeError: `labels` is no SparseTensor.
      ValueError: the shapes do not fit.

    >>> labels = tf.SparseTensor([[0, 0], [0, 1]], [0, 1], [1, 2])
    >>> loss = tf.nn.ctc_loss(labels, tf.zeros([2, 1, 3]), [2])
    >>> round(float(tf.Session().run(loss)[0]), 3)  # one path of two frames: -log(1 / 9)
    2.197
    """
    if not isinstance(labels, SparseTensor | SparseTensorValue):
        raise TypeError(
            f"Expected argument `labels` to be a SparseTensor. Received labels={labels} of type: "
            f"{type(labels).__name__}"
        )
    inputs = renamed_argument("logits", logits, "inputs", inputs)
    if not time_major:
        inputs = transpose(inputs, [1, 0, 2])
    loss, _ = apply_op(
        "CTCLoss",
        inputs,
        labels.indices,
        labels.values,
        sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )
    return loss


# -------------------------------------------------------------------------------------------------- decoders


def _sparse(sequences: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences as indices, values and shape of a sparse tensor."""
    places = [(row, i) for row, labels in enumerate(sequences) for i in range(len(labels))]
    values = [label for labels in sequences for label in labels]
    most = max(map(len, sequences), default=0)
    return (
        np.asarray(places, np.int64).reshape(-1, 2),
        np.asarray(values, np.int64),
        np.asarray([len(sequences), most], np.int64),
    )


def _decoder_batch(c: ShapeContext) -> int | None:
    return _merged(c, c.require_rank(0, 3)[1], c.require_rank(1, 1)[0])


@defop(
    "CTCGreedyDecoder(inputs: T, sequence_length: int32; merge_repeated: bool = False, blank_index: int = -1, "
    "T: type = float32) "
    "-> decoded_indices: int64, decoded_values: int64, decoded_shape: int64, log_probability: T",
    shape=lambda c: [(None, 2), (None,), (2,), (_decoder_batch(c), 1)],
    host=True,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": (dtypes.float32, dtypes.float64)},
)
def _greedy(
    ctx: LoweringContext, inputs: np.ndarray, sequence_length: np.ndarray, *, merge_repeated: bool, blank_index: int
) -> Any:
    time, batch, classes = inputs.shape
    _check_lengths(ctx, sequence_length, time, batch, FailedPreconditionError)
    blank = blank_index + classes if blank_index < 0 else blank_index
    found = [ctc.greedy(inputs[:n, row], blank, merge_repeated) for row, n in enumerate(sequence_length.tolist())]
    chances = np.asarray([[chance] for _, chance in found], inputs.dtype).reshape(batch, 1)
    return (*_sparse([labels for labels, _ in found]), chances)


def _beam_dims(c: ShapeContext) -> list[Dims]:
    paths, batch = c.attr("top_paths"), _decoder_batch(c)
    return [*[(None, 2)] * paths, *[(None,)] * paths, *[(2,)] * paths, (batch, paths)]


@defop(
    "CTCBeamSearchDecoder(inputs: T, sequence_length: int32; beam_width: int, top_paths: int, merge_repeated: bool = "
    "True, T: type = float32) -> decoded_indices: top_paths * int64, decoded_values: top_paths * int64, "
    "decoded_shape: top_paths * int64, log_probability: T",
    shape=_beam_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": (dtypes.float32, dtypes.float64)},
)
def _beam_search(
    ctx: LoweringContext,
    inputs: np.ndarray,
    sequence_length: np.ndarray,
    *,
    beam_width: int,
    top_paths: int,
    merge_repeated: bool,
) -> Any:
    time, batch, _ = inputs.shape
    _check_lengths(ctx, sequence_length, time, batch, FailedPreconditionError)
    if top_paths > beam_width:
        raise InvalidArgumentError(None, ctx.op, "requested more paths than the beam width.")
    chances = np.zeros((batch, top_paths), inputs.dtype)
    paths: list[list[list[int]]] = [[] for _ in range(top_paths)]
    for row, length in enumerate(sequence_length.tolist()):
        found = ctc.beam_search(inputs[:length, row], beam_width, top_paths, merge_repeated)
        if found is None:
            raise InvalidArgumentError(None, ctx.op, "Less leaves in the beam search than requested.")
        for path, sequence in zip(paths, found[0], strict=True):
            path.append(sequence)
        chances[row] = found[1]
    sparse = [_sparse(path) for path in paths]
    return *([part[i] for part in sparse] for i in range(3)), chances


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: int | None = None
) -> tuple[list[SparseTensor], Tensor]:
    """Decodes frames by taking the likeliest class of each.

    Args:
      inputs: float32 or float64 tensor `[time, batch, classes]`: logits.
      sequence_length: int32 tensor `[batch]`: how many frames count.
      merge_repeated: Whether equal neighbours without a blank between become one label.
      blank_index: The blank class; the last by default. A negative one counts from the end.

    Returns:
      `(decoded, neg_sum_logits)`: a list of one int64 `SparseTensor` `[batch, most]`, and `[batch, 1]`, minus the sum
      of the largest logits.

    >>> frames = tf.constant([[[5.0, 0.0, 0.0]], [[5.0, 0.0, 0.0]], [[0.0, 5.0, 0.0]]])
    >>> (decoded,), _ = tf.nn.ctc_greedy_decoder(frames, [3])
    >>> tf.Session().run(decoded).values.tolist()
    [0, 1]
    """
    blank = -1 if blank_index is None else blank_index
    outputs = apply_op("CTCGreedyDecoder", inputs, sequence_length, merge_repeated=merge_repeated, blank_index=blank)
    indices, values, shape, chance = outputs
    return [SparseTensor(indices, values, shape)], chance


def _decoded(inputs: Any, sequence_length: Any, width: int, paths: int, merge_repeated: bool) -> Any:
    outputs = apply_op(
        "CTCBeamSearchDecoder",
        inputs,
        sequence_length,
        beam_width=width,
        top_paths=paths,
        merge_repeated=merge_repeated,
    )
    indices, values, shapes, chances = outputs
    return [SparseTensor(*parts) for parts in zip(indices, values, shapes, strict=True)], chances


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Tensor]:
    """Decodes frames by a search for the likeliest label sequences.

    Args:
      inputs: float32 or float64 tensor `[time, batch, classes]`: logits; the last class is the blank.
      sequence_length: int32 tensor `[batch]`: how many frames count.
      beam_width: How many beginnings of sequences are kept at each frame.
      top_paths: How many sequences are wanted, at most `beam_width`.
      merge_repeated: Whether equal neighbours in a result become one, even where a blank was between them.

    Returns:
      `(decoded, log_probability)`: a list of `top_paths` int64 `SparseTensor`s `[batch, most]`, and `[batch,
      top_paths]`.

    >>> frames = tf.constant([[[5.0, 0.0, 0.0]], [[0.0, 0.0, 5.0]], [[0.0, 5.0, 0.0]]])
    >>> (decoded,), _ = tf.nn.ctc_beam_search_decoder(frames, [3])
    >>> tf.Session().run(decoded).values.tolist()
    [0, 1]
    """
    return _decoded(inputs, sequence_length, beam_width, top_paths, merge_repeated)


def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Tensor]:
    """Decodes frames as `ctc_beam_search_decoder`, with repeated labels left as they are.

    Args:
      inputs: float32 or float64 tensor `[time, batch, classes]`: logits; the last class is the blank.
      sequence_length: int32 tensor `[batch]`: how many frames count.
      beam_width: How many beginnings of sequences are kept at each frame.
      top_paths: How many sequences are wanted, at most `beam_width`.

    Returns:
      `(decoded, log_probabilities)`, as `ctc_beam_search_decoder`.

    >>> frames = tf.constant([[[5.0, 0.0, 0.0]], [[0.0, 0.0, 5.0]], [[5.0, 0.0, 0.0]]])
    >>> (decoded,), _ = tf.nn.ctc_beam_search_decoder_v2(frames, [3])
    >>> tf.Session().run(decoded).values.tolist()
    [0, 0]
    """
    return _decoded(inputs, sequence_length, beam_width, top_paths, False)


# --------------------------------------------------------------------------------------------- edit distance


def _distance(hypothesis: list[Any], truth: list[Any]) -> int:
    """Levenshtein's distance: the fewest insertions, deletions and substitutions."""
    row = np.arange(len(truth) + 1)
    goal = np.asarray(truth, object)
    for i, symbol in enumerate(hypothesis, 1):
        changed = np.concatenate([[i], np.minimum(row[:-1] + (goal != symbol), row[1:] + 1)])
        # An insertion costs one a step: the least of all places before, each as far away as it is.
        row = np.minimum.accumulate(changed - np.arange(len(changed))) + np.arange(len(changed))
    return int(row[-1])


def _groups(indices: np.ndarray, values: np.ndarray) -> dict[tuple[int, ...], list[Any]]:
    found: dict[tuple[int, ...], list[Any]] = {}
    for place, value in zip(indices.tolist(), values.tolist(), strict=True):
        found.setdefault(tuple(place[:-1]), []).append(value)
    return found


def _distance_dims(c: ShapeContext) -> list[Dims]:
    for index in (0, 3):
        c.require_rank(index, 2)
    for index in (1, 2, 4, 5):
        c.require_rank(index, 1)
    first, second = c.const(2), c.const(5)
    if first is None or second is None:
        return [None]
    if len(first) != len(second):
        raise c.fail(f"Shape must be rank {len(first)} but is rank {len(second)}")
    return [tuple(int(max(a, b)) for a, b in zip(first[:-1], second[:-1], strict=True))]


@defop(
    "EditDistance(hypothesis_indices: int64, hypothesis_values: T, hypothesis_shape: int64, truth_indices: int64, "
    "truth_values: T, truth_shape: int64; normalize: bool = True) -> output: float32",
    shape=_distance_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _edit_distance(
    hypothesis_indices: Any,
    hypothesis_values: Any,
    hypothesis_shape: Any,
    truth_indices: Any,
    truth_values: Any,
    truth_shape: Any,
    *,
    normalize: bool,
) -> Any:
    output = np.zeros(np.maximum(hypothesis_shape, truth_shape)[:-1], np.float32)
    said = _groups(hypothesis_indices, hypothesis_values)
    meant = _groups(truth_indices, truth_values)
    for place in {*said, *meant}:
        hypothesis, truth = said.get(place, []), meant.get(place, [])
        distance = float(_distance(hypothesis, truth))
        if normalize:
            distance = distance / len(truth) if truth else np.inf
        output[place] = distance
    return output


def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance") -> Tensor:
    """Computes Levenshtein's distance of sequences: how many insertions, deletions and substitutions it takes.

    Args:
      hypothesis: `SparseTensor` of sequences along the last axis.
      truth: `SparseTensor` of the same dtype and rank.
      normalize: Whether the distance is divided by the length of the true sequence; of an empty one it is infinite.
      name: Node name.

    Returns:
      float32 tensor with the shape of `hypothesis` without its last axis.

    Raises:
      TypeError: an argument is no SparseTensor.

    >>> said = tf.SparseTensor([[0, 0], [0, 1]], ["a", "b"], [1, 2])
    >>> meant = tf.SparseTensor([[0, 0], [0, 1]], ["a", "c"], [1, 2])
    >>> tf.Session().run(tf.edit_distance(said, meant)).tolist()
    [0.5]
    """
    for label, value in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not isinstance(value, SparseTensor | SparseTensorValue):
            raise TypeError(f"{label} must be a SparseTensor.")
    return apply_op(
        "EditDistance",
        hypothesis.indices,
        hypothesis.values,
        hypothesis.dense_shape,
        truth.indices,
        truth.values,
        truth.dense_shape,
        normalize=normalize,
        name=name,
    )
