"""`tf.keras.utils` and `tf.keras.preprocessing.sequence`: helpers on NumPy arrays; and data sets that are not here."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(y: Any, num_classes: int | None = None, dtype: Any = "float32") -> Any:
    """Returns rows of zeros with a one at each class number.

    Args:
      y: Class numbers, of any shape (a last axis of size 1 is left out).
      num_classes: Number of classes; the largest number plus one by default.
      dtype: Dtype of the result.

    >>> tf.keras.utils.to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    numbers = np.array(y, dtype="int")
    shape = numbers.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    numbers = numbers.ravel()
    count = num_classes or int(np.max(numbers)) + 1
    rows = np.zeros((numbers.size, count), dtype=dtype)
    rows[np.arange(numbers.size), numbers] = 1
    return rows.reshape((*shape, count))


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Returns an array scaled to norm one along an axis.

    Args:
      x: Array.
      axis: The axis.
      order: Order of the norm.

    >>> tf.keras.utils.normalize(np.array([[3.0, 4.0]])).tolist()
    [[0.6, 0.8]]
    """
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0.0,
) -> Any:
    """Returns sequences of different lengths as rows of one array.

    Args:
      sequences: List of lists.
      maxlen: Length of the rows; that of the longest by default.
      dtype: Dtype of the result.
      padding: "pre" or "post": where short sequences are filled up.
      truncating: "pre" or "post": where long ones are cut.
      value: What fills up.

    Raises:
      ValueError: something that has no length.

    >>> tf.keras.preprocessing.sequence.pad_sequences([[1], [2, 3]]).tolist()
    [[0, 1], [2, 3]]
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    rows = [np.asarray(s, dtype=dtype) for s in sequences]
    width = max((len(r) for r in rows), default=0) if maxlen is None else maxlen
    tail = next((r.shape[1:] for r in rows if len(r)), ())
    padded = np.full((len(rows), width, *tail), value, dtype=dtype)
    for place, row in zip(padded, rows, strict=True):
        if truncating not in ("pre", "post") or padding not in ("pre", "post"):
            raise ValueError(f'Truncating type "{truncating}" or padding type "{padding}" not understood')
        kept = row[len(row) - min(width, len(row)) :] if truncating == "pre" else row[:width]
        if len(kept) and padding == "post":
            place[: len(kept)] = kept
        elif len(kept):
            place[-len(kept) :] = kept
    return padded


def _data_set(name: str, cure: str) -> Any:
    def load_data(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"tf.keras.datasets.{name}.load_data downloads, and scopedjax downloads nothing: {cure}"
        )

    load_data.__doc__ = f"""Raises: it would download the data set "{name}".

    Args:
      *args: Not used.
      **kwargs: Not used.

    Raises:
      NotImplementedError: always, with what to do.

    >>> tf.keras.datasets.{name}.load_data()  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    NotImplementedError: it downloads
    """
    return load_data


def data_set(name: str, file: str) -> Any:
    """The page of a data set, whose `load_data` says where to get the file."""
    return _data_set(
        name, f"get {file} yourself and read it (`with np.load(path) as f: x, y = f['x_train'], f['y_train']`)"
    )
