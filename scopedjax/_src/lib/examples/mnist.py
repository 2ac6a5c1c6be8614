"""The data set of TF1's first tutorial: `input_data.read_data_sets(folder)`, which many programs start with.

    mnist = input_data.read_data_sets("MNIST_data", one_hot=True)
    images, labels = mnist.train.next_batch(100)          float32 [100, 784], float64 [100, 10]

Four files in the IDX format, packed by gzip, lie in the folder; those that are missing are fetched from `source_url`
when they are asked for. Batches come in TF1's order: with a seed the numbers are TF1's own.

File format: http://yann.lecun.com/exdb/mnist, "FILE FORMATS FOR THE MNIST DATABASE".
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import urllib.request
import zlib
from collections import namedtuple
from typing import Any, BinaryIO, Final

import numpy as np

from scopedjax._src.base.dtypes import as_dtype, float32, uint8
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.ops.random.sampling import get_seed

_LOGGER: Final = logging.getLogger("scopedjax")
_SOURCE: Final = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_IMAGES, _LABELS = 2051, 2049  # the numbers that the two kinds of file begin with
_MOST_BYTES: Final = 1 << 30  # what a file may unpack to: MNIST's largest has 47 MB
_CLASSES: Final = 10

Datasets = namedtuple("Datasets", ["train", "validation", "test"])


class DataSet:
    """Images with their labels, handed out in batches.

    Args:
      images: uint8 array `[n, height, width, 1]`.
      labels: Array whose first dimension is n.
      fake_data: Whether to hand out ones and zeros instead.
      one_hot: Whether fake labels are rows of ten.
      dtype: float32 scales the images to [0, 1]; uint8 leaves them.
      reshape: Whether images become rows `[n, height * width]`.
      seed: Seed of the order; the graph's seed where it is None. As in TF1 it seeds NumPy's own generator.

    Raises:
      TypeError: `dtype` is neither uint8 nor float32.
      ValueError: there are not as many labels as images.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        graph_seed, op_seed = get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        dtype = as_dtype(dtype).base_dtype
        if dtype not in (uint8, float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        self._one_hot = one_hot
        self._fake = fake_data
        if fake_data:
            self._num_examples = 10000
        else:
            if images.shape[0] != labels.shape[0]:
                raise ValueError(f"images.shape: {images.shape} labels.shape: {labels.shape}: one label an image")
            self._num_examples = images.shape[0]
            if reshape:
                if images.shape[3] != 1:
                    raise ValueError(f"reshape=True takes images of one channel, not {images.shape[3]}")
                images = images.reshape(images.shape[0], images.shape[1] * images.shape[2])
            if dtype is float32:
                images = np.multiply(images.astype(np.float32), 1.0 / 255.0)
        self._images = images
        self._labels = labels
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self) -> Any:
        """All images, in the order of the current epoch."""
        return self._images

    @property
    def labels(self) -> Any:
        """All labels, in the order of the current epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """The number of images."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all images have been handed out."""
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:
        """Returns the next images and labels; each epoch has an order of its own.

        Args:
          batch_size: How many.
          fake_data: Whether to return ones and zeros instead.
          shuffle: Whether epochs are shuffled.
        """
        if fake_data:
            label = [1] + [0] * (_CLASSES - 1) if self._one_hot else 0
            return [[1] * 784 for _ in range(batch_size)], [label for _ in range(batch_size)]
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._reorder()
        end = start + batch_size
        if end <= self._num_examples:
            self._index_in_epoch = end
            return self._images[start:end], self._labels[start:end]
        self._epochs_completed += 1
        rest = self._images[start:], self._labels[start:]
        if shuffle:
            self._reorder()
        self._index_in_epoch = batch_size - len(rest[0])
        more = self._images[: self._index_in_epoch], self._labels[: self._index_in_epoch]
        return np.concatenate((rest[0], more[0]), axis=0), np.concatenate((rest[1], more[1]), axis=0)

    def _reorder(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = _SOURCE,
) -> Datasets:
    """Reads the MNIST data set.

    Args:
      train_dir: Folder of the four files `train-images-idx3-ubyte.gz`, ...; made if it is missing.
      fake_data: Whether to read nothing and hand out ones and zeros.
      one_hot: Whether labels are rows with a one.
      dtype: uint8, or float32 for images scaled to [0, 1].
      reshape: Whether images are rows of 784 numbers rather than `[28, 28, 1]`.
      validation_size: How many training images are set aside.
      seed: Seed of the order of batches.
      source_url: Where missing files are fetched from; a `file://` address does too.

    Returns:
      Named tuple (train, validation, test) of `DataSet`.

    Raises:
      ValueError: a file is no IDX file, or `validation_size` is out of range.
      UnavailableError: a file is missing and cannot be fetched.

    >>> tf.examples.tutorials.mnist.input_data.read_data_sets("", fake_data=True).train.num_examples
    10000
    """
    if fake_data:
        fake = [DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype, seed=seed) for _ in range(3)]
        return Datasets(*fake)
    source_url = source_url or _SOURCE
    found = []
    for part in ("train", "t10k"):
        for kind, magic in (("images-idx3", _IMAGES), ("labels-idx1", _LABELS)):
            path = _fetched(f"{part}-{kind}-ubyte.gz", train_dir, source_url)
            _LOGGER.info("Extracting %s", path)
            found.append(_read_idx(path, magic))
    images, labels, test_images, test_labels = found
    if one_hot:
        labels, test_labels = (np.eye(_CLASSES)[numbers] for numbers in (labels, test_labels))
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"Validation size should be between 0 and {len(images)}. Received: {validation_size}.")
    parts = (
        (images[validation_size:], labels[validation_size:]),
        (images[:validation_size], labels[:validation_size]),
        (test_images, test_labels),
    )
    return Datasets(*(DataSet(i, n, dtype=dtype, reshape=reshape, seed=seed) for i, n in parts))


