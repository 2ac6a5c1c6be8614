"""What `tf.contrib.lookup` gives under TensorFlow 1.15: contrib_lookup.json.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/contrib_lookup.py
"""

import json
import os
import tempfile

import numpy as np


def write(folder):
    """The files that the tables are read from."""
    with open(os.path.join(folder, "words.txt"), "w") as file:
        file.write("emerson\nlake\npalmer\n")
    with open(os.path.join(folder, "pairs.tsv"), "w") as file:
        file.write("a\t10\nb\t20\n")
    return os.path.join(folder, "words.txt"), os.path.join(folder, "pairs.tsv")


def plain(value):
    """Values as JSON has them."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode()
    return plain(np.asarray(value).tolist()) if isinstance(value, (np.ndarray, np.generic)) else value


def found(tf, *fetches):
    """Values of tensors, with the tables filled."""
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        return plain(session.run(list(fetches)))


WORDS = ["lake", "emerson", "x"]


def hash_table(tf, words, pairs):
    c = tf.contrib.lookup
    table = c.HashTable(c.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64), -1, name="t")
    more = c.HashTable(c.TextFileInitializer(pairs, tf.string, 0, tf.int64, 1), -1)
    kinds = [isinstance(table, c.LookupInterface), isinstance(table, c.InitializableLookupTableBase)]
    kinds += [isinstance(table.initializer, tf.Operation), table.key_dtype.name, table.value_dtype.name]
    return kinds + found(tf, table.lookup(tf.constant(["b", "q"])), table.size(), more.lookup(tf.constant(["b", "q"])))


def initializers(tf, words, pairs):
    c = tf.contrib.lookup
    ids = c.TextFileIdTableInitializer(words)
    names = c.TextFileStringTableInitializer(words)
    of_columns = c.TextFileIdTableInitializer(pairs, key_column_index=0, vocab_size=2)
    kinds = [isinstance(i, c.TableInitializerBase) for i in (ids, names)]
    kinds += [c.TextFileIndex.WHOLE_LINE, c.TextFileIndex.LINE_NUMBER]
    tables = [c.HashTable(ids, -1), c.HashTable(names, "?"), c.HashTable(of_columns, -1)]
    asked = [tf.constant(WORDS), tf.constant([2, 7], tf.int64), tf.constant(["b", "emerson"])]
    return kinds + found(tf, *[table.lookup(keys) for table, keys in zip(tables, asked)])


def former_names(tf, words, pairs):
    c = tf.contrib.lookup
    return found(
        tf,
        c.string_to_index_table_from_file(words, num_oov_buckets=1).lookup(tf.constant(WORDS)),
        c.string_to_index_table_from_tensor(["lake", "emerson"], default_value=7).lookup(tf.constant(WORDS)),
        c.string_to_index(tf.constant(WORDS), tf.constant(["emerson", "lake"])),
        c.index_to_string(tf.constant([1, 0, 5], tf.int64), tf.constant(["emerson", "lake"]), default_value="?"),
        c.index_to_string_table_from_file(words, default_value="none").lookup(tf.constant([0, 9], tf.int64)),
    )


BODIES = {f.__name__: f for f in (hash_table, initializers, former_names)}


def answers(tf):
    """What every body gives."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = write(folder)
        for name in sorted(BODIES):
            with tf.Graph().as_default():
                result[name] = BODIES[name](tf, *paths)
    return result


def main():
    """Runs every body under TensorFlow 1.15 and writes the file."""
    import tensorflow as tf

    assert tf.__version__.startswith("1.15"), tf.__version__
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "contrib_lookup.json")
    with open(path, "w") as file:
        json.dump(answers(tf), file)


if __name__ == "__main__":
    main()
