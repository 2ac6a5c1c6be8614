"""`tf.keras.preprocessing.sequence`: pairs of words for word2vec, and windows over a time series."""

from __future__ import annotations

import json
import random
from typing import Any, Final

import numpy as np

from scopedjax._src.lib.keras.callbacks import Sequence

_EULER: Final = 0.577


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray[Any, Any]:
    """Returns with which probability a word is kept, by its rank: the frequent ones are often left out.

    Frequencies are estimated by Zipf's law: with the harmonic number `H` of rank `r`, `1 / f(r) = r H(r)`, and the
    probability is `min(1, sqrt(factor / f))` (word2vec, Mikolov et al. 2013).

    Args:
      size: How many words there are.
      sampling_factor: The smaller, the more is left out.

    >>> tf.keras.preprocessing.sequence.make_sampling_table(3).round(4).tolist()
    [0.0032, 0.0032, 0.0055]
    """
    rank = np.arange(size)
    rank[0] = 1
    inverse = rank * (np.log(rank) + _EULER) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[Any]], list[Any]]:
    """Returns pairs of words that stand near each other, and pairs of words drawn at random.

    Args:
      sequence: Numbers of words; 0 is none.
      vocabulary_size: One more than the largest number.
      window_size: How far the words of a pair are apart at most.
      negative_samples: Random pairs for each true one.
      shuffle: Whether the pairs are mixed.
      categorical: Whether a label is [0, 1] or [1, 0], or 1 or 0.
      sampling_table: Probability to keep a word, by its number; see `make_sampling_table`.
      seed: Seed of the mixing. The random words come from Python's `random`.

    Returns:
      (pairs, labels).

    >>> tf.keras.preprocessing.sequence.skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    true, false = ([0, 1], [1, 0]) if categorical else (1, 0)
    pairs: list[list[Any]] = []
    for at, word in enumerate(sequence):
        if not word or sampling_table is not None and sampling_table[word] < random.random():
            continue
        first, end = max(0, at - window_size), min(len(sequence), at + window_size + 1)
        pairs += [[word, sequence[other]] for other in range(first, end) if other != at and sequence[other]]
    labels: list[Any] = [true] * len(pairs)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [pair[0] for pair in pairs]
        random.shuffle(words)
        pairs += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [false] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        random.Random(seed).shuffle(pairs)  # a stream of its own: Keras seeds the process's
        random.Random(seed).shuffle(labels)
    return pairs, labels


class TimeseriesGenerator(Sequence):
    """Batches of windows over a time series, and what comes after each.

    Args:
      data: Steps: array or list whose first dimension is time.
      targets: What belongs to each step.
      length: Steps of a window.
      sampling_rate: Every so many steps of a window are taken.
      stride: Distance of the windows.
      start_index: First step that is used.
      end_index: Last step that is used; the last by default.
      shuffle: Whether windows are drawn at random.
      reverse: Whether a window's last step comes first.
      batch_size: Windows of a batch; the last may be smaller.

    Raises:
      ValueError: `data` and `targets` differ in length, or there is no window.

    >>> windows = tf.keras.preprocessing.sequence.TimeseriesGenerator([1, 2, 3, 4], [1, 2, 3, 4], length=2)
    >>> [part.tolist() for part in windows[0]], len(windows)
    ([[[1, 2], [2, 3]], [3, 4]], 1)
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        if len(data) != len(targets):
            raise ValueError(
                f"Data and targets have to be of same length. Data length is {len(data)} while target length is "
                f"{len(targets)}"
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}` is disallowed, as no part of "
                "the sequence would be left to be used as current step."
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        windows = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        return (windows[:, ::-1, ...] if self.reverse else windows), np.array([self.targets[row] for row in rows])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments; data and targets as JSON.

        Raises:
          TypeError: these cannot be written as JSON.
        """
        data, targets = (
            json.dumps(values.tolist() if isinstance(values, np.ndarray) else values)
            for values in (self.data, self.targets)
        )
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        return {"data": data, "targets": targets, **{name: getattr(self, name) for name in names}}

    def to_json(self, **kwargs: Any) -> str:
        """Returns class and config as JSON.

        Args:
          **kwargs: Of `json.dumps`.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)
