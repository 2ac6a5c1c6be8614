"""What `fit`, `evaluate` and `predict` go through: batches of arrays, of generators, of datasets; means over them.

Arrays are checked against the tensors that they are for, in TensorFlow's words: "Error when checking input: expected
dense_input to have shape (4,) but got array with shape (5,)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.errors import OutOfRangeError
from scopedjax._src.lib.keras import state
from scopedjax._src.lib.platform import logging


class Arrays:
    """Batches of arrays.

    Args:
      x: Arrays of the inputs.
      y: Arrays of the targets.
      weights: Weights of the examples, or None, for each target.
      size: Examples a batch.
      shuffle: Whether to mix the examples (with NumPy's numbers), or "batch": only the batches.
    """

    by_steps = False

    def __init__(self, x: Any, y: Any, weights: Any, size: int, shuffle: Any = False) -> None:
        self.parts = x, y, weights
        self.count: int | None = len(x[0])
        self.size = size
        self.shuffle = shuffle
        self.steps: int | None = None

    def batches(self) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
        """Yields (inputs, targets, weights)."""
        assert self.count is not None
        order = np.arange(self.count)
        if self.shuffle == "batch":
            order = _batches_mixed(order, self.size)
        elif self.shuffle:
            np.random.shuffle(order)
        for start in range(0, self.count, self.size):
            rows = order[start : start + self.size]
            x, y, w = ([None if a is None else a[rows] for a in part] for part in self.parts)
            yield x, y, w


def _batches_mixed(order: Any, size: int) -> Any:
    whole = len(order) // size * size
    batches = order[:whole].reshape(-1, size)
    np.random.shuffle(batches)
    return np.concatenate([batches.ravel(), order[whole:]])


class Generated:
    """Batches of a generator, of a `keras.utils.Sequence`, or of a dataset or iterator of `tf.data`.

    Args:
      source: It yields `x`, `(x, y)` or `(x, y, weights)`.
      steps: Batches an epoch; the length of a Sequence by default.

    Raises:
      ValueError: nothing says how many batches an epoch has.
    """

    by_steps = True
    count: int | None = None

    def __init__(self, source: Any, steps: int | None, shuffle: bool = False) -> None:
        if hasattr(source, "make_one_shot_iterator"):
            source = source.make_one_shot_iterator()
        self.source: Any = _run_through(source.get_next()) if hasattr(source, "get_next") else source
        self._indexed = hasattr(source, "__getitem__")
        if steps is None and not self._indexed:
            raise ValueError("`steps_per_epoch=None` is only valid for a generator based on the `keras.utils.Sequence` "
                             "class. Please specify `steps_per_epoch`.")  # fmt: skip
        self.steps: int = len(source) if steps is None else steps
        self.shuffle = shuffle

    def batches(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yields (inputs, targets, weights)."""
        order = list(range(self.steps))
        if self._indexed and self.shuffle:
            np.random.shuffle(order)
        for i in order:
            try:
                batch = self.source[i] if self._indexed else next(self.source)
            except StopIteration:
                logging.warning(
                    "Your dataset iterator ran out of data; interrupting training. Make sure that your iterator can "
                    f"generate at least `steps_per_epoch * epochs` batches (here {self.steps} an epoch)."
                )
                return
            if not isinstance(batch, tuple):
                batch = (batch, None)
            yield batch[0], batch[1] if len(batch) > 1 else None, batch[2] if len(batch) > 2 else None
        if self._indexed and hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()


def _run_through(tensors: Any) -> Iterator[Any]:
    """The values of an iterator's tensors, until it ends."""
    while True:
        try:
            yield state.get_session().run(tensors)
        except OutOfRangeError:
            return


class Steps:
    """Steps without arrays: the model's inputs and targets are tensors that have their own values."""

    by_steps = True
    count: int | None = None

    def __init__(self, steps: int | None) -> None:
        if steps is None:
            raise ValueError("When using data tensors as input to a model, you should specify the `steps_per_epoch` "
                             "argument (`steps` of evaluate and predict).")  # fmt: skip
        self.steps = steps

    def batches(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yields (None, None, None)."""
        for _ in range(self.steps):
            yield None, None, None


def is_generated(x: Any) -> bool:
    """Whether batches come from a generator, a Sequence or a dataset, not from arrays."""
    if isinstance(x, (np.ndarray, list, tuple, dict)):
        return False
    return any(hasattr(x, name) for name in ("__next__", "get_next", "make_one_shot_iterator")) or (
        hasattr(x, "__getitem__") and hasattr(x, "on_epoch_end")
    )


class Means:
    """The loss over batches: each counted by its examples, or alike; of the other numbers the last ones count."""

    def __init__(self, by_steps: bool) -> None:
        self._by_steps = by_steps
        self._loss = 0.0
        self._count = 0
        self._rest: list[float] = []

    def add(self, values: Sequence[Any], size: int) -> None:
        """Adds a batch: the loss, then numbers that are kept over batches anyway."""
        size = 1 if self._by_steps else size
        self._loss += float(values[0]) * size
        self._count += size
        self._rest = [float(v) for v in values[1:]]

    def values(self) -> list[float]:
        """Returns the mean loss, and the other numbers."""
        return [self._loss / max(self._count, 1), *self._rest]


# ------------------------------------------------------------------------------------------------------------- arrays


def arrays_of(values: Any, names: Sequence[str]) -> list[Any]:
    """Arrays from one, a list, or a dict by name."""
    if values is None:
        return []
    if isinstance(values, dict):
        missing = [n for n in names if n not in values]
        if missing:
            raise ValueError(f'No data provided for "{missing[0]}". Need data for each key in: {list(names)}')
        return [np.asarray(values[n]) for n in (names or values)]
    if isinstance(values, tuple) or isinstance(values, list) and len(values) and hasattr(values[0], "shape"):
        return [np.asarray(v) for v in values]
    if isinstance(values, list) and len(names) > 1 and len(values) == len(names):
        return [np.asarray(v) for v in values]
    return [np.asarray(values)]


def checked(arrays: list[Any], names: Sequence[str], shapes: Sequence[Any], what: str) -> list[Any]:
    """Arrays that fit tensors of these shapes; vectors get a last axis where one is asked for.

    Raises:
      ValueError: another number of arrays, of axes, or another size of an axis.
    """
    if len(arrays) != len(names):
        raise ValueError(
            f"Error when checking model {what}: the list of Numpy arrays that you are passing to your model is not the "
            f"size the model expected. Expected to see {len(names)} array(s), but instead got the following list of "
            f"{len(arrays)} arrays: {str(arrays)[:200]}..."
        )
    found = []
    for array, name, shape in zip(arrays, names, shapes, strict=True):
        if array.ndim == 1 and (shape is None or len(shape) != 1):
            array = array[:, None]
        if shape is not None:
            _check(array, name, shape, what)
        found.append(array)
    return found


def _check(array: Any, name: str, shape: Any, what: str) -> None:
    if array.ndim != len(shape):
        raise ValueError(f"Error when checking {what}: expected {name} to have {len(shape)} dimensions, but got array "
                         f"with shape {array.shape}")  # fmt: skip
    if any(wanted not in (None, size) for wanted, size in zip(shape[1:], array.shape[1:], strict=True)):
        raise ValueError(f"Error when checking {what}: expected {name} to have shape {tuple(shape[1:])} but got array "
                         f"with shape {array.shape[1:]}")  # fmt: skip


def same_length(x: Sequence[Any], y: Sequence[Any], weights: Sequence[Any]) -> None:
    """Checks that arrays have the same number of examples.

    Raises:
      ValueError: they have not.
    """
    lengths = {len(a) for a in x}
    if len(lengths) > 1:
        raise ValueError("All input arrays (x) should have the same number of samples. Got array shapes: "
                         f"{[a.shape for a in x]}")  # fmt: skip
    wanted = {len(a) for a in y}
    if len(wanted) > 1:
        raise ValueError("All target arrays (y) should have the same number of samples. Got array shapes: "
                         f"{[a.shape for a in y]}")  # fmt: skip
    if lengths and wanted and lengths != wanted:
        raise ValueError("Input arrays should have the same number of samples as target arrays. Found "
                         f"{len(x[0])} input samples and {len(y[0])} target samples.")  # fmt: skip
    others = {len(w) for w in weights if w is not None}
    if wanted and others - wanted:
        raise ValueError("Sample_weight arrays should have the same number of samples as target arrays. Found "
                         f"{others.pop()} samples in sample_weight and {len(y[0])} target samples.")  # fmt: skip


def of_classes(target: Any, class_weight: dict[int, float]) -> Any:
    """The weight of each example by its class: the largest share, or the class number."""
    if target.ndim > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets.")
    classes = target.argmax(-1) if target.ndim == 2 and target.shape[-1] > 1 else target.reshape(len(target))
    unknown = sorted({int(c) for c in classes} - {int(c) for c in class_weight})
    if unknown:
        raise ValueError("`class_weight` must contain all classes in the data. The classes "
                         f"{set(unknown)} exist in the data but not in `class_weight`.")  # fmt: skip
    return np.asarray([class_weight[int(c)] for c in classes], np.float32)


def fed_dtype(array: Any) -> Any:
    """Dtype of the placeholder that a model makes for an array: floats and wide integers as `floatx()` says."""
    if array.dtype.kind in "iu" and array.dtype.itemsize < 8:
        return "int32"
    return state.floatx() if array.dtype.kind == "f" else array.dtype.name
