"""Lookup tables against TensorFlow: contents, names of nodes, vocabularies from files, errors, checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def functions(tf):
    """The functions that only contrib shows in TensorFlow 1, from where TensorFlow 2 keeps them."""
    if tf.__name__.startswith("tensorflow"):
        from tensorflow.python.ops import lookup_ops

        return lookup_ops
    return tf.contrib.lookup


def words(tf, keys=("a", "b"), values=(1, 2)):
    pairs = tf.lookup.KeyValueTensorInitializer(list(keys), list(values), tf.string, tf.int64)
    return tf.lookup.StaticHashTable(pairs, -1)


def run(tf, fetches, feed=None):
    nodes = graph_nodes(tf.get_default_graph())
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        return nodes, session.run(fetches, feed)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "words.txt").write_text("emerson\nlake\npalmer\n")
    (tmp_path / "pairs.tsv").write_bytes(b"a\t10\r\nb\t20\r\n")
    return tmp_path


STATIC = {
    "lookup": lambda tf: words(tf).lookup(tf.constant(["a", "z"])),
    "matrix": lambda tf: words(tf).lookup(tf.constant([["a"], ["b"]]), name="found"),
    "getitem": lambda tf: words(tf)[tf.constant("b")],
    "size": lambda tf: words(tf).size(),
    "sparse": lambda tf: tuple(
        getattr(words(tf).lookup(tf.SparseTensor([[0, 1]], ["b"], [1, 2])), part)
        for part in ("indices", "values", "dense_shape")
    ),
    "same_twice": lambda tf: words(tf, "aa", (1, 1)).size(),
    "export": lambda tf: words(tf, "a", (7,)).export(),
    "numbers": lambda tf: tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(np.array([5, 7], np.int64), ["five", "seven"]), "?", name="n"
    ).lookup(tf.constant([7, 8], tf.int64)),
    "floats": lambda tf: tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["x"], [1.5], name="scope"), np.float32(0.1)
    ).lookup(tf.constant(["x", "y"])),
    "vocabulary": lambda tf: tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64)), 3
    ).lookup(tf.constant(["b", "c", "dd", "eee"])),
    "vocabulary_size": lambda tf: tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64)), 3
    ).size(),
    "buckets_only": lambda tf: tf.lookup.StaticVocabularyTable(None, 5).lookup(tf.constant(["b", "c"])),
    "index": lambda tf: functions(tf).index_table_from_tensor(["x", "y"]).lookup(tf.constant(["y", "q"])),
    "index_buckets": lambda tf: (
        functions(tf).index_table_from_tensor(["x", "y"], 20, name="t").lookup(tf.constant(["y", "q", "rs"]))
    ),
    "index_integers": lambda tf: (
        functions(tf).index_table_from_tensor([10, 20], 9, dtype=tf.int32).lookup(tf.constant([20, 3, 11]))
    ),
    "index_strong": lambda tf: (
        functions(tf)
        .index_table_from_tensor(["x"], 20, hasher_spec=functions(tf).StrongHashSpec([1, 2]))
        .lookup(tf.constant(["x", "q", "rs"]))
    ),
    "index_legacy": lambda tf: (
        functions(tf)
        .index_table_from_tensor(["x"], 20, hasher_spec=functions(tf).HasherSpec("legacy", None))
        .lookup(tf.constant(["x", "q", "rs"]))
    ),
    "to_string": lambda tf: (
        functions(tf)
        .index_to_string_table_from_tensor(["x", "y"], default_value="no")
        .lookup(tf.constant([1, 5], tf.int64))
    ),
    "hash_buckets": lambda tf: functions(tf).IdTableWithHashBuckets(None, 5).lookup(tf.constant(["b", "c"])),
}


@pytest.mark.parametrize("case", STATIC)
def test_static(case):
    check_both(lambda tf: run(tf, STATIC[case](tf)))


FILES = {
    "index": lambda tf, d: functions(tf).index_table_from_file(d + "/words.txt", 2).lookup(tf.constant(["lake", "q"])),
    "index_part": lambda tf, d: (
        functions(tf).index_table_from_file(d + "/words.txt", vocab_size=2).lookup(tf.constant(["lake", "palmer"]))
    ),
    "index_column": lambda tf, d: (
        functions(tf)
        .index_table_from_file(d + "/pairs.tsv", key_column_index=0, value_column_index=1)
        .lookup(tf.constant(["b", "a"]))
    ),
    "to_string": lambda tf, d: (
        functions(tf).index_to_string_table_from_file(d + "/words.txt").lookup(tf.constant([2, 9], tf.int64))
    ),
    "columns": lambda tf, d: tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(d + "/pairs.tsv", tf.string, 0, tf.int64, 1, delimiter="\t"), -1
    ).lookup(tf.constant(["b", "c"])),
    "offset": lambda tf, d: tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(d + "/words.txt", tf.string, -2, tf.int64, -1, value_index_offset=5), -1
    ).lookup(tf.constant(["lake"])),
    "size_beyond": lambda tf, d: functions(tf).index_table_from_file(d + "/words.txt", vocab_size=9).size(),
    "column_beyond": lambda tf, d: tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(d + "/pairs.tsv", tf.string, 0, tf.int64, 2), -1
    ).size(),
    "no_number": lambda tf, d: tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(d + "/pairs.tsv", tf.string, 1, tf.int64, 0), -1
    ).size(),
    "missing": lambda tf, d: functions(tf).index_table_from_file(d + "/none.txt").size(),
}


@pytest.mark.parametrize("case", FILES)
def test_files(case, files):
    if case in ("size_beyond", "column_beyond", "no_number", "missing"):
        check_both_raise(lambda tf: run(tf, FILES[case](tf, str(files))))
    else:
        check_both(lambda tf: run(tf, FILES[case](tf, str(files))))


def test_collections(files):
    def body(tf):
        words(tf)
        functions(tf).index_table_from_file(str(files / "words.txt"))
        functions(tf).MutableHashTable(tf.string, tf.int64, -1)
        keys = (tf.GraphKeys.TABLE_INITIALIZERS, tf.GraphKeys.ASSET_FILEPATHS, tf.GraphKeys.SAVEABLE_OBJECTS)
        found = {key: [item.name for item in tf.get_collection(key)] for key in keys}
        return found, tf.tables_initializer().name, tf.initialize_all_tables("again").type

    check_both(body)


def test_no_tables():
    check_both(lambda tf: (tf.tables_initializer().type, tf.tables_initializer("t").name))


ERRORS = {
    "not_initialized": (lambda tf: tf.Session().run(words(tf).lookup(tf.constant(["a"]))), "Table not initialized."),
    "key_dtype": (lambda tf: words(tf).lookup(tf.constant([1])), "Dtype of argument `keys` must be"),
    "two_values": (lambda tf: run(tf, words(tf, "aa", (1, 2)).size()), None),
    "lengths": (lambda tf: words(tf, "ab", (1,)), None),
    "default_dtype": (
        lambda tf: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], ["b"]), -1),
        "Expected string",
    ),
    "no_buckets": (lambda tf: tf.lookup.StaticVocabularyTable(None, 0), None),
    "negative_buckets": (lambda tf: functions(tf).index_table_from_tensor(["x"], num_oov_buckets=-1), None),
    "no_file": (lambda tf: functions(tf).index_table_from_file(""), None),
    "no_words": (lambda tf: functions(tf).index_table_from_tensor(None), None),
    "column": (lambda tf: tf.lookup.TextFileInitializer("f", tf.string, -3, tf.int64, -1), None),
    "line_number": (
        lambda tf: tf.lookup.TextFileInitializer("f", tf.string, -1, tf.int64, -1),
        "`key_dtype` must be int64 if `key_index` is -1",
    ),
    "spec": (lambda tf: functions(tf).StrongHashSpec([1]), None),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    body, phrase = ERRORS[case]
    check_both_raise(body, match=phrase)


def test_a_mutable_table():
    def body(tf):
        table = functions(tf).MutableHashTable(tf.string, tf.int64, -1)
        key, value = tf.placeholder(tf.string, [None]), tf.placeholder(tf.int64, [None])
        insert, find, size = table.insert(key, value), table.lookup(key), table.size()
        remove, (keys, values) = table.remove(key), table.export()
        dynamic = table.lookup(key, value)
        nodes = graph_nodes(tf.get_default_graph())
        with tf.Session() as session:
            found = [session.run(size)]
            session.run(insert, {key: ["a", "b", "a"], value: [1, 2, 3]})
            found.append(session.run([find, size], {key: ["a", "c"]}))
            found.append(session.run(dynamic, {key: ["c", "b"], value: [8, 9]}))
            session.run(remove, {key: ["a", "z"]})
            found.append(session.run([find, size, keys, values], {key: ["a", "b"]}))
        with tf.Session() as session:
            found.append(session.run(size))  # contents belong to a session
        return nodes, found, find.shape, keys.shape

    check_both(body)


def test_a_table_of_vectors():
    def body(tf):
        table = functions(tf).MutableHashTable(tf.int64, tf.float32, [0.0, 0.5])
        insert = table.insert(tf.constant([5, 6], tf.int64), [[1.0, 2.0], [3.0, 4.0]])
        with tf.control_dependencies([insert]):
            found = table.lookup(tf.constant([[6], [7]], tf.int64))
        with tf.Session() as session:
            return found.shape, session.run(found)

    check_both(body)


def test_a_dense_table():
    def body(tf):
        table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-1)
        nodes = graph_nodes(tf.get_default_graph())
        key = tf.placeholder(tf.int64, [None])
        with tf.Session() as session:
            session.run(table.insert(key, key * 2), {key: [5, 6]})
            session.run(table.erase(key), {key: [6]})
            return nodes, session.run([table.lookup(key), table.size()], {key: [5, 6, 7]})

    check_both(body)


def test_the_empty_key_is_refused():
    def body(tf):
        table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-1)
        return tf.Session().run(table.insert(tf.constant([0], tf.int64), tf.constant([1], tf.int64)))

    check_both_raise(body)


def test_a_saver_saves_a_table(tmp_path):
    def body(tf):
        path = str(tmp_path / tf.__name__.split(".")[0] / "model")
        (tmp_path / tf.__name__.split(".")[0]).mkdir()
        table = functions(tf).MutableHashTable(tf.string, tf.int64, -1, name="t")
        step = tf.Variable(3, name="step")
        saver = tf.train.Saver()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(table.insert(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64)))
            saved = saver.save(session, path)
        names = sorted(name for name, _ in tf.train.list_variables(saved))
        with tf.Session() as session:
            session.run(table.insert(tf.constant(["z"]), tf.constant([26], tf.int64)))
            saver.restore(session, saved)
            return names, session.run([table.lookup(tf.constant(["a", "b", "z"])), step, table.size()])

    check_both(body)


def test_a_program_with_a_vocabulary(files):
    """Words to ids, through an embedding, and back; the table is asked in the middle of a device program."""

    def body(tf):
        text = tf.placeholder(tf.string, [None])
        ids = functions(tf).index_table_from_file(str(files / "words.txt"), num_oov_buckets=1).lookup(text)
        embedding = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2))
        rows = tf.nn.embedding_lookup(embedding, ids)
        back = functions(tf).index_to_string_table_from_tensor(["emerson", "lake", "palmer"]).lookup(ids)
        train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(rows * rows))
        with tf.Session() as session:
            session.run([tf.global_variables_initializer(), tf.tables_initializer()])
            feed = {text: ["palmer", "king", "lake"]}
            return session.run([rows, back], feed), session.run(train, feed), session.run(embedding)

    check_both(body)


def test_a_graph_from_a_file_finds_its_tables():
    def body(tf):
        found = words(tf).lookup(tf.constant(["b"]))
        filled = [op.name for op in tf.get_collection(tf.GraphKeys.TABLE_INITIALIZERS)]
        definition = tf.get_default_graph().as_graph_def()
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(definition, name="")
            with tf.Session() as session:
                session.run(filled)
                return session.run(graph.get_tensor_by_name(found.name))

    check_both(body)
