"""Tables of a vocabulary in one call: `index_table_from_tensor`, `index_to_string_table_from_file` and their kin."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.lib.lookup.initializers import (
    KeyValueTensorInitializer,
    TextFileIdTableInitializer,
    TextFileIndex,
    TextFileStringTableInitializer,
)
from scopedjax._src.lib.lookup.tables import FastHashSpec, IdTableWithHashBuckets, StaticHashTable
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.shapes import size
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast


def _need_file(vocabulary_file: Any) -> None:
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("`vocabulary_file` must be specified and must not be empty.")


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = FastHashSpec,
    key_dtype: Any = dtypes.string,
    name: str | None = None,
    key_column_index: int = TextFileIndex.WHOLE_LINE,
    value_column_index: int = TextFileIndex.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """A table from the lines of a file to their numbers.

    Args:
      vocabulary_file: Path, or scalar string tensor.
      num_oov_buckets: How many hash buckets for unknown words follow.
      vocab_size: How many lines to read; all by default.
      default_value: What an unknown word gives where there are no buckets.
      hasher_spec: How unknown words are hashed.
      key_dtype: tf.string or an integer dtype.
      name: Name scope; "string_to_index" by default.
      key_column_index: Column of the words.
      value_column_index: Column of the ids.
      delimiter: What separates the columns.

    Returns:
      A table.

    Raises:
      ValueError: no file, or a size that makes no sense.
      TypeError: keys of another dtype.

    >>> with tf.gfile.GFile("words.txt", "w") as file:
    ...     file.write("emerson\\nlake\\npalmer\\n")
    >>> table = tf.contrib.lookup.index_table_from_file("words.txt")
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant(["lake", "king"]))))
    [ 1 -1]
    """
    _need_file(vocabulary_file)
    key_dtype = as_dtype(key_dtype)
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(
            f"`vocab_size` must be greater than 0, got {vocab_size} for vocabulary_file: {vocabulary_file}."
        )
    if not key_dtype.is_integer and key_dtype.base_dtype is not dtypes.string:
        raise TypeError("Dtype for `keys` should be either integer or string.")
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "string_to_index"):
        with graph.name_scope("hash_table"):
            words = TextFileIdTableInitializer(
                vocabulary_file, key_column_index, value_column_index, vocab_size, delimiter, "table_init",
                dtypes.int64 if key_dtype.is_integer else key_dtype,
            )  # fmt: skip
            table = StaticHashTable(words, default_value)
        return _with_buckets(table, num_oov_buckets, hasher_spec, key_dtype)


def _with_buckets(table: Any, num_oov_buckets: int, spec: Any, key_dtype: Any) -> Any:
    if not num_oov_buckets:
        return table
    return IdTableWithHashBuckets(table, num_oov_buckets=num_oov_buckets, hasher_spec=spec, key_dtype=key_dtype)


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = FastHashSpec,
    dtype: Any = dtypes.string,
    name: str | None = None,
) -> Any:
    """A table from words to their places in a list.

    Args:
      mapping: Tensor `[n]` or list of words.
      num_oov_buckets: How many hash buckets for unknown words follow.
      default_value: What an unknown word gives where there are no buckets.
      hasher_spec: How unknown words are hashed.
      dtype: Dtype of the words: tf.string or an integer dtype.
      name: Name scope; "string_to_index" by default.

    Returns:
      A table.

    Raises:
      ValueError: no words, or words of another dtype.
      TypeError: a dtype that is neither.

    >>> table = tf.contrib.lookup.index_table_from_tensor(["x", "y"], num_oov_buckets=1)
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant(["y", "z"]))))
    [1 2]
    """
    dtype = as_dtype(dtype)
    if mapping is None:
        raise ValueError("`vocabulary_list` must be specified.")
    if num_oov_buckets < 0:
        raise ValueError(f"`num_oov_buckets` must be greater or equal than 0, got {num_oov_buckets}.")
    if not dtype.is_integer and dtype.base_dtype is not dtypes.string:
        raise TypeError("`dtype` must either be integer or string.")
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "string_to_index"):
        keys = convert_to_tensor(mapping)
        if keys.dtype.is_integer != dtype.is_integer:
            kind = "integer" if dtype.is_integer else "non-integer"
            raise ValueError(f"Invalid `dtype`: Expected {kind}, got {keys.dtype}.")
        if not dtype.is_integer and keys.dtype.base_dtype is not dtype:
            raise ValueError(f"Invalid `dtype`: Expected {dtype}, got {keys.dtype}.")
        ids = cast(tf_range(size(keys)), dtypes.int64)
        with graph.name_scope("hash_table"):
            words = cast(keys, dtypes.int64) if keys.dtype.is_integer else keys
            filled = KeyValueTensorInitializer(words, ids, words.dtype.base_dtype, dtypes.int64, name="table_init")
            table = StaticHashTable(filled, default_value)
        return _with_buckets(table, num_oov_buckets, hasher_spec, dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = TextFileIndex.LINE_NUMBER,
    value_column_index: int = TextFileIndex.WHOLE_LINE,
    delimiter: str = "\t",
) -> StaticHashTable:
    """A table from the numbers of a file's lines to the lines.

    Args:
      vocabulary_file: Path, or scalar string tensor.
      vocab_size: How many lines to read; all by default.
      default_value: What an unknown number gives.
      name: Name scope; "index_to_string" by default.
      key_column_index: Column of the ids.
      value_column_index: Column of the words.
      delimiter: What separates the columns.

    Returns:
      A table from int64 to string.

    Raises:
      ValueError: no file, or a size that makes no sense.
    """
    _need_file(vocabulary_file)
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"`vocab_size` must be greater than 0, got {vocab_size}.")
    with stacks.get_default_graph().name_scope(name or "index_to_string"):
        words = TextFileStringTableInitializer(
            vocabulary_file, key_column_index, value_column_index, vocab_size, delimiter, "table_init"
        )
        return StaticHashTable(words, default_value)


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> StaticHashTable:
    """A table from places in a list to its words.

    Args:
      mapping: String tensor `[n]` or list.
      default_value: What an unknown place gives.
      name: Name scope; "index_to_string" by default.

    Returns:
      A table from int64 to string.

    Raises:
      ValueError: no words.

    >>> table = tf.contrib.lookup.index_to_string_table_from_tensor(["x", "y"])
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant([1, 7], tf.int64))))
    [b'y' b'UNK']
    """
    if mapping is None:
        raise ValueError("`vocabulary_list` argument must be specified.")
    with stacks.get_default_graph().name_scope(name or "index_to_string"):
        words = convert_to_tensor(mapping, dtypes.string)
        keys = cast(tf_range(size(words)), dtypes.int64)
        return StaticHashTable(
            KeyValueTensorInitializer(keys, words, dtypes.int64, dtypes.string, name="table_init"), default_value
        )


def string_to_index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = FastHashSpec,
    name: str | None = None,
) -> Any:
    """The older name of `index_table_from_file`.

    Args:
      vocabulary_file: Path, or scalar string tensor.
      num_oov_buckets: How many hash buckets for unknown words follow.
      vocab_size: How many lines to read; all by default.
      default_value: What an unknown word gives where there are no buckets.
      hasher_spec: How unknown words are hashed.
      name: Name scope.

    Returns:
      A table.
    """
    return index_table_from_file(
        vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, dtypes.string, name
    )


def string_to_index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = FastHashSpec,
    name: str | None = None,
) -> Any:
    """The older name of `index_table_from_tensor`.

    Args:
      mapping: String tensor `[n]` or list.
      num_oov_buckets: How many hash buckets for unknown words follow.
      default_value: What an unknown word gives where there are no buckets.
      hasher_spec: How unknown words are hashed.
      name: Name scope.

    Returns:
      A table.
    """
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, dtypes.string, name)


def string_to_index(tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None) -> Any:
    """The places of words in a list; the table behind it is filled by `tf.tables_initializer()`.

    Args:
      tensor: String tensor of words.
      mapping: String tensor `[n]` or list.
      default_value: What an unknown word gives.
      name: Name scope.

    Returns:
      int64 tensor of the same shape.
    """
    table = index_table_from_tensor(mapping, default_value=default_value, name=name)
    return table.lookup(convert_to_tensor(tensor))


def index_to_string(tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None) -> Any:
    """The words at places of a list; the table behind it is filled by `tf.tables_initializer()`.

    Args:
      tensor: int64 tensor of places.
      mapping: String tensor `[n]` or list.
      default_value: What an unknown place gives.
      name: Name scope.

    Returns:
      String tensor of the same shape.
    """
    table = index_to_string_table_from_tensor(mapping, default_value=default_value, name=name)
    return table.lookup(convert_to_tensor(tensor))
