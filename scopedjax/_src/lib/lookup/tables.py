"""Tables that are filled once: `StaticHashTable`, and vocabularies whose unknown words go into hash buckets.

    vocabulary  ["x", "y"], 2 buckets          "y" -> 1        "unknown" -> 2 + hash("unknown") % 2

A table belongs to a graph as a node; its contents belong to a session, which fills it with `tf.tables_initializer()`.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import not_equal, where_v2
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor
from scopedjax._src.ops.strings.hashing import (
    string_to_hash_bucket,
    string_to_hash_bucket_fast,
    string_to_hash_bucket_strong,
)
from scopedjax._src.ops.strings.numbers import as_string


class LookupInterface:
    """What every table can do.

    Args:
      key_dtype: Dtype of the keys.
      value_dtype: Dtype of the values.
    """

    _resource_handle: Any = None

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
    def resource_handle(self) -> Any:
        """The handle of the table's node."""
        return self._resource_handle

    @property
    def name(self) -> Any:
        """Name of the table's node, without its scopes."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        """How many keys it has: scalar int64 tensor."""
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys."""
        raise NotImplementedError

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)

    def _check_keys(self, keys: Any) -> None:
        if keys.dtype.base_dtype is not self._key_dtype:
            raise TypeError(f"Dtype of argument `keys` must be {self._key_dtype!r}, received: {keys.dtype!r}")


def values_of(keys: Any) -> Any:
    """The keys themselves: the values of a sparse tensor."""
    return keys.values if isinstance(keys, SparseTensor) else keys


def like_keys(keys: Any, found: Any) -> Any:
    """What was found, sparse where the keys were."""
    return SparseTensor(keys.indices, found, keys.dense_shape) if isinstance(keys, SparseTensor) else found


