"""Records which images TensorFlow 1.15's `read_data_sets` hands out, on a small data set that is made here.

Run under TensorFlow 1.15: `python tests/golden/mnist_batches.py`; it writes `mnist_batches.json` beside itself.
"""

import gzip
import json
import os
import struct
import tempfile

import numpy as np


def write_files(folder, train=23, test=7):
    """Writes the four files: image i is full of the number i, its label is i modulo 10."""
    for part, count in (("train", train), ("t10k", test)):
        images = np.repeat(np.arange(count, dtype=np.uint8), 4).tobytes()
        labels = (np.arange(count) % 10).astype(np.uint8).tobytes()
        with gzip.open(os.path.join(folder, part + "-images-idx3-ubyte.gz"), "wb") as file:
            file.write(struct.pack(">IIII", 2051, count, 2, 2) + images)
        with gzip.open(os.path.join(folder, part + "-labels-idx1-ubyte.gz"), "wb") as file:
            file.write(struct.pack(">II", 2049, count) + labels)


def batches(read_data_sets, folder):
    """What batches hold, for several ways to read."""
    found = []
    for options in (
        {"seed": 3, "validation_size": 3},
        {"seed": 3, "validation_size": 0, "one_hot": True},
        {"seed": 5, "validation_size": 5, "reshape": False},
    ):
        data = read_data_sets(folder, **options)
        for shuffle in (True, False):
            for _ in range(4):
                images, labels = data.train.next_batch(7, shuffle=shuffle)
                found.append([list(images.shape), np.ravel(images)[::4].tolist(), np.ravel(labels).tolist()])
                found.append([str(images.dtype), str(labels.dtype), data.train.epochs_completed])
        found.append([list(data.validation.images.shape), data.test.num_examples, list(data.test.labels.shape)])
    return found


if __name__ == "__main__":
    from tensorflow.examples.tutorials.mnist import input_data

    with tempfile.TemporaryDirectory() as folder:
        write_files(folder)
        found = batches(input_data.read_data_sets, folder)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mnist_batches.json")
    with open(path, "w") as file:
        json.dump(found, file)
