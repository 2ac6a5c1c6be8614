"""Tables that a program fills while it runs: `MutableHashTable`, `DenseHashTable`. A Saver saves them.

A checkpoint holds `<name>-keys` and `<name>-values`, as TensorFlow's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.lookup.tables import LookupInterface
from scopedjax._src.lib.train.saveables import SaveableObject, SaveSpec
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor


class _TableSaveable(SaveableObject):
    """The keys and values of a table in a checkpoint."""

    def __init__(self, table: Any, name: str) -> None:
        keys, values = table.export()
        super().__init__(table, [SaveSpec(keys, "", f"{name}-keys"), SaveSpec(values, "", f"{name}-values")], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        """Records the node that replaces the table's contents."""
        with stacks.get_default_graph().name_scope(f"{self.name}_table_restore"):
            return apply_op("LookupTableImportV2", self.op.resource_handle, *restored_tensors)


class _OpenTable(LookupInterface):
    """What the tables that are filled while a program runs have in common."""

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Tensor, name: str, checkpoint: bool) -> None:
        super().__init__(key_dtype, value_dtype)
        self._default_value = default_value
        self._value_shape = default_value.shape
        self._name = name
        self._checkpoint = checkpoint
        self._resource_handle = self._create_resource()
        self._table_name: str = self._resource_handle.op.name.split("/")[-1]
        if checkpoint:
            saved = _TableSaveable(self, name)
            stacks.get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, saved)

    def _create_resource(self) -> Tensor:
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Name of the table's node, without its scopes."""
        return self._table_name

    def _scope(self, name: str | None, what: str) -> Any:
        return stacks.get_default_graph().name_scope(name or f"{self.name}_{what}")

    def size(self, name: str | None = None) -> Tensor:
        """How many keys it has.

        Args:
          name: Name scope.

        Returns:
          Scalar int64 tensor.
        """
        with self._scope(name, "Size"), stacks.get_default_graph().colocate_with(self._resource_handle):
            return apply_op("LookupTableSizeV2", self._resource_handle)

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """Takes keys out.

        Args:
          keys: Tensor of keys; those that are not there are passed over.
          name: Name scope.

        Returns:
          Operation.

        Raises:
          TypeError: the keys have another dtype.
        """
        self._check_keys(keys)
        with self._scope(name, "lookup_table_remove"):
            return apply_op("LookupTableRemoveV2", self._resource_handle, keys)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """Adds keys, or gives them new values.

        Args:
          keys: Tensor of keys.
          values: Tensor of values.
          name: Name scope.

        Returns:
          Operation.

        Raises:
          TypeError: a dtype does not fit.
        """
        with self._scope(name, "lookup_table_insert"):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            values = convert_to_tensor(values, self._value_dtype, name="values")
            with stacks.get_default_graph().colocate_with(self._resource_handle):
                return apply_op("LookupTableInsertV2", self._resource_handle, keys, values)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and all values, in no particular order.

        Args:
          name: Name scope.

        Returns:
          (keys, values).
        """
        with self._scope(name, "lookup_table_export_values"):
            with stacks.get_default_graph().colocate_with(self._resource_handle):
                keys, values = apply_op(
                    "LookupTableExportV2", self._resource_handle, Tkeys=self._key_dtype, Tvalues=self._value_dtype
                )
        return keys, values

    def _find(self, keys: Any, default: Any, name: str | None) -> Tensor:
        with self._scope(name, "lookup_table_find"):
            keys = convert_to_tensor(keys, dtype=self._key_dtype, name="keys")
            with stacks.get_default_graph().colocate_with(self._resource_handle):
                return apply_op("LookupTableFindV2", self._resource_handle, keys, default)


class MutableHashTable(_OpenTable):
    """A table that is filled while a program runs.

    Args:
      key_dtype: Dtype of the keys.
      value_dtype: Dtype of the values.
      default_value: What a missing key gives: a scalar, or a vector where values are vectors.
      shared_name: Tables of the same name are one in a session.
      name: Node name.
      checkpoint: Whether a Saver saves it.

    >>> table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1)
    >>> with tf.Session() as session:
    ...     session.run(table.insert(tf.constant(["a"]), tf.constant([7], tf.int64)))
    ...     print(session.run(table.lookup(tf.constant(["a", "b"]))))
    [ 7 -1]
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:
        self._shared_name = shared_name
        default = convert_to_tensor(default_value, dtype=value_dtype)
        super().__init__(key_dtype, value_dtype, default, name, checkpoint)

    def _create_resource(self) -> Tensor:
        attrs: dict[str, Any] = {
            "shared_name": self._shared_name,
            "use_node_name_sharing": self._checkpoint and self._shared_name is None,
            "key_dtype": self._key_dtype,
            "value_dtype": self._value_dtype,
            "name": self._name,
        }
        if self._value_shape.ndims == 0:
            return apply_op("MutableHashTableV2", **attrs)
        return apply_op("MutableHashTableOfTensorsV2", value_shape=self._value_shape, **attrs)

    def lookup(self, keys: Any, dynamic_default_values: Any = None, name: str | None = None) -> Tensor:
        """The values of keys.

        Args:
          keys: Tensor of keys.
          dynamic_default_values: A value for each key, taken where the table does not have it.
          name: Name scope.

        Returns:
          Tensor.

        Raises:
          TypeError: the keys have another dtype.
        """
        default = self._default_value if dynamic_default_values is None else dynamic_default_values
        return self._find(keys, default, name)


class DenseHashTable(_OpenTable):
    """A table that is filled while a program runs, with two keys that it may not hold.

    Args:
      key_dtype: Dtype of the keys.
      value_dtype: Dtype of the values.
      default_value: What a missing key gives: a scalar, or a vector where values are vectors.
      empty_key: Key that it may not hold.
      deleted_key: Another.
      initial_num_buckets: Accepted.
      name: Node name.
      checkpoint: Whether a Saver saves it.
      experimental_is_anonymous: Accepted; a table is never shared by name.

    >>> table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-2)
    >>> with tf.Session() as session:
    ...     session.run(table.insert([5], [7]))
    ...     print(session.run(table.lookup([5, 6])))
    [ 7 -1]
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:
        default = convert_to_tensor(default_value, dtype=value_dtype, name="default_value")
        key_dtype = as_dtype(key_dtype).base_dtype
        self._empty_key = convert_to_tensor(empty_key, dtype=key_dtype, name="empty_key")
        self._deleted_key = convert_to_tensor(deleted_key, dtype=key_dtype, name="deleted_key")
        self._buckets = initial_num_buckets
        super().__init__(key_dtype, value_dtype, default, name, checkpoint)

    def _create_resource(self) -> Tensor:
        return apply_op(
            "MutableDenseHashTableV2",
            self._empty_key,
            self._deleted_key,
            use_node_name_sharing=self._checkpoint,
            value_dtype=self._value_dtype,
            value_shape=self._value_shape,
            initial_num_buckets=self._buckets,
            name=self._name,
        )

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys.

        Args:
          keys: Tensor of keys.
          name: Name scope.

        Returns:
          Tensor.

        Raises:
          TypeError: the keys have another dtype.
        """
        return self._find(keys, self._default_value, name)

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """Adds keys, or gives them new values, as `insert` does.

        Args:
          keys: Tensor of keys.
          values: Tensor of values.
          name: Name scope.

        Returns:
          Operation.
        """
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Operation:
        """Takes keys out, as `remove` does.

        Args:
          keys: Tensor of keys.
          name: Name scope.

        Returns:
          Operation.
        """
        return self.remove(keys, name)