def _fetched(name: str, folder: str, source_url: str) -> str:
    """The path of a file, fetched first if it is not there; an interrupted transfer leaves no half of one."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return path
    with as_tensorflow_errors(folder):
        os.makedirs(folder, exist_ok=True)
    partial = f"{path}.part{os.getpid()}"
    try:
        urllib.request.urlretrieve(source_url + name, partial)
        os.replace(partial, path)
    except OSError as error:
        from scopedjax._src.base.errors import UnavailableError

        raise UnavailableError(
            None, None,
            f"{path} is missing, and {source_url + name} cannot be fetched ({error}). Put the four MNIST files into "
            f"{folder or 'the folder'}, or name a `source_url` that has them.",
        ) from error  # fmt: skip
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)
    return path


def _read_idx(path: str, magic: int) -> np.ndarray:
    """The array in an IDX file: uint8 images `[n, height, width, 1]` or labels `[n]`."""
    kind = "image" if magic == _IMAGES else "label"
    try:
        with as_tensorflow_errors(path), gzip.open(path, "rb") as file:
            found = _number(file)
            if found != magic:
                raise ValueError(f"Invalid magic number {found} in MNIST {kind} file: {path}")
            sizes = [_number(file) for _ in range(3 if magic == _IMAGES else 1)]
            count = int(np.prod(sizes, dtype=np.float64))
            if count > _MOST_BYTES:
                raise ValueError(f"MNIST {kind} file {path} says that it holds {count} bytes: more than one has")
            data = file.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"MNIST {kind} file {path} is damaged ({error}): delete it, and it is fetched again"
        ) from error
    if len(data) != count:
        raise ValueError(f"MNIST {kind} file {path} ends after {len(data)} of {count} bytes: delete it")
    array = np.frombuffer(data, np.uint8)
    return array.reshape(*sizes, 1) if magic == _IMAGES else array


def _number(file: BinaryIO | gzip.GzipFile) -> int:
    data = file.read(4)
    if len(data) < 4:
        raise EOFError("it ends in its header")
    return int.from_bytes(data, "big")