class InitializableLookupTableBase(LookupInterface):
    """A table that is filled once, by an initializer.

    Args:
      default_value: Scalar: what a missing key gives.
      initializer: `TableInitializerBase`.
    """

    def __init__(self, default_value: Any, initializer: Any) -> None:
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value = convert_to_tensor(default_value, dtype=self._value_dtype)
        self._default_value.shape.merge_with([])
        self._initializer: Any = initializer
        with stacks.get_default_graph().control_dependencies(None):
            self._resource_handle = self._create_resource()
            self._init_op: Operation = initializer.initialize(self)

    def _create_resource(self) -> Tensor:
        raise NotImplementedError

    @property
    def default_value(self) -> Tensor:
        """What a missing key gives."""
        return self._default_value

    @property
    def initializer(self) -> Operation:
        """The node that fills the table."""
        return self._init_op

    def size(self, name: str | None = None) -> Tensor:
        """How many keys it has.

        Args:
          name: Name scope.

        Returns:
          Scalar int64 tensor.
        """
        with stacks.get_default_graph().name_scope(name or f"{self.name}_Size"):
            return apply_op("LookupTableSizeV2", self._resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys, the default value for those that are missing.

        Args:
          keys: Tensor or `SparseTensor` of the table's key dtype.
          name: Name scope.

        Returns:
          Tensor or `SparseTensor` of the same shape.

        Raises:
          TypeError: the keys have another dtype.
          FailedPreconditionError: when run, if the table is not filled yet.
        """
        flat = values_of(keys)
        self._check_keys(keys)
        with stacks.get_default_graph().name_scope(name or f"{self.name}_Lookup"):
            found = apply_op("LookupTableFindV2", self._resource_handle, flat, self._default_value)
        found.set_shape(flat.shape)
        return like_keys(keys, found)


class StaticHashTable(InitializableLookupTableBase):
    """A table that is filled once.

    Args:
      initializer: What it is filled with.
      default_value: Scalar: what a missing key gives.
      name: Node name; "hash_table" by default.
      experimental_is_anonymous: Accepted; a table is never shared by name.

    >>> table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
    >>> with tf.Session() as session:
    ...     session.run(table.initializer)
    ...     print(session.run(table.lookup(tf.constant(["b", "c"]))))
    [ 2 -1]
    """

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        # Without a name of the contents each table is one of its own, also where two graphs share a session's server.
        self._shared_name: str = initializer._shared_name or f"hash_table_{uuid.uuid4()}"
        self._name = name or "hash_table"
        super().__init__(default_value, initializer)

    def _create_resource(self) -> Tensor:
        handle = apply_op(
            "HashTableV2",
            shared_name=self._shared_name,
            key_dtype=self.key_dtype,
            value_dtype=self.value_dtype,
            name=self._name,
        )
        self._table_name = handle.op.name.split("/")[-1]
        return handle

    @property
    def name(self) -> str:
        """Name of the table's node, without its scopes."""
        return self._table_name

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and all values, in no particular order.

        Args:
          name: Name scope.

        Returns:
          (keys, values).
        """
        with stacks.get_default_graph().name_scope(name or f"{self.name}_Export"):
            keys, values = apply_op(
                "LookupTableExportV2", self._resource_handle, Tkeys=self.key_dtype, Tvalues=self.value_dtype
            )
        return keys, values


class HashTable(StaticHashTable):
    """`StaticHashTable` under its older name, with `init` for `initializer`.

    Args:
      initializer: What it is filled with.
      default_value: Scalar: what a missing key gives.
      shared_name: Tables of the same name are one in a session.
      name: Node name; "hash_table" by default.
    """

    def __init__(
        self, initializer: Any, default_value: Any, shared_name: str | None = None, name: str | None = None
    ) -> None:
        self._given_name = shared_name
        super().__init__(initializer, default_value, name)

    def _create_resource(self) -> Tensor:
        if self._given_name:
            self._shared_name = self._given_name
        return super()._create_resource()

    @property
    def init(self) -> Operation:
        """The node that fills the table."""
        return self.initializer


# ------------------------------------------------------------------------------------------------- hash buckets


class HasherSpec(NamedTuple):
    """How unknown words are hashed.

    Attributes:
      hasher: "fasthash", "legacy" or "stronghash".
      key: Two integers, for "stronghash".
    """

    hasher: str
    key: Any


FastHashSpec = HasherSpec("fasthash", None)


def StrongHashSpec(key: Any) -> HasherSpec:
    """The spec of hashing under a key.

    Args:
      key: Two integers.

    Raises:
      ValueError: not two.
      TypeError: no integers.
    """
    if len(key) != 2:
        raise ValueError(f"`key` must have size 2, received {len(key)}")
    if not all(isinstance(part, int) for part in key):
        raise TypeError(f"Invalid key {key}. Must be unsigned integer values.")
    return HasherSpec("stronghash", key)


def _hash_function(spec: Any) -> Callable[..., Tensor]:
    if not isinstance(spec, HasherSpec):
        raise TypeError(f"`hasher_spec` must be of type HasherSpec, got {type(spec)}.")
    if spec.hasher == "fasthash":
        return string_to_hash_bucket_fast
    if spec.hasher == "legacy":
        return string_to_hash_bucket
    if spec.hasher == "stronghash":
        return functools.partial(string_to_hash_bucket_strong, key=list(spec.key))
    raise ValueError(f"Found unknown hasher {spec.hasher} in `hasher_spec`")


class _Vocabulary(LookupInterface):
    """A table from words to ids, with buckets behind it for the words that it does not have."""

    def __init__(self, table: Any, num_oov_buckets: int, spec: Any, name: str | None, key_dtype: DType) -> None:
        super().__init__(key_dtype, dtypes.int64)
        if not key_dtype.is_integer and key_dtype is not dtypes.string:
            raise TypeError(f"Invalid `key_dtype`, expected integer or string, got {key_dtype}.")
        self._table: Any = table
        self._num_oov_buckets = num_oov_buckets
        self._hasher_spec = spec
        self._table_name = name.split("/")[-1] if name else None

    @property
    def name(self) -> Any:
        """Name of the table's node, without its scopes."""
        return self._table_name

    @property
    def resource_handle(self) -> Any:
        """The handle of the table's node, None where there are buckets only."""
        return None if self._table is None else self._table.resource_handle

    @property
    def initializer(self) -> Operation:
        """The node that fills the table."""
        if self._table is not None:
            return self._table.initializer
        with stacks.get_default_graph().name_scope("init"):
            return no_op()

    @property
    def init(self) -> Operation:
        """The node that fills the table."""
        return self.initializer

    def size(self, name: str | None = None) -> Tensor:
        """How many ids there are, buckets included.

        Args:
          name: Name scope.

        Returns:
          Scalar int64 tensor.
        """
        with stacks.get_default_graph().name_scope(name or f"{self.name}_Size"):
            known: Any = convert_to_tensor(0, dtype=dtypes.int64) if self._table is None else self._table.size()
            return known + self._num_oov_buckets

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The ids of words.

        Args:
          keys: Tensor or `SparseTensor` of words.
          name: Name scope.

        Returns:
          int64 Tensor or `SparseTensor` of the same shape.

        Raises:
          TypeError: the keys have another dtype.
          FailedPreconditionError: when run, if the table is not filled yet.
        """
        self._check_keys(keys)
        flat = values_of(keys)
        if self._table is not None and self._table.key_dtype is dtypes.int64:
            flat = cast(flat, dtypes.int64)
        if self._num_oov_buckets == 0:
            known: Any = self._table
            return like_keys(keys, known.lookup(flat, name=name))
        with stacks.get_default_graph().name_scope(name or f"{self.name}_Lookup"):
            words = flat if flat.dtype.base_dtype is dtypes.string else as_string(flat)
            ids = _hash_function(self._hasher_spec)(words, num_buckets=self._num_oov_buckets, name="hash_bucket")
            if self._table is not None:
                found = self._table.lookup(flat)
                behind = apply_op("AddV2", ids, self._table.size(), name="Add")
                ids = where_v2(not_equal(found, self._table.default_value), found, behind)
        return like_keys(keys, ids)


class IdTableWithHashBuckets(_Vocabulary):
    """A table from words to ids, with hash buckets for unknown words.

    Args:
      table: Table with int64 values, or None for buckets only.
      num_oov_buckets: How many buckets.
      hasher_spec: How unknown words are hashed.
      name: Name for the scopes of its nodes.
      key_dtype: Dtype of the words; the table's by default.

    Raises:
      ValueError: neither a table nor a bucket.
      TypeError: a dtype does not fit.
    """

    def __init__(
        self,
        table: Any,
        num_oov_buckets: int,
        hasher_spec: Any = FastHashSpec,
        name: str | None = None,
        key_dtype: Any = None,
    ) -> None:
        name = name.rstrip("/") if name else name
        if table is not None:
            key_dtype = table.key_dtype if key_dtype is None else as_dtype(key_dtype)
            _check_words(table.key_dtype, table.value_dtype, key_dtype)
            name = name or table.name
        else:
            if num_oov_buckets <= 0:
                raise ValueError("`oov_buckets` must be > 0 if no `table` is supplied.")
            key_dtype = dtypes.string if key_dtype is None else as_dtype(key_dtype)
            name = name or "hash_bucket"
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(f"`hasher_spec` must be of type HasherSpec, got {type(hasher_spec)}.")
        super().__init__(table, num_oov_buckets, hasher_spec, name, key_dtype)


def _check_words(table_key: DType, table_value: DType, key_dtype: DType) -> None:
    if table_key not in (dtypes.int64, dtypes.string):
        raise TypeError(f"Invalid `key_dtype`, expected one of {(dtypes.int64, dtypes.string)}, received {key_dtype}.")
    if table_key.is_integer != key_dtype.is_integer:
        kind = "integer" if key_dtype.is_integer else "non-integer"
        raise TypeError(f"Invalid `key dtype`, expected {kind} but got {table_key}.")
    if table_value is not dtypes.int64:
        raise TypeError(f"Invalid `value_dtype`: expected int64 but got {table_value}.")


class StaticVocabularyTable(_Vocabulary):
    """A table from words to ids that is filled once, with hash buckets for unknown words.

    Args:
      initializer: What it is filled with; its values are int64. None for buckets only.
      num_oov_buckets: How many buckets, at least one.
      lookup_key_dtype: Dtype of the words; the initializer's by default.
      name: Name for the scopes of its nodes.
      experimental_is_anonymous: Accepted; a table is never shared by name.

    Raises:
      ValueError: no bucket.
      TypeError: a dtype does not fit.

    >>> words = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64))
    >>> table = tf.lookup.StaticVocabularyTable(words, 3)
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant(["b", "c"]))))
    [1 3]
    """

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        if num_oov_buckets <= 0:
            raise ValueError("`num_oov_buckets` must be > 0; use StaticHashTable.")
        name = name.rstrip("/") if name else name
        table: Any = None
        if initializer is not None:
            key_dtype = initializer.key_dtype if lookup_key_dtype is None else as_dtype(lookup_key_dtype)
            _check_words(initializer.key_dtype, initializer.value_dtype, key_dtype)
            table = HashTable(initializer, default_value=-1)
            name = name or table.name
        else:
            key_dtype, name = dtypes.string, name or "hash_bucket"
        super().__init__(table, num_oov_buckets, FastHashSpec, name, key_dtype)
