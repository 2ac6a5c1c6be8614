"""What a table is filled with: tensors of keys and values, or the columns of a text file.

    vocabulary.txt     TextFileInitializer(..., tf.string, WHOLE_LINE, tf.int64, LINE_NUMBER)
    emerson            "emerson" -> 0
    lake               "lake"    -> 1

The node that fills the table goes into the collection TABLE_INITIALIZERS, which `tf.tables_initializer()` runs.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.grouping import group, no_op
from scopedjax._src.ops.convert import convert_to_tensor


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """The node that fills all tables of the graph.

    Args:
      name: Node name.

    Returns:
      Operation.

    >>> table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7]), -1)
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant(["a", "b"]))))
    [ 7 -1]
    """
    initializers = stacks.get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*initializers, name=name) if initializers else no_op(name=name)


def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """The older name of `tf.tables_initializer`.

    Args:
      name: Node name.

    Returns:
      Operation.
    """
    return tables_initializer(name)


class TableInitializerBase:
    """What a table is filled with.

    Args:
      key_dtype: Dtype of the keys.
      value_dtype: Dtype of the values.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype: DType = as_dtype(key_dtype).base_dtype
        self._value_dtype: DType = as_dtype(value_dtype).base_dtype

    @property
    def key_dtype(self) -> DType:
        """Dtype of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """Dtype of the values."""
        return self._value_dtype

    @property
    def _shared_name(self) -> str:
        """The name under which tables with the same contents are one; "" for none."""
        return ""

    def initialize(self, table: Any) -> Operation:
        """Records the node that fills a table."""
        raise NotImplementedError


def check_table_dtypes(table: Any, key_dtype: DType, value_dtype: DType) -> None:
    """Raises TypeError where a table holds other dtypes."""
    if key_dtype.base_dtype is not table.key_dtype:
        raise TypeError(f"Invalid key dtype for table, expected {table.key_dtype} but got {key_dtype}.")
    if value_dtype.base_dtype is not table.value_dtype:
        raise TypeError(f"Invalid value dtype for table, expected {table.value_dtype} but got {value_dtype}.")


class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table from two tensors.

    Args:
      keys: Tensor `[n]`, or list.
      values: Tensor `[n]`, or list.
      key_dtype: Dtype of the keys; their own by default.
      value_dtype: Dtype of the values; their own by default.
      name: Name scope; "key_value_init" by default.
    """

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: str | None = None
    ) -> None:
        self._keys = convert_to_tensor(keys, dtype=key_dtype, name="keys")
        self._values = convert_to_tensor(values, dtype=value_dtype, name="values")
        self._name = name if name is not None else "key_value_init"
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Operation:
        """Records the node that fills a table.

        Raises:
          TypeError: the table holds other dtypes.
        """
        check_table_dtypes(table, self._keys.dtype, self._values.dtype)
        graph = stacks.get_default_graph()
        with graph.name_scope(self._name):
            filled = apply_op("LookupTableImportV2", table.resource_handle, self._keys, self._values)
        graph.add_to_collection(GraphKeys.TABLE_INITIALIZERS, filled)
        return filled


