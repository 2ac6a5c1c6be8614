"""Checkpoints as TensorFlow 1.15 writes them, of both formats and of partitioned variables: checkpoints_of_tf1.npz.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/checkpoints_of_tf1.py
"""

import glob
import os
import shutil
import tempfile

import numpy as np

KINDS = {"V1": (1, False), "V2": (2, False), "V1-sharded": (1, True), "V2-sharded": (2, True)}


def variables(tf):
    """Plain variables of many types, and partitioned ones."""
    random = np.random.RandomState(0)
    arrays = {
        "float32": random.randn(3, 4).astype("f"), "float64": random.randn(2, 1, 2),
        "half": random.randn(5).astype("e"),
        "int8": np.arange(-3, 3, dtype="i1"), "int64": np.array([2**62, -1]), "bool": np.array([True, False]),
        "complex64": np.array([1 + 2j, -3j], "complex64"), "string": np.array([b"", b"a\0b", b"long" * 50], object),
        "scalar": np.float32(1.5), "empty": np.zeros([0, 3], "f"), "nan": np.array([np.nan, np.inf, -0.0], "f"),
    }  # fmt: skip
    for name, array in arrays.items():
        kind = tf.string if np.asarray(array).dtype == object else None
        tf.Variable(tf.constant(array, kind, np.shape(array)), name="scope/" + name)
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(3)):
        tf.get_variable("rows", [7, 2], initializer=tf.random_normal_initializer(seed=1))
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2, axis=1)):
        tf.get_variable("columns", [2, 5], initializer=tf.random_normal_initializer(seed=2))
    tf.Variable(tf.constant(7, tf.int64), name="global_step", trainable=False)


def whole(tf, session):
    """The values of all variables by the names that a checkpoint has for them."""
    found = {}
    for variable in tf.global_variables():
        value, info = np.asarray(session.run(variable)), variable._get_save_slice_info()
        if info is None:
            found[variable.op.name] = np.array(value.tolist(), "S") if value.dtype == object else value
            continue
        full = found.setdefault(info.full_name, np.zeros(info.full_shape, value.dtype))
        full[tuple(slice(o, o + n) for o, n in zip(info.var_offset, info.var_shape))] = value
    return found


def main():
    """Writes checkpoints_of_tf1.npz."""
    import tensorflow as tf

    tf.logging.set_verbosity(tf.logging.ERROR)
    results = {}
    for kind, (version, sharded) in KINDS.items():
        folder = tempfile.mkdtemp()
        with tf.Graph().as_default(), tf.Session() as session:
            variables(tf)
            session.run(tf.global_variables_initializer())
            saver = tf.train.Saver(write_version=version, sharded=sharded)
            path = saver.save(session, os.path.join(folder, "model"), 3, write_meta_graph=False)
            results[kind + "/path"] = np.array(os.path.basename(path))
            for file in glob.glob(path + "*"):
                with open(file, "rb") as stream:
                    key = f"{kind}/file/{os.path.basename(file)}"
                    results[key] = np.frombuffer(stream.read(), np.uint8)
            for name, value in whole(tf, session).items():
                results[f"value/{name}"] = value
        shutil.rmtree(folder)
    here = os.path.dirname(os.path.abspath(__file__))
    np.savez_compressed(os.path.join(here, "checkpoints_of_tf1.npz"), **results)
    print({key: value.shape for key, value in results.items() if "/file/" not in key})


if __name__ == "__main__":
    main()