class TextFileIndex:
    """What of a line is meant, where it is not a column's number."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


def _check_column(what: str, index: int, dtype: DType, equal: str) -> None:
    if index < TextFileIndex.WHOLE_LINE:
        raise ValueError(f"`{what}_index` should be >= -2, received: {index}{'.' if what == 'key' else ''}")
    if index == TextFileIndex.LINE_NUMBER and dtype is not dtypes.int64:
        raise ValueError(f"`{what}_dtype` must be int64 {equal}{TextFileIndex.LINE_NUMBER}, received: {dtype!r}")
    if index == TextFileIndex.WHOLE_LINE and not dtype.is_integer and dtype is not dtypes.string:
        raise ValueError(
            f"`{what}_dtype` should be either integer or string for `{what}_index` {TextFileIndex.WHOLE_LINE}, "
            f"received: {dtype!r}"
        )


class TextFileInitializer(TableInitializerBase):
    """Fills a table from a text file.

    Args:
      filename: Path, or scalar string tensor.
      key_dtype: Dtype of the keys.
      key_index: Column of the keys, or a member of `TextFileIndex`.
      value_dtype: Dtype of the values.
      value_index: Column of the values, or a member of `TextFileIndex`.
      vocab_size: How many lines to read; all by default.
      delimiter: What separates the columns.
      name: Name scope; "text_file_init" by default.
      value_index_offset: Added to line numbers.

    Raises:
      ValueError: a dtype does not fit its column.
    """

    def __init__(
        self,
        filename: Any,
        key_dtype: Any,
        key_index: int,
        value_dtype: Any,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = None,
        value_index_offset: int = 0,
    ) -> None:
        if not isinstance(filename, Tensor) and not filename:
            raise ValueError("`filename` argument required for tf.lookup.TextFileInitializer")
        super().__init__(key_dtype, value_dtype)
        _check_column("key", key_index, self._key_dtype, "if `key_index` is ")
        _check_column("value", value_index, self._value_dtype, "for `value_index` ")
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"`vocab_size` should be > 0, received: {vocab_size}")
        self._filename_arg = filename
        self._columns = key_index, value_index
        self._vocab_size, self._delimiter, self._offset = vocab_size, delimiter, value_index_offset
        self._name = name
        graph = stacks.get_default_graph()
        with graph.control_dependencies(None):
            self._filename = convert_to_tensor(filename, dtypes.string, name="asset_path")

    def initialize(self, table: Any) -> Operation:
        """Records the node that fills a table.

        Raises:
          TypeError: the table holds other dtypes.
        """
        check_table_dtypes(table, self.key_dtype, self.value_dtype)
        graph = stacks.get_default_graph()
        with graph.name_scope(self._name or "text_file_init"):
            filled = apply_op(
                "InitializeTableFromTextFileV2",
                table.resource_handle,
                self._filename,
                key_index=self._columns[0],
                value_index=self._columns[1],
                vocab_size=-1 if self._vocab_size is None else self._vocab_size,
                delimiter=self._delimiter,
                offset=self._offset,
            )
        graph.add_to_collection(GraphKeys.TABLE_INITIALIZERS, filled)
        if self._filename.op.type == "Const":
            graph.add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        return filled

    @property
    def _shared_name(self) -> str:
        parts: list[Any] = ["hash_table", self._filename_arg]
        if self._vocab_size:
            parts.append(self._vocab_size)
        parts.extend(self._columns)
        if self._offset:
            parts.append(self._offset)
        return "_".join(str(part) for part in parts)


class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table from ids to texts: each line is a text, its number the id.

    Args:
      filename: Path, or scalar string tensor.
      key_column_index: Column of the ids; the line's number by default.
      value_column_index: Column of the texts; the whole line by default.
      vocab_size: How many lines to read; all by default.
      delimiter: What separates the columns.
      name: Name scope.
    """

    def __init__(
        self,
        filename: Any,
        key_column_index: int = TextFileIndex.LINE_NUMBER,
        value_column_index: int = TextFileIndex.WHOLE_LINE,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = "text_file_string_table_init",
    ) -> None:
        super().__init__(
            filename, dtypes.int64, key_column_index, dtypes.string, value_column_index, vocab_size, delimiter, name
        )


class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table from texts to ids: each line is a text, its number the id.

    Args:
      filename: Path, or scalar string tensor.
      key_column_index: Column of the texts; the whole line by default.
      value_column_index: Column of the ids; the line's number by default.
      vocab_size: How many lines to read; all by default.
      delimiter: What separates the columns.
      name: Name scope.
      key_dtype: Dtype of the keys.
    """

    def __init__(
        self,
        filename: Any,
        key_column_index: int = TextFileIndex.WHOLE_LINE,
        value_column_index: int = TextFileIndex.LINE_NUMBER,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = "text_file_id_table_init",
        key_dtype: Any = dtypes.string,
    ) -> None:
        super().__init__(
            filename, key_dtype, key_column_index, dtypes.int64, value_column_index, vocab_size, delimiter, name
        )
